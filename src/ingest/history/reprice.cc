#include "ingest/history/reprice.h"

#include <absl/container/flat_hash_map.h>

#include <algorithm>

#include "base/status.h"
#include "ingest/price_span.h"

namespace pitot {
namespace {

constexpr std::chrono::milliseconds kDeadline(60'000);

struct Repriced {
  std::vector<PricedSpan> changed;
  RepriceTotals totals;
};

// By the figure and what made it. Under another version of the same price nothing has changed.
bool SamePrice(const Span& a, const Span& b) {
  return a.cost == b.cost && a.cost_by_bucket == b.cost_by_bucket &&
         a.price_source == b.price_source && a.price_confidence == b.price_confidence &&
         a.price_rule == b.price_rule && a.estimated == b.estimated;
}

int64_t ValueOf(const std::optional<NanoUsd>& cost) { return cost ? cost->value : 0; }

void Add(const Span& before, const Span& after, bool counted, RepriceFigures& to) {
  ++to.spans;
  to.changed += SamePrice(before, after) ? 0 : 1;
  if (!counted) return;
  to.before.value += ValueOf(before.cost);
  to.after.value += ValueOf(after.cost);
}

void Merge(const RepriceFigures& from, RepriceFigures& to) {
  to.spans += from.spans;
  to.changed += from.changed;
  to.before.value += from.before.value;
  to.after.value += from.after.value;
}

}  // namespace

Repricer::Repricer(Ingest& ingest, Engine& engine, std::shared_ptr<const PriceBook> book,
                   std::string_view project, UnixNanos now, bool dry_run)
    : ingest_(ingest),
      engine_(engine),
      prices_(std::move(book)),
      project_(project),
      now_(now),
      dry_run_(dry_run) {}

absl::Status Repricer::Add(std::span<const RepriceSpan> spans) {
  size_t begin = 0;
  while (begin < spans.size()) {
    // Few enough traces to be read back at once.
    size_t end = begin;
    size_t traces = 0;
    while (end < spans.size() && end - begin < kRepricedSpansMax) {
      if (end == begin || spans[end].ref.trace_id != spans[end - 1].ref.trace_id) ++traces;
      if (traces > TraceLoader::kLoadRefsMax) break;
      ++end;
    }
    RETURN_IF_ERROR(Batch(spans.subspan(begin, end - begin)));
    begin = end;
  }
  return absl::OkStatus();
}

absl::Status Repricer::Batch(std::span<const RepriceSpan> spans) {
  std::vector<SpanRef> refs;
  absl::flat_hash_map<SpanId, std::vector<const RepriceSpan*>, IdHash<8>> by_span;
  for (const RepriceSpan& span : spans) {
    refs.push_back(span.ref);
    by_span[span.ref.span_id].push_back(&span);
  }
  const auto is_counted = [&](const Span& span) {
    return std::ranges::any_of(by_span[span.span_id], [&](const RepriceSpan* one) {
      return one->ref.trace_id == span.trace_id && one->counted;
    });
  };
  Repriced done;
  const auto compute = [&](Arena& arena) -> absl::Status {
    ASSIGN_OR_RETURN(std::vector<PricedSpan> rows,
                     ReadPricedSpans(engine_, project_, refs, arena, kDeadline));
    for (PricedSpan& row : rows) {
      const Span before = row.span;
      PriceSpan(prices_, row.span);
      const bool counted = is_counted(row.span);
      pitot::Add(before, row.span, counted, done.totals.all);
      pitot::Add(before, row.span, counted,
                 done.totals.models[{std::string(before.provider), std::string(before.model)}]);
      if (!SamePrice(before, row.span)) done.changed.push_back(std::move(row));
    }
    return absl::OkStatus();
  };
  if (dry_run_) {
    Arena arena;
    RETURN_IF_ERROR(compute(arena));
  } else {
    RETURN_IF_ERROR(ingest_.RunAlone([&](ActiveTraces& active) -> absl::Status {
      Arena arena;
      RETURN_IF_ERROR(compute(arena));
      RETURN_IF_ERROR(WriteRepricedSpans(engine_, project_, done.changed, now_, kDeadline));
      for (const PricedSpan& row : done.changed) active.Reload(project_, row.span.trace_id);
      return absl::OkStatus();
    }));
  }
  Merge(done.totals.all, totals_.all);
  for (const auto& [model, figures] : done.totals.models) Merge(figures, totals_.models[model]);
  return absl::OkStatus();
}

}  // namespace pitot
