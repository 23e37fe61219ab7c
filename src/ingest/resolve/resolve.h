// ingest/resolve/resolve.h
//
// ResolveTrace: all spans of one trace -> what every list and figure reads (model/facts.h). A pure
// function: the same spans give the same rows, in whatever order they came. Linear in the number of
// spans but for the sort of calls that may be seen twice; nothing recurses, so depth is no limit.
//
// The tree. A span whose parent is absent is a root; one whose parent has not come is an orphan,
// the root of its fragment; a loop of parents is opened at its earliest span, which then counts as
// an orphan. "Earliest" is by start, then roots before their descendants, then by span id. The head
// of the trace is its earliest root, without one its earliest span: it names the trace.
//
// Attribution. Each field on its own: the span's, else its nearest ancestor's, else the head's.
// Prompt name and version go together: who supplies the name supplies the version; a tool call that
// has none then has that of the model call that chose it (the last one under the same parent, with a
// prompt, that ended by its start). Features: an
// explicit one as any field; else the fallback of the span's own root (of an orphan's only while
// the trace has no root), else the head's fallback, else the root's name.
//
// What counts once. Candidates are calls (llm, embedding, reranker) that report usage or a cost;
// anything else that does, or that its emitter calls a sum, is a roll-up. A running span is
// neither. A call with neither tokens nor cost counts, but never instead of another.
//   wrapper    a call above another, no tool or agent between: the same call seen further out. It
//              does not count, and fills what the inner one lacks: a finer split of equal token
//              totals, a cost (one that was reported goes before one from the table), time to first
//              token. Over several inner ones (retries, fallbacks) its cost goes, once, to the one
//              that ended last: if none has a cost, or if it was reported for equal totals. A model
//              call that put out tokens is no wrapper of an embedding or reranking.
//   duplicate  of several calls with one response id; or, seen by different scopes, with one model,
//              equal totals and overlapping times, none above the other: the most exact counts
//              (exact or with a cache TTL split, cache buckets, a reported cost, the provider's own
//              SDK; then the earliest) and takes from the others as from a wrapper. A scope sees a
//              call once, so two calls that two scopes saw stay two.
//   gateway    a call that the gateway reported too, in another trace (it was marked on arrival,
//              ingest/gateway_calls.h): it does not count, and silences wrappers and roll-ups above it
//              like a call that does.
//   roll-up    counts only without a call below that reports usage, unless it is inside a call or
//              inside a roll-up that counts. Of nested roll-ups the outer one counts, unless it is
//              less than the inner ones together and so not their sum.
#pragma once

#include <array>
#include <cstdint>
#include <limits>
#include <string_view>
#include <vector>

#include "ingest/resolve/span_core.h"
#include "model/facts.h"

namespace pitot {

// The words of FactRow::counted_reason; empty for spans without usage.
namespace counted_reason {
inline constexpr std::string_view kLeaf = "leaf";                 // Counts.
inline constexpr std::string_view kRollupAlone = "rollup_alone";  // Counts.
inline constexpr std::string_view kRunning = "running";           // Not yet.
inline constexpr std::string_view kWrapsCall = "wraps_call";
inline constexpr std::string_view kSameResponse = "same_response";
inline constexpr std::string_view kSameCall = "same_call";
inline constexpr std::string_view kGatewayCall = "gateway_call";
inline constexpr std::string_view kHasLeafBelow = "has_leaf_below";
inline constexpr std::string_view kHasRollupBelow = "has_rollup_below";
inline constexpr std::string_view kInsideCall = "inside_call";
inline constexpr std::string_view kInsideRollup = "inside_rollup";
}  // namespace counted_reason

struct ResolveOptions {
  // Running spans that started at or before this are unfinished.
  int64_t open_until_ns = std::numeric_limits<int64_t>::min();
  // The same for spans that this program's gateway announced: those of a process that is gone.
  int64_t gateway_open_until_ns = std::numeric_limits<int64_t>::min();
};

// Row i is of span i. Texts are borrowed from the spans. rev is 0: the writer's business.
struct ResolvedTrace {
  std::vector<FactRow> facts;
  TraceRow trace;
  int64_t first_running_ns = std::numeric_limits<int64_t>::max();  // Start of the earliest running.
};

// The tree of a trace, as indices of spans.
struct TraceTree {
  std::vector<uint32_t> parent;  // TraceSpans::kNone: a root or the root of a fragment.
  std::vector<uint32_t> order;   // All spans, parents before children.
  std::vector<uint32_t> root;    // Of each span: its own tree's root.
  uint32_t head = TraceSpans::kNone;
  bool has_root = false;  // One without a parent id.

  void Build(const TraceSpans& spans);
  bool IsAbove(uint32_t upper, uint32_t lower);  // Also true when they are the same.

 private:
  void NumberSpans();

  std::vector<uint32_t> path_;
  std::vector<uint32_t> first_, count_;  // Preorder numbers; made when first asked for.
};

// A call's figures as they stand after filling.
struct CallState {
  CallNumbers numbers;
  bool estimated = false;
  PriceSource price_source = PriceSource::kNone;
  PriceConfidence price_confidence = PriceConfidence::kNone;
};

// Decides roles (resolve_usage.cc). One object may decide any number of traces.
class UsageResolver {
 public:
  struct Verdict {
    UsageRole role = UsageRole::kNone;
    bool counted = false;
    std::string_view reason;
    uint32_t counted_by = TraceSpans::kNone;
  };

  void Resolve(const TraceSpans& spans, TraceTree& tree, const std::vector<SpanStatus>& status);
  bool any_calls() const { return !calls_.empty(); }
  const Verdict& verdict(uint32_t span) const { return verdicts_[span]; }
  const CallState& call(uint32_t span) const { return calls_[span_call_[span]]; }

  // Is it below a call, no tool or agent between?
  bool inside_call(uint32_t span) const {
    return !call_above_.empty() && call_above_[span] != TraceSpans::kNone;
  }

 private:
  struct Near {  // Calls below a span that are not wrappers, no tool or agent between.
    uint32_t calls = 0;
    uint32_t first = TraceSpans::kNone;
    uint32_t last = TraceSpans::kNone;  // By end.
    bool priced = false;
  };
  struct Below {                                // What a span has below it.
    Near models;                                // Model calls;
    Near others;                                // embeddings and rerankings.
    uint32_t first_call = TraceSpans::kNone;    // At any distance.
    uint32_t first_rollup = TraceSpans::kNone;  // Of those that would count.
    int64_t rollup_tokens = 0;
  };
  struct Group;

  void ResolveCall(uint32_t span);
  void ResolveRollupBelow(uint32_t span);
  void PassUp(uint32_t span);
  void Merge(const Near& from, Near& to) const;
  void FillFromWrapper(uint32_t wrapper, Near& near);
  void ResolveSameResponse();
  void ResolveSameCall();
  void PairGroup(size_t first, size_t last);
  void MarkDuplicate(uint32_t loser, uint32_t winner, std::string_view reason);
  void FillFromDuplicates();
  void ResolveRollups();
  void Fill(uint32_t into, uint32_t from);
  uint32_t Final(uint32_t span) const;
  bool Bears(uint32_t span) const;
  void TakeCost(uint32_t into, uint32_t from);
  bool Earlier(uint32_t a, uint32_t b) const;
  unsigned Fidelity(uint32_t span) const;

  const TraceSpans* spans_ = nullptr;
  TraceTree* tree_ = nullptr;
  std::vector<Verdict> verdicts_;
  std::vector<CallState> calls_;
  std::vector<uint32_t> span_call_;
  std::vector<Below> below_;
  std::vector<uint32_t> candidates_;  // Calls with figures that are not wrappers.
  std::vector<uint32_t> duplicates_;
  std::vector<uint32_t> rollup_above_;  // The nearest roll-up above that counts.
  std::vector<uint32_t> call_above_;    // The nearest call above, no tool or agent between.
};

// Working memory, reused from trace to trace.
struct ResolveScratch {
  using Effective = std::array<Symbol, kInheritedFields>;

  // A model call under a prompt, in the order in which they ended below each parent.
  struct PromptCall {
    uint32_t parent;
    int64_t end_ns;
    int64_t start_ns;
    SpanId span_id;
    uint32_t span;
    auto operator<=>(const PromptCall&) const = default;
  };

  TraceTree tree;
  UsageResolver usage;
  std::vector<SpanStatus> status;
  std::vector<Effective> effective;
  std::vector<PromptCall> prompt_calls;
};

void ResolveTrace(const TraceSpans& spans, const TraceId& trace_id, const ResolveOptions& options,
                  ResolveScratch& scratch, ResolvedTrace& out);

}  // namespace pitot
