// One budget: how it is set, its counters, what it refused, and what can be done with it.

import { useEffect, useMemo, useRef, useState } from 'react';
import { useGet } from 'api/query';
import { formatCost, formatInt, plural } from 'base/format';
import { visibleText } from 'base/text';
import { Money } from 'widgets/figures/cells';
import { Pill } from 'widgets/figures/Pill';
import { RelativeTime } from 'widgets/figures/RelativeTime';
import { Stat, Stats } from 'widgets/figures/Stat';
import { Panel } from 'widgets/layout/Panel';
import { Menu } from 'widgets/overlay/Menu';
import { DataTable } from 'widgets/table/DataTable';
import { Blocked } from './Blocked';
import { counterColumns } from './counterColumns';
import {
  appliesTo,
  counterShare,
  resetsAt,
  spentAt,
  stateOf,
  windowWords,
  worstOf,
  type Budget,
  type Counter,
} from './state';
import type { Switched } from './SwitchDialog';

const FRESH_MS = 5_000;
const COUNTERS = 100;
const ROWS_SEEN = 9;

interface BudgetPanelProps {
  summary: Budget; // As the list has it.
  onEdit: (budget: Budget) => void;
  onDisable: (switched: Switched) => void;
  onEnable: (switched: Switched) => void;
  onRemove: (budget: Budget) => void;
  onClose: () => void;
}

export function BudgetPanel(props: BudgetPanelProps) {
  const { summary, onEdit, onDisable, onEnable, onRemove, onClose } = props;
  const box = useRef<HTMLDivElement>(null);
  const [counter, setCounter] = useState('');
  const budget = useGet(
    '/api/v1/budgets/{budget_id}',
    { budget_id: summary.id, limit: COUNTERS, ...(counter !== '' && { counter }) },
    { everyMs: FRESH_MS },
  );
  useEffect(() => {
    box.current?.scrollIntoView({ block: 'nearest' });
  }, []);
  const fixed = summary.source === 'config';
  const why = 'It stands in pitot.yaml, and is changed there';
  return (
    <div ref={box} className="budget-panel">
      <Panel
        title={`Budget ${summary.id}`}
        note={<Pill tone={stateOf(summary).tone}>{stateOf(summary).word}</Pill>}
        actions={
          <>
            <button
              type="button"
              className="button small"
              disabled={fixed}
              title={fixed ? why : undefined}
              onClick={() => onEdit(summary)}
            >
              Edit
            </button>
            {summary.disabled ? (
              <button
                type="button"
                className="button small"
                onClick={() => onEnable({ budget: summary })}
              >
                Enable
              </button>
            ) : (
              <button
                type="button"
                className="button small"
                onClick={() => onDisable({ budget: summary })}
              >
                Disable
              </button>
            )}
            <Menu
              label={`More on budget ${summary.id}`}
              small
              items={[
                ...(summary.disabled
                  ? []
                  : [
                      {
                        label: 'Add to this window',
                        icon: 'plus' as const,
                        onSelect: () => onEnable({ budget: summary }),
                      },
                    ]),
                {
                  label: 'Remove',
                  icon: 'trash' as const,
                  danger: true,
                  disabled: fixed,
                  onSelect: () => onRemove(summary),
                },
                { label: 'Close', icon: 'close' as const, onSelect: onClose },
              ]}
            />
          </>
        }
        state={budget}
      >
        {(answer) => (
          <>
            {fixed && <p className="budget-fixed dim">{why}.</p>}
            {summary.disabled && (
              <p className="bad">
                Disabled{summary.why ? `: ${visibleText(summary.why)}` : ''}. Every call under it is
                refused.
              </p>
            )}
            <Figures budget={answer} worst={worstOf(summary)} />
            <Rules budget={answer} />
            <Counters
              budget={answer}
              counter={counter}
              onCounter={setCounter}
              onDisable={(value) => onDisable({ budget: summary, counter: value })}
              onEnable={(value) => onEnable({ budget: summary, counter: value })}
            />
            <Blocked budget={answer} />
          </>
        )}
      </Panel>
    </div>
  );
}

function Figures({ budget, worst }: { budget: Budget; worst: Counter | null }) {
  const each = budget.per === 'each';
  return (
    <Stats>
      <Stat
        name={each ? 'spent, of all counters' : 'spent'}
        value={<Money usd={budget.spent_usd} />}
        note={
          worst && each
            ? `most: ${visibleText(worst.value) || '(none)'}, ${formatCost(worst.spent_usd)} of ${formatCost(worst.limit_usd)}`
            : `of ${formatCost(worst?.limit_usd ?? budget.limit_usd)}`
        }
      />
      <Stat name="reserved" value={<Money usd={budget.reserved_usd} />} note="by calls in flight" />
      <Pace budget={budget} worst={worst} />
      <Stat
        name="refused"
        value={formatInt(budget.refused)}
        note="calls, since the program started"
      />
      {budget.overshoot_usd > 0 && (
        <Stat
          name="overshoot"
          tone="warn"
          value={<Money usd={budget.overshoot_usd} />}
          note="by calls that cost more than they had reserved"
        />
      )}
    </Stats>
  );
}

// Whether the limit will last as long as its window.
function Pace({ budget, worst }: { budget: Budget; worst: Counter | null }) {
  const resets = resetsAt(worst, budget);
  const spent = worst === null ? null : spentAt(worst, budget, Date.now());
  if (worst === null || resets === null) {
    const why =
      budget.window === 'lifetime'
        ? 'each has its lifetime'
        : budget.window === 'rolling'
          ? 'what is spent leaves it bit by bit'
          : 'no call in this window';
    return <Stat name="at this pace" value="–" note={why} />;
  }
  if (spent !== null) {
    return (
      <Stat
        name="at this pace spent"
        tone="warn"
        value={<RelativeTime at={new Date(spent).toISOString()} />}
        note={
          <>
            resets <RelativeTime at={resets} />
          </>
        }
      />
    );
  }
  return (
    <Stat
      name="at this pace"
      value={counterShare(worst) >= 1 ? 'is spent' : 'lasts'}
      note={
        <>
          resets <RelativeTime at={resets} />
        </>
      }
    />
  );
}

function Rules({ budget }: { budget: Budget }) {
  const { hard, mode, on_exceed, unknown_price } = budget;
  const rules = [
    ['Applies to', appliesTo(budget)],
    ['Limit', `${formatCost(budget.limit_usd)} in ${windowWords(budget)}`],
    [
      'When it is spent',
      hard
        ? on_exceed === 'cut'
          ? 'calls are refused, streams in flight end'
          : 'calls are refused'
        : 'it tells; calls go on',
    ],
    ...(hard
      ? [
          [
            'Set aside for a call',
            mode === 'strict' ? 'the most it can cost' : 'what such calls have cost',
          ],
          [
            'Models without a price',
            unknown_price === 'refuse' ? 'refused' : 'let through, uncounted',
          ],
        ]
      : []),
  ] as const;
  return (
    <dl className="budget-rules">
      {rules.map(([name, text]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd title={visibleText(text!)}>{visibleText(text!)}</dd>
        </div>
      ))}
    </dl>
  );
}

function Counters({
  budget,
  counter,
  onCounter,
  onDisable,
  onEnable,
}: {
  budget: Budget;
  counter: string;
  onCounter: (value: string) => void;
  onDisable: (value: string) => void;
  onEnable: (value: string) => void;
}) {
  const { counters, counters_total, per, scope } = budget;
  const columns = useMemo(
    () => counterColumns(budget, onDisable, onEnable),
    [budget, onDisable, onEnable],
  );
  if (per === 'all') return null;
  return (
    <section className="budget-part" aria-label="Counters">
      <div className="budget-part-head">
        <h3>Counters</h3>
        <span className="dim">{plural(counters_total, scope)} in their windows</span>
        <span className="budget-space" />
        <input
          className="field budget-find"
          type="search"
          aria-label={`One ${scope}`}
          placeholder={`One ${scope}, exactly`}
          value={counter}
          onChange={(event) => onCounter(event.target.value)}
        />
      </div>
      {counters.length === 0 ? (
        <p className="dim">
          {counter !== ''
            ? `No ${scope} of this name has a counter.`
            : counters_total > 0
              ? 'A key that sees all projects is needed to see whose they are.'
              : `No call has come under it yet; each ${scope} has a row from its first call on.`}
        </p>
      ) : (
        <DataTable
          label="Counters"
          rows={counters}
          columns={columns}
          rowKey={({ value }) => value}
          {...(counters.length > ROWS_SEEN && { height: '320px' })}
          {...(counters.length < counters_total &&
            counter === '' && {
              footer: `The ${counters.length} with the largest spend of ${formatInt(counters_total)}`,
            })}
        />
      )}
    </section>
  );
}
