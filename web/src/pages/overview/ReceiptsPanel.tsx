import { useGet } from 'api/query';
import type { Tone } from 'base/colors';
import { formatDuration, formatInt } from 'base/format';
import { Panel } from 'widgets/layout/Panel';
import { Pill } from 'widgets/figures/Pill';
import { troublesOf } from './receipts';
import { SLOW_MS } from './fresh';

const TONES: Record<string, Tone> = { data_loss: 'bad', warning: 'warn', info: 'neutral' };

// What was lost, came late or has no price; nothing is shown while all is well.
export function ReceiptsPanel() {
  const receipts = useGet('/api/v1/receipts', {}, { everyMs: SLOW_MS });
  if (!receipts.data) return null;
  const { drops, lagMs, errors } = troublesOf(receipts.data);
  if (drops.length === 0 && lagMs === null && errors.length === 0) return null;
  return (
    <Panel
      title="Receipts"
      help="What was received but not counted, or not as sent, since the server started."
      link={{ to: '/settings', label: 'All receipts' }}
    >
      <ul className="overview-list">
        {errors.map((error) => (
          <li key={error}>
            <Pill tone="bad">store</Pill>
            <span className="overview-words">{error}</span>
          </li>
        ))}
        {lagMs !== null && (
          <li>
            <Pill tone="warn">late</Pill>
            <span className="overview-words">
              What is received shows {formatDuration(lagMs)} later
            </span>
          </li>
        )}
        {drops.map(({ name, severity, count, remedy }) => (
          <li key={name}>
            <Pill tone={TONES[severity] ?? 'neutral'}>{severity.replace('_', ' ')}</Pill>
            <span>
              <strong>{formatInt(count)} ×</strong> {name.replaceAll('_', ' ')}
            </span>
            <span className="overview-words dim">{remedy}</span>
          </li>
        ))}
      </ul>
    </Panel>
  );
}
