import type { SpanDetails } from 'api/types';
import { formatCost, formatCostExact, formatInt } from 'base/format';
import { visibleText } from 'base/text';
import { provenanceOf, provenanceWords } from '../model/provenance';
import { totalTokens, usageRows, type UsageRow } from '../model/usage';
import { Section } from './ContentTab';

export function UsageTab({
  span,
  onSpan,
}: {
  span: SpanDetails;
  onSpan: (spanId: string) => void;
}) {
  const rows = usageRows(span);
  return (
    <>
      {rows.length === 0 ? (
        <p className="dim">This span reports no tokens.</p>
      ) : (
        <Section title="Tokens">
          <table className="facts">
            <thead>
              <tr>
                <th>Bucket</th>
                <th className="number">Tokens</th>
                <th className="number">× per million</th>
                <th className="number">= Cost</th>
              </tr>
            </thead>
            <tbody>
              {rows.map((row) => (
                <tr key={row.name}>
                  <th>{row.name}</th>
                  <td className="number">{formatInt(row.tokens)}</td>
                  <td className="number">{formatCost(perMillion(row))}</td>
                  <td className="number">{formatCostExact(row.cost_usd)}</td>
                </tr>
              ))}
            </tbody>
            <tfoot>
              <tr>
                <th>Total</th>
                <td className="number">{formatInt(totalTokens(span))}</td>
                <td />
                <td className="number">{formatCostExact(span.cost_usd)}</td>
              </tr>
            </tfoot>
          </table>
        </Section>
      )}
      <Section title="Price">
        {priceWords(span) && <p>{visibleText(priceWords(span))}</p>}
        <Facts rows={priceFacts(span)} />
      </Section>
      <Section title="Counting">
        <Facts rows={countingFacts(span)} />
        {span.counted_by && (
          <p>
            <button type="button" className="button small" onClick={() => onSpan(span.counted_by!)}>
              To the span that counts it
            </button>
          </p>
        )}
      </Section>
      <Section title="Call">
        <Facts rows={callFacts(span)} />
      </Section>
    </>
  );
}

// What the price came to: it may have steps, and rules of the service tier.
function perMillion({ tokens, cost_usd: cost }: UsageRow): number | null {
  return cost === null ? null : (cost / tokens) * 1_000_000;
}

// In words how the amount came about.
function priceWords(span: SpanDetails): string {
  const source = span.price?.source ?? span.price_source;
  if (span.cost_usd === null) {
    return source ? '' : 'No price is known for this model: the cost is unknown, not zero.';
  }
  switch (source) {
    case 'provider':
      return 'The provider said what it charged.';
    case 'override':
      return 'By a price set on this server.';
    case 'catalogue':
      return `By list prices as of ${span.price?.version ?? span.price_version ?? 'an unknown version'}.`;
    default:
      return '';
  }
}

type FactRow = readonly [string, string | number | null | undefined];

function priceFacts(span: SpanDetails): FactRow[] {
  const previous = span.price?.previous;
  const provenance = provenanceOf(span);
  return [
    ['Cost', provenance === null ? '' : provenanceWords(provenance, span)],
    ['Source', span.price?.source ?? span.price_source],
    ['Price list, as of', span.price?.version ?? span.price_version],
    ['Rule', span.price?.rule ?? span.price_rule],
    ['Match', span.price?.confidence ?? span.price_confidence],
    [
      'Reported by the sender',
      span.cost_reported_usd == null ? '' : formatCostExact(span.cost_reported_usd),
    ],
    ['Before repricing', previous ? `${formatCostExact(previous.cost_usd)} at ${previous.at}` : ''],
    ['Estimated', span.estimated ? 'yes' : ''],
  ];
}

function countingFacts(span: SpanDetails): FactRow[] {
  return [
    ['Counted in sums', span.counted ? 'yes' : 'no'],
    ['Because', span.counted_reason],
    ['Role', span.usage_role],
    ['Reported as', span.usage_convention],
    ['Web searches', span.web_searches || ''],
    ['File searches', span.file_searches || ''],
  ];
}

function callFacts(span: SpanDetails): FactRow[] {
  return [
    ['Provider', span.provider],
    ['Model', span.model],
    ['Requested', span.model_requested],
    ['Response id', span.response_id],
    ['Finish, as sent', span.finish_raw],
    ['Service tier', span.service_tier],
    ['Temperature', span.temperature],
    ['Most tokens', span.max_tokens],
    ['Streaming', span.streaming === undefined ? '' : span.streaming ? 'yes' : 'no'],
    ['Prompt', [span.prompt_name, span.prompt_version].filter(Boolean).join(' version ')],
  ];
}

export function Facts({ rows }: { rows: readonly FactRow[] }) {
  const known = rows.filter(([, value]) => value !== '' && value !== null && value !== undefined);
  if (known.length === 0) return <p className="dim">Nothing known.</p>;
  return (
    <table className="facts">
      <tbody>
        {known.map(([name, value]) => (
          <tr key={name}>
            <th>{name}</th>
            <td>{visibleText(String(value))}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
