import { useGet } from 'api/query';
import type { Schema } from 'api/types';
import { visibleText } from 'base/text';
import { Count } from 'widgets/figures/cells';
import { Pill } from 'widgets/figures/Pill';
import { EmptyState } from 'widgets/layout/EmptyState';
import { Panel } from 'widgets/layout/Panel';
import type { View } from 'widgets/page/useView';
import type { Column } from 'widgets/table/columns';
import { DataTable } from 'widgets/table/DataTable';
import { At } from './At';
import { SLOW_MS } from './words';

export type Notification = Schema<'NotificationRecord'>;

export const REASONS: Record<Notification['reason'], string> = {
  first: 'first notice',
  new_alerts: 'more joined',
  resolved_some: 'some are over',
  all_resolved: 'all is over',
  repeat: 'repeated',
  flapping: 'flapping',
};

export function NotificationsPanel({ view }: { view: View }) {
  const notifications = useGet('/api/v1/notifications', { limit: 200 }, { everyMs: SLOW_MS });
  return (
    <Panel
      title="Notifications"
      cols={7}
      flush
      help="Who was told of what: the last 1000 since the server started, and before that the last of each group."
      state={notifications}
      empty={({ notifications: list }) =>
        list.length === 0 && (
          <EmptyState title="Nobody was told of anything yet">
            Each notification stands here with its outcome.
          </EmptyState>
        )
      }
    >
      {({ notifications: list }) => (
        <DataTable
          label="Notifications"
          name="notifications"
          rows={list}
          columns={COLUMNS}
          rowKey={({ at, receiver, group_key }) => `${at} ${receiver} ${group_key}`}
          onOpen={({ alerts }) => view.change({ alert: alerts[0] })}
          height="min(320px, 60vh)"
        />
      )}
    </Panel>
  );
}

const groupOf = ({ group_labels }: Notification) =>
  Object.entries(group_labels)
    .map(([name, value]) => (name === 'alertname' ? value : `${name}=${value}`))
    .join(' ');

const COLUMNS: readonly Column<Notification>[] = [
  {
    id: 'group',
    label: 'Of',
    width: 'minmax(140px, 2fr)',
    value: groupOf,
    cell: (one) => visibleText(groupOf(one)),
  },
  {
    id: 'at',
    label: 'Sent',
    number: true,
    width: '124px',
    value: ({ at }) => at,
    cell: ({ at }) => <At at={at} />,
  },
  {
    id: 'receiver',
    label: 'To',
    width: 'minmax(70px, 0.7fr)',
    value: ({ receiver }) => receiver,
  },
  {
    id: 'reason',
    label: 'Why',
    width: '92px',
    value: ({ reason }) => REASONS[reason],
  },
  {
    id: 'firing',
    label: 'Firing',
    number: true,
    width: '52px',
    value: ({ firing }) => firing,
    cell: ({ firing }) => <Count value={firing} />,
  },
  {
    id: 'resolved',
    label: 'Over',
    number: true,
    width: '48px',
    value: ({ resolved }) => resolved,
    cell: ({ resolved }) => <Count value={resolved} />,
  },
  {
    id: 'ok',
    label: 'Outcome',
    width: '96px',
    value: ({ ok }) => ok,
    cell: ({ ok }) => (
      <Pill
        tone={ok ? 'good' : 'bad'}
        title={ok ? 'Every channel took it' : 'A channel did not take it: see its receiver'}
      >
        {ok ? 'delivered' : 'not delivered'}
      </Pill>
    ),
  },
];
