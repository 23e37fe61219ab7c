import { useMemo, type ReactNode } from 'react';
import { useGet } from 'api/query';
import type { Answer } from 'api/types';
import { formatTime, plural } from 'base/format';
import { visibleText } from 'base/text';
import { Sparkline } from 'widgets/chart/Sparkline';
import { Count, Money } from 'widgets/figures/cells';
import { RelativeTime } from 'widgets/figures/RelativeTime';
import { Choice } from 'widgets/form/Choice';
import { EmptyState } from 'widgets/layout/EmptyState';
import { Panel } from 'widgets/layout/Panel';
import type { View } from 'widgets/page/useView';
import type { Column } from 'widgets/table/columns';
import { DataTable } from 'widgets/table/DataTable';
import { SLOW_MS } from './fresh';
import { coursesOf } from './rows';
import type { Choices } from './useChoices';

type User = Answer<'/api/v1/users'>['users'][number];
type Session = Answer<'/api/v1/sessions'>['sessions'][number];

// What both lists tell.
type Common = Pick<
  User,
  | 'features'
  | 'first_at'
  | 'last_at'
  | 'traces'
  | 'tool_calls'
  | 'cost_usd'
  | 'calls'
  | 'errors'
  | 'unpriced_calls'
>;

const WHO = [
  { value: 'users', label: 'Users' },
  { value: 'sessions', label: 'Sessions' },
] as const;
const HELP =
  'Users and sessions as their traces name them, largest cost first, with the course of their spending over the window.';
const ROWS = 50;
const POINTS = 40;
const ROWS_SEEN = 13;
const HEIGHT = '430px';

// Who spends most, one person or conversation a row.
export function SpendersPanel({ view, choices }: { view: View; choices: Choices }) {
  const choice = (
    <Choice
      label="Spenders"
      value={choices.who}
      options={WHO}
      onChange={(who) => view.change({ who: who === 'users' ? undefined : who })}
    />
  );
  return choices.who === 'users' ? (
    <Users view={view} choice={choice} />
  ) : (
    <Sessions view={view} choice={choice} />
  );
}

function Users({ view, choice }: { view: View; choice: ReactNode }) {
  const users = useGet(
    '/api/v1/users',
    { ...view.params, order: 'cost', limit: ROWS },
    { everyMs: view.live && SLOW_MS },
  );
  const courses = useCourses(view, 'user_id');
  const columns = useMemo(() => userColumns(courses), [courses]);
  return (
    <Panel
      title="Top spenders"
      flush
      help={HELP}
      actions={choice}
      state={users}
      empty={({ users: list }) =>
        list.length === 0 && (
          <EmptyState title="No user is named here">
            Give spans user.id, or calls through the gateway the header x-pitot-user, and each user
            has a row.
          </EmptyState>
        )
      }
    >
      {({ users: list, total_rows }) => (
        <DataTable
          label="Top users"
          name="cost-users"
          rows={list}
          columns={columns}
          rowKey={(user) => user.user_id}
          link={(user) => ({ to: '/traces', narrow: { user_id: user.user_id } })}
          {...(list.length > ROWS_SEEN && { height: HEIGHT })}
          footer={footerOf(list.length, total_rows, 'user')}
        />
      )}
    </Panel>
  );
}

function Sessions({ view, choice }: { view: View; choice: ReactNode }) {
  const sessions = useGet(
    '/api/v1/sessions',
    { ...view.params, order: 'cost', limit: ROWS },
    { everyMs: view.live && SLOW_MS },
  );
  const courses = useCourses(view, 'session_id');
  const columns = useMemo(() => sessionColumns(courses), [courses]);
  return (
    <Panel
      title="Top spenders"
      flush
      help={HELP}
      actions={choice}
      state={sessions}
      empty={({ sessions: list }) =>
        list.length === 0 && (
          <EmptyState title="No session is named here">
            Give spans session.id, or calls through the gateway the header x-pitot-session, and each
            conversation has a row.
          </EmptyState>
        )
      }
    >
      {({ sessions: list, total_rows }) => (
        <DataTable
          label="Top sessions"
          name="cost-sessions"
          rows={list}
          columns={columns}
          rowKey={(session) => `${session.user_id}\u0000${session.session_id}`}
          link={(session) => ({ to: '/traces', narrow: { session_id: session.session_id } })}
          {...(list.length > ROWS_SEEN && { height: HEIGHT })}
          footer={footerOf(list.length, total_rows, 'session')}
        />
      )}
    </Panel>
  );
}

function footerOf(shown: number, total: number, one: string): string {
  return shown < total
    ? `The ${shown} dearest of ${plural(total, one)}; the filter finds others`
    : plural(total, one);
}

type Courses = ReadonlyMap<string, readonly number[]>;

function useCourses(view: View, field: string): Courses {
  const series = useGet(
    '/api/v1/series',
    { ...view.params, by: field, groups: ROWS, points: POINTS, measures: 'cost_usd' },
    { everyMs: view.live && SLOW_MS },
  );
  return useMemo(() => coursesOf(series.data, field), [series.data, field]);
}

function userColumns(courses: Courses): readonly Column<User>[] {
  return [
    {
      id: 'user_id',
      label: 'User',
      width: 'minmax(140px, 1.5fr)',
      value: ({ user_id }) => user_id,
      cell: ({ user_id }) => visibleText(user_id) || '(none)',
    },
    ...commonColumns<User>((user) => courses.get(user.user_id)),
    {
      id: 'sessions',
      label: 'Sessions',
      number: true,
      width: '70px',
      value: ({ sessions }) => sessions,
      cell: ({ sessions }) => <Count value={sessions} />,
    },
    ...tailColumns<User>(),
  ];
}

function sessionColumns(courses: Courses): readonly Column<Session>[] {
  return [
    {
      id: 'session_id',
      label: 'Session',
      width: 'minmax(140px, 1.5fr)',
      value: ({ session_id }) => session_id,
      cell: ({ session_id }) => visibleText(session_id) || '(none)',
    },
    ...commonColumns<Session>((session) => courses.get(session.session_id)),
    {
      id: 'user_id',
      label: 'User',
      width: 'minmax(90px, 1fr)',
      value: ({ user_id }) => user_id,
      cell: ({ user_id }) => visibleText(user_id) || <span className="dim">(none)</span>,
    },
    ...tailColumns<Session>(),
  ];
}

function commonColumns<Row extends Common>(
  course: (row: Row) => readonly number[] | undefined,
): readonly Column<Row>[] {
  const perTrace = ({ cost_usd, traces }: Row) =>
    cost_usd === null || traces === 0 ? null : cost_usd / traces;
  return [
    {
      id: 'cost_usd',
      label: 'Cost',
      title: 'Of calls with a known price; + says that others are missing',
      number: true,
      width: '88px',
      value: ({ cost_usd }) => cost_usd,
      cell: ({ cost_usd, unpriced_calls }) => <Money usd={cost_usd} unpriced={unpriced_calls} />,
    },
    {
      id: 'course',
      label: 'Over the window',
      title: 'Cost over the window, each row by its own largest step',
      fixed: true,
      width: '104px',
      value: () => null,
      cell: (row) => {
        const values = course(row);
        return values ? <Sparkline label="Its cost over the window" values={values} /> : null;
      },
    },
    {
      id: 'traces',
      label: 'Traces',
      number: true,
      width: '64px',
      value: ({ traces }) => traces,
      cell: ({ traces }) => <Count value={traces} />,
    },
    {
      id: 'per_trace',
      label: 'Per trace',
      number: true,
      width: '80px',
      value: perTrace,
      cell: (row) => <Money usd={perTrace(row)} />,
    },
  ];
}

function tailColumns<Row extends Common>(): readonly Column<Row>[] {
  return [
    {
      id: 'features',
      label: 'Features',
      width: 'minmax(110px, 1.2fr)',
      value: ({ features }) => features.join(', '),
      cell: ({ features }) => visibleText(features.join(', ')),
    },
    {
      id: 'calls',
      label: 'Calls',
      title: 'Model calls',
      number: true,
      width: '60px',
      value: ({ calls }) => calls,
      cell: ({ calls }) => <Count value={calls} />,
    },
    {
      id: 'errors',
      label: 'Errors',
      title: 'Model calls that failed',
      number: true,
      width: '58px',
      value: ({ errors }) => errors,
      cell: ({ errors }) => <Count value={errors} bad />,
    },
    {
      id: 'unpriced',
      label: 'Unpriced',
      title: 'Calls without a known price: not in the cost',
      number: true,
      width: '70px',
      value: ({ unpriced_calls }) => unpriced_calls,
      cell: ({ unpriced_calls }) => <Count value={unpriced_calls} />,
    },
    {
      id: 'first_at',
      label: 'First',
      width: '110px',
      hidden: true,
      value: ({ first_at }) => first_at,
      cell: ({ first_at }) => <time title={first_at}>{formatTime(first_at, new Date())}</time>,
    },
    {
      id: 'last_at',
      label: 'Last',
      width: '86px',
      value: ({ last_at }) => last_at,
      cell: ({ last_at }) => <RelativeTime at={last_at} />,
    },
  ];
}
