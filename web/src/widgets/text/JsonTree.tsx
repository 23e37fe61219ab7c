// A JSON value with folding. Only what is open is in the page; nothing is left out silently.

import { memo, useState } from 'react';
import { plural } from 'base/format';
import { visibleText } from 'base/text';
import type { Json } from 'api/types';
import { FoldedText } from './FoldedText';
import { Icon } from 'widgets/figures/Icon';
import './JsonTree.css';

const OPEN_DEPTH = 2; // Deeper ones begin closed...
const OPEN_CHILDREN = 24; // ... and larger ones.
const CHILDREN_STEP = 100;
const INLINE_CHARS = 160;

export function JsonTree({ value }: { value: Json }) {
  return (
    <div className="json mono">
      <Node value={value} depth={0} />
    </div>
  );
}

const Node = memo(function Node({
  name,
  value,
  depth,
}: {
  name?: string;
  value: Json;
  depth: number;
}) {
  if (value !== null && typeof value === 'object') {
    return <Container name={name ?? null} value={value} depth={depth} />;
  }
  const long = typeof value === 'string' && (value.length > INLINE_CHARS || value.includes('\n'));
  return (
    <div className="json-leaf">
      <Name name={name ?? null} />
      {long ? (
        <div className="json-text">
          <FoldedText text={value as string} mono />
        </div>
      ) : (
        <Scalar value={value} />
      )}
    </div>
  );
});

function Container({
  name,
  value,
  depth,
}: {
  name: string | null;
  value: Json[] | { [key: string]: Json };
  depth: number;
}) {
  const list = Array.isArray(value);
  const count = list ? value.length : Object.keys(value).length;
  const [open, setOpen] = useState(depth === 0 || (depth <= OPEN_DEPTH && count <= OPEN_CHILDREN));
  const [shown, setShown] = useState(CHILDREN_STEP);
  if (count === 0) {
    return (
      <div className="json-leaf">
        <Name name={name} />
        <span className="dim">{list ? '[]' : '{}'}</span>
      </div>
    );
  }
  const entries: [string, Json][] = open
    ? list
      ? value.slice(0, shown).map((item, i): [string, Json] => [String(i), item])
      : Object.entries(value).slice(0, shown)
    : [];
  return (
    <div className="json-container">
      <button
        type="button"
        className="json-fold"
        aria-expanded={open}
        onClick={() => setOpen(!open)}
      >
        <Icon name="open" className={open ? 'json-arrow json-arrow-open' : 'json-arrow'} />
        <Name name={name} />
        <span className="dim">
          {list ? `[ ${plural(count, 'item')} ]` : `{ ${plural(count, 'key')} }`}
        </span>
      </button>
      {open && (
        <div className="json-children">
          {entries.map(([key, child]) => (
            <Node key={key} name={key} value={child} depth={depth + 1} />
          ))}
          {count > shown && (
            <button
              type="button"
              className="button small"
              onClick={() => setShown(shown + CHILDREN_STEP * 10)}
            >
              Show more: {plural(count - shown, 'item')} left
            </button>
          )}
        </div>
      )}
    </div>
  );
}

function Name({ name }: { name: string | null }) {
  return name === null ? null : <span className="json-name">{visibleText(name)}: </span>;
}

function Scalar({ value }: { value: null | boolean | number | string }) {
  if (typeof value === 'string') {
    return <span className="json-string">&quot;{visibleText(value)}&quot;</span>;
  }
  return <span className="json-number">{String(value)}</span>;
}
