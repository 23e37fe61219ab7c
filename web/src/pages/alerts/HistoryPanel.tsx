import { useSearch } from '@tanstack/react-router';
import { useMemo } from 'react';
import { useGet } from 'api/query';
import { formatDuration, formatInt, plural } from 'base/format';
import { visibleText } from 'base/text';
import { Choice } from 'widgets/form/Choice';
import { EmptyState } from 'widgets/layout/EmptyState';
import { Panel } from 'widgets/layout/Panel';
import type { View } from 'widgets/page/useView';
import type { Column } from 'widgets/table/columns';
import { DataTable } from 'widgets/table/DataTable';
import { SeverityPill } from './AlertRow';
import { At } from './At';
import { episodesOf, lanesOf, type Episode } from './episodes';
import { matchError } from './matchError';
import { Timeline } from './Timeline';
import { againstWords, labelText, severityRank, SLOW_MS, type Alert } from './words';

const LIMIT = 1000;
type Shown = 'timeline' | 'table';
const SHOWN: readonly { value: Shown; label: string }[] = [
  { value: 'timeline', label: 'Timeline' },
  { value: 'table', label: 'Table' },
];

export function HistoryPanel({
  view,
  match,
  now,
}: {
  view: View;
  match: string;
  now: readonly Alert[];
}) {
  const { history: shown = 'timeline' }: { history?: string } = useSearch({ strict: false });
  const { since, until } = view.params;
  const history = useGet(
    '/api/v1/alerts/history',
    { since, until, match, limit: LIMIT },
    { everyMs: view.live && SLOW_MS },
  );
  const found = useMemo(() => {
    if (!history.data) return null;
    const bounds = view.bounds();
    const all = episodesOf(history.data.changes, now);
    const episodes = all.filter(
      ({ fromMs, toMs }) => fromMs <= bounds.toMs && (toMs ?? bounds.toMs) >= bounds.fromMs,
    );
    return { bounds, episodes, lanes: lanesOf(episodes, bounds.fromMs, bounds.toMs) };
  }, [history.data, now, view]);
  const wrong = matchError(history.error);
  return (
    <Panel
      title="History"
      flush={shown === 'table'}
      help="When alerts fired, from the changes of their state, which are kept for good. Drag over the timeline to choose a window."
      note={found && found.episodes.length > 0 && `fired ${plural(found.episodes.length, 'time')}`}
      actions={
        <Choice
          label="History as"
          value={shown === 'table' ? 'table' : 'timeline'}
          options={SHOWN}
          onChange={(next) => view.change({ history: next === 'table' ? next : undefined })}
        />
      }
      state={wrong === null ? history : { ...history, error: null }}
      empty={() =>
        found?.episodes.length === 0 && (
          <EmptyState title="Nothing fired in this window">
            Choose a longer window of time at the top of the page.
          </EmptyState>
        )
      }
    >
      {({ complete, left_out }) => (
        <>
          {shown === 'table' ? (
            <DataTable
              label="Times in which alerts fired"
              name="alert-history"
              rows={found?.episodes ?? []}
              columns={COLUMNS}
              rowKey={({ key }) => key}
              link={({ fingerprint }) => ({ to: '/alerts', search: { alert: fingerprint } })}
            />
          ) : (
            found && <Timeline lanes={found.lanes} bounds={found.bounds} onBrush={view.brush} />
          )}
          {(left_out > 0 || !complete) && (
            <p className="history-left dim">
              {left_out > 0
                ? `${formatInt(left_out)} older changes are left out: choose a shorter window.`
                : 'Older changes than the newest 10,000 are not looked at.'}
            </p>
          )}
        </>
      )}
    </Panel>
  );
}

const lengthOf = ({ fromMs, toMs }: Episode) => (toMs ?? Date.now()) - fromMs;

const COLUMNS: readonly Column<Episode>[] = [
  {
    id: 'alert',
    label: 'Alert',
    width: 'minmax(140px, 1.4fr)',
    value: ({ alertname }) => alertname,
    cell: ({ alertname }) => visibleText(alertname),
  },
  {
    id: 'severity',
    label: 'Severity',
    width: '82px',
    value: ({ severity }) => severityRank(severity),
    cell: ({ severity }) => <SeverityPill severity={severity} />,
  },
  {
    id: 'from',
    label: 'Fired',
    number: true,
    width: '124px',
    value: ({ fromMs }) => new Date(fromMs).toISOString(),
    cell: ({ fromMs }) => <At ms={fromMs} />,
  },
  {
    id: 'length',
    label: 'For',
    number: true,
    width: '112px',
    value: lengthOf,
    cell: (episode) => (
      <span className={episode.toMs === null ? 'bad' : undefined}>
        {formatDuration(lengthOf(episode))}
        {episode.toMs === null && ', fires'}
      </span>
    ),
  },
  {
    id: 'labels',
    label: 'Labels',
    width: 'minmax(140px, 1.5fr)',
    value: ({ labels }) => labelText(labels),
    cell: ({ labels }) => visibleText(labelText(labels)),
  },
  {
    id: 'value',
    label: 'Value',
    width: '140px',
    value: ({ value }) => value,
    cell: ({ value, threshold, unit }) => againstWords(value, threshold, unit),
  },
  {
    id: 'summary',
    label: 'Summary',
    width: 'minmax(180px, 3fr)',
    value: ({ summary }) => summary,
    cell: ({ summary }) => visibleText(summary),
  },
];
