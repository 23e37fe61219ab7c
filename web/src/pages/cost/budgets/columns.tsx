// Columns of the list of budgets.

import { formatInt } from 'base/format';
import { visibleText } from 'base/text';
import { Bar } from 'widgets/figures/Bar';
import { Money, Percent } from 'widgets/figures/cells';
import { Pill } from 'widgets/figures/Pill';
import { RelativeTime } from 'widgets/figures/RelativeTime';
import { ViewLink } from 'widgets/page/ViewLink';
import type { Column } from 'widgets/table/columns';
import {
  appliesTo,
  BLOCKED_SINCE,
  blockedFilter,
  NEAR,
  resetsAt,
  shareOf,
  stateOf,
  windowWords,
  worstOf,
  type Budget,
} from './state';

const COLUMN_STATE: Column<Budget> = {
  id: 'state',
  label: 'State',
  width: '106px',
  value: (budget) => stateOf(budget).word,
  cell: (budget) => {
    const { word, tone } = stateOf(budget);
    return (
      <Pill tone={tone} {...(budget.why !== null && { title: budget.why })}>
        {word}
      </Pill>
    );
  },
};

export const COLUMNS: readonly Column<Budget>[] = [
  {
    id: 'id',
    label: 'Budget',
    width: 'minmax(100px, 1.2fr)',
    value: ({ id }) => id,
  },
  COLUMN_STATE,
  {
    id: 'kind',
    label: 'Kind',
    title: 'A hard one refuses calls that do not fit, a soft one tells',
    width: '44px',
    value: ({ hard }) => (hard ? 'hard' : 'soft'),
  },
  {
    id: 'spent',
    label: 'Spent',
    title: 'Where it has many counters: by the one nearest to its limit',
    number: true,
    width: '72px',
    value: (budget) => worstOf(budget)?.spent_usd ?? budget.spent_usd,
    cell: (budget) => <Money usd={worstOf(budget)?.spent_usd ?? budget.spent_usd} />,
  },
  {
    id: 'limit',
    label: 'Of',
    title: 'The limit, with what was added for the window that runs',
    number: true,
    width: '66px',
    value: (budget) => worstOf(budget)?.limit_usd ?? budget.limit_usd,
    cell: (budget) => <Money usd={worstOf(budget)?.limit_usd ?? budget.limit_usd} />,
  },
  {
    id: 'share',
    label: 'Share',
    number: true,
    width: '48px',
    value: shareOf,
    cell: (budget) => <Percent share={shareOf(budget)} of="the limit" />,
  },
  {
    id: 'bar',
    label: 'Share as a bar',
    fixed: true,
    quiet: true,
    width: 'minmax(44px, 0.9fr)',
    value: shareOf,
    cell: (budget) => {
      const share = shareOf(budget);
      return (
        <Bar
          share={share}
          color={share !== null && share >= NEAR ? 'var(--warn)' : 'var(--accent)'}
          label="of the limit is spent"
        />
      );
    },
  },
  {
    id: 'applies',
    label: 'Applies to',
    width: 'minmax(110px, 1.5fr)',
    value: appliesTo,
    cell: (budget) => visibleText(appliesTo(budget)),
  },
  {
    id: 'window',
    label: 'Window',
    width: 'minmax(84px, 0.8fr)',
    value: windowWords,
  },
  {
    id: 'resets',
    label: 'Resets',
    title: 'When the window that runs is over, and the counter begins anew',
    width: '66px',
    value: (budget) => resetsAt(worstOf(budget), budget),
    cell: (budget) => {
      const at = resetsAt(worstOf(budget), budget);
      if (at) return <RelativeTime at={at} />;
      return (
        <span
          title={
            budget.window === 'rolling'
              ? 'What is spent leaves a rolling window bit by bit'
              : 'No call has come under it in this window'
          }
        >
          –
        </span>
      );
    },
  },
  {
    id: 'refused',
    label: 'Refused',
    title: 'Calls since the start of the program; leads to those of the last days',
    number: true,
    width: '58px',
    value: ({ refused }) => refused,
    cell: ({ id, refused }) =>
      refused === 0 ? (
        <span className="zero">0</span>
      ) : (
        <ViewLink
          to="/traces"
          search={{ since: BLOCKED_SINCE, until: undefined, q: blockedFilter(id) }}
          label={`${formatInt(refused)} calls refused by ${id}: their traces`}
        >
          {formatInt(refused)}
        </ViewLink>
      ),
  },
  {
    id: 'source',
    label: 'Defined in',
    width: '74px',
    value: ({ source }) => (source === 'config' ? 'pitot.yaml' : 'here'),
  },
];
