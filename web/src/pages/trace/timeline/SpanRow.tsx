import { memo } from 'react';
import type { Span } from 'api/types';
import { classes } from 'base/classes';
import {
  formatCost,
  formatCostExact,
  formatCount,
  formatDuration,
  formatInt,
  formatPercent,
  plural,
} from 'base/format';
import { visibleText } from 'base/text';
import { Icon } from 'widgets/figures/Icon';
import { KindIcon } from 'widgets/figures/KindIcon';
import { MARKS, provenanceOf, provenanceWords } from '../model/provenance';
import { hasMark, type Rollup } from '../model/rollup';
import { totalTokens } from '../model/usage';
import type { Segment } from './critical';
import { barOf, endOf, type Window } from './scale';

const INDENT_PX = 14;
// Deeper rows keep this indent, so that their names stay in view.
const INDENT_LEVELS_MAX = 24;

interface SpanRowProps {
  span: Span;
  row: number;
  position: number;
  top: number;
  depth: number;
  inside: number; // Spans below it.
  rollup: Rollup;
  collapsed: boolean;
  active: boolean;
  open: boolean;
  match: boolean | null; // Null: nothing is searched.
  window: Window;
  now: number | null; // How far a running one has come.
  path: readonly Segment[] | null; // Of the critical path, null when it is not shown.
  onPick: (row: number) => void;
  onToggle: (row: number, below: boolean) => void;
  onZoom: (row: number) => void;
}

export const SpanRow = memo(function SpanRow(props: SpanRowProps) {
  const { span, row, depth, inside, collapsed, match } = props;
  const tokens = totalTokens(span);
  const error = span.status === 'error';
  const model = span.model && !span.name.includes(span.model) ? span.model : '';
  const indent = Math.min(depth, INDENT_LEVELS_MAX);
  return (
    <div
      id={`span-${span.span_id}`}
      role="row"
      aria-level={depth + 1}
      aria-rowindex={props.position + 2}
      aria-selected={props.open}
      aria-expanded={inside > 0 ? !collapsed : undefined}
      className={classes(
        'spans-row',
        props.active && 'spans-row-active',
        error && 'spans-row-error',
        match === true && 'spans-row-match',
        (match === false || (match === null && props.path?.length === 0)) && 'spans-row-faint',
      )}
      style={{ transform: `translateY(${props.top}px)` }}
      onClick={() => props.onPick(row)}
      onDoubleClick={() => props.onZoom(row)}
    >
      <span role="gridcell" className="spans-name" style={{ paddingLeft: indent * INDENT_PX }}>
        <span className="spans-guides" style={{ width: indent * INDENT_PX }} aria-hidden="true" />
        {inside > 0 ? (
          <button
            type="button"
            className="spans-toggle"
            tabIndex={-1}
            aria-label={collapsed ? `Show ${inside} spans` : 'Fold'}
            title="With Shift everything below"
            onClick={(event) => {
              event.stopPropagation();
              props.onToggle(row, event.shiftKey);
            }}
          >
            <Icon name="open" className={collapsed ? '' : 'spans-open'} />
          </button>
        ) : (
          <span className="spans-toggle" />
        )}
        <KindIcon kind={span.kind} />
        <span className="cut" title={span.name}>
          {visibleText(span.name)}
          {model && <span className="dim"> {visibleText(model)}</span>}
        </span>
        {collapsed && <span className="spans-inside">{formatInt(inside)}</span>}
        {collapsed && !error && props.rollup.errors[row]! > 0 && (
          <span className="spans-note bad" title="Failed spans below">
            {formatInt(props.rollup.errors[row]!)} failed
          </span>
        )}
        {span.tool_status !== undefined && span.tool_status !== 'success' && (
          <span className={`spans-note spans-tool-${span.tool_status}`}>
            {span.tool_status.replace('_', ' ')}
          </span>
        )}
        {(span.retry_count ?? 0) > 0 && (
          <span className="spans-note warn">retry {span.retry_count}</span>
        )}
        {depth === 0 && span.parent_span_id !== undefined && (
          <span className="spans-note warn" title="Its parent has not arrived">
            no parent
          </span>
        )}
        {error && (
          <span
            className="bad spans-error"
            title={span.status_message ?? span.error_category ?? 'error'}
          >
            <Icon name="error" />
          </span>
        )}
      </span>
      <span
        role="gridcell"
        className={classes('number', span.status === 'running' && 'spans-live')}
      >
        {span.status !== 'running'
          ? formatDuration(span.duration_ms)
          : props.now === null
            ? '…'
            : formatDuration(endOf(span, props.now) - span.offset_ms)}
      </span>
      <span
        role="gridcell"
        className="number dim spans-tokens"
        title={tokens > 0 ? `${formatInt(tokens)} tokens` : undefined}
      >
        {tokens > 0 ? formatCount(tokens) : ''}
      </span>
      <OwnCost span={span} />
      <TotalCost row={row} rollup={props.rollup} />
      <BarCell span={span} window={props.window} now={props.now} path={props.path} />
    </div>
  );
});

// What the span itself cost, with a mark that says where the figure comes from.
function OwnCost({ span }: { span: Span }) {
  const provenance = provenanceOf(span);
  if (provenance === null) {
    // Counted at another span, or by the calls below: the figure is told, and that it adds nothing.
    const told = span.cost_usd !== null && span.cost_usd > 0;
    return (
      <span
        role="gridcell"
        className="number dim spans-own"
        title={told ? 'Counted at other spans' : undefined}
      >
        {told ? `(${formatCost(span.cost_usd)})` : ''}
      </span>
    );
  }
  const words = provenanceWords(provenance, span);
  return (
    <span
      role="gridcell"
      className="number spans-own"
      title={provenance === 'unpriced' ? words : `${formatCostExact(span.cost_usd)}. ${words}`}
    >
      {MARKS[provenance] !== '' && (
        <span className={classes('spans-mark', `spans-mark-${provenance}`)} aria-label={words}>
          {MARKS[provenance]}
        </span>
      )}
      {span.cost_usd !== null && formatCost(span.cost_usd)}
    </span>
  );
}

// What it cost with everything below, and how much of the trace that is.
function TotalCost({ row, rollup }: { row: number; rollup: Rollup }) {
  const total = rollup.total[row]!;
  const unpriced = rollup.unpriced[row]!;
  if (Number.isNaN(total)) {
    return (
      <span
        role="gridcell"
        className="number"
        title={unpriced > 0 ? 'No price is known' : undefined}
      >
        {unpriced > 0 ? '?' : ''}
      </span>
    );
  }
  const share = rollup.all > 0 ? total / rollup.all : 0;
  const notes = [
    `${formatCostExact(total)}, ${formatPercent(share)} of the trace`,
    hasMark(rollup, row, 'reported') && 'in part reported by the provider',
    hasMark(rollup, row, 'estimated') && 'in part estimated',
    unpriced > 0 && `${plural(unpriced, 'call')} without a known price`,
  ];
  return (
    <span role="gridcell" className="number spans-total" title={notes.filter(Boolean).join('; ')}>
      <span className="spans-share" style={{ width: `${share * 100}%` }} />
      <span>
        {hasMark(rollup, row, 'estimated') && '≈'}
        {formatCost(total)}
        {unpriced > 0 && '+'}
      </span>
    </span>
  );
}

interface BarCellProps {
  span: Span;
  window: Window;
  now: number | null;
  path: readonly Segment[] | null;
}

function BarCell({ span, window, now, path }: BarCellProps) {
  const bar = barOf(span, window, now);
  if (bar === null) return <span role="gridcell" className="spans-bars" />;
  const first = bar.ttft === null ? '' : `, first token after ${formatDuration(span.ttft_ms)}`;
  const size = window.to - window.from;
  const share = (ms: number) => Math.min(1, Math.max(0, (ms - window.from) / size)) * 100;
  return (
    <span
      role="gridcell"
      className="spans-bars"
      title={`starts at ${formatDuration(span.offset_ms)}, takes ${formatDuration(endOf(span, now) - span.offset_ms)}${first}`}
    >
      <span
        className={classes(
          'spans-bar',
          `kind-${span.kind}`,
          span.status === 'error' && 'spans-bar-error',
          span.status === 'running' && 'spans-bar-running',
        )}
        style={{ left: `${bar.left * 100}%`, width: `${bar.width * 100}%` }}
      />
      {bar.ttft !== null && <span className="spans-ttft" style={{ left: `${bar.ttft * 100}%` }} />}
      {path?.map(({ from, to }) => (
        <span
          key={from}
          className="spans-path"
          style={{ left: `${share(from)}%`, width: `${share(to) - share(from)}%` }}
        />
      ))}
    </span>
  );
}
