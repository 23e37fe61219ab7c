import { useGet } from 'api/query';
import type { Schema } from 'api/types';
import { visibleText } from 'base/text';
import { Pill } from 'widgets/figures/Pill';
import { RelativeTime } from 'widgets/figures/RelativeTime';
import { EmptyState } from 'widgets/layout/EmptyState';
import { Panel } from 'widgets/layout/Panel';

type Page = Schema<'StatusPages'>['pages'][number];

const TONES = {
  unknown: 'neutral',
  ok: 'good',
  maintenance: 'accent',
  degraded: 'warn',
  outage: 'bad',
} as const;
const EXAMPLE = `alerts:
  status_pages:
    openai: {}
    anthropic: {}`;
const EVERY_MS = 60_000;

export function StatusPagesPanel() {
  const pages = useGet('/api/v1/status-pages', {}, { everyMs: EVERY_MS });
  return (
    <Panel
      title="Status pages of providers"
      help="What providers say of themselves, every five minutes, each minute while something fires. What cannot be read is unknown, never fine."
      state={pages}
      empty={({ pages: list }) =>
        list.length === 0 && (
          <EmptyState title="No status page is asked" command={EXAMPLE}>
            Asking is a call to the outside, so it is off until you name providers:
          </EmptyState>
        )
      }
    >
      {({ pages: list }) => (
        <ul className="plain-list">
          {list.map((page) => (
            <PageItem key={page.provider} page={page} />
          ))}
        </ul>
      )}
    </Panel>
  );
}

function PageItem({ page }: { page: Page }) {
  const { provider, url, state, description, fetched_at, stale, error, components, incidents } =
    page;
  return (
    <li>
      <p>
        <Pill tone={stale ? 'neutral' : TONES[state]}>{stale ? 'unknown' : state}</Pill>{' '}
        <strong>{visibleText(provider)}</strong> {visibleText(description)}{' '}
        <span className="dim">
          <SafeLink url={url}>status page</SafeLink>, read <RelativeTime at={fetched_at} />
          {stale && ', too old to go by'}
        </span>
      </p>
      {error !== null && <p className="bad wrap">{visibleText(error)}</p>}
      {incidents.map((incident) => (
        <p key={incident.url + incident.name} className="status-line wrap">
          <SafeLink url={incident.url}>{visibleText(incident.name)}</SafeLink>{' '}
          <span className="dim">
            {visibleText(incident.impact)}, {visibleText(incident.status)}, since{' '}
            <RelativeTime at={incident.started_at} /> {visibleText(incident.last_update)}
          </span>
        </p>
      ))}
      {components
        .filter(({ status }) => status !== 'operational')
        .map(({ name, status }) => (
          <p key={name} className="status-line warn">
            {visibleText(name)}: {visibleText(status.replaceAll('_', ' '))}
          </p>
        ))}
    </li>
  );
}

// An address that others sent: followed only where it is one of the web.
function SafeLink({ url, children }: { url: string; children: React.ReactNode }) {
  if (!/^https?:\/\//.test(url)) return <>{children}</>;
  return (
    <a href={url} target="_blank" rel="noreferrer">
      {children}
    </a>
  );
}
