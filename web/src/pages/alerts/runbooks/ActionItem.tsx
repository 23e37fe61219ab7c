import { useState } from 'react';
import { visibleText } from 'base/text';
import { Pill } from 'widgets/figures/Pill';
import { RelativeTime } from 'widgets/figures/RelativeTime';
import { ViewLink } from 'widgets/page/ViewLink';
import { ActionDialog } from './ActionDialog';
import { filterOfSubject, STATE_WORDS, targetWords, type Action } from './subject';

const TONES = {
  offered: 'accent',
  active: 'warn',
  reverted: 'neutral',
  expired: 'neutral',
  failed: 'bad',
} as const;

// Something that can be done, or was: with its buttons.
export function ActionItem({ action }: { action: Action }) {
  const [doing, setDoing] = useState<'confirm' | 'revert' | null>(null);
  const { kind, state, words, mode, target, expires_at, result } = action;
  const advice = kind === 'advice';
  const q = filterOfSubject(target);
  return (
    <li className="action">
      <div className="action-main">
        <Pill tone={advice ? 'neutral' : TONES[state]}>
          {advice ? 'advice' : STATE_WORDS[state]}
        </Pill>{' '}
        <span className="wrap">{visibleText(words)}</span>
        <p className="dim">
          {!advice && `${kind.replaceAll('_', ' ')} of ${visibleText(targetWords(target))}`}
          {q !== null && (
            <>
              {' · '}
              <ViewLink to="/traces" search={{ q }} title={q}>
                traces
              </ViewLink>
            </>
          )}
          {state === 'active' && (
            <>
              {' · ends '}
              <RelativeTime at={expires_at} />
            </>
          )}
          {result !== '' && ` · ${visibleText(result)}`}
        </p>
      </div>
      {state === 'offered' && !advice && mode !== 'suggest' && action.id !== '' && (
        <button
          type="button"
          className="button small"
          aria-label={`Confirm: ${visibleText(words)}`}
          onClick={() => setDoing('confirm')}
        >
          Confirm …
        </button>
      )}
      {state === 'active' && (
        <button
          type="button"
          className="button small danger"
          aria-label={`Revert: ${visibleText(words)}`}
          onClick={() => setDoing('revert')}
        >
          Revert …
        </button>
      )}
      {doing !== null && (
        <ActionDialog action={action} what={doing} onClose={() => setDoing(null)} />
      )}
    </li>
  );
}
