#include "ingest/resolve/resolve.h"

#include <algorithm>
#include <limits>
#include <tuple>

namespace pitot {
namespace {

constexpr uint32_t kNone = TraceSpans::kNone;
constexpr auto kPromptName = static_cast<size_t>(Inherited::kPromptName);
constexpr auto kPromptVersion = static_cast<size_t>(Inherited::kPromptVersion);
constexpr auto kFeature = static_cast<size_t>(Inherited::kFeature);

bool Earlier(const TraceSpans& spans, uint32_t a, uint32_t b) {
  const SpanCore& x = spans.span(a);
  const SpanCore& y = spans.span(b);
  return std::tie(x.start_ns, x.span_id) < std::tie(y.start_ns, y.span_id);
}

bool IsCallKind(Kind kind) {
  return kind == Kind::kLlm || kind == Kind::kEmbedding || kind == Kind::kReranker;
}

// Sums meet what strangers sent: they stop at the largest number instead of wrapping around.
void AddTo(int64_t& sum, int64_t value) {
  if (__builtin_add_overflow(sum, value, &sum)) {
    sum = value < 0 ? std::numeric_limits<int64_t>::min() : std::numeric_limits<int64_t>::max();
  }
}

// Takes from `from` what `own` does not say. Who supplies the prompt's name supplies its version.
void Inherit(const std::array<Symbol, kInheritedFields>& from,
             std::array<Symbol, kInheritedFields>& own) {
  const bool takes_prompt = own[kPromptName] == 0 && from[kPromptName] != 0;
  const bool has_prompt = own[kPromptName] != 0;
  const Symbol prompt_version = own[kPromptVersion];
  for (size_t i = 0; i < kInheritedFields; ++i) own[i] = own[i] != 0 ? own[i] : from[i];
  if (has_prompt) own[kPromptVersion] = prompt_version;
  if (takes_prompt) own[kPromptVersion] = from[kPromptVersion];
}

}  // namespace

void TraceTree::Build(const TraceSpans& spans) {
  const uint32_t n = spans.size();
  parent.resize(n);
  root.resize(n);
  order.clear();
  first_.clear();
  head = kNone;
  has_root = false;
  for (uint32_t i = 0; i < n; ++i) {
    const SpanId& id = spans.span(i).parent_span_id;
    parent[i] = id.empty() ? kNone : spans.Find(id);
    has_root |= id.empty();
    root[i] = kNone;
  }
  // Walk up from each span to the first that is placed, then place the way back. `root` doubles as
  // the mark: kNone is untouched, n is on the path being walked.
  for (uint32_t i = 0; i < n; ++i) {
    path_.clear();
    uint32_t at = i;
    while (at != kNone && root[at] == kNone) {
      root[at] = n;
      path_.push_back(at);
      at = parent[at];
    }
    if (path_.empty()) continue;
    if (at != kNone && root[at] == n) {  // A loop: from `at` to the end of the path.
      uint32_t earliest = path_.back();
      for (size_t k = path_.size(); path_[--k] != at;) {
        if (Earlier(spans, path_[k], earliest)) earliest = path_[k];
      }
      if (Earlier(spans, at, earliest)) earliest = at;
      parent[earliest] = kNone;
      for (const uint32_t span : path_) root[span] = kNone;
      --i;  // Once more, now that the loop is open.
      continue;
    }
    for (size_t k = path_.size(); k-- > 0;) {
      const uint32_t span = path_[k];
      root[span] = parent[span] == kNone ? span : root[parent[span]];
      order.push_back(span);
    }
  }
  for (uint32_t i = 0; i < n; ++i) {
    if (has_root && !spans.span(i).parent_span_id.empty()) continue;
    const auto key = [&](uint32_t s) {
      return std::tuple(spans.span(s).start_ns, parent[s] != kNone, spans.span(s).span_id);
    };
    if (head == kNone || key(i) < key(head)) head = i;
  }
}

bool TraceTree::IsAbove(uint32_t upper, uint32_t lower) {
  if (root[upper] != root[lower]) return false;
  if (first_.empty()) NumberSpans();
  return first_[lower] - first_[upper] < count_[upper];
}

// Preorder numbers: the spans below one are those numbered within its count.
void TraceTree::NumberSpans() {
  const size_t n = order.size();
  count_.assign(n, 1);
  first_.assign(n, 0);
  for (size_t k = n; k-- > 0;) {
    if (parent[order[k]] != kNone) count_[parent[order[k]]] += count_[order[k]];
  }
  std::vector<uint32_t> next(n);  // The number of the next child of each span.
  uint32_t next_root = 0;
  for (const uint32_t span : order) {
    uint32_t& from = parent[span] == kNone ? next_root : next[parent[span]];
    first_[span] = from;
    from += count_[span];
    next[span] = first_[span] + 1;
  }
}

namespace {

// Fills `effective` with each span's attribution, symbols of `spans`.
void ResolveAttribution(const TraceSpans& spans, const TraceTree& tree, ResolveScratch& scratch) {
  auto& effective = scratch.effective;
  effective.resize(spans.size());
  for (const uint32_t i : tree.order) {
    effective[i] = spans.attrs(i).inherited;
    if (tree.parent[i] != kNone) Inherit(effective[tree.parent[i]], effective[i]);
  }
  // Then the head's, for other trees and for what is above a head that is not a root.
  const ResolveScratch::Effective head = effective[tree.head];
  const Symbol head_fallback = spans.attrs(tree.head).feature_fallback;
  // The name of whatever came first would be a feature for as long as the root is awaited.
  const Symbol root_name = tree.has_root ? spans.span(tree.head).name : 0;
  const Symbol last_resort = head_fallback != 0 ? head_fallback : root_name;
  for (uint32_t i = 0; i < spans.size(); ++i) {
    const uint32_t root = tree.root[i];
    if (root != tree.head) Inherit(head, effective[i]);
    if (effective[i][kFeature] != 0) continue;
    const bool is_root = spans.span(root).parent_span_id.empty() || !tree.has_root;
    const Symbol own = is_root ? spans.attrs(root).feature_fallback : 0;
    effective[i][kFeature] = own != 0 ? own : last_resort;
  }
}

// A tool call under no prompt has that of the model call that chose it, the last one beside it that
// had ended by then: only so is it seen that a new prompt makes a model call a tool wrongly.
void ResolveToolPrompts(const TraceSpans& spans, ResolveScratch& scratch) {
  auto& effective = scratch.effective;
  auto& calls = scratch.prompt_calls;
  const std::vector<uint32_t>& parent = scratch.tree.parent;
  calls.clear();
  for (uint32_t i = 0; i < spans.size(); ++i) {
    const SpanCore& core = spans.span(i);
    if (core.kind != Kind::kLlm || core.status == SpanStatus::kRunning) continue;
    if (parent[i] == kNone || effective[i][kPromptName] == 0) continue;
    calls.push_back({parent[i], core.end_ns, core.start_ns, core.span_id, i});
  }
  if (calls.empty()) return;
  std::sort(calls.begin(), calls.end());
  for (uint32_t i = 0; i < spans.size(); ++i) {
    const SpanCore& core = spans.span(i);
    if (core.kind != Kind::kTool || parent[i] == kNone || effective[i][kPromptName] != 0) continue;
    const auto after =
        std::upper_bound(calls.begin(), calls.end(), std::pair(parent[i], core.start_ns),
                         [](const auto& wanted, const ResolveScratch::PromptCall& call) {
                           return wanted < std::pair(call.parent, call.end_ns);
                         });
    if (after == calls.begin() || (after - 1)->parent != parent[i]) continue;
    const ResolveScratch::Effective& from = effective[(after - 1)->span];
    effective[i][kPromptName] = from[kPromptName];
    effective[i][kPromptVersion] = from[kPromptVersion];
  }
}

bool HasFigures(const TraceSpans& spans, uint32_t i) {
  const CallCore* call = spans.call(i);
  return call != nullptr && (call->has_usage || spans.numbers(*call).cost.has_value());
}

// A tool call is seen twice where both ends of a protocol (MCP) report it: client above server.
bool IsSecondSightOfTool(const TraceSpans& spans, const TraceTree& tree, uint32_t i) {
  const uint32_t parent = tree.parent[i];
  return spans.span(i).kind == Kind::kTool && parent != kNone &&
         spans.span(parent).kind == Kind::kTool &&
         spans.span(parent).tool_name == spans.span(i).tool_name && spans.span(i).tool_name != 0;
}

// Of what bears no figures: does another span stand for the same call? A failed try inside a call is
// a call.
bool IsInner(const TraceSpans& spans, const ResolveScratch& scratch, uint32_t i) {
  if (IsSecondSightOfTool(spans, scratch.tree, i)) return true;
  return IsCallKind(spans.span(i).kind) && scratch.status[i] != SpanStatus::kError &&
         scratch.usage.inside_call(i);
}

void FillRow(const TraceSpans& spans, const ResolveScratch& scratch, uint32_t i, FactRow& row) {
  const SpanCore& core = spans.span(i);
  row = {};
  row.is_call = IsCallKind(core.kind) || HasFigures(spans, i);
  row.end_ns = core.status == SpanStatus::kRunning ? core.start_ns : core.end_ns;
  row.span_id = core.span_id;
  row.start_ns = core.start_ns;
  row.kind = core.kind;
  row.is_root = scratch.tree.parent[i] == kNone;
  row.is_orphan = row.is_root && !core.parent_span_id.empty();
  row.status = scratch.status[i];
  row.name = spans.Text(core.name);
  const auto text = [&](Inherited field) {
    return spans.Text(scratch.effective[i][static_cast<size_t>(field)]);
  };
  row.service = text(Inherited::kService);
  row.environment = text(Inherited::kEnvironment);
  row.release = text(Inherited::kRelease);
  row.feature = text(Inherited::kFeature);
  row.workflow = text(Inherited::kWorkflow);
  row.user_id = text(Inherited::kUserId);
  row.session_id = text(Inherited::kSessionId);
  row.agent = text(Inherited::kAgent);
  row.prompt_name = text(Inherited::kPromptName);
  row.prompt_version = text(Inherited::kPromptVersion);
  row.tool_name = spans.Text(core.tool_name);
  row.tool_status = core.tool_status;
  row.retry_count = core.retry_count;
  row.error_category = core.error_category;
  const CallCore* call = spans.call(i);
  if (call == nullptr) {
    if (IsInner(spans, scratch, i)) row.role = UsageRole::kInner;
    return;
  }
  row.provider = spans.Text(call->provider);
  row.model = spans.Text(call->model);
  row.finish_reason = call->finish_reason;
  row.streaming = call->streaming;
  const UsageResolver::Verdict& verdict = scratch.usage.verdict(i);
  row.role = verdict.role;
  if (row.role == UsageRole::kNone && IsInner(spans, scratch, i)) row.role = UsageRole::kInner;
  row.counted = verdict.counted;
  row.counted_reason = verdict.reason;
  if (verdict.counted_by != kNone) row.counted_by = spans.span(verdict.counted_by).span_id;
  const CallState& state = scratch.usage.call(i);
  row.ttft_ns = state.numbers.ttft_ns;
  row.usage = state.numbers.usage;
  row.cost = state.numbers.cost;
  row.unpriced = row.counted && !row.cost &&
                 (!row.usage.empty() || (call->usage_flags & kUsageTotalOnly) != 0);
  row.estimated = state.estimated;
  row.price_confidence = state.price_confidence;
}

// Calls, each once: not those that stand for one seen elsewhere.
bool IsCallOfItsOwn(const FactRow& row) {
  return row.role == UsageRole::kLeaf || row.role == UsageRole::kNone;
}

void CountInto(const FactRow& row, TraceRow& trace) {
  trace.start_ns = std::min(trace.start_ns, row.start_ns);
  trace.end_ns = std::max(trace.end_ns, row.end_ns);
  trace.errors += row.status == SpanStatus::kError ? 1 : 0;
  trace.orphans += row.is_orphan ? 1 : 0;
  if (row.kind == Kind::kTool && row.role != UsageRole::kInner) ++trace.tool_calls;
  if (row.kind == Kind::kLlm && IsCallOfItsOwn(row)) ++trace.llm_calls;
  if (!row.counted) return;
  AddTo(trace.input_tokens, row.usage.input_total());
  AddTo(trace.output_tokens, row.usage.output_total());
  if (row.cost) {
    AddTo(trace.cost.value, row.cost->value);
  } else if (row.unpriced) {
    ++trace.unpriced_calls;
  }
  if (!row.model.empty()) trace.models.push_back(row.model);
}

void FillTrace(const TraceSpans& spans, const ResolveScratch& scratch, ResolvedTrace& out) {
  const uint32_t head_span = scratch.tree.head;
  TraceRow& trace = out.trace;
  const FactRow& head = out.facts[head_span];
  trace = {};
  trace.trace_id = head.trace_id;
  trace.start_ns = head.start_ns;
  trace.end_ns = head.end_ns;
  trace.spans = spans.size();
  trace.root_name = head.name;
  trace.status = out.first_running_ns != std::numeric_limits<int64_t>::max() ? SpanStatus::kRunning
                                                                             : head.status;
  trace.status_message = spans.Text(spans.span(head_span).status_message);
  trace.service = head.service;
  trace.environment = head.environment;
  trace.feature = head.feature;
  trace.workflow = head.workflow;
  trace.user_id = head.user_id;
  trace.session_id = head.session_id;
  trace.agent = head.agent;
  // Who and what for is often known only further down: the earliest span that knows.
  struct Late {
    std::string_view FactRow::*from;
    std::string_view TraceRow::*to;
    uint32_t span = kNone;
  };
  std::array<Late, 4> late = {{{&FactRow::workflow, &TraceRow::workflow},
                               {&FactRow::user_id, &TraceRow::user_id},
                               {&FactRow::session_id, &TraceRow::session_id},
                               {&FactRow::agent, &TraceRow::agent}}};
  for (uint32_t i = 0; i < spans.size(); ++i) {
    const FactRow& row = out.facts[i];
    CountInto(row, trace);
    for (Late& field : late) {
      if (!(head.*field.from).empty() || (row.*field.from).empty()) continue;
      if (field.span == kNone || Earlier(spans, i, field.span)) field.span = i;
    }
  }
  for (const Late& field : late) {
    if (field.span != kNone) trace.*field.to = out.facts[field.span].*field.from;
  }
  std::sort(trace.models.begin(), trace.models.end());
  trace.models.erase(std::unique(trace.models.begin(), trace.models.end()), trace.models.end());
}

}  // namespace

void ResolveTrace(const TraceSpans& spans, const TraceId& trace_id, const ResolveOptions& options,
                  ResolveScratch& scratch, ResolvedTrace& out) {
  const uint32_t n = spans.size();
  out.facts.resize(n);
  out.first_running_ns = std::numeric_limits<int64_t>::max();
  if (n == 0) {
    out.trace = {};
    return;
  }
  scratch.status.resize(n);
  for (uint32_t i = 0; i < n; ++i) {
    const SpanCore& core = spans.span(i);
    scratch.status[i] = core.status;
    if (core.status != SpanStatus::kRunning) continue;
    const bool gone =
        core.start_ns <= options.gateway_open_until_ns && spans.SourceOf(i) == Source::kGateway;
    if (core.start_ns <= options.open_until_ns || gone) {
      scratch.status[i] = SpanStatus::kUnfinished;
    } else {
      out.first_running_ns = std::min(out.first_running_ns, core.start_ns);
    }
  }
  scratch.tree.Build(spans);
  ResolveAttribution(spans, scratch.tree, scratch);
  ResolveToolPrompts(spans, scratch);
  scratch.usage.Resolve(spans, scratch.tree, scratch.status);
  for (uint32_t i = 0; i < n; ++i) {
    FillRow(spans, scratch, i, out.facts[i]);
    out.facts[i].trace_id = trace_id;
  }
  FillTrace(spans, scratch, out);
}

}  // namespace pitot
