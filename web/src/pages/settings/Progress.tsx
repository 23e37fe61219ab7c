import type { Progress } from 'api/progress';
import { formatInt } from 'base/format';
import { Bar } from 'widgets/figures/Bar';

// How far something is that takes a while.
export function ProgressBar({ progress, of }: { progress: Progress | null; of: string }) {
  const total = progress?.total ?? 0;
  return (
    <div className="settings-progress" role="status">
      <Bar share={total > 0 ? progress!.done / total : 0} label="done" />
      <span className="dim">
        {total > 0 ? `${formatInt(progress!.done)} of ${formatInt(total)} ${of}` : 'Begins …'}
      </span>
    </div>
  );
}
