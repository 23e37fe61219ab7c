// ingest/history/reprice.h
//
// Computes the price of stored spans anew, under the book in force, from their stored usage; then
// their traces are resolved anew. What a span would cost had it come in now is what it costs after:
// PriceSpan says both. A span whose figure is the same is not written.
//
// Safe beside ingest: each batch is read, written and resolved between two flushes, and a delivery
// that comes later wins over a repriced row.
#pragma once

#include <absl/status/status.h>

#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "ingest/ingest.h"
#include "price/price.h"
#include "store/engine.h"
#include "store/repriced_spans.h"

namespace pitot {

struct RepriceSpan {
  SpanRef ref;
  bool counted = false;  // Its cost is in the figures.
};

// Costs are sums over counted spans; an unknown one adds nothing.
struct RepriceFigures {
  uint64_t spans = 0;    // That have usage or a reported cost.
  uint64_t changed = 0;  // Whose price is another now.
  NanoUsd before;
  NanoUsd after;
};
struct RepriceTotals {
  RepriceFigures all;
  std::map<std::pair<std::string, std::string>, RepriceFigures> models;  // By provider and model.
};

// Not thread-safe; one run.
class Repricer {
 public:
  // Borrows ingest and engine. `dry_run`: nothing is written.
  Repricer(Ingest& ingest, Engine& engine, std::shared_ptr<const PriceBook> book,
           std::string_view project, UnixNanos now, bool dry_run);

  // Best sorted by trace. Errors: the engine's; what was done until then stays, and doing it again
  // changes nothing.
  absl::Status Add(std::span<const RepriceSpan> spans);

  const RepriceTotals& totals() const { return totals_; }

 private:
  absl::Status Batch(std::span<const RepriceSpan> spans);

  Ingest& ingest_;
  Engine& engine_;
  PriceCache prices_;
  const std::string project_;
  const UnixNanos now_;
  const bool dry_run_;
  RepriceTotals totals_;
};

}  // namespace pitot
