import { useState } from 'react';
import { Icon } from 'widgets/figures/Icon';
import { VIEWS, type SqlView } from './schema';

// What can be asked. A click puts the name where the caret is.
export function SchemaBrowser({ onInsert }: { onInsert: (text: string) => void }) {
  const [find, setFind] = useState('');
  const [open, setOpen] = useState<ReadonlySet<string>>(() => new Set(['calls']));
  const wanted = find.trim().toLowerCase();
  const shown = VIEWS.map((view) => ({ view, columns: matching(view, wanted) })).filter(
    ({ columns }) => columns.length > 0,
  );
  const toggle = (name: string) => {
    const next = new Set(open);
    if (!next.delete(name)) next.add(name);
    setOpen(next);
  };
  return (
    <div className="sql-schema">
      <input
        className="field"
        type="search"
        aria-label="Find a column"
        placeholder="Find a column"
        value={find}
        onChange={(event) => setFind(event.target.value)}
      />
      {shown.length === 0 && <p className="dim">No column is called so.</p>}
      {shown.map(({ view, columns }) => {
        const unfolded = wanted !== '' || open.has(view.name);
        return (
          <section key={view.name} aria-label={view.name}>
            <div className="sql-table-head">
              <button
                type="button"
                className="sql-fold"
                aria-expanded={unfolded}
                aria-label={`Columns of ${view.name}`}
                onClick={() => toggle(view.name)}
              >
                <Icon name={unfolded ? 'down' : 'open'} />
              </button>
              <button
                type="button"
                className="sql-name mono"
                title={`Insert ${view.name}`}
                onClick={() => onInsert(view.name)}
              >
                {view.name}
              </button>
              <span className="dim">{view.columns.length}</span>
            </div>
            <p className="dim sql-meaning">{view.meaning}</p>
            {unfolded && (
              <ul>
                {columns.map(({ name, type, meaning }) => (
                  <li key={name} className="sql-column-row">
                    <button
                      type="button"
                      className="sql-name mono"
                      title={`Insert ${name}`}
                      onClick={() => onInsert(name)}
                    >
                      {name}
                    </button>
                    <span className="dim sql-type">{type}</span>
                    {meaning && <span className="dim sql-meaning">{meaning}</span>}
                  </li>
                ))}
              </ul>
            )}
          </section>
        );
      })}
    </div>
  );
}

function matching(view: SqlView, wanted: string) {
  if (view.name.includes(wanted)) return view.columns;
  return view.columns.filter(
    ({ name, meaning }) => name.includes(wanted) || meaning.toLowerCase().includes(wanted),
  );
}
