// One line in the filter language, with completion from the server's own table of fields. What is
// typed holds from Enter on; an error of the server's parser stands below, its place marked.

import { useQuery } from '@tanstack/react-query';
import { useEffect, useId, useLayoutEffect, useMemo, useRef, useState } from 'react';
import { useApi } from 'api/context';
import type { FieldTable } from 'api/types';
import { Icon } from 'widgets/figures/Icon';
import {
  applyCompletion,
  completeFields,
  completeJoin,
  completeOperators,
  errorPosition,
  knownValues,
  placeAt,
  quoteValue,
  type Completion,
} from './complete';
import './FilterBar.css';

const NO_FIELDS: FieldTable = { fields: [], operators: [], units: [] };

interface FilterBarProps {
  value: string;
  since: string; // Values are suggested from this window.
  error: string | null; // What the server says about `value`.
  onChange: (q: string) => void;
}

export function FilterBar({ value, since, error, onChange }: FilterBarProps) {
  const [draft, setDraft] = useState(value);
  const [caret, setCaret] = useState(value.length);
  const [open, setOpen] = useState(false);
  const [active, setActive] = useState(-1);
  const input = useRef<HTMLInputElement>(null);
  const caretToSet = useRef<number | null>(null);
  const listId = useId();
  const errorId = useId();
  useEffect(() => setDraft(value), [value]);

  const options = useCompletions(draft, caret, since, open);
  const place = useMemo(() => placeAt(draft, caret), [draft, caret]);
  const shown = open && options.length > 0;
  const current = Math.min(active, options.length - 1);

  const apply = (text: string) => {
    setOpen(false);
    setActive(-1);
    onChange(text.trim());
  };
  const take = (completion: Completion) => {
    const next = applyCompletion(draft, place, completion);
    setDraft(next.text);
    setCaret(next.caret);
    setActive(-1);
    caretToSet.current = next.caret;
  };
  // With the text, before the next key: who types on while a frame is late must not be put back.
  useLayoutEffect(() => {
    if (caretToSet.current === null) return;
    input.current?.setSelectionRange(caretToSet.current, caretToSet.current);
    caretToSet.current = null;
  }, [draft]);

  const onKeyDown = (event: React.KeyboardEvent) => {
    const step = event.key === 'ArrowDown' ? 1 : event.key === 'ArrowUp' ? -1 : 0;
    if (step !== 0) {
      event.preventDefault();
      setOpen(true);
      const count = options.length;
      if (count > 0)
        setActive(current < 0 && step < 0 ? count - 1 : (current + step + count) % count);
    } else if (event.key === 'Enter') {
      event.preventDefault();
      const chosen = shown ? options[current] : undefined;
      if (chosen) take(chosen);
      else apply(draft);
    } else if (event.key === 'Tab' && shown && !event.shiftKey) {
      event.preventDefault();
      take(options[Math.max(0, current)]!);
    } else if (event.key === 'Escape') {
      if (shown) setOpen(false);
      else setDraft(value);
    }
  };

  return (
    <div className="filter">
      <div className={error === null ? 'filter-box' : 'filter-box filter-box-bad'}>
        <Icon name="search" className="filter-icon" />
        <input
          ref={input}
          className="filter-input mono"
          role="combobox"
          aria-label="Filter"
          aria-keyshortcuts="/"
          aria-expanded={shown}
          aria-controls={listId}
          aria-autocomplete="list"
          aria-activedescendant={shown && current >= 0 ? `${listId}-${current}` : undefined}
          aria-invalid={error !== null}
          aria-describedby={error === null ? undefined : errorId}
          placeholder='kind = tool AND duration > 2s   or   "a text"'
          spellCheck={false}
          autoComplete="off"
          value={draft}
          onChange={(event) => {
            setDraft(event.target.value);
            setCaret(event.target.selectionStart ?? event.target.value.length);
            setOpen(true);
            setActive(-1);
          }}
          onSelect={(event) => setCaret(event.currentTarget.selectionStart ?? 0)}
          onFocus={() => setOpen(true)}
          onBlur={() => setOpen(false)}
          onKeyDown={onKeyDown}
        />
        {draft !== value && <kbd className="filter-hint">Enter</kbd>}
        {draft !== '' && (
          <button
            type="button"
            className="button plain small"
            aria-label="Clear the filter"
            onClick={() => {
              setDraft('');
              apply('');
            }}
          >
            <Icon name="close" />
          </button>
        )}
      </div>
      <ul id={listId} role="listbox" className="filter-list" hidden={!shown}>
        {shown &&
          options.map((option, i) => (
            <li
              key={option.label}
              id={`${listId}-${i}`}
              role="option"
              aria-selected={i === current}
              className={i === current ? 'filter-option filter-option-active' : 'filter-option'}
              // Before the input loses its focus.
              onPointerDown={(event) => {
                event.preventDefault();
                take(option);
              }}
            >
              <span className="mono">{option.label}</span>
              <span className="dim cut">{option.detail}</span>
            </li>
          ))}
      </ul>
      {error !== null && <FilterError id={errorId} q={value} message={error} />}
    </div>
  );
}

function FilterError({ id, q, message }: { id: string; q: string; message: string }) {
  const at = errorPosition(message);
  // The server counts characters, not UTF-16 units.
  const chars = [...q];
  return (
    <div id={id} className="filter-error" role="alert">
      <span>{message}</span>
      {at !== null && (
        <code className="filter-error-place">
          {chars.slice(0, at).join('')}
          <mark>{chars[at] ?? '\u2423'}</mark>
          {chars.slice(at + 1).join('')}
        </code>
      )}
    </div>
  );
}

function useCompletions(draft: string, caret: number, since: string, open: boolean): Completion[] {
  const api = useApi();
  const table =
    useQuery({
      queryKey: ['fields'],
      queryFn: ({ signal }) => api.get('/api/v1/fields', {}, signal),
      staleTime: Infinity,
      enabled: open,
    }).data ?? NO_FIELDS;

  const { wanted } = useMemo(() => placeAt(draft, caret), [draft, caret]);
  const field = wanted.kind === 'value' ? wanted.field : '';
  const prefix = useSettled(wanted.prefix, 120);
  const known = useMemo(
    () => (wanted.kind === 'value' ? knownValues(table, wanted.field, wanted.prefix) : null),
    [table, wanted],
  );
  const asked = useQuery({
    queryKey: ['field-values', field, prefix, since],
    queryFn: ({ signal }) =>
      api.get('/api/v1/fields/{name}/values', { name: field, prefix, since, limit: 12 }, signal),
    staleTime: 30_000,
    enabled: open && wanted.kind === 'value' && known === null,
    placeholderData: (before) => before,
  }).data;

  return useMemo(() => {
    switch (wanted.kind) {
      case 'field':
        return completeFields(table, wanted.prefix);
      case 'operator':
        return completeOperators(table, wanted.field);
      case 'join':
        return completeJoin(table, wanted.prefix);
      case 'value':
        if (known !== null) return known;
        return (asked?.values ?? [])
          .filter(({ value }) => value !== '' && value.startsWith(wanted.prefix))
          .map(({ value, count }) => ({
            text: `${quoteValue(value)} `,
            label: value,
            detail: String(count),
          }));
    }
  }, [table, wanted, known, asked]);
}

// `value` once it has stayed the same for `ms`.
function useSettled<T>(value: T, ms: number): T {
  const [settled, setSettled] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(value), ms);
    return () => clearTimeout(timer);
  }, [value, ms]);
  return settled;
}
