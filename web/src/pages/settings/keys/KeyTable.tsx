import { useMemo } from 'react';
import { parseTime } from 'base/format';
import { Money } from 'widgets/figures/cells';
import { Pill } from 'widgets/figures/Pill';
import { RelativeTime } from 'widgets/figures/RelativeTime';
import type { Column } from 'widgets/table/columns';
import { DataTable } from 'widgets/table/DataTable';
import { stateOf, type Key } from './newKey';

interface KeyTableProps {
  keys: readonly Key[];
  onOpen: (key: Key) => void;
  onRotate: (key: Key) => void;
  onRevoke: (key: Key) => void;
}

export const prefixOf = ({ id }: Key): string => `pk-pitot-${id}…`;

const COLUMNS: readonly Column<Key>[] = [
  { id: 'name', label: 'Name', width: 'minmax(110px, 1.4fr)', value: ({ name }) => name },
  {
    id: 'key',
    label: 'Key',
    width: 'minmax(152px, 1fr)',
    value: prefixOf,
    cell: (key) => <span className="mono">{prefixOf(key)}</span>,
  },
  {
    id: 'project',
    label: 'Project',
    width: 'minmax(66px, 0.7fr)',
    value: ({ project }) => project,
  },
  {
    id: 'scopes',
    label: 'May',
    width: 'minmax(190px, 1.4fr)',
    value: ({ scopes }) => scopes.join(' '),
    cell: ({ scopes }) => (
      <span className="settings-scopes">
        {scopes.map((scope) => (
          <Pill key={scope} tone={scope === 'admin' ? 'warn' : 'neutral'}>
            {scope}
          </Pill>
        ))}
      </span>
    ),
  },
  {
    id: 'budget',
    label: 'Budget',
    number: true,
    width: '110px',
    value: ({ budget }) => budget?.limit_usd,
    cell: ({ budget }) =>
      budget ? (
        <>
          <Money usd={budget.limit_usd} /> a {budget.window ?? 'day'}
        </>
      ) : (
        <span className="dim">none</span>
      ),
  },
  {
    id: 'last_used_at',
    label: 'Last used',
    title: 'Saved once an hour and at the end',
    width: '90px',
    value: ({ last_used_at }) => last_used_at,
    cell: ({ last_used_at }) => <RelativeTime at={last_used_at} />,
  },
  {
    id: 'expires_at',
    label: 'Expires',
    width: '90px',
    value: ({ expires_at }) => expires_at,
    cell: (key) =>
      stateOf(key, Date.now()) === 'expired' ? (
        <Pill tone="bad">expired</Pill>
      ) : (
        <RelativeTime at={key.expires_at} />
      ),
  },
  {
    id: 'created_at',
    label: 'Made',
    width: '100px',
    hidden: true,
    value: ({ created_at }) => created_at,
    cell: ({ created_at }) => <RelativeTime at={created_at} />,
  },
];

export function KeyTable({ keys, onOpen, onRotate, onRevoke }: KeyTableProps) {
  const rows = useMemo(
    () => [...keys].sort((a, b) => newest(b) - newest(a) || a.name.localeCompare(b.name)),
    [keys],
  );
  const columns: readonly Column<Key>[] = [
    ...COLUMNS,
    {
      id: 'change',
      label: 'Change',
      quiet: true,
      fixed: true,
      width: '126px',
      value: ({ from_config }) => (from_config ? 'pitot.yaml' : null),
      cell: (key) =>
        key.from_config ? (
          <span className="dim" title="Defined in the configuration file, and changed there">
            in pitot.yaml
          </span>
        ) : (
          <span className="settings-row-tools">
            <button
              type="button"
              className="button small"
              aria-label={`Rotate ${key.name}`}
              onClick={() => onRotate(key)}
            >
              Rotate
            </button>
            <button
              type="button"
              className="button small danger"
              aria-label={`Revoke ${key.name}`}
              onClick={() => onRevoke(key)}
            >
              Revoke
            </button>
          </span>
        ),
    },
  ];
  return (
    <DataTable
      label="Keys"
      name="keys"
      rows={rows}
      columns={columns}
      rowKey={({ id }) => id}
      onOpen={onOpen}
    />
  );
}

function newest({ created_at }: Key): number {
  return created_at === null ? 0 : parseTime(created_at);
}
