import { visibleText } from 'base/text';
import { tellingLabels } from './words';

// What tells alerts of one rule apart, as chips; `all` of them in the detail.
export function Labels({ labels, all = false }: { labels: Record<string, string>; all?: boolean }) {
  const shown = all ? Object.entries(labels) : tellingLabels(labels);
  if (shown.length === 0) return null;
  return (
    <ul className="label-list" aria-label="Labels">
      {shown.map(([name, value]) => (
        <li key={name} className="label-chip" title={visibleText(`${name}=${value}`)}>
          <span className="dim">{visibleText(name)}</span> {visibleText(value)}
        </li>
      ))}
    </ul>
  );
}
