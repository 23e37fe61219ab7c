// What a million tokens of each model costs, by which source; models without a price, and pricing anew.

import { useNavigate, useSearch } from '@tanstack/react-router';
import { useEffect, useState } from 'react';
import { useGet } from 'api/query';
import { formatInt } from 'base/format';
import { EmptyState } from 'widgets/layout/EmptyState';
import { Panel } from 'widgets/layout/Panel';
import { useRights } from '../rights';
import { SettingsFrame } from '../SettingsFrame';
import { PriceTable } from './PriceTable';
import { RepriceDialog } from './RepriceDialog';
import { UnpricedModels } from './UnpricedModels';

const UNPRICED_SINCE = '7d';
const SETTLED_MS = 250;
const SHOWN = 200;

export function PricesView() {
  const rights = useRights();
  const { model = '' }: { model?: string } = useSearch({ strict: false });
  const [typed, setTyped] = useState(model);
  const [repricing, setRepricing] = useState(false);
  const navigate = useNavigate();
  useEffect(() => setTyped(model), [model]);
  useEffect(() => {
    if (typed.trim() === model) return undefined;
    const timer = setTimeout(
      () =>
        void navigate({
          to: '.',
          search: { model: typed.trim() || undefined } as never,
          replace: true,
        }),
      SETTLED_MS,
    );
    return () => clearTimeout(timer);
  }, [typed, model, navigate]);
  const prices = useGet('/api/v1/prices', {
    ...(model !== '' && { model }),
    since: UNPRICED_SINCE,
    limit: SHOWN,
  });
  const match = prices.data?.['match'] as Match | null | undefined;
  return (
    <SettingsFrame
      part="Prices"
      actions={
        <button
          type="button"
          className="button"
          disabled={!rights.admin}
          title={rights.admin ? undefined : 'This takes a key with the scope admin'}
          onClick={() => setRepricing(true)}
        >
          Price anew
        </button>
      }
    >
      <Panel
        title="Models without a price"
        help="Called in the last 7 days. Their cost is unknown, not zero, and every sum with them is a lower bound."
        {...(prices.data && {
          note: prices.data.unpriced.length === 0 ? 'none' : formatInt(prices.data.unpriced.length),
        })}
        className={prices.data && prices.data.unpriced.length > 0 ? 'prices-missing' : ''}
        state={prices}
      >
        {({ unpriced }) => (
          <UnpricedModels
            unpriced={unpriced}
            {...(rights.admin && { onReprice: () => setRepricing(true) })}
          />
        )}
      </Panel>
      <Panel
        title="Prices"
        help="US dollars a million tokens. Your own entries come before the catalogue; the first that fits a call prices it."
        flush
        {...(prices.data && { note: <Book prices={prices.data} /> })}
        state={prices}
      >
        {(answer) => (
          <>
            <div className="settings-find">
              <input
                className="field"
                type="search"
                aria-label="Find a model"
                aria-keyshortcuts="/"
                placeholder="Find a model"
                value={typed}
                onChange={(event) => setTyped(event.target.value)}
              />
              {model !== '' && <Matched model={model} match={match} />}
            </div>
            {answer.models.length === 0 ? (
              <EmptyState title={`No price is known for a name with “${model}”`}>
                Names are as spans say them. Its own entry in a price file gives it one.
              </EmptyState>
            ) : (
              <PriceTable rows={answer.models} total={answer.models_total} />
            )}
          </>
        )}
      </Panel>
      {repricing && <RepriceDialog onClose={() => setRepricing(false)} />}
    </SettingsFrame>
  );
}

function Book({
  prices,
}: {
  prices: { version: string; overrides: number; [more: string]: unknown };
}) {
  const published = prices['published'];
  return (
    <>
      {prices.version}
      {typeof published === 'string' && `, of ${published}`}
      {prices.overrides > 0 && `, ${formatInt(prices.overrides)} of your own`}
    </>
  );
}

interface Match {
  source: string;
  rule: string;
  confidence: string;
  version: string;
  estimated: boolean;
}

// A span that names the model so is priced by this.
function Matched({ model, match }: { model: string; match: Match | null | undefined }) {
  if (match === undefined) return null;
  if (match === null)
    return <span className="dim">No call of “{model}” as such would have a price.</span>;
  return (
    <span className="dim">
      A call of “{model}” is priced by <span className="mono">{match.rule}</span> ({match.source},{' '}
      {match.confidence} match{match.estimated ? ', an estimate' : ''}).
    </span>
  );
}
