// Two runs side by side: their figures, their decisions aligned, what they were told and what they answered.

import { Link, useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { useMemo } from 'react';
import { textOf } from 'api/story';
import type { Trace } from 'api/types';
import { formatTime } from 'base/format';
import { visibleText } from 'base/text';
import { Status } from 'widgets/figures/Status';
import { Choice } from 'widgets/form/Choice';
import { EmptyState } from 'widgets/layout/EmptyState';
import { ErrorNotice, Waiting } from 'widgets/layout/Notice';
import { Panel } from 'widgets/layout/Panel';
import { PageFrame, Panels } from 'widgets/page/PageFrame';
import { Diff } from 'widgets/text/Diff';
import { figuresOf, runOf, type Run } from './figures';
import { alignSteps, differs } from './steps';
import { StepTable } from './StepTable';
import { STEPS_MAX, useRun, type Told } from './useRun';
import './compare.css';

export function CompareView() {
  const { trace_id: a = '', other: b = '' } = useParams({ strict: false });
  const left = useRun(a);
  const right = useRun(b);
  return (
    <PageFrame
      title="Compare two runs"
      actions={
        <Link
          to="/traces/$trace_id/compare/$other"
          params={{ trace_id: b, other: a }}
          search={true}
          className="button"
        >
          Swap sides
        </Link>
      }
    >
      {left.error || right.error ? (
        <Failed id={left.error ? a : b} run={left.error ? left : right} />
      ) : left.structure && left.told && right.structure && right.told ? (
        <Compared
          a={runOf(left.structure, left.told.steps)}
          b={runOf(right.structure, right.told.steps)}
          told={[left.told, right.told]}
        />
      ) : (
        <Waiting title="Reading both runs …" />
      )}
    </PageFrame>
  );
}

function Failed({ id, run }: { id: string; run: ReturnType<typeof useRun> }) {
  return (
    <>
      <p className="dim">Of the run {visibleText(id)}:</p>
      <ErrorNotice error={run.error!} retry={run.retry} />
    </>
  );
}

function Compared({ a, b, told }: { a: Run; b: Run; told: [Told, Told] }) {
  const figures = useMemo(() => figuresOf(a, b), [a, b]);
  const pairs = useMemo(() => alignSteps(a.steps, b.steps), [a.steps, b.steps]);
  const search: { steps?: string } = useSearch({ strict: false });
  const navigate = useNavigate();
  const only = search.steps === 'different';
  const different = pairs.filter(differs);
  const left = told.some(({ total, steps }) => total > steps.length);
  return (
    <Panels>
      <Panel title="In figures" flush>
        <div
          className="compare-scroll"
          tabIndex={0}
          role="region"
          aria-label="Figures of both runs"
        >
          <table className="compare-figures">
            <thead>
              <tr>
                <th scope="col">
                  <span className="sr-only">Measure</span>
                </th>
                <th scope="col">
                  <RunName letter="A" trace={a.trace} />
                </th>
                <th scope="col">
                  <RunName letter="B" trace={b.trace} />
                </th>
                <th scope="col">From A to B</th>
              </tr>
            </thead>
            <tbody>
              {figures.map((figure) => (
                <tr key={figure.name}>
                  <th scope="row">{figure.name}</th>
                  <td>{visibleText(figure.a)}</td>
                  <td>{visibleText(figure.b)}</td>
                  <td className={figure.tone}>{visibleText(figure.change) || <Same />}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      </Panel>
      <Panel
        title="Decisions"
        note={`${different.length} of ${pairs.length} differ`}
        help="Decisions of one agent that chose the same tools with the same arguments stand side by side; where none are the same, those that chose the same tools."
        actions={
          <Choice
            label="Which decisions"
            value={only ? 'different' : 'all'}
            options={[
              { value: 'all', label: 'All' },
              { value: 'different', label: 'Different' },
            ]}
            onChange={(value) =>
              void navigate({
                to: '.',
                search: { steps: value === 'all' ? undefined : value } as never,
              })
            }
          />
        }
      >
        {left && (
          <p className="warn">
            A run has more than {STEPS_MAX} decisions: the first of each are compared.
          </p>
        )}
        {pairs.length === 0 ? (
          <EmptyState title="Neither run called a model" />
        ) : (
          <StepTable pairs={only ? different : pairs} a={a.trace} b={b.trace} />
        )}
      </Panel>
      <Panel title="System prompts">
        <Systems a={told[0]} b={told[1]} />
      </Panel>
      <Panel title="Final answers">
        <Answers a={a} b={b} />
      </Panel>
    </Panels>
  );
}

const Same = () => <span className="dim">the same</span>;

function RunName({ letter, trace }: { letter: string; trace: Trace }) {
  return (
    <span className="compare-run">
      <Link
        to="/traces/$trace_id"
        params={{ trace_id: trace.trace_id }}
        search={{ view: 'story' } as never}
      >
        {letter}: {visibleText(trace.root_name) || trace.trace_id}
      </Link>
      <span className="compare-run-facts">
        <Status status={trace.status} />
        <span className="dim" title={trace.started_at}>
          {formatTime(trace.started_at, new Date())}
        </span>
        <code className="dim" title={trace.trace_id}>
          {trace.trace_id.slice(0, 8)}
        </code>
      </span>
    </span>
  );
}

// Agents that were told the same stand together.
function Systems({ a, b }: { a: Told; b: Told }) {
  const groups = new Map<string, string[]>();
  for (const agent of new Set([...a.systems.keys(), ...b.systems.keys()])) {
    if (!a.systems.get(agent) && !b.systems.get(agent)) continue;
    const key = JSON.stringify([a.systems.get(agent), b.systems.get(agent)]);
    groups.set(key, [...(groups.get(key) ?? []), agent]);
  }
  if (groups.size === 0) return <p className="dim">Neither run came with a system prompt.</p>;
  return [...groups].map(([key, agents]) => (
    <section key={key} className="compare-text">
      <h3>{visibleText(agents.filter(Boolean).join(', ')) || 'The model'}</h3>
      <Pair a={a.systems.get(agents[0]!)} b={b.systems.get(agents[0]!)} />
    </section>
  ));
}

function Answers({ a, b }: { a: Run; b: Run }) {
  return <Pair a={answerOf(a)} b={answerOf(b)} />;
}

function answerOf({ steps }: Run): string | undefined {
  const last = steps.findLast(
    ({ depth, said, chose }) => (depth ?? 0) === 0 && said !== null && chose.length === 0,
  );
  return last && textOf(last.said);
}

function Pair({ a, b }: { a: string | undefined; b: string | undefined }) {
  if (a === undefined && b === undefined) return <p className="dim">Neither run has one.</p>;
  return (
    <>
      {(a === undefined || b === undefined) && (
        <p className="dim">Only {a === undefined ? 'B' : 'A'} has one.</p>
      )}
      <Diff before={a ?? ''} after={b ?? ''} />
    </>
  );
}
