// A table: sorted by a click on a head, with columns to choose, to be copied, walked by the keyboard.
// Beyond 200 rows only those in view are in the page.
//
//   <DataTable label="Models" name="models" rows={answer.models} rowKey={(m) => m.model}
//     columns={MODEL_COLUMNS} sort={{ by: 'cost', desc: true }}
//     link={(m) => ({ to: '/traces', narrow: { model: m.model } })} />
//
// Columns are a constant of the module. The link, if any, is on the first column and covers the row.

import { useVirtualizer } from '@tanstack/react-virtual';
import { useNavigate } from '@tanstack/react-router';
import { useId, useMemo, useRef, useState, type ReactNode } from 'react';
import { useCarried } from 'base/carried';
import { classes } from 'base/classes';
import { plural, UNKNOWN } from 'base/format';
import { useStoredText } from 'base/stored';
import { visibleText } from 'base/text';
import { Icon } from 'widgets/figures/Icon';
import { narrowed } from 'widgets/page/narrow';
import { ViewLink } from 'widgets/page/ViewLink';
import { moveBy, nextSort, sortRows, tracksOf, type Column, type Sort } from './columns';
import { TableMenu } from './TableMenu';
import './DataTable.css';

const ROW_PX = 28;
const ALL_ROWS_MAX = 200;
const OVERSCAN = 12;

export interface RowLink {
  to: string;
  params?: Record<string, string>;
  search?: Record<string, string | undefined>;
  narrow?: Record<string, string>;
}

interface DataTableProps<Row> {
  label: string;
  rows: readonly Row[];
  columns: readonly Column<Row>[];
  rowKey: (row: Row) => string;
  name?: string; // With it, the choice of columns is kept in this browser.
  sort?: Sort; // At first; the rows' own order without it.
  link?: (row: Row) => RowLink | null;
  onOpen?: (row: Row) => void; // Instead of a link: a dialog, a panel.
  active?: string; // The key of the row that is open.
  footer?: ReactNode; // "and 240 others"
  height?: string; // Scrolls inside from this on; '100%' in a panel that fills the page.
}

export function DataTable<Row>(props: DataTableProps<Row>) {
  const { label, rows, columns, rowKey, name, link, onOpen, active, footer, height } = props;
  const [sort, setSort] = useState(props.sort ?? null);
  const [shown, setShown] = useShownColumns(name, columns);
  const [current, setCurrent] = useState(-1);
  const scroller = useRef<HTMLDivElement>(null);
  const id = useId();
  const sorted = useMemo(() => sortRows(rows, columns, sort), [rows, columns, sort]);
  const { tracks, minPx } = useMemo(() => tracksOf(shown), [shown]);
  const virtual = rows.length > ALL_ROWS_MAX;
  const virtualizer = useVirtualizer({
    count: virtual ? sorted.length : 0,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW_PX,
    overscan: OVERSCAN,
  });
  const go = useGo(link, onOpen);

  const onKeyDown = (event: React.KeyboardEvent) => {
    if (event.target !== event.currentTarget || event.ctrlKey || event.metaKey || event.altKey)
      return;
    const page = Math.max(1, Math.floor((scroller.current?.clientHeight ?? 0) / ROW_PX) - 2);
    const to = moveBy(event.key, current, sorted.length, page);
    if (to !== null) {
      event.preventDefault();
      setCurrent(to);
      if (virtual) virtualizer.scrollToIndex(to);
      else document.getElementById(`${id}-${to}`)?.scrollIntoView({ block: 'nearest' });
    } else if (event.key === 'Enter' && current >= 0) {
      go(sorted[current]!);
    }
  };

  const row = (index: number, top?: number) => (
    <TableRow
      key={rowKey(sorted[index]!)}
      id={`${id}-${index}`}
      index={index}
      row={sorted[index]!}
      columns={shown}
      tracks={tracks}
      top={top}
      current={index === current}
      open={active !== undefined && rowKey(sorted[index]!) === active}
      link={link}
      onOpen={onOpen}
    />
  );
  return (
    <div className="table-frame" style={height !== undefined ? { height } : undefined}>
      <div
        ref={scroller}
        className={classes('table', virtual && height === undefined && 'table-virtual')}
        role="grid"
        aria-label={label}
        aria-rowcount={sorted.length + 1}
        aria-activedescendant={current >= 0 ? `${id}-${current}` : undefined}
        tabIndex={0}
        onKeyDown={onKeyDown}
      >
        <div
          className="table-row table-head"
          role="row"
          style={{ gridTemplateColumns: tracks, minWidth: minPx }}
        >
          {shown.map((column) => (
            <Head key={column.id} column={column} sort={sort} onSort={setSort} />
          ))}
        </div>
        <div
          className="table-body"
          role="rowgroup"
          style={{ minWidth: minPx, ...(virtual && { height: virtualizer.getTotalSize() }) }}
        >
          {virtual
            ? virtualizer.getVirtualItems().map((item) => row(item.index, item.start))
            : sorted.map((_, index) => row(index))}
        </div>
      </div>
      <div className="table-menu">
        <TableMenu columns={columns} shown={shown} rows={sorted} onShown={setShown} />
      </div>
      {(footer || virtual) && (
        <p className="table-foot dim">{footer ?? plural(rows.length, 'row')}</p>
      )}
    </div>
  );
}

function Head<Row>({
  column,
  sort,
  onSort,
}: {
  column: Column<Row>;
  sort: Sort | null;
  onSort: (sort: Sort) => void;
}) {
  const by = sort?.by === column.id ? (sort.desc ? 'descending' : 'ascending') : undefined;
  return (
    <span
      role="columnheader"
      aria-sort={by}
      title={column.title}
      className={classes('table-cell', column.number && 'number')}
    >
      {column.fixed ? (
        <span className={classes(column.quiet && 'sr-only')}>{column.label}</span>
      ) : (
        <button type="button" className="table-sort" onClick={() => onSort(nextSort(sort, column))}>
          {column.label}
          {by && <Icon name={by === 'ascending' ? 'up' : 'down'} />}
        </button>
      )}
    </span>
  );
}

interface TableRowProps<Row> {
  id: string;
  index: number;
  row: Row;
  columns: readonly Column<Row>[];
  tracks: string;
  top: number | undefined;
  current: boolean;
  open: boolean;
  link: DataTableProps<Row>['link'];
  onOpen: DataTableProps<Row>['onOpen'];
}

function TableRow<Row>(props: TableRowProps<Row>) {
  const { id, index, row, columns, tracks, top, current, open, link, onOpen } = props;
  const target = link?.(row) ?? null;
  return (
    <div
      id={id}
      role="row"
      aria-rowindex={index + 2}
      aria-selected={open || undefined}
      className={classes(
        'table-row',
        (target || onOpen) && 'table-row-link',
        current && 'table-row-current',
        open && 'table-row-open',
      )}
      style={{
        gridTemplateColumns: tracks,
        ...(top !== undefined && {
          position: 'absolute',
          inset: '0 0 auto',
          transform: `translateY(${top}px)`,
        }),
      }}
    >
      {columns.map((column, i) => (
        <span
          key={column.id}
          role="gridcell"
          className={classes('table-cell', column.number && 'number')}
          title={wholeText(column.value(row))}
        >
          <Cell first={i === 0} target={target} {...(onOpen && { onOpen: () => onOpen(row) })}>
            {column.cell ? column.cell(row) : textOf(column.value(row))}
          </Cell>
        </span>
      ))}
    </div>
  );
}

function Cell({
  first,
  target,
  onOpen,
  children,
}: {
  first: boolean;
  target: RowLink | null;
  onOpen?: () => void;
  children: ReactNode;
}) {
  if (first && target) {
    return (
      <ViewLink {...target} className="table-link">
        {children}
      </ViewLink>
    );
  }
  if (first && onOpen) {
    return (
      <button type="button" className="table-link" onClick={onOpen}>
        {children}
      </button>
    );
  }
  return <>{children}</>;
}

// A text may be cut off by its column.
function wholeText(value: ReturnType<Column<never>['value']>): string | undefined {
  return typeof value === 'string' && value !== '' ? visibleText(value) : undefined;
}

function textOf(value: ReturnType<Column<never>['value']>): string {
  if (value == null) return UNKNOWN;
  return typeof value === 'number' ? String(+value.toPrecision(6)) : visibleText(String(value));
}

// Enter on a row goes where a click would.
function useGo<Row>(
  link: DataTableProps<Row>['link'],
  onOpen: DataTableProps<Row>['onOpen'],
): (row: Row) => void {
  const navigate = useNavigate();
  const carried = useCarried();
  return (row) => {
    const target = link?.(row);
    if (!target) return onOpen?.(row);
    let q = carried.q ?? '';
    for (const [field, value] of Object.entries(target.narrow ?? {})) q = narrowed(q, field, value);
    void navigate({
      to: target.to,
      params: (target.params ?? {}) as never,
      search: { ...carried, q: q || undefined, ...target.search } as never,
    });
  };
}

function useShownColumns<Row>(
  name: string | undefined,
  columns: readonly Column<Row>[],
): [readonly Column<Row>[], (ids: readonly string[]) => void] {
  const [stored, setStored] = useStoredText(`columns.${name ?? ''}`);
  const [unnamed, setUnnamed] = useState<string | null>(null);
  const chosen = name === undefined ? unnamed : stored;
  const shown = useMemo(() => {
    const ids = chosen?.split(',');
    const some = columns.filter(({ id, hidden }) => (ids ? ids.includes(id) : !hidden));
    return some.length > 0 ? some : columns;
  }, [chosen, columns]);
  return [shown, (ids) => (name === undefined ? setUnnamed : setStored)(ids.join(','))];
}
