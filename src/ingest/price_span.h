// ingest/price_span.h
//
// What a span cost: of its usage, by the book, and of what its emitter reported. The one place that
// says it: for spans that arrive and for those repriced later.
#pragma once

#include "model/span.h"
#include "price/price.h"

namespace pitot {

// Reads provider, model, service_tier, end, usage, has_usage and cost_reported; sets everything else
// about money. A span without usage and reported cost has none.
ReportedCost PriceSpan(PriceCache& prices, Span& span);

}  // namespace pitot
