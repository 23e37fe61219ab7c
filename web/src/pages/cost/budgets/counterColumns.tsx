import { visibleText } from 'base/text';
import { Bar } from 'widgets/figures/Bar';
import { Count, Money } from 'widgets/figures/cells';
import { RelativeTime } from 'widgets/figures/RelativeTime';
import type { Column } from 'widgets/table/columns';
import { columnLabel } from '../dimensions';
import { counterShare, NEAR, resetsAt, spentAt, type Budget, type Counter } from './state';

export function counterColumns(
  budget: Budget,
  onDisable: (value: string) => void,
  onEnable: (value: string) => void,
): readonly Column<Counter>[] {
  const now = Date.now();
  return [
    {
      id: 'value',
      label: columnLabel(budget.scope),
      width: 'minmax(130px, 1.6fr)',
      value: ({ value }) => value,
      cell: ({ value, disabled, why }) => (
        <span className={disabled ? 'bad' : undefined} title={why ?? undefined}>
          {visibleText(value) || '(none)'}
          {disabled && ', stopped'}
        </span>
      ),
    },
    {
      id: 'spent',
      label: 'Spent',
      number: true,
      width: '84px',
      value: ({ spent_usd }) => spent_usd,
      cell: ({ spent_usd }) => <Money usd={spent_usd} />,
    },
    {
      id: 'limit',
      label: 'Of',
      title: 'The limit, with what was added for this window',
      number: true,
      width: '74px',
      value: ({ limit_usd }) => limit_usd,
      cell: ({ limit_usd }) => <Money usd={limit_usd} />,
    },
    {
      id: 'bar',
      label: 'Share as a bar',
      fixed: true,
      quiet: true,
      width: 'minmax(60px, 1fr)',
      value: counterShare,
      cell: (counter) => (
        <Bar
          share={counterShare(counter)}
          color={counterShare(counter) >= NEAR ? 'var(--warn)' : 'var(--accent)'}
          label="of the limit is spent"
        />
      ),
    },
    {
      id: 'reserved',
      label: 'Reserved',
      number: true,
      width: '80px',
      value: ({ reserved_usd }) => reserved_usd,
      cell: ({ reserved_usd }) => <Money usd={reserved_usd} />,
    },
    {
      id: 'calls',
      label: 'Calls',
      number: true,
      width: '60px',
      value: ({ calls }) => calls,
      cell: ({ calls }) => <Count value={calls} />,
    },
    {
      id: 'refused',
      label: 'Refused',
      number: true,
      width: '64px',
      value: ({ refused }) => refused,
      cell: ({ refused }) => <Count value={refused} bad />,
    },
    {
      id: 'pace',
      label: 'Spent by',
      title: 'When the limit will be spent if the window goes on as it began',
      width: '84px',
      value: (counter) => spentAt(counter, budget, now),
      cell: (counter) => {
        const at = spentAt(counter, budget, now);
        return at === null ? (
          <span className="zero">–</span>
        ) : (
          <RelativeTime at={new Date(at).toISOString()} />
        );
      },
    },
    {
      id: 'resets',
      label: 'Resets',
      width: '80px',
      value: (counter) => resetsAt(counter, budget),
      cell: (counter) => {
        const at = resetsAt(counter, budget);
        return at ? <RelativeTime at={at} /> : <span className="zero">–</span>;
      },
    },
    {
      id: 'switch',
      label: 'Stop or enable',
      fixed: true,
      quiet: true,
      width: '70px',
      value: () => null,
      cell: ({ value, disabled }) => (
        <button
          type="button"
          className="button small"
          aria-label={`${disabled ? 'Enable' : 'Disable'} ${visibleText(value) || '(none)'}`}
          onClick={() => (disabled ? onEnable : onDisable)(value)}
        >
          {disabled ? 'Enable' : 'Disable'}
        </button>
      ),
    },
  ];
}
