import type { Answer } from 'api/types';
import { formatTime, parseTime } from 'base/format';
import { visibleText } from 'base/text';
import { Count, Duration, Money } from 'widgets/figures/cells';
import type { Column } from 'widgets/table/columns';

type Session = Answer<'/api/v1/sessions'>['sessions'][number];
type User = Answer<'/api/v1/users'>['users'][number];

// What sessions and users have in common; a session is one session, a user's row has no session's id.
export type Group = Session & User;

export const lengthOf = ({ first_at, last_at }: Pick<Group, 'first_at' | 'last_at'>): number =>
  Math.max(0, parseTime(last_at) - parseTime(first_at));

const time = (at: string) => <span title={at}>{formatTime(at, new Date())}</span>;

const SESSION: Column<Group> = {
  id: 'session_id',
  label: 'Session',
  width: 'minmax(130px, 1.6fr)',
  value: ({ session_id }) => session_id,
};

const USER: Column<Group> = {
  id: 'user_id',
  label: 'User',
  width: 'minmax(80px, 1fr)',
  value: ({ user_id }) => user_id,
  cell: ({ user_id }) =>
    user_id === '' ? <span className="dim">(none)</span> : visibleText(user_id),
};

const FIGURES: readonly Column<Group>[] = [
  {
    id: 'features',
    label: 'Features',
    width: 'minmax(110px, 1.5fr)',
    value: ({ features }) => features.join(', '),
  },
  {
    id: 'traces',
    label: 'Traces',
    number: true,
    width: '54px',
    value: ({ traces }) => traces,
    cell: ({ traces }) => <Count value={traces} />,
  },
  {
    id: 'calls',
    label: 'Calls',
    title: 'Model calls',
    number: true,
    width: '54px',
    value: ({ calls }) => calls,
    cell: ({ calls }) => <Count value={calls} />,
  },
  {
    id: 'tool_calls',
    label: 'Tools',
    title: 'Tool calls',
    number: true,
    width: '54px',
    value: ({ tool_calls }) => tool_calls,
    cell: ({ tool_calls }) => <Count value={tool_calls} />,
  },
  {
    id: 'errors',
    label: 'Errors',
    title: 'Model calls that failed',
    number: true,
    width: '54px',
    value: ({ errors }) => errors,
    cell: ({ errors }) => <Count value={errors} bad />,
  },
  {
    id: 'tokens',
    label: 'Tokens',
    title: 'In and out',
    number: true,
    width: '62px',
    value: ({ input_tokens, output_tokens }) => input_tokens + output_tokens,
    cell: ({ input_tokens, output_tokens }) => <Count value={input_tokens + output_tokens} />,
  },
  {
    id: 'cost_usd',
    label: 'Cost',
    title: 'Of calls with a known price; + when others have none',
    number: true,
    width: '72px',
    value: ({ cost_usd }) => cost_usd,
    cell: ({ cost_usd, unpriced_calls }) => <Money usd={cost_usd} unpriced={unpriced_calls} />,
  },
  {
    id: 'length',
    label: 'Length',
    title: 'From the first start to the last end in this window, pauses included',
    number: true,
    width: '82px',
    value: lengthOf,
    cell: (row) => <Duration ms={lengthOf(row)} />,
  },
  {
    id: 'p50_ms',
    label: 'p50',
    title: 'Of its model calls',
    number: true,
    hidden: true,
    width: '64px',
    value: ({ p50_ms }) => p50_ms,
    cell: ({ p50_ms }) => <Duration ms={p50_ms} />,
  },
  {
    id: 'p99_ms',
    label: 'p99',
    title: 'Of its model calls',
    number: true,
    hidden: true,
    width: '64px',
    value: ({ p99_ms }) => p99_ms,
    cell: ({ p99_ms }) => <Duration ms={p99_ms} />,
  },
  {
    id: 'first_at',
    label: 'First',
    number: true,
    hidden: true,
    width: '104px',
    value: ({ first_at }) => first_at,
    cell: ({ first_at }) => time(first_at),
  },
  {
    id: 'last_at',
    label: 'Last',
    number: true,
    width: '104px',
    value: ({ last_at }) => last_at,
    cell: ({ last_at }) => time(last_at),
  },
];

export const SESSION_COLUMNS: readonly Column<Group>[] = [SESSION, USER, ...FIGURES];

export const USER_COLUMNS: readonly Column<Group>[] = [
  USER,
  {
    id: 'sessions',
    label: 'Sessions',
    number: true,
    width: '64px',
    value: ({ sessions }) => sessions,
    cell: ({ sessions }) => <Count value={sessions} />,
  },
  ...FIGURES,
];
