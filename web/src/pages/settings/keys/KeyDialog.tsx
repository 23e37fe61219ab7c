import type { ReactNode } from 'react';
import { formatCost } from 'base/format';
import { RelativeTime } from 'widgets/figures/RelativeTime';
import { Dialog } from 'widgets/overlay/Dialog';
import { prefixOf } from './KeyTable';
import type { Key } from './newKey';

// All there is of a key but its secret.
export function KeyDialog({ shown, onClose }: { shown: Key; onClose: () => void }) {
  const pairs = (map: Record<string, string>): ReactNode =>
    Object.entries(map).map(([name, value]) => (
      <div key={name} className="mono">
        {name} = {value}
      </div>
    ));
  const { budget } = shown;
  const rows: [string, ReactNode, boolean][] = [
    ['Key', <span className="mono">{prefixOf(shown)}</span>, true],
    ['Project', shown.project, true],
    ['May', shown.scopes.join(', '), true],
    [
      'Budget',
      budget &&
        `${formatCost(budget.limit_usd)} a ${budget.window ?? 'day'} (${budget.timezone ?? 'UTC'}), ${budget.hard === false ? 'counted only' : 'calls beyond it are refused'}`,
      budget !== null,
    ],
    ['Always attributed to', pairs(shown.pins), Object.keys(shown.pins).length > 0],
    ['Attributed to, if not said', pairs(shown.defaults), Object.keys(shown.defaults).length > 0],
    ['Callers must say', shown.require.join(', '), shown.require.length > 0],
    ['Provider keys', pairs(shown.provider_keys), Object.keys(shown.provider_keys).length > 0],
    ['Models', shown.models.join(', '), shown.models.length > 0],
    ['Cache', shown.cache ? 'may answer' : 'never answers', shown.cache !== null],
    ['Made', <RelativeTime at={shown.created_at} />, shown.created_at !== null],
    ['Last used', <RelativeTime at={shown.last_used_at} />, true],
    ['Expires', <RelativeTime at={shown.expires_at} />, true],
    [
      'Old secret valid until',
      <RelativeTime at={shown.old_secret_until} />,
      shown.old_secret_until !== null,
    ],
    ['Defined in', 'pitot.yaml, and changed there', shown.from_config],
  ];
  return (
    <Dialog title={shown.name} onClose={onClose} width={560}>
      <dl className="settings-facts">
        {rows
          .filter(([, , known]) => known)
          .map(([name, value]) => (
            <div key={name} style={{ display: 'contents' }}>
              <dt>{name}</dt>
              <dd>{value}</dd>
            </div>
          ))}
      </dl>
    </Dialog>
  );
}
