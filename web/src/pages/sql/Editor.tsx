// A field for a statement: numbered lines, colours by the kind of each word, completion, and the place
// of an error. What is typed stands in a transparent <textarea> above the same text in colours, so that
// the browser's own editing, undo and spelling of keys stay.

import {
  forwardRef,
  useId,
  useImperativeHandle,
  useLayoutEffect,
  useMemo,
  useRef,
  useState,
  type KeyboardEvent,
} from 'react';
import { CompletionList } from './CompletionList';
import { applyCompletion, completeSql, type Completion } from './complete';
import { Highlight } from './Highlight';
import type { ErrorPlace } from './place';
import './Editor.css';

export interface EditorHandle {
  focus: () => void;
  // In place of what is selected.
  insert: (text: string) => void;
  select: (from: number, to: number) => void;
}

interface EditorProps {
  value: string;
  onChange: (sql: string) => void;
  onRun: () => void;
  error: ErrorPlace | null;
  errorId: string | undefined; // Of the words that say what is wrong.
}

interface Offer {
  from: number;
  caret: number;
  options: readonly Completion[];
}

export const SqlEditor = forwardRef<EditorHandle, EditorProps>(function SqlEditor(props, ref) {
  const { value, onChange, onRun, error, errorId } = props;
  const field = useRef<HTMLTextAreaElement>(null);
  const frame = useRef<HTMLDivElement>(null);
  const code = useRef<HTMLPreElement>(null);
  const [offer, setOffer] = useState<Offer | null>(null);
  const [active, setActive] = useState(-1);
  const [spot, setSpot] = useState({ left: 0, top: 0 });
  const listId = useId();
  const lines = useMemo(() => value.split('\n').length, [value]);
  const shown = offer !== null && offer.options.length > 0;

  const replace = (from: number, to: number, text: string) => {
    const element = field.current!;
    element.focus();
    element.setSelectionRange(from, to);
    // The one way of changing a field that the browser can undo.
    if (!document.execCommand('insertText', false, text)) {
      element.setRangeText(text, from, to, 'end');
      onChange(element.value);
    }
  };
  useImperativeHandle(ref, () => ({
    focus: () => field.current?.focus(),
    insert: (text) => {
      const { selectionStart, selectionEnd } = field.current!;
      replace(selectionStart, selectionEnd, text);
      setOffer(null);
    },
    select: (from, to) => {
      field.current?.focus();
      field.current?.setSelectionRange(from, to);
    },
  }));

  const suggest = (asked: boolean) => {
    const { value: sql, selectionStart, selectionEnd } = field.current!;
    const { from, options } = completeSql(sql, selectionStart, asked);
    setActive(-1);
    setOffer(selectionStart === selectionEnd ? { from, caret: selectionStart, options } : null);
  };
  const take = (completion: Completion) => {
    if (!offer) return;
    const next = applyCompletion(value, offer.caret, offer.from, completion);
    replace(offer.from, offer.caret, next.text.slice(offer.from, next.caret));
    setOffer(null);
  };
  useLayoutEffect(() => {
    if (offer && shown) setSpot(spotOf(code.current!, frame.current!, offer.from));
  }, [offer, shown]);

  const onListKey = (event: KeyboardEvent): boolean => {
    if (!offer || !shown) return false;
    const count = offer.options.length;
    const step = event.key === 'ArrowDown' ? 1 : event.key === 'ArrowUp' ? -1 : 0;
    if (step !== 0) setActive(active < 0 && step < 0 ? count - 1 : (active + step + count) % count);
    else if (event.key === 'Tab' && !event.shiftKey) take(offer.options[Math.max(0, active)]!);
    // Enter begins a new line unless something of the list was chosen.
    else if (event.key === 'Enter' && active >= 0) take(offer.options[active]!);
    else if (event.key === 'Escape') setOffer(null);
    else return false;
    return true;
  };
  const onKeyDown = (event: KeyboardEvent<HTMLTextAreaElement>) => {
    if (event.nativeEvent.isComposing) return;
    const command = event.ctrlKey || event.metaKey;
    if (command && event.key === 'Enter') {
      setOffer(null);
      onRun();
    } else if (command && event.key === ' ') {
      suggest(true);
    } else if (!command && onListKey(event)) {
      event.stopPropagation();
    } else if (event.key === 'Enter' && !command && !event.shiftKey) {
      const { selectionStart, selectionEnd } = event.currentTarget;
      const line = value.slice(value.lastIndexOf('\n', selectionStart - 1) + 1, selectionStart);
      replace(selectionStart, selectionEnd, `\n${/^[ \t]*/.exec(line)![0]}`);
      setOffer(null);
    } else {
      return;
    }
    event.preventDefault();
  };

  return (
    <div className="sql-editor" ref={frame}>
      <div className="sql-scroll" onScroll={() => setOffer(null)}>
        <div className="sql-lines mono" aria-hidden="true">
          {Array.from({ length: lines }, (_, i) => (
            <span key={i} className={error?.line === i + 1 ? 'sql-line-bad' : undefined}>
              {i + 1}
            </span>
          ))}
        </div>
        <div className="sql-code mono">
          <Highlight sql={value} error={error} inner={code} />
          <textarea
            ref={field}
            aria-label="Query"
            aria-keyshortcuts="/"
            aria-autocomplete="list"
            aria-controls={shown ? listId : undefined}
            aria-activedescendant={shown && active >= 0 ? `${listId}-${active}` : undefined}
            aria-invalid={error !== null}
            aria-describedby={errorId}
            placeholder="SELECT … FROM calls"
            spellCheck={false}
            autoCapitalize="off"
            autoComplete="off"
            autoCorrect="off"
            wrap="off"
            value={value}
            onChange={(event) => {
              const typed = event.target.value.length > value.length;
              onChange(event.target.value);
              if (typed || offer) suggest(false);
            }}
            onKeyDown={onKeyDown}
            onPointerDown={() => setOffer(null)}
            onBlur={() => setOffer(null)}
          />
        </div>
      </div>
      {offer && shown && (
        <CompletionList
          id={listId}
          options={offer.options}
          active={active}
          left={spot.left}
          top={spot.top}
          onTake={take}
        />
      )}
    </div>
  );
});

const LIST_PX = 420;

// Below the character at `offset`, within the frame.
function spotOf(
  code: HTMLElement,
  frame: HTMLElement,
  offset: number,
): { left: number; top: number } {
  const walker = document.createTreeWalker(code, NodeFilter.SHOW_TEXT);
  let left = offset;
  const range = document.createRange();
  range.selectNodeContents(code);
  range.collapse(true);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const length = node.textContent!.length;
    if (left <= length) {
      range.setStart(node, left);
      range.collapse(true);
      break;
    }
    left -= length;
  }
  const at = range.getBoundingClientRect();
  const around = frame.getBoundingClientRect();
  return {
    left: Math.max(0, Math.min(at.left - around.left, around.width - LIST_PX)),
    top: at.bottom - around.top + 2,
  };
}
