import { memo } from 'react';
import type { Span } from 'api/types';
import { classes } from 'base/classes';
import { formatCost, formatCount, formatDuration, formatInt } from 'base/format';
import { visibleText } from 'base/text';
import { Icon } from 'widgets/figures/Icon';
import { KindIcon } from 'widgets/figures/KindIcon';
import { barOf, type Window } from './scale';
import { totalTokens } from '../model/usage';

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
  collapsed: boolean;
  active: boolean;
  open: boolean;
  match: boolean | null; // Null: nothing is searched.
  window: Window;
  onPick: (row: number) => void;
  onToggle: (row: number) => void;
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
        match === false && 'spans-row-faint',
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
            onClick={(event) => {
              event.stopPropagation();
              props.onToggle(row);
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
      <span role="gridcell" className="number">
        {span.status === 'running' ? '…' : formatDuration(span.duration_ms)}
      </span>
      <span
        role="gridcell"
        className="number dim"
        title={tokens > 0 ? `${formatInt(tokens)} tokens` : undefined}
      >
        {tokens > 0 ? formatCount(tokens) : ''}
      </span>
      <span
        role="gridcell"
        className={classes('number', span.counted === false && 'dim')}
        title={
          span.cost_usd === null && tokens > 0 && span.counted ? 'No price is known' : undefined
        }
      >
        {span.cost_usd !== null ? formatCost(span.cost_usd) : tokens > 0 && span.counted ? '?' : ''}
      </span>
      <BarCell span={span} window={props.window} />
    </div>
  );
});

function BarCell({ span, window }: { span: Span; window: Window }) {
  const bar = barOf(span, window);
  if (bar === null) return <span role="gridcell" className="spans-bars" />;
  const first = bar.ttft === null ? '' : `, first token after ${formatDuration(span.ttft_ms)}`;
  return (
    <span
      role="gridcell"
      className="spans-bars"
      title={`starts at ${formatDuration(span.offset_ms)}, takes ${formatDuration(span.duration_ms)}${first}`}
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
    </span>
  );
}
