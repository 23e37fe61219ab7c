import { useMemo } from 'react';
import { useGet } from 'api/query';
import { formatCost, formatCount, formatPercent, plural } from 'base/format';
import { visibleText } from 'base/text';
import { FlameGraph } from 'widgets/chart/FlameGraph';
import { samePath } from 'widgets/chart/flame';
import { Money } from 'widgets/figures/cells';
import { Stat, Stats } from 'widgets/figures/Stat';
import { Select } from 'widgets/form/Choice';
import { EmptyState } from 'widgets/layout/EmptyState';
import { Panel } from 'widgets/layout/Panel';
import { ViewLink } from 'widgets/page/ViewLink';
import type { View } from 'widgets/page/useView';
import { dimensionLabel } from './dimensions';
import { SLOW_MS } from './fresh';
import { frameNames, frameOf, frameText, narrowOf, ownCost, type CostFrame } from './tree';
import type { Choices } from './useChoices';

const PATHS = [
  {
    value: 'feature,workflow,agent,name,model',
    label: 'feature › workflow › agent › span › model',
  },
  { value: 'user_id,session_id,feature,model', label: 'user › session › feature › model' },
  { value: 'provider,model,feature,prompt_name', label: 'provider › model › feature › prompt' },
  { value: 'prompt_name,prompt_version,model', label: 'prompt › version › model' },
  {
    value: 'environment,service,release,feature,model',
    label: 'environment › service › release › feature › model',
  },
] as const;
const LEAVES = 400;

export function FlamePanel({ view, choices }: { view: View; choices: Choices }) {
  const by = PATHS.find(({ value }) => value === choices.path)?.value ?? PATHS[0].value;
  const tree = useGet(
    '/api/v1/cost/tree',
    { ...view.params, by, limit: LEAVES },
    { everyMs: view.live && SLOW_MS },
  );
  return (
    <Panel
      title="Cost by path"
      help="Where the money goes, from left to right by size: each frame is as wide as its share of the one above it. A click widens a frame, Esc goes back; arrow keys walk from frame to frame. Calls without a known price have no width."
      actions={
        <Select
          label="Levels of the path"
          value={by}
          options={PATHS}
          onChange={(path) => view.change({ path, frame: undefined })}
        />
      }
      state={tree}
      empty={({ tree: { cost_usd, calls } }) =>
        !cost_usd && (
          <EmptyState title="Nothing to draw">
            {calls === 0
              ? 'No model was called in this window by what the filter leaves.'
              : `None of ${plural(calls, 'call')} has a known price.`}
          </EmptyState>
        )
      }
    >
      {(answer) => (
        <Graph
          answer={answer.tree}
          pruned={answer.pruned}
          frame={choices.frame}
          onFrame={(frame) => view.change({ frame })}
        />
      )}
    </Panel>
  );
}

function Graph({
  answer,
  pruned,
  frame,
  onFrame,
}: {
  answer: Parameters<typeof frameOf>[0];
  pruned: number;
  frame: string | undefined;
  onFrame: (frame: string | undefined) => void;
}) {
  const root = useMemo(() => frameOf(answer), [answer]);
  const names = useMemo(() => frameNames(frame), [frame]);
  const path = useMemo(
    () =>
      samePath(
        root,
        names.map((name) => ({ name })),
      ),
    [root, names],
  );
  return (
    <>
      <div className="cost-flame">
        <FlameGraph
          label="Cost by path"
          root={root}
          format={formatCost}
          focus={names}
          onFocus={(next) => onFrame(frameText(next))}
        />
      </div>
      <Figures root={root} path={path as CostFrame[]} />
      {pruned > 0 && (
        <p className="cost-small dim">
          {plural(pruned, 'small leaf', 'small leaves')} beyond the largest {LEAVES} stand together
          as (other).
        </p>
      )}
    </>
  );
}

// Of the frame that is widened, else of all.
function Figures({ root, path }: { root: CostFrame; path: readonly CostFrame[] }) {
  const frame = path[path.length - 1] ?? root;
  const above = path[path.length - 2] ?? root;
  const own = ownCost(frame);
  const name = frame === root ? 'All' : visibleText(frame.name) || '(none)';
  return (
    <div className="cost-frame" role="group" aria-label="Chosen frame">
      <p className="cost-frame-name">
        <span className="dim">{frame.field ? dimensionLabel(frame.field) : 'everything'}</span>{' '}
        <strong className="cut" title={name}>
          {name}
        </strong>
        <ViewLink to="/traces" narrow={narrowOf(path)} className="cost-frame-link">
          Its traces
        </ViewLink>
      </p>
      <Stats>
        <Stat
          name="with all below"
          value={<Money usd={frame.cost} unpriced={frame.unpriced} />}
          note={
            frame === root
              ? undefined
              : `${formatPercent(frame.value / root.value)} of all${
                  above === root
                    ? ''
                    : `, ${formatPercent(frame.value / above.value)} of the one above`
                }`
          }
        />
        <Stat
          name="its own"
          value={formatCost(own)}
          note={frame.children.length === 0 ? 'nothing is below it' : 'in no frame below it'}
        />
        <Stat
          name="calls"
          value={formatCount(frame.calls)}
          note={
            <>
              <Money
                usd={
                  frame.cost === null || frame.calls <= frame.unpriced
                    ? null
                    : frame.cost / (frame.calls - frame.unpriced)
                }
              />{' '}
              each
            </>
          }
        />
        <Stat
          name="without a price"
          value={formatCount(frame.unpriced)}
          tone={frame.unpriced > 0 ? 'warn' : 'neutral'}
          note="calls, without a width"
        />
      </Stats>
    </div>
  );
}
