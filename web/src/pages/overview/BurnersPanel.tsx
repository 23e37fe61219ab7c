import { useGet } from 'api/query';
import type { Answer } from 'api/types';
import { visibleText } from 'base/text';
import { Bar } from 'widgets/figures/Bar';
import { Count, Money, Percent } from 'widgets/figures/cells';
import { EmptyState } from 'widgets/layout/EmptyState';
import { Choice } from 'widgets/form/Choice';
import { Panel } from 'widgets/layout/Panel';
import type { View } from 'widgets/page/useView';
import { useBurners, type Burner } from './useBurners';
import type { Column } from 'widgets/table/columns';
import { DataTable } from 'widgets/table/DataTable';
import { FRESH_MS } from './fresh';

type Group = Answer<'/api/v1/cost'>['groups'][number];

const BY: readonly { value: Burner; label: string }[] = [
  { value: 'feature', label: 'Feature' },
  { value: 'workflow', label: 'Workflow' },
  { value: 'user_id', label: 'User' },
  { value: 'model', label: 'Model' },
];
const ROWS = 7;

export function BurnersPanel({ view }: { view: View }) {
  const [by, setBy] = useBurners(view);
  const cost = useGet(
    '/api/v1/cost',
    { ...view.params, by, limit: ROWS },
    { everyMs: view.live && FRESH_MS },
  );
  return (
    <Panel
      title="Top burners"
      cols={6}
      flush
      help="Who spent the most in this window, of all cost that is known."
      actions={<Choice label="Burners by" value={by} options={BY} onChange={setBy} />}
      link={{ to: '/cost', label: 'Cost', search: { by } }}
      state={cost}
      empty={({ groups }) =>
        groups.length === 0 && (
          <EmptyState title="Nothing was spent here">
            Costs appear when calls of models with a known price end.
          </EmptyState>
        )
      }
    >
      {({ groups, groups_total }) => (
        <DataTable
          label="Top burners"
          rows={groups}
          columns={COLUMNS[by]}
          rowKey={(group) => String(group.key[by])}
          link={(group) => ({ to: '/traces', narrow: { [by]: String(group.key[by] ?? '') } })}
          {...(groups_total > groups.length && {
            footer: `and ${groups_total - groups.length} more`,
          })}
        />
      )}
    </Panel>
  );
}

const COLUMNS = Object.fromEntries(
  BY.map(({ value, label }): [Burner, readonly Column<Group>[]] => [
    value,
    [
      {
        id: value,
        label,
        width: 'minmax(120px, 2fr)',
        value: ({ key }) => String(key[value] ?? ''),
        cell: ({ key }) => visibleText(String(key[value] ?? '')) || '(none)',
      },
      {
        id: 'cost_usd',
        label: 'Cost',
        number: true,
        width: '84px',
        value: ({ cost_usd }) => cost_usd,
        cell: ({ cost_usd, unpriced_calls }) => <Money usd={cost_usd} unpriced={unpriced_calls} />,
      },
      {
        id: 'share',
        label: 'Share',
        number: true,
        width: '52px',
        value: ({ share }) => share,
        cell: ({ share }) => <Percent share={share} of="the known cost" />,
      },
      {
        id: 'bar',
        label: 'Share as a bar',
        fixed: true,
        quiet: true,
        width: 'minmax(60px, 1fr)',
        value: ({ share }) => share,
        cell: ({ share }) => <Bar share={share} label="of the cost" />,
      },
      {
        id: 'calls',
        label: 'Calls',
        number: true,
        width: '60px',
        value: ({ calls }) => calls,
        cell: ({ calls }) => <Count value={calls} />,
      },
    ],
  ]),
) as Record<Burner, readonly Column<Group>[]>;
