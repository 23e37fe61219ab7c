import { useGet } from 'api/query';
import { plural } from 'base/format';
import { visibleText } from 'base/text';
import { StackedBar } from 'widgets/figures/Bar';
import { Count, Money, Percent } from 'widgets/figures/cells';
import { Dot } from 'widgets/figures/Pill';
import { Panel, type PanelState } from 'widgets/layout/Panel';
import { Code } from 'widgets/text/Code';
import { ViewLink } from 'widgets/page/ViewLink';
import type { View } from 'widgets/page/useView';
import { andTerm, UNPRICED } from './filters';
import { SLOW_MS } from './fresh';
import { DOUBTS, priceLines, shareOf, SOURCES } from './provenance';
import { keyText, type CostAnswer } from './rows';

type Total = CostAnswer['total'];

const MODELS = 6;

// How sure the money on this page is: whose prices, what is estimated, what is missing.
export function ProvenancePanel({ view, cost }: { view: View; cost: PanelState<CostAnswer> }) {
  const parts = {
    provider: useTotal(view, SOURCES[0].filter),
    override: useTotal(view, SOURCES[1].filter),
    catalogue: useTotal(view, SOURCES[2].filter),
    estimated: useTotal(view, DOUBTS[0].filter),
    prefix: useTotal(view, DOUBTS[1].filter),
  };
  return (
    <Panel
      title="Where the figures come from"
      help="Each call's cost is what the provider said it was, or its tokens times a price. What has no price is in no sum, never counted as zero."
      state={cost}
    >
      {({ total }) => (
        <div className="cost-provenance">
          <div>
            <StackedBar
              label="Known cost by source"
              parts={SOURCES.map(({ id, name, color }) => ({
                name,
                color,
                share: shareOf(parts[id], total) ?? 0,
              }))}
            />
            <ul className="cost-sources">
              {SOURCES.map((source) => (
                <Line
                  key={source.id}
                  {...source}
                  part={parts[source.id]}
                  total={total}
                  q={view.q}
                />
              ))}
              {DOUBTS.map((doubt) => (
                <Line key={doubt.id} {...doubt} part={parts[doubt.id]} total={total} q={view.q} />
              ))}
            </ul>
          </div>
          <Unpriced view={view} calls={total.unpriced_calls} />
        </div>
      )}
    </Panel>
  );
}

function useTotal(view: View, term: string): Total | undefined {
  const answer = useGet(
    '/api/v1/cost',
    { ...view.params, q: andTerm(view.q, term), limit: 1 },
    { everyMs: view.live && SLOW_MS },
  );
  return answer.data?.total;
}

function Line({
  name,
  title,
  filter,
  color,
  part,
  total,
  q,
}: {
  name: string;
  title: string;
  filter: string;
  color?: string;
  part: Total | undefined;
  total: Total;
  q: string;
}) {
  const none = part !== undefined && part.calls === 0 && !part.cost_usd;
  return (
    <li className={none ? 'cost-source cost-source-none' : 'cost-source'} title={title}>
      {color ? <Dot color={color} /> : <span />}
      {none ? (
        <span>{name}</span>
      ) : (
        <ViewLink to="/traces" search={{ q: andTerm(q, filter) }}>
          {name}
        </ViewLink>
      )}
      <span className="number">{none ? 'none' : <Money usd={part?.cost_usd} />}</span>
      <span className="number dim">
        {none ? '' : <Percent share={shareOf(part, total)} of="the known cost" />}
      </span>
      <span className="number dim">
        {none ? (
          ''
        ) : (
          <>
            <Count value={part?.calls} /> calls
          </>
        )}
      </span>
    </li>
  );
}

// Which models have no price, and how to give them one.
function Unpriced({ view, calls }: { view: View; calls: number }) {
  const q = andTerm(view.q, UNPRICED);
  const models = useGet(
    '/api/v1/cost',
    { ...view.params, q, by: 'provider,model', limit: MODELS },
    { enabled: calls > 0, everyMs: view.live && SLOW_MS },
  );
  if (calls === 0) return <p className="cost-small dim">Every call here has a known price.</p>;
  const groups = models.data?.groups ?? [];
  return (
    <div className="cost-unpriced">
      <p>
        <ViewLink to="/traces" search={{ q }} className="warn cost-inline">
          {plural(calls, 'call')} without a known price
        </ViewLink>{' '}
        are in no sum.
      </p>
      <ul className="cost-models">
        {groups.map(({ key, calls: some }) => {
          const narrow = { provider: keyText(key['provider']), model: keyText(key['model']) };
          return (
            <li key={`${narrow.provider} ${narrow.model}`}>
              <ViewLink to="/traces" narrow={narrow} className="cut">
                {visibleText(narrow.model) || '(no model)'}
              </ViewLink>
              <span className="dim">
                {visibleText(narrow.provider) || 'unknown provider'}, {plural(some, 'call')}
              </span>
            </li>
          );
        })}
      </ul>
      <p className="dim">
        A price in the file that prices.file names holds for calls from then on; pitot reprice
        prices those before.{' '}
        <ViewLink to="/settings/prices" className="cost-inline">
          Prices in the settings
        </ViewLink>{' '}
        say what holds now.
      </p>
      {groups[0] && (
        <Code text={priceLines(keyText(groups[0].key['model']))} label="Copy the lines" />
      )}
    </div>
  );
}
