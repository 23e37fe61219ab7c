import type { Schema } from 'api/types';
import { toolColor, TOOL_STATUSES } from 'base/colors';
import { StackedBar } from './Bar';

// How the calls of a tool ended, as shares of all of them.
export function ToolStatusBar({ share }: { share: Schema<'StatusShares'> }) {
  return (
    <StackedBar
      label="How calls ended"
      parts={TOOL_STATUSES.map((status) => ({
        name: status.replaceAll('_', ' '),
        share: share[status],
        color: toolColor(status),
      }))}
    />
  );
}
