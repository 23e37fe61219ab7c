import { formatBytes } from 'base/format';
import { Count } from 'widgets/figures/cells';
import { RelativeTime } from 'widgets/figures/RelativeTime';
import type { Column } from 'widgets/table/columns';
import { DataTable } from 'widgets/table/DataTable';
import { dropsOf, sourceKey, type Source } from './losses';

const COLUMNS: readonly Column<Source>[] = [
  {
    id: 'sender',
    label: 'Sender',
    width: 'minmax(180px, 2fr)',
    value: ({ sender, source }) => sender || source,
  },
  { id: 'source', label: 'By', width: 'minmax(70px, 0.7fr)', value: ({ source }) => source },
  { id: 'signal', label: 'Signal', width: 'minmax(70px, 0.7fr)', value: ({ signal }) => signal },
  {
    id: 'project',
    label: 'Project',
    width: 'minmax(70px, 0.7fr)',
    value: ({ project }) => project,
  },
  {
    id: 'requests',
    label: 'Requests',
    number: true,
    value: ({ requests }) => requests,
    cell: ({ requests }) => <Count value={requests} />,
  },
  {
    id: 'failed',
    label: 'Failed',
    title: 'Requests refused as a whole',
    number: true,
    value: ({ failed_requests }) => failed_requests,
    cell: ({ failed_requests }) => <Count value={failed_requests} bad />,
  },
  {
    id: 'bytes',
    label: 'Size',
    number: true,
    value: ({ bytes }) => bytes,
    cell: ({ bytes }) => formatBytes(bytes),
  },
  {
    id: 'accepted',
    label: 'Accepted',
    title: 'Spans, records or points',
    number: true,
    value: ({ accepted }) => accepted,
    cell: ({ accepted }) => <Count value={accepted} />,
  },
  {
    id: 'rejected',
    label: 'Rejected',
    number: true,
    value: ({ rejected }) => rejected,
    cell: ({ rejected }) => <Count value={rejected} bad />,
  },
  {
    id: 'drops',
    label: 'Losses',
    title: 'Whatever was lost or warned of; a click says why',
    number: true,
    value: dropsOf,
    cell: (source) => <Count value={dropsOf(source)} bad />,
  },
  {
    id: 'last_at',
    label: 'Last',
    width: '100px',
    value: ({ last_at }) => last_at,
    cell: ({ last_at }) => <RelativeTime at={last_at} />,
  },
  {
    id: 'last_error',
    label: 'Last error',
    width: 'minmax(120px, 1.5fr)',
    value: ({ last_error }) => last_error,
    cell: ({ last_error }) =>
      last_error === '' ? (
        <span className="dim">none</span>
      ) : (
        <span className="bad">{last_error}</span>
      ),
  },
];

export function SourceTable({
  sources,
  onOpen,
}: {
  sources: readonly Source[];
  onOpen: (source: Source) => void;
}) {
  return (
    <DataTable
      label="Sources"
      name="sources"
      rows={sources}
      columns={COLUMNS}
      rowKey={sourceKey}
      sort={{ by: 'accepted', desc: true }}
      onOpen={onOpen}
    />
  );
}
