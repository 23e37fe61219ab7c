// ingest/resolve/span_core.h
//
// What is kept in memory of the spans of one trace: everything that resolving it needs (resolve.h)
// and nothing else; contents, attributes and events stay in the store. About 200 bytes a span of an
// agent's trace, with texts and what ActiveTraces adds (tests/bench/resolve_bench.cc): each text and
// each set of attribution stands once a trace, numbers that are absent take no room.
//
// Texts are interned per trace, not globally: user and session ids come in any number, and leave
// memory with their trace.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "model/ids.h"
#include "model/money.h"
#include "model/span.h"
#include "model/usage.h"

namespace pitot {

using Symbol = uint32_t;  // A text of one trace; 0 is the empty text. Equal texts, equal symbols.

// Interned texts: each stands once, as a length and bytes.
class TextPool {
 public:
  // Longer texts are cut there: facts are narrow, and `spans` has the whole.
  static constexpr size_t kTextBytes = 1024;

  Symbol Intern(std::string_view text);
  // Valid until the next Intern.
  std::string_view Text(Symbol symbol) const;
  size_t bytes() const { return text_.capacity() + slots_.capacity() * sizeof(Symbol); }

 private:
  void Grow();

  std::vector<char> text_;
  std::vector<Symbol> slots_;  // Open addressing; 0 is free.
  uint32_t count_ = 0;
};

// Fields that descendants inherit, in this order.
enum class Inherited : uint8_t {
  kService,
  kEnvironment,
  kRelease,
  kWorkflow,
  kUserId,
  kSessionId,
  kAgent,
  kPromptName,
  kPromptVersion,
  kFeature,  // Explicit only.
  kEnd,
};
inline constexpr size_t kInheritedFields = static_cast<size_t>(Inherited::kEnd);

struct AttrCore {
  std::array<Symbol, kInheritedFields> inherited = {};
  Symbol feature_fallback = 0;
  Symbol scope = 0;  // Instrumentation scope and source: who saw the call.
  bool operator==(const AttrCore&) const = default;
};

// Of spans that say anything about a model call.
struct CallCore {
  uint32_t numbers = 0;  // Where its numbers begin.
  uint16_t present = 0;  // Which numbers it has: bit i is number i of CallNumbers.
  bool has_usage = false;
  bool usage_rollup = false;
  bool usage_exact = false;  // UsageConvention::kExact.
  bool native_sdk = false;   // The emitter is the provider's own SDK, or our gateway.
  bool streaming = false;
  bool estimated = false;
  uint8_t usage_flags = 0;
  FinishReason finish_reason = FinishReason::kNone;
  PriceSource price_source = PriceSource::kNone;
  PriceConfidence price_confidence = PriceConfidence::kNone;
  Symbol provider = 0;
  Symbol model = 0;
  Symbol response_id = 0;
};

// The numbers of a call, unpacked.
struct CallNumbers {
  Usage usage;
  std::optional<NanoUsd> cost;
  std::optional<int64_t> ttft_ns;
};

struct SpanCore {
  static constexpr uint32_t kNoCall = ~uint32_t{0};

  SpanId span_id;
  SpanId parent_span_id;
  int64_t start_ns = 0;
  int64_t end_ns = 0;
  uint64_t version = 0;
  Symbol name = 0;
  Symbol tool_name = 0;
  Symbol status_message = 0;  // Of errors; the beginning of it.
  uint32_t attrs = 0;
  uint32_t call = kNoCall;
  uint32_t retry_count = 0;
  uint16_t keep_days = 0;
  Kind kind = Kind::kSpan;
  SpanStatus status = SpanStatus::kUnset;
  ToolStatus tool_status = ToolStatus::kNone;
  ErrorCategory error_category = ErrorCategory::kNone;
};
static_assert(sizeof(SpanCore) <= 72);

// The spans of one trace, each once. Not thread-safe. Copies what it keeps.
class TraceSpans {
 public:
  static constexpr uint32_t kNone = ~uint32_t{0};
  static constexpr char kSourceMark = '0';      // AttrCore::scope begins with it, plus the source.
  static constexpr size_t kMessageBytes = 256;  // Kept of an error's message, for the trace's row.

  enum class Outcome : uint8_t {
    kAdded,
    kEnded,     // The span was running and now ended.
    kReplaced,  // The same span again, not older: it holds now.
    kOutdated,  // An older one, or an announcement of a span that ended: ignored.
  };

  // `version` orders deliveries of one span (store/tables/spans_table.h): the newest holds, the last given
  // among equals; an end always beats an announcement. keep_days: the span's retention class.
  Outcome Put(const Span& span, uint64_t version, uint16_t keep_days = 0);

  // Spans have indices 0..size()-1, which stay as long as this object.
  uint32_t size() const { return static_cast<uint32_t>(cores_.size()); }
  const SpanCore& span(uint32_t index) const { return cores_[index]; }
  const AttrCore& attrs(uint32_t index) const { return attrs_[cores_[index].attrs]; }
  Source SourceOf(uint32_t index) const {
    return static_cast<Source>(pool_.Text(attrs(index).scope)[0] - kSourceMark);
  }
  // Null when the span says nothing of a model call.
  const CallCore* call(uint32_t index) const {
    const uint32_t call = cores_[index].call;
    return call == SpanCore::kNoCall ? nullptr : &calls_[call];
  }
  CallNumbers numbers(const CallCore& call) const;
  // The index of a span, or kNone.
  uint32_t Find(const SpanId& id) const;
  // Valid until the next Put.
  std::string_view Text(Symbol symbol) const { return pool_.Text(symbol); }

  // Heap bytes held.
  size_t bytes() const;
  // Gives back what was reserved for growth. Texts stay where they are.
  void ShrinkToFit();

 private:
  uint32_t* Slot(const SpanId& id);
  void Reindex(size_t slots);
  uint32_t AddAttrs(const Span& span);
  uint32_t AddCall(const Span& span, uint32_t reuse);
  Symbol AddText(std::string_view text, Symbol likely);
  void DropGarbage();

  TextPool pool_;
  std::vector<SpanCore> cores_;
  std::vector<AttrCore> attrs_;
  std::vector<CallCore> calls_;
  std::vector<int64_t> numbers_;
  std::vector<uint32_t> slots_;  // Index + 1 by span id; empty while a scan is as good.
  uint32_t replaced_ = 0;        // Since garbage was last dropped.
};

}  // namespace pitot
