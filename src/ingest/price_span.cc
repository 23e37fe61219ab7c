#include "ingest/price_span.h"

namespace pitot {

ReportedCost PriceSpan(PriceCache& prices, Span& span) {
  if (!span.has_usage && !span.cost_reported) return ReportedCost::kNone;
  Price table;
  if (span.has_usage && !span.model.empty()) {
    table = prices.PriceOf({.provider = span.provider,
                            .model = span.model,
                            .at_ns = span.end_ns,
                            .service_tier = span.service_tier,
                            .usage = span.usage});
  }
  const Price price = Settle(table, span.cost_reported, span.usage);
  span.cost = price.cost;
  span.cost_by_bucket = price.by_bucket;
  span.price_source = price.source;
  span.price_confidence = price.confidence;
  span.price_rule = price.rule;
  span.price_version = price.version;
  span.estimated = price.estimated;
  return price.reported;
}

}  // namespace pitot
