#include "server/live_figures.h"

#include <algorithm>

#include "gateway/budget/budgets.h"
#include "gateway/gateway.h"
#include "ingest/ingest.h"

namespace pitot {
namespace {

constexpr size_t kCountersMax = 100;    // Of one budget.
constexpr size_t kFiguresMax = 10'000;  // Of all.

double Usd(NanoUsd amount) { return static_cast<double>(amount.value) / 1e9; }

BudgetFigure FigureOf(const BudgetState& state, const BudgetCounter& counter) {
  const BudgetSpec& spec = state.spec;
  BudgetFigure figure;
  figure.id = spec.id;
  figure.project = spec.project;
  figure.scope = Name(spec.scope);
  figure.match = spec.match;
  figure.counter = counter.value;
  figure.each = spec.each();
  figure.window = Name(spec.window);
  figure.timezone = spec.timezone;
  figure.window_start = counter.window_start;
  figure.window_end = counter.window_end;
  figure.limit_usd = Usd(counter.limit);
  figure.spent_usd = Usd(counter.spent) + Usd(counter.reserved);
  figure.hard = spec.hard;
  figure.disabled = state.disabled || counter.disabled;
  figure.disabled_why = state.disabled ? state.why : counter.why;
  figure.exhausted = (counter.disabled && counter.why == "exhausted") ||
                     (!spec.hard && counter.spent.value >= counter.limit.value);
  figure.refused = counter.refused;
  return figure;
}

}  // namespace

std::vector<BudgetFigure> LiveFigures::Budgets() const {
  std::vector<BudgetFigure> figures;
  for (const BudgetState& listed : budgets_.List()) {
    const auto state = budgets_.Show(listed.spec.id, kCountersMax);
    if (!state.ok()) continue;  // Removed a moment ago.
    for (const BudgetCounter& counter : state->top) {
      if (figures.size() == kFiguresMax) return figures;
      figures.push_back(FigureOf(*state, counter));
    }
    if (state->top.empty()) figures.push_back(FigureOf(*state, {.limit = state->spec.limit}));
  }
  return figures;
}

SpoolFigure LiveFigures::Spool() const {
  const SpoolStats stats = ingest_.spool_stats();
  SpoolFigure figure;
  figure.bytes = stats.pending_bytes;
  figure.bytes_max = spool_bytes_max_;
  figure.accepting = stats.error.empty();
  figure.error = stats.error;
  const FlusherStats flusher = ingest_.flusher_stats();
  if (figure.bytes > 0 && !flusher.error.empty()) {
    figure.oldest_age_ns = std::max<int64_t>(0, clock_.Now() - flusher.error_since_ns);
    if (figure.error.empty()) figure.error = flusher.error;
  }
  return figure;
}

std::vector<BreakerFigure> LiveFigures::Breakers() const {
  std::vector<BreakerFigure> figures;
  for (const ModelHealth& health : gateway_.Health()) {
    figures.push_back({.provider = health.provider,
                       .model = health.model,
                       .state = std::string(Name(health.breaker)),
                       .opened_at = health.opened_at,
                       .opened_why = health.opened_why,
                       .calls = health.calls,
                       .errors = health.errors});
  }
  return figures;
}

}  // namespace pitot
