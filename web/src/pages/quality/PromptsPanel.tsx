import { visibleText } from 'base/text';
import { Count } from 'widgets/figures/cells';
import { RelativeTime } from 'widgets/figures/RelativeTime';
import { Panel, type PanelState } from 'widgets/layout/Panel';
import { versionName, type VersionFigures } from 'widgets/prompts/figures';
import type { Column } from 'widgets/table/columns';
import { DataTable } from 'widgets/table/DataTable';
import { OutcomePill } from './OutcomePill';
import { outcomeOf, type Prompt } from './prompts';

interface PromptsPanelProps {
  state: PanelState<readonly VersionFigures[]>;
  prompts: readonly Prompt[];
  chosen: string | null;
}

export function PromptsPanel({ state, prompts, chosen }: PromptsPanelProps) {
  return (
    <Panel
      title="Prompts"
      flush
      help="By what runs, model calls and tool calls of this window report. The answers themselves are not scored. The last change holds the newest version against the one before it."
      state={state}
    >
      {() => (
        <DataTable
          label="Prompts"
          name="quality.prompts"
          rows={prompts}
          columns={COLUMNS}
          rowKey={({ prompt }) => prompt}
          link={({ prompt }) => ({ to: '/quality', search: { prompt } })}
          {...(chosen !== null && { active: chosen })}
        />
      )}
    </Panel>
  );
}

const COLUMNS: readonly Column<Prompt>[] = [
  {
    id: 'prompt',
    label: 'Prompt',
    width: 'minmax(130px, 1.4fr)',
    value: ({ prompt }) => prompt,
  },
  {
    id: 'change',
    label: 'Last change',
    title: 'From the version before to the newest',
    width: 'minmax(100px, 0.8fr)',
    value: ({ change, newest }) =>
      change ? `${change.from} → ${change.to}` : versionName(newest.version),
  },
  {
    id: 'outcome',
    label: 'Since then',
    width: '128px',
    value: ({ change }) => outcomeOf(change),
    cell: ({ change }) => <OutcomePill outcome={outcomeOf(change)} />,
  },
  {
    id: 'findings',
    label: 'What differs',
    width: 'minmax(200px, 3fr)',
    value: ({ change }) => change?.findings.map(({ words }) => words).join(', ') ?? '',
    cell: ({ change }) =>
      change?.findings.map(({ words, worse }) => (
        <span key={words} className={worse ? 'quality-finding bad' : 'quality-finding good'}>
          {visibleText(words)}
        </span>
      )),
  },
  {
    id: 'changed_at',
    label: 'First seen',
    title: 'The newest version, in this window',
    number: true,
    width: '92px',
    value: ({ newest }) => newest.firstAt,
    cell: ({ newest }) => <RelativeTime at={newest.firstAt} />,
  },
  {
    id: 'versions',
    label: 'Versions',
    number: true,
    width: '62px',
    value: ({ versions }) => versions,
    cell: ({ versions }) => <Count value={versions} />,
  },
  {
    id: 'calls',
    label: 'Calls',
    title: 'Model calls of all versions',
    number: true,
    width: '62px',
    value: ({ calls }) => calls,
    cell: ({ calls }) => <Count value={calls} />,
  },
];
