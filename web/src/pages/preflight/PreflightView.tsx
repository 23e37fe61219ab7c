// Forty points before a launch: what is as it should be, what stops it, and what to do about each.

import { useNavigate, useSearch } from '@tanstack/react-router';
import { useEffect, useState } from 'react';
import { flushSync } from 'react-dom';
import { useGet } from 'api/query';
import { formatDuration } from 'base/format';
import { useShortcuts, type Shortcut } from 'base/shortcuts';
import { Icon } from 'widgets/figures/Icon';
import { RelativeTime } from 'widgets/figures/RelativeTime';
import { useAction } from 'widgets/form/useAction';
import { ErrorNotice, Waiting } from 'widgets/layout/Notice';
import { Menu } from 'widgets/overlay/Menu';
import { PageFrame, Panels } from 'widgets/page/PageFrame';
import { useRowKeys } from 'widgets/page/useRowKeys';
import { AreaPanel } from './AreaPanel';
import { NoteDialog, type Doing } from './NoteDialog';
import { AREAS, areaOf, markdownOf, matches, withProbes, type Filter, type Report } from './report';
import { saveText } from './saveText';
import { SummaryPanel } from './SummaryPanel';
import './preflight.css';

const KEYS: readonly Shortcut[] = [
  { keys: ['j'], does: 'Next point' },
  { keys: ['k'], does: 'Point before' },
  { keys: ['Enter'], does: 'Open or close the point' },
];
const KEEP_MS = 5 * 60_000;

export function PreflightView() {
  const search: { state?: string; point?: string } = useSearch({ strict: false });
  const navigate = useNavigate();
  const change = (next: { state?: string | undefined; point?: string | undefined }) =>
    void navigate({ to: '.', search: ((before: object) => ({ ...before, ...next })) as never });
  const filter = (search.state ?? 'all') as Filter;
  const looked = useGet('/api/v1/preflight', { probes: false }, { staleMs: KEEP_MS });
  const [probed, setProbed] = useState<Report | null>(null);
  const [doing, setDoing] = useState<Doing | null>(null);
  const probe = useAction((api, _: null) => api.get('/api/v1/preflight', { probes: true }), {
    then: (report) => setProbed(report as Report),
    done: 'The probes have run',
    quiet: true,
  });
  const printing = usePrinting();
  useShortcuts(KEYS);
  useRowKeys('.point-head');
  const report = looked.data && withProbes(looked.data, probed);
  return (
    <PageFrame
      title="Preflight"
      note={
        report && (
          <>
            project {report.project}, checked <RelativeTime at={report.checked_at} /> in{' '}
            {formatDuration(report.took_ms)}
          </>
        )
      }
      actions={
        <>
          <span className="page-space" />
          <button
            type="button"
            className="button"
            disabled={looked.isFetching}
            onClick={() => {
              setProbed(null);
              void looked.refetch();
            }}
          >
            <Icon name="refresh" /> {looked.isFetching ? 'Checking …' : 'Check again'}
          </button>
          <button
            type="button"
            className="button main"
            disabled={probe.busy}
            title="Tries things out in a sandbox of its own: about half a minute, scope admin"
            onClick={() => probe.run(null)}
          >
            <Icon name="play" /> {probe.busy ? 'Probing …' : 'Run the probes'}
          </button>
          {report && <ExportMenu report={report} />}
        </>
      }
    >
      {!report && looked.error && (
        <ErrorNotice error={looked.error} retry={() => void looked.refetch()} />
      )}
      {!report && !looked.error && <Waiting title="Looking at forty points …" />}
      {report && (
        <Panels>
          <SummaryPanel
            report={report}
            filter={filter}
            error={probe.error ?? looked.error?.message ?? null}
            busy={probe.busy}
            onFilter={(state) => change({ state: state === 'all' ? undefined : state })}
            onPoint={(point) => change({ state: undefined, point })}
          />
          {AREAS.map((area) => {
            const all = report.points.filter((point) => areaOf(point) === area.id);
            const shown = all.filter((point) => matches(point, filter));
            return (
              shown.length > 0 && (
                <AreaPanel
                  key={area.id}
                  area={area}
                  all={all}
                  points={shown}
                  open={search.point}
                  openAll={printing}
                  onOpen={(point) => change({ point })}
                  onDo={setDoing}
                />
              )
            );
          })}
          {!report.points.some((point) => matches(point, filter)) && (
            <p className="preflight-none dim">No point is like that.</p>
          )}
        </Panels>
      )}
      {doing && <NoteDialog doing={doing} onClose={() => setDoing(null)} />}
    </PageFrame>
  );
}

function ExportMenu({ report }: { report: Report }) {
  return (
    <Menu
      label="Export"
      icon="save"
      items={[
        {
          label: 'Evidence as JSON',
          icon: 'save',
          onSelect: () =>
            saveText('preflight.json', 'application/json', JSON.stringify(report, null, 2)),
        },
        {
          label: 'Report as Markdown',
          icon: 'save',
          onSelect: () => saveText('preflight.md', 'text/markdown', markdownOf(report)),
        },
        { label: 'Print', icon: 'open', onSelect: () => window.print() },
      ]}
    >
      Export
    </Menu>
  );
}

// On paper everything is open.
function usePrinting(): boolean {
  const [printing, setPrinting] = useState(false);
  useEffect(() => {
    const before = () => flushSync(() => setPrinting(true));
    const after = () => setPrinting(false);
    window.addEventListener('beforeprint', before);
    window.addEventListener('afterprint', after);
    return () => {
      window.removeEventListener('beforeprint', before);
      window.removeEventListener('afterprint', after);
    };
  }, []);
  return printing;
}
