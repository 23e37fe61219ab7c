import { useGet } from 'api/query';
import { parseTime } from 'base/format';
import { visibleText } from 'base/text';
import { EmptyState } from 'widgets/layout/EmptyState';
import { Panel } from 'widgets/layout/Panel';
import type { Column } from 'widgets/table/columns';
import { DataTable } from 'widgets/table/DataTable';
import { At } from '../At';
import { SLOW_MS } from '../words';
import { ActionItem } from './ActionItem';
import { STATE_WORDS, type Action } from './subject';

const MODES = {
  suggest: 'nothing is done: alerts.actions.mode is suggest',
  confirm: 'done when somebody confirms it',
  auto: 'done by itself where step and configuration allow',
};
const OFFERED_MAX = 12;

export function ActionsPanel() {
  const actions = useGet('/api/v1/actions', { limit: 200 }, { everyMs: SLOW_MS });
  return (
    <>
      <Panel
        title="Actions"
        cols={6}
        help="What runbooks propose and what is in force. Each ends by itself, can be undone, and holds only for what offends."
        note={actions.data && MODES[actions.data.mode]}
        state={actions}
        empty={({ actions: list }) =>
          open(list).length === 0 && (
            <EmptyState title="Nothing is proposed" command={'alerts:\n  actions: {mode: confirm}'}>
              Runbooks propose what would help. To have it done from here, with the gateway:
            </EmptyState>
          )
        }
      >
        {({ actions: list }) => (
          <ul className="plain-list" aria-label="Actions">
            {open(list).map((action) => (
              <ActionItem key={action.id} action={action} />
            ))}
          </ul>
        )}
      </Panel>
      <Panel
        title="Who did what"
        cols={6}
        flush
        help="Changes that were made, by whom, and how they ended. The audit log has them too."
        state={actions}
        empty={({ actions: list }) =>
          done(list).length === 0 && (
            <EmptyState title="Nothing was done yet">
              What is confirmed or undone stands here with who did it.
            </EmptyState>
          )
        }
      >
        {({ actions: list }) => (
          <DataTable
            label="Who did what"
            name="actions-done"
            rows={done(list)}
            columns={COLUMNS}
            rowKey={({ id }) => id}
          />
        )}
      </Panel>
    </>
  );
}

// In force first, then what is proposed, each words once: every report proposes again.
function open(list: readonly Action[]): Action[] {
  const said = new Set<string>();
  return list
    .filter(({ state }) => state === 'active' || state === 'offered')
    .sort((a, b) => Number(b.state === 'active') - Number(a.state === 'active'))
    .filter(({ words, state }) => {
      if (state === 'active') return true;
      const known = said.has(words);
      said.add(words);
      return !known;
    })
    .slice(0, OFFERED_MAX);
}

const done = (list: readonly Action[]): Action[] =>
  list
    .filter(({ applied_at }) => applied_at !== null)
    .sort(
      (a, b) => parseTime(b.changed_at ?? b.applied_at!) - parseTime(a.changed_at ?? a.applied_at!),
    );

const COLUMNS: readonly Column<Action>[] = [
  {
    id: 'words',
    label: 'What',
    width: 'minmax(150px, 2.4fr)',
    value: ({ words }) => words,
    cell: ({ words }) => visibleText(words),
  },
  {
    id: 'state',
    label: 'State',
    width: '100px',
    value: ({ state }) => STATE_WORDS[state],
  },
  {
    id: 'actor',
    label: 'By',
    width: 'minmax(70px, 0.8fr)',
    value: ({ actor }) => actor,
    cell: ({ actor }) => visibleText(actor || 'unknown'),
  },
  {
    id: 'applied_at',
    label: 'Applied',
    number: true,
    width: '78px',
    value: ({ applied_at }) => applied_at,
    cell: ({ applied_at }) => <At at={applied_at} />,
  },
  {
    id: 'ended_at',
    label: 'Ended',
    number: true,
    width: '78px',
    value: ({ ended_at }) => ended_at,
    cell: ({ ended_at }) => <At at={ended_at} />,
  },
  {
    id: 'before',
    label: 'Before',
    hidden: true,
    value: ({ before }) => before,
  },
  {
    id: 'after',
    label: 'After',
    hidden: true,
    value: ({ after }) => after,
  },
  {
    id: 'result',
    label: 'Result',
    hidden: true,
    value: ({ result }) => result,
  },
];
