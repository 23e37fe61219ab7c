import { useNavigate, useSearch } from '@tanstack/react-router';
import { formatBytes, formatInt } from 'base/format';
import { CheckField } from 'widgets/form/Form';
import { Pill } from 'widgets/figures/Pill';
import { EmptyState } from 'widgets/layout/EmptyState';
import { DataTable } from 'widgets/table/DataTable';
import type { Column } from 'widgets/table/columns';
import type { SettingsAnswer } from './ServerView';

type Setting = SettingsAnswer['settings'][number];
type Limit = SettingsAnswer['limits'][number];

// listen.http is PITOT_LISTEN_HTTP in the environment.
export const variableOf = (path: string): string =>
  `PITOT_${path.toUpperCase().replaceAll('.', '_')}`;

const SETTING_COLUMNS: readonly Column<Setting>[] = [
  {
    id: 'path',
    label: 'In pitot.yaml',
    width: 'minmax(150px, 1.2fr)',
    value: ({ path }) => path,
    cell: ({ path }) => <span className="mono">{path}</span>,
  },
  {
    id: 'value',
    label: 'Value',
    width: 'minmax(120px, 1.2fr)',
    value: ({ value }) => value,
    cell: ({ value }) => <span className="mono">{value}</span>,
  },
  {
    id: 'changed',
    label: 'Set',
    width: '80px',
    value: ({ is_default }) => (is_default ? 'default' : 'changed'),
    cell: ({ is_default }) =>
      is_default ? <span className="dim">default</span> : <Pill tone="accent">changed</Pill>,
  },
  {
    id: 'variable',
    label: 'In the environment',
    width: 'minmax(180px, 1.3fr)',
    value: ({ path }) => variableOf(path),
    cell: ({ path }) => <span className="mono dim">{variableOf(path)}</span>,
  },
  {
    id: 'meaning',
    label: 'Meaning',
    width: 'minmax(220px, 3fr)',
    value: ({ meaning }) => meaning,
  },
];

export function SettingsTable({ answer: { settings } }: { answer: SettingsAnswer }) {
  const { find = '', changed }: { find?: string; changed?: string } = useSearch({ strict: false });
  const navigate = useNavigate();
  const change = (next: object) =>
    void navigate({
      to: '.',
      search: ((before: object) => ({ ...before, ...next })) as never,
      replace: true,
    });
  if (settings.length === 0) {
    return (
      <EmptyState title="Not shown to your key">
        Settings of the whole server are shown to keys with the scope admin.
      </EmptyState>
    );
  }
  const wanted = find.toLowerCase();
  const shown = settings.filter(
    ({ path, meaning, is_default }) =>
      (changed === undefined || !is_default) &&
      `${path} ${variableOf(path)} ${meaning}`.toLowerCase().includes(wanted),
  );
  return (
    <>
      <div className="settings-find">
        <input
          className="field"
          type="search"
          aria-label="Find a setting"
          aria-keyshortcuts="/"
          placeholder="Find a setting"
          value={find}
          onChange={(event) => change({ find: event.target.value || undefined })}
        />
        <CheckField
          label="Only what is not at its default"
          checked={changed !== undefined}
          onChange={(on) => change({ changed: on ? '1' : undefined })}
        />
      </div>
      {shown.length === 0 ? (
        <EmptyState title="No setting is called so" />
      ) : (
        <DataTable
          label="Settings"
          name="settings"
          rows={shown}
          columns={SETTING_COLUMNS}
          rowKey={({ path }) => path}
        />
      )}
    </>
  );
}

const LIMIT_COLUMNS: readonly Column<Limit>[] = [
  {
    id: 'name',
    label: 'Limit',
    width: 'minmax(160px, 1fr)',
    value: ({ name }) => name,
    cell: ({ name }) => <span className="mono">{name}</span>,
  },
  {
    id: 'value',
    label: 'Value',
    number: true,
    width: '100px',
    value: ({ value }) => value,
    cell: ({ value, unit }) => <LimitValue value={value} unit={unit} />,
  },
  { id: 'unit', label: 'Unit', width: 'minmax(90px, 0.7fr)', value: ({ unit }) => unit },
  {
    id: 'default',
    label: 'Default',
    number: true,
    width: '100px',
    value: (limit) => limit.default,
    cell: ({ value, unit, default: usual }) =>
      value === usual ? (
        <span className="dim">the same</span>
      ) : (
        <LimitValue value={usual} unit={unit} />
      ),
  },
  {
    id: 'at_limit',
    label: 'What happens there',
    width: 'minmax(240px, 3fr)',
    value: ({ at_limit }) => at_limit,
  },
];

function LimitValue({ value, unit }: { value: number; unit: string }) {
  const bytes = unit.startsWith('bytes');
  return <span title={formatInt(value)}>{bytes ? formatBytes(value) : formatInt(value)}</span>;
}

export function LimitsTable({ limits }: { limits: readonly Limit[] }) {
  return (
    <DataTable
      label="Limits"
      name="limits"
      rows={limits}
      columns={LIMIT_COLUMNS}
      rowKey={({ name }) => name}
    />
  );
}
