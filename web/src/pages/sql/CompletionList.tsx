import { useEffect, useRef } from 'react';
import { Kbd } from 'widgets/text/Kbd';
import type { Completion } from './complete';

interface CompletionListProps {
  id: string;
  options: readonly Completion[];
  active: number; // -1: none is chosen yet; Tab takes the first.
  left: number;
  top: number;
  onTake: (option: Completion) => void;
}

export function CompletionList({ id, options, active, left, top, onTake }: CompletionListProps) {
  const list = useRef<HTMLUListElement>(null);
  useEffect(() => {
    list.current?.children[Math.max(0, active)]?.scrollIntoView({ block: 'nearest' });
  }, [active, options]);
  return (
    <div className="sql-offer" style={{ left, top }}>
      <ul className="sql-options" role="listbox" id={id} aria-label="Completions" ref={list}>
        {options.map((option, i) => (
          <li
            key={`${option.kind} ${option.label}`}
            id={`${id}-${i}`}
            role="option"
            aria-selected={i === active}
            className={i === active ? 'sql-option sql-option-on' : 'sql-option'}
            // Before the field loses its focus.
            onPointerDown={(event) => {
              event.preventDefault();
              onTake(option);
            }}
          >
            <span className={`mono sql-${option.kind}`}>{option.label}</span>
            <span className="dim cut">{option.detail}</span>
          </li>
        ))}
      </ul>
      <p className="sql-offer-keys dim">
        <Kbd>Tab</Kbd> takes {active < 0 ? 'the first' : 'it'}, <Kbd>Esc</Kbd> closes
      </p>
    </div>
  );
}
