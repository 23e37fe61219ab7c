import { useState } from 'react';
import { Icon } from 'widgets/figures/Icon';
import { Dialog } from 'widgets/overlay/Dialog';
import { moveColumn } from './choice';
import { DEFAULT_COLUMNS, NAME_COLUMN, TRACE_COLUMNS, type TraceColumn } from './columns';

const labelOf = (id: string) => TRACE_COLUMNS.find((column) => column.id === id)!.label;

// Which columns, in which order. Nothing holds until it is said to.
export function ColumnsDialog({
  columns,
  onChoose,
  onClose,
}: {
  columns: readonly TraceColumn[];
  onChoose: (ids: readonly string[] | null) => void;
  onClose: () => void;
}) {
  const [ids, setIds] = useState<readonly string[]>(columns.map(({ id }) => id));
  const rest = TRACE_COLUMNS.map(({ id }) => id).filter((id) => !ids.includes(id));
  const choose = (chosen: readonly string[] | null) => {
    onChoose(chosen);
    onClose();
  };
  return (
    <Dialog
      title="Columns"
      width={420}
      onClose={onClose}
      actions={
        <>
          <button type="button" className="button" onClick={() => choose(null)}>
            As usual
          </button>
          <button
            type="button"
            className="button main"
            onClick={() => choose(ids.join() === DEFAULT_COLUMNS.join() ? null : ids)}
          >
            Show these
          </button>
        </>
      }
    >
      <p className="dim">
        The choice is kept in this browser and in the address, so in saved views too.
      </p>
      <ul className="traces-columns" aria-label="Columns shown, from left to right">
        {ids.map((id, at) => (
          <li key={id}>
            <label>
              <input
                type="checkbox"
                checked
                disabled={id === NAME_COLUMN}
                onChange={() => setIds(ids.filter((one) => one !== id))}
              />
              {labelOf(id)}
            </label>
            {([-1, 1] as const).map((by) => (
              <button
                key={by}
                type="button"
                className="button plain small"
                aria-label={`${labelOf(id)}: further to the ${by < 0 ? 'left' : 'right'}`}
                disabled={at === 0 || at + by < 1 || at + by >= ids.length}
                onClick={() => setIds(moveColumn(ids, id, by))}
              >
                <Icon name={by < 0 ? 'up' : 'down'} />
              </button>
            ))}
          </li>
        ))}
      </ul>
      {rest.length > 0 && (
        <ul className="traces-columns" aria-label="Columns not shown">
          {rest.map((id) => (
            <li key={id}>
              <label>
                <input type="checkbox" checked={false} onChange={() => setIds([...ids, id])} />
                {labelOf(id)}
              </label>
            </li>
          ))}
        </ul>
      )}
    </Dialog>
  );
}
