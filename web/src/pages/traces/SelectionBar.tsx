// What can be done with the rows that were chosen.

import { plural } from 'base/format';
import { CopyButton } from 'widgets/text/CopyButton';

interface SelectionBarProps {
  ids: readonly string[];
  onCompare: (() => void) | null | undefined; // null: not two; undefined: there is no such page.
  onExport: () => void;
  onClear: () => void;
}

export function SelectionBar({ ids, onCompare, onExport, onClear }: SelectionBarProps) {
  return (
    <div className="traces-chosen" role="region" aria-label="Selection">
      <span role="status">{plural(ids.length, 'trace')} selected</span>
      {onCompare && (
        <button
          type="button"
          className="button small main"
          aria-keyshortcuts="c"
          onClick={onCompare}
        >
          Compare
        </button>
      )}
      {onCompare === null && (
        <span className="dim">
          {ids.length < 2 ? 'select one more to compare' : 'two can be compared'}
        </span>
      )}
      <span className="traces-space" />
      <CopyButton text={() => ids.join('\n')} label="Copy ids" />
      <button type="button" className="button small" onClick={onExport}>
        Export
      </button>
      <button type="button" className="button small" onClick={onClear}>
        Clear
      </button>
    </div>
  );
}
