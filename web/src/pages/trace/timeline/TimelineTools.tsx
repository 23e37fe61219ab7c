import type { RefObject } from 'react';
import { formatInt, formatPercent, plural } from 'base/format';
import { Icon } from 'widgets/figures/Icon';
import type { CriticalPath } from './critical';

interface TimelineToolsProps {
  finder: RefObject<HTMLInputElement>;
  find: string;
  found: number;
  at: number; // Which of those found is the active one, -1 for none.
  errors: number;
  zoomed: boolean;
  path: CriticalPath | null;
  onFind: (text: string) => void;
  onStep: (step: 1 | -1) => void;
  onLeave: () => void;
  onError: () => void;
  onPath: (on: boolean) => void;
  onFold: () => void;
  onUnfold: () => void;
  onWhole: () => void;
}

const KIND_WORDS: Record<string, string> = { llm: 'models', tool: 'tools', agent: 'agents' };
const KINDS_SHOWN = 3;

export function TimelineTools(props: TimelineToolsProps) {
  const { find, found, at, path } = props;
  return (
    <div className="timeline-tools" role="toolbar" aria-label="Timeline">
      <label className="timeline-find">
        <Icon name="search" />
        <input
          ref={props.finder}
          aria-label="Search in this trace"
          placeholder="Search, or kind:tool status:error   /"
          title="Words in names, models, tools, agents and errors; or of one field: name, kind, status, agent, tool, model, provider, error, id"
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
        <button
          type="button"
          className="button plain small bad"
          title="To the next one"
          onClick={props.onError}
        >
          <Icon name="error" /> {plural(props.errors, 'error')}
        </button>
      )}
      <span className="timeline-tools-gap" />
      {props.zoomed && (
        <button type="button" className="button small" onClick={props.onWhole}>
          <Icon name="fit" /> Whole trace
        </button>
      )}
      {path && path.kinds.length > 0 && (
        <span className="timeline-path" title="Of the run’s time, what it was waiting for">
          {path.kinds
            .slice(0, KINDS_SHOWN)
            .map(({ kind, share }) => `${formatPercent(share)} ${KIND_WORDS[kind] ?? kind}`)
            .join(', ')}
        </span>
      )}
      <button
        type="button"
        className="button plain small"
        aria-pressed={path !== null}
        title="What the run was waiting for at each moment: going back from its end, always the child that ended last"
        onClick={() => props.onPath(path === null)}
      >
        Critical path
      </button>
      <button type="button" className="button plain small" onClick={props.onFold}>
        Fold all
      </button>
      <button type="button" className="button plain small" onClick={props.onUnfold}>
        Unfold all
      </button>
    </div>
  );
}
