import type { RefObject } from 'react';
import { formatInt, plural } from 'base/format';
import { Icon } from 'widgets/figures/Icon';
import { KEY_HELP } from './keys';

interface TimelineToolsProps {
  finder: RefObject<HTMLInputElement>;
  find: string;
  found: number;
  at: number; // Which of those found is the active one, -1 for none.
  errors: number;
  zoomed: boolean;
  onFind: (text: string) => void;
  onStep: (step: 1 | -1) => void;
  onLeave: () => void;
  onError: () => void;
  onFold: () => void;
  onUnfold: () => void;
  onWhole: () => void;
}

export function TimelineTools(props: TimelineToolsProps) {
  const { find, found, at } = props;
  return (
    <div className="timeline-tools">
      <label className="timeline-find">
        <Icon name="search" />
        <input
          ref={props.finder}
          aria-label="Search in this trace"
          placeholder="Search names, models, tools, errors   /"
          spellCheck={false}
          value={find}
          onChange={(event) => props.onFind(event.target.value)}
          onKeyDown={(event) => {
            if (event.key === 'Enter') props.onStep(event.shiftKey ? -1 : 1);
            if (event.key === 'Escape') {
              if (find !== '') props.onFind('');
              else props.onLeave();
            }
            if (event.key === 'ArrowDown') props.onLeave();
          }}
        />
        {find !== '' && (
          <span className="dim" aria-live="polite">
            {at >= 0 ? `${formatInt(at + 1)} of ${formatInt(found)}` : formatInt(found)}
          </span>
        )}
      </label>
      <button
        type="button"
        className="button plain small"
        aria-label="Previous match"
        disabled={found === 0}
        onClick={() => props.onStep(-1)}
      >
        <Icon name="up" />
      </button>
      <button
        type="button"
        className="button plain small"
        aria-label="Next match"
        disabled={found === 0}
        onClick={() => props.onStep(1)}
      >
        <Icon name="down" />
      </button>
      {props.errors > 0 && (
        <button type="button" className="button plain small bad" onClick={props.onError}>
          <Icon name="error" /> {plural(props.errors, 'error')}
        </button>
      )}
      <span className="timeline-tools-gap" />
      {props.zoomed && (
        <button type="button" className="button small" onClick={props.onWhole}>
          <Icon name="fit" /> Whole trace
        </button>
      )}
      <button type="button" className="button plain small" onClick={props.onFold}>
        Fold all
      </button>
      <button type="button" className="button plain small" onClick={props.onUnfold}>
        Unfold all
      </button>
      <details className="timeline-keys">
        <summary className="button plain small">Keys</summary>
        <dl>
          {KEY_HELP.map(([keys, what]) => (
            <div key={keys}>
              <dt>
                <kbd>{keys}</kbd>
              </dt>
              <dd>{what}</dd>
            </div>
          ))}
        </dl>
      </details>
    </div>
  );
}
