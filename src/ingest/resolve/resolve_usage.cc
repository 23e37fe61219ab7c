// What counts once: UsageResolver. The rules stand in resolve.h.
#include <absl/container/flat_hash_map.h>

#include <algorithm>
#include <tuple>

#include "ingest/resolve/resolve.h"

namespace pitot {
namespace {

constexpr uint32_t kNone = TraceSpans::kNone;
// How many calls that fit but for their identity are passed over when pairing scopes. Keeps a
// trace of many equal, simultaneous calls linear.
constexpr int kPairLookAhead = 16;

bool IsCallKind(Kind kind) {
  return kind == Kind::kLlm || kind == Kind::kEmbedding || kind == Kind::kReranker;
}
bool IsBoundary(Kind kind) { return kind == Kind::kTool || kind == Kind::kAgent; }

int64_t CacheWrites(const Usage& usage) {
  return usage[UsageBucket::kCacheWrite5m] + usage[UsageBucket::kCacheWrite1h];
}
int64_t Cached(const Usage& usage) { return usage[UsageBucket::kCacheRead] + CacheWrites(usage); }

int64_t Tokens(const Usage& usage) { return usage.input_total() + usage.output_total(); }

}  // namespace

bool UsageResolver::Earlier(uint32_t a, uint32_t b) const {
  if (b == kNone) return true;
  const SpanCore& x = spans_->span(a);
  const SpanCore& y = spans_->span(b);
  return std::tie(x.start_ns, x.span_id) < std::tie(y.start_ns, y.span_id);
}

// Can it stand for a call that others report too?
bool UsageResolver::Bears(uint32_t span) const {
  const CallNumbers& numbers = call(span).numbers;
  return !numbers.usage.empty() || (numbers.cost.has_value() && numbers.cost->value != 0);
}

// The span that counts where this one does not.
uint32_t UsageResolver::Final(uint32_t span) const {
  while (span != kNone && verdicts_[span].counted_by != kNone) span = verdicts_[span].counted_by;
  return span;
}

void UsageResolver::Resolve(const TraceSpans& spans, TraceTree& tree,
                            const std::vector<SpanStatus>& status) {
  spans_ = &spans;
  tree_ = &tree;
  calls_.clear();
  candidates_.clear();
  duplicates_.clear();
  call_above_.clear();
  span_call_.assign(spans.size(), kNone);
  verdicts_.assign(spans.size(), Verdict{});
  bool any_figures = false;
  for (uint32_t i = 0; i < spans.size(); ++i) {
    const CallCore* core = spans.call(i);
    if (core == nullptr) continue;
    span_call_[i] = static_cast<uint32_t>(calls_.size());
    calls_.push_back(
        {spans.numbers(*core), core->estimated, core->price_source, core->price_confidence});
    Verdict& verdict = verdicts_[i];
    if (!core->has_usage && !Bears(i)) continue;
    if (status[i] == SpanStatus::kRunning) {
      verdict.reason = counted_reason::kRunning;
      continue;
    }
    const bool is_call = IsCallKind(spans.span(i).kind) && !core->usage_rollup;
    verdict.role = is_call ? UsageRole::kLeaf : UsageRole::kRollup;
    any_figures = true;
  }
  if (!any_figures) return;
  below_.assign(spans.size(), Below{});
  for (size_t n = tree.order.size(); n-- > 0;) {
    const uint32_t i = tree.order[n];
    if (verdicts_[i].role == UsageRole::kLeaf) ResolveCall(i);
    if (verdicts_[i].role == UsageRole::kRollup) ResolveRollupBelow(i);
    PassUp(i);
  }
  ResolveSameResponse();
  ResolveSameCall();
  FillFromDuplicates();
  ResolveRollups();
}

// The wrapper rule. Everything below `span` is decided.
void UsageResolver::ResolveCall(uint32_t span) {
  Below& below = below_[span];
  Verdict& verdict = verdicts_[span];
  const bool is_model = spans_->span(span).kind == Kind::kLlm;
  const bool writes = is_model && call(span).numbers.usage.output_total() > 0;
  Near inner = below.models;
  if (!writes) Merge(below.others, inner);
  if (inner.calls > 0) {
    verdict = {UsageRole::kWrapper, false, counted_reason::kWrapsCall, inner.first};
    FillFromWrapper(span, inner);
    // What a wrapper of several calls cost is known; wrappers further out must not add it again.
    below.models.priced |= inner.priced;
    below.others.priced |= inner.priced;
    return;
  }
  verdict = {UsageRole::kLeaf, true, counted_reason::kLeaf, kNone};
  if (!Bears(span)) return;
  if ((spans_->call(span)->usage_flags & kUsageCountedByGateway) != 0) {
    verdict = {UsageRole::kDuplicate, false, counted_reason::kGatewayCall, kNone};
  } else {
    candidates_.push_back(span);
  }
  Merge({1, span, span, call(span).numbers.cost.has_value()},
        is_model ? below.models : below.others);
  if (below.first_call == kNone || Earlier(span, below.first_call)) below.first_call = span;
}

void UsageResolver::FillFromWrapper(uint32_t wrapper, Near& inner) {
  if (inner.calls == 1) {
    Fill(inner.first, wrapper);
  } else if (call(wrapper).numbers.cost) {
    const CallState& last = call(inner.last);
    const Usage& had = last.numbers.usage;
    const Usage& has = call(wrapper).numbers.usage;
    const bool reported = call(wrapper).price_source == PriceSource::kProvider &&
                          last.price_source != PriceSource::kProvider &&
                          had.input_total() == has.input_total() &&
                          had.output_total() == has.output_total();
    if (!inner.priced || reported) TakeCost(inner.last, wrapper);
  }
  inner.priced |= call(wrapper).numbers.cost.has_value();
}

void UsageResolver::ResolveRollupBelow(uint32_t span) {
  Below& below = below_[span];
  if (below.first_call != kNone) return;
  const int64_t tokens = Tokens(call(span).numbers.usage);
  if (tokens < below.rollup_tokens) return;
  below.rollup_tokens = tokens;
  below.first_rollup = span;
}

void UsageResolver::PassUp(uint32_t span) {
  const uint32_t parent = tree_->parent[span];
  if (parent == kNone) return;
  const Below& from = below_[span];
  Below& to = below_[parent];
  if (from.first_call != kNone && Earlier(from.first_call, to.first_call)) {
    to.first_call = from.first_call;
  }
  if (from.first_rollup != kNone) {
    if (Earlier(from.first_rollup, to.first_rollup)) to.first_rollup = from.first_rollup;
    to.rollup_tokens += from.rollup_tokens;
  }
  if (IsBoundary(spans_->span(span).kind)) return;
  Merge(from.models, to.models);
  Merge(from.others, to.others);
}

void UsageResolver::Merge(const Near& from, Near& to) const {
  if (from.calls == 0) return;
  to.calls += from.calls;
  to.priced |= from.priced;
  if (Earlier(from.first, to.first)) to.first = from.first;
  const auto end = [&](uint32_t i) {
    const SpanCore& core = spans_->span(i);
    return std::tie(core.end_ns, core.start_ns, core.span_id);
  };
  if (to.last == kNone || end(to.last) < end(from.last)) to.last = from.last;
}

void UsageResolver::TakeCost(uint32_t into, uint32_t from) {
  CallState& to = calls_[span_call_[into]];
  const CallState& source = call(from);
  to.numbers.cost = source.numbers.cost;
  to.estimated = source.estimated;
  to.price_source = source.price_source;
  to.price_confidence = source.price_confidence;
}

// Takes into one report of a call what only another report of it says.
void UsageResolver::Fill(uint32_t into, uint32_t from) {
  CallState& to = calls_[span_call_[into]];
  const CallState& source = call(from);
  const Usage& had = to.numbers.usage;
  const Usage& has = source.numbers.usage;
  const auto assumed = [&](uint32_t span) {
    return (spans_->call(span)->usage_flags & kUsageCacheTtlAssumed) != 0;
  };
  const bool same_totals =
      had.input_total() == has.input_total() && had.output_total() == has.output_total();
  const bool finer = same_totals && !spans_->call(into)->usage_exact &&
                     ((Cached(had) == 0 && Cached(has) > 0) ||
                      (assumed(into) && !assumed(from) && CacheWrites(had) > 0 &&
                       CacheWrites(had) == CacheWrites(has) &&
                       had[UsageBucket::kCacheRead] == has[UsageBucket::kCacheRead]));
  if (finer) to.numbers.usage = has;
  // A cost from the table gives way to a reported one, and to one made of the finer split.
  const bool recost = to.price_source != PriceSource::kProvider &&
                      (finer || source.price_source == PriceSource::kProvider);
  if (source.numbers.cost && (!to.numbers.cost || recost)) TakeCost(into, from);
  if (!to.numbers.ttft_ns) to.numbers.ttft_ns = source.numbers.ttft_ns;
}

unsigned UsageResolver::Fidelity(uint32_t span) const {
  const CallCore& core = *spans_->call(span);
  const CallNumbers& numbers = call(span).numbers;
  const bool ttl_split =
      CacheWrites(numbers.usage) > 0 && (core.usage_flags & kUsageCacheTtlAssumed) == 0;
  return (core.usage_exact || ttl_split ? 8u : 0u) + (Cached(numbers.usage) > 0 ? 4u : 0u) +
         (core.price_source == PriceSource::kProvider ? 2u : 0u) + (core.native_sdk ? 1u : 0u);
}

void UsageResolver::MarkDuplicate(uint32_t loser, uint32_t winner, std::string_view reason) {
  verdicts_[loser] = {UsageRole::kDuplicate, false, reason, winner};
  duplicates_.push_back(loser);
}

void UsageResolver::ResolveSameResponse() {
  const auto key = [&](uint32_t span) { return spans_->call(span)->response_id; };
  std::vector<uint32_t> named;
  for (const uint32_t span : candidates_) {
    if (key(span) != 0) named.push_back(span);
  }
  if (named.size() < 2) return;
  std::sort(named.begin(), named.end(), [&](uint32_t a, uint32_t b) {
    if (key(a) != key(b)) return key(a) < key(b);
    const unsigned fidelity_a = Fidelity(a);
    const unsigned fidelity_b = Fidelity(b);
    return fidelity_a != fidelity_b ? fidelity_a > fidelity_b : Earlier(a, b);
  });
  uint32_t winner = named[0];
  for (size_t i = 1; i < named.size(); ++i) {
    if (key(named[i]) == key(winner)) {
      MarkDuplicate(named[i], winner, counted_reason::kSameResponse);
    } else {
      winner = named[i];
    }
  }
}

// Groups what is left by model and totals; PairGroup does the rest.
void UsageResolver::ResolveSameCall() {
  std::erase_if(candidates_, [&](uint32_t span) {
    return !verdicts_[span].counted || Tokens(call(span).numbers.usage) == 0 ||
           spans_->call(span)->model == 0;
  });
  if (candidates_.size() < 2) return;
  // Most traces have one scope only, and then nothing to pair.
  const auto scope = [&](uint32_t span) { return spans_->attrs(span).scope; };
  if (std::all_of(candidates_.begin(), candidates_.end(),
                  [&](uint32_t span) { return scope(span) == scope(candidates_[0]); })) {
    return;
  }
  const auto group = [&](uint32_t span) {
    const Usage& usage = call(span).numbers.usage;
    return std::tuple(spans_->call(span)->model, usage.input_total(), usage.output_total());
  };
  std::sort(candidates_.begin(), candidates_.end(), [&](uint32_t a, uint32_t b) {
    const auto group_a = group(a);
    const auto group_b = group(b);
    if (group_a != group_b) return group_a < group_b;
    const SpanCore& x = spans_->span(a);
    const SpanCore& y = spans_->span(b);
    return std::tie(x.start_ns, x.end_ns, x.span_id) < std::tie(y.start_ns, y.end_ns, y.span_id);
  });
  for (size_t first = 0, last = 1; first < candidates_.size(); first = last++) {
    while (last < candidates_.size() && group(candidates_[last]) == group(candidates_[first])) {
      ++last;
    }
    if (last - first > 1) PairGroup(first, last);
  }
}

struct UsageResolver::Group {
  uint32_t seed = 0;       // Its earliest report.
  uint32_t best = 0;       // The one that counts.
  Symbol response_id = 0;  // Of any report that has one.
};

// candidates_[first..last) have one model and equal totals and are sorted by start. Each scope
// meets the calls in their order of time, and each call once: it takes the first that is still
// going on and that it has not reported yet. So a scope only ever moves forward, and the whole is
// linear.
void UsageResolver::PairGroup(size_t first, size_t last) {
  std::vector<Group> groups;
  absl::flat_hash_map<Symbol, size_t> next_of_scope;
  for (size_t n = first; n < last; ++n) {
    const uint32_t span = candidates_[n];
    const int64_t start = spans_->span(span).start_ns;
    const Symbol response_id = spans_->call(span)->response_id;
    const Symbol scope = spans_->attrs(span).scope;
    size_t& next = next_of_scope[scope];
    const auto over = [&](const Group& group) {
      const SpanCore& seed = spans_->span(group.seed);
      return (seed.end_ns <= start && seed.start_ns != start) ||
             spans_->attrs(group.seed).scope == scope;
    };
    while (next < groups.size() && over(groups[next])) ++next;
    size_t at = next;
    const size_t stop = std::min(groups.size(), next + kPairLookAhead);
    const auto other = [&](const Group& group) {
      return over(group) ||
             (response_id != 0 && group.response_id != 0 && response_id != group.response_id) ||
             tree_->IsAbove(group.seed, span) || tree_->IsAbove(span, group.seed);
    };
    while (at < stop && other(groups[at])) ++at;
    if (at >= stop) {
      groups.push_back({span, span, response_id});
      continue;
    }
    Group& group = groups[at];
    next = at + 1;
    if (group.response_id == 0) group.response_id = response_id;
    const bool better = Fidelity(span) > Fidelity(group.best);  // On a tie the earlier stays.
    const uint32_t winner = better ? span : group.best;
    MarkDuplicate(better ? group.best : span, winner, counted_reason::kSameCall);
    group.best = winner;
  }
}

void UsageResolver::FillFromDuplicates() {
  for (const uint32_t span : duplicates_) verdicts_[span].counted_by = Final(span);
  std::sort(duplicates_.begin(), duplicates_.end(), [&](uint32_t a, uint32_t b) {
    const unsigned fidelity_a = Fidelity(a);
    const unsigned fidelity_b = Fidelity(b);
    return fidelity_a != fidelity_b ? fidelity_a > fidelity_b : Earlier(a, b);
  });
  for (const uint32_t span : duplicates_) Fill(verdicts_[span].counted_by, span);
}

// Parents first: a roll-up that counts silences those inside it.
void UsageResolver::ResolveRollups() {
  rollup_above_.assign(spans_->size(), kNone);
  call_above_.assign(spans_->size(), kNone);
  for (const uint32_t i : tree_->order) {
    const uint32_t parent = tree_->parent[i];
    Verdict& verdict = verdicts_[i];
    if (parent != kNone) {
      rollup_above_[i] = rollup_above_[parent];
      if (verdicts_[parent].role == UsageRole::kRollup && verdicts_[parent].counted) {
        rollup_above_[i] = parent;
      }
      if (!IsBoundary(spans_->span(parent).kind)) {
        const UsageRole role = verdicts_[parent].role;
        const bool is_call = role == UsageRole::kLeaf || role == UsageRole::kWrapper ||
                             role == UsageRole::kDuplicate;
        call_above_[i] = is_call && Bears(parent) ? parent : call_above_[parent];
      }
    }
    if (verdict.role == UsageRole::kWrapper) verdict.counted_by = Final(i);
    if (verdict.role != UsageRole::kRollup) continue;
    const Below& below = below_[i];
    const uint32_t call = IsBoundary(spans_->span(i).kind) ? kNone : call_above_[i];
    if (below.first_call != kNone) {
      verdict = {UsageRole::kRollup, false, counted_reason::kHasLeafBelow, Final(below.first_call)};
    } else if (call != kNone) {
      verdict = {UsageRole::kRollup, false, counted_reason::kInsideCall, Final(call)};
    } else if (rollup_above_[i] != kNone) {
      verdict = {UsageRole::kRollup, false, counted_reason::kInsideRollup, rollup_above_[i]};
    } else if (below.first_rollup != i) {
      verdict = {UsageRole::kRollup, false, counted_reason::kHasRollupBelow, below.first_rollup};
    } else {
      verdict = {UsageRole::kRollup, true, counted_reason::kRollupAlone, kNone};
    }
  }
}

}  // namespace pitot
