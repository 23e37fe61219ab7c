#include "ingest/resolve/span_core.h"

#include <algorithm>
#include <cstring>

#include "ingest/resolve/text_hash.h"

namespace pitot {
namespace {

constexpr size_t kScanSpans = 8;      // Up to here finding a span is a scan.
constexpr size_t kAttrsLookBack = 4;  // Sets of attribution compared before a new one is made.
constexpr size_t kPoolBytesMax = UINT32_MAX - 2 * TextPool::kTextBytes;
constexpr size_t kFirstPoolSlots = 32;  // Powers of two.
constexpr size_t kFirstSpanSlots = 32;

// Bits of CallCore::present after the usage buckets.
constexpr unsigned kWebSearches = kUsageBuckets;
constexpr unsigned kFileSearches = kUsageBuckets + 1;
constexpr unsigned kCost = kUsageBuckets + 2;
constexpr unsigned kTtft = kUsageBuckets + 3;
constexpr unsigned kNumbers = kUsageBuckets + 4;
static_assert(kNumbers <= 16);

uint64_t HashOf(const SpanId& id) {
  uint64_t word = 0;
  std::memcpy(&word, id.bytes.data(), 8);
  return Mix(word, 0);
}

// The beginning of `text`, not ending inside a UTF-8 sequence.
std::string_view Beginning(std::string_view text, size_t bytes) {
  if (text.size() <= bytes) return text;
  while (bytes > 0 && (static_cast<unsigned char>(text[bytes]) & 0xc0) == 0x80) --bytes;
  return text.substr(0, bytes);
}

bool SaysAnythingOfACall(const Span& span) {
  return span.has_usage || span.cost || span.ttft_ns || span.streaming.has_value() ||
         !span.model.empty() || !span.provider.empty() || !span.response_id.empty() ||
         span.finish_reason != FinishReason::kNone;
}

}  // namespace

std::string_view TextPool::Text(Symbol symbol) const {
  if (symbol == 0) return {};
  uint32_t length = 0;
  std::memcpy(&length, text_.data() + symbol, sizeof length);
  return {text_.data() + symbol + sizeof length, length};
}

Symbol TextPool::Intern(std::string_view text) {
  text = Beginning(text, kTextBytes);
  // A symbol has 32 bits. Far beyond limits.active_trace_bytes; a text is then missing in facts.
  if (text.empty() || text_.size() > kPoolBytesMax) return 0;
  if (slots_.empty() || count_ * 4 >= slots_.size() * 3) Grow();
  const size_t mask = slots_.size() - 1;
  size_t at = HashText(text) & mask;
  for (; slots_[at] != 0; at = (at + 1) & mask) {
    if (Text(slots_[at]) == text) return slots_[at];
  }
  if (text_.empty()) text_.push_back(0);  // So that no text has symbol 0.
  const auto symbol = static_cast<Symbol>(text_.size());
  const auto length = static_cast<uint32_t>(text.size());
  text_.resize(text_.size() + sizeof length + length);
  std::memcpy(text_.data() + symbol, &length, sizeof length);
  std::memcpy(text_.data() + symbol + sizeof length, text.data(), length);
  slots_[at] = symbol;
  ++count_;
  return symbol;
}

void TextPool::Grow() {
  std::vector<Symbol> old(std::max(kFirstPoolSlots, slots_.size() * 2));
  old.swap(slots_);
  const size_t mask = slots_.size() - 1;
  for (const Symbol symbol : old) {
    if (symbol == 0) continue;
    size_t at = HashText(Text(symbol)) & mask;
    while (slots_[at] != 0) at = (at + 1) & mask;
    slots_[at] = symbol;
  }
}

TraceSpans::Outcome TraceSpans::Put(const Span& span, uint64_t version, uint16_t keep_days) {
  uint32_t index = Find(span.span_id);
  Outcome outcome = Outcome::kAdded;
  const bool running = span.status == SpanStatus::kRunning;
  if (index != kNone) {
    const SpanCore& old = cores_[index];
    const bool was_running = old.status == SpanStatus::kRunning;
    const bool newer = running == was_running ? version >= old.version : was_running;
    if (!newer) return Outcome::kOutdated;
    outcome = was_running && !running ? Outcome::kEnded : Outcome::kReplaced;
    if (++replaced_ > cores_.size() + 64) DropGarbage();
  }
  SpanCore core;
  const SpanCore& likely = cores_.empty() ? core : cores_.back();
  core.span_id = span.span_id;
  core.parent_span_id = span.parent_span_id;
  core.start_ns = span.start_ns;
  core.end_ns = std::max(span.start_ns, span.end_ns);
  core.version = version;
  core.name = AddText(span.name, likely.name);
  core.tool_name = AddText(span.tool_name, likely.tool_name);
  if (span.status == SpanStatus::kError) {
    core.status_message = pool_.Intern(Beginning(span.status_message, kMessageBytes));
  }
  core.attrs = AddAttrs(span);
  core.call = AddCall(span, index == kNone ? SpanCore::kNoCall : cores_[index].call);
  core.retry_count = static_cast<uint32_t>(std::clamp<int64_t>(span.retry_count, 0, UINT32_MAX));
  core.keep_days = keep_days;
  core.kind = span.kind;
  core.status = span.status;
  core.tool_status = span.tool_status;
  core.error_category = span.error_category;
  if (index != kNone) {
    cores_[index] = core;
    return outcome;
  }
  cores_.push_back(core);
  if (cores_.size() > kScanSpans) {
    if (cores_.size() * 4 >= slots_.size() * 3) {
      Reindex(std::max(kFirstSpanSlots, slots_.size() * 2));
    } else {
      *Slot(span.span_id) = size();
    }
  }
  return outcome;
}

uint32_t TraceSpans::Find(const SpanId& id) const {
  if (slots_.empty()) {
    for (uint32_t i = 0; i < size(); ++i) {
      if (cores_[i].span_id == id) return i;
    }
    return kNone;
  }
  return *const_cast<TraceSpans*>(this)->Slot(id) - 1;  // A free slot holds 0: kNone.
}

// The slot that holds the span, or the free one where it would go.
uint32_t* TraceSpans::Slot(const SpanId& id) {
  const size_t mask = slots_.size() - 1;
  size_t at = HashOf(id) & mask;
  while (slots_[at] != 0 && cores_[slots_[at] - 1].span_id != id) at = (at + 1) & mask;
  return &slots_[at];
}

void TraceSpans::Reindex(size_t slots) {
  slots_.assign(slots, 0);
  for (uint32_t i = 0; i < size(); ++i) *Slot(cores_[i].span_id) = i + 1;
}

// Neighbouring spans mostly say the same, and comparing is cheaper than looking up.
Symbol TraceSpans::AddText(std::string_view text, Symbol likely) {
  if (text.empty()) return 0;
  return pool_.Text(likely) == text ? likely : pool_.Intern(text);
}

uint32_t TraceSpans::AddAttrs(const Span& span) {
  const AttrCore likely = attrs_.empty() ? AttrCore{} : attrs_.back();
  AttrCore attrs;
  const auto set = [&](Inherited field, std::string_view text) {
    const auto i = static_cast<size_t>(field);
    attrs.inherited[i] = AddText(text, likely.inherited[i]);
  };
  set(Inherited::kService, span.service);
  set(Inherited::kEnvironment, span.environment);
  set(Inherited::kRelease, span.release);
  set(Inherited::kWorkflow, span.workflow);
  set(Inherited::kUserId, span.user_id);
  set(Inherited::kSessionId, span.session_id);
  set(Inherited::kAgent, span.agent);
  set(Inherited::kPromptName, span.prompt_name);
  set(Inherited::kPromptVersion, span.prompt_version);
  if (span.feature.explicit_) {
    set(Inherited::kFeature, span.feature.name);
  } else {
    attrs.feature_fallback = AddText(span.feature.name, likely.feature_fallback);
  }
  // The source is part of who saw the call: sources without scopes differ by it.
  char scope[kMessageBytes];
  const std::string_view name = Beginning(span.scope, sizeof scope - 1);
  scope[0] = static_cast<char>(kSourceMark + static_cast<int>(span.source));
  name.copy(scope + 1, name.size());
  attrs.scope = AddText({scope, name.size() + 1}, likely.scope);

  const size_t look_back = std::min(kAttrsLookBack, attrs_.size());
  for (size_t i = attrs_.size(); i > attrs_.size() - look_back; --i) {
    if (attrs_[i - 1] == attrs) return static_cast<uint32_t>(i - 1);
  }
  attrs_.push_back(attrs);
  return static_cast<uint32_t>(attrs_.size() - 1);
}

uint32_t TraceSpans::AddCall(const Span& span, uint32_t reuse) {
  if (!SaysAnythingOfACall(span)) return SpanCore::kNoCall;
  const CallCore likely = calls_.empty() ? CallCore{} : calls_.back();
  CallCore call;
  call.numbers = static_cast<uint32_t>(numbers_.size());
  unsigned bit = 0;
  const auto add = [&](bool present, int64_t value) {
    if (present) {
      call.present = static_cast<uint16_t>(call.present | 1u << bit);
      numbers_.push_back(value);
    }
    ++bit;
  };
  for (const int64_t tokens : span.usage.tokens) add(tokens != 0, tokens);
  add(span.usage.web_searches != 0, span.usage.web_searches);
  add(span.usage.file_searches != 0, span.usage.file_searches);
  add(span.cost.has_value(), span.cost.value_or(NanoUsd{}).value);
  add(span.ttft_ns.has_value(), span.ttft_ns.value_or(0));
  call.has_usage = span.has_usage;
  call.usage_rollup = span.usage_rollup;
  call.usage_exact = span.usage_convention == UsageConvention::kExact;
  call.native_sdk = span.source == Source::kGateway || span.emitter == "anthropic_native";
  call.streaming = span.streaming.value_or(false);
  call.estimated = span.estimated;
  call.usage_flags = span.usage_flags;
  call.finish_reason = span.finish_reason;
  call.price_source = span.price_source;
  call.price_confidence = span.price_confidence;
  call.provider = AddText(span.provider, likely.provider);
  call.model = AddText(span.model, likely.model);
  call.response_id = pool_.Intern(span.response_id);
  if (reuse != SpanCore::kNoCall) {
    calls_[reuse] = call;
    return reuse;
  }
  calls_.push_back(call);
  return static_cast<uint32_t>(calls_.size() - 1);
}

CallNumbers TraceSpans::numbers(const CallCore& call) const {
  CallNumbers out;
  const int64_t* next = numbers_.data() + call.numbers;
  for (unsigned rest = call.present; rest != 0; rest &= rest - 1) {
    const auto bit = static_cast<unsigned>(__builtin_ctz(rest));
    const int64_t value = *next++;
    switch (bit) {
      case kWebSearches:
        out.usage.web_searches = value;
        break;
      case kFileSearches:
        out.usage.file_searches = value;
        break;
      case kCost:
        out.cost = NanoUsd{value};
        break;
      case kTtft:
        out.ttft_ns = value;
        break;
      default:
        out.usage.tokens[bit] = value;
    }
  }
  return out;
}

// Spans delivered again leave texts, sets and numbers behind that nobody refers to. Builds
// everything anew, so that memory is bounded by what is live, however often a sender repeats.
void TraceSpans::DropGarbage() {
  replaced_ = 0;
  TextPool pool;
  std::vector<AttrCore> attrs;
  std::vector<CallCore> calls;
  std::vector<int64_t> numbers;
  const auto move = [&](Symbol& symbol) { symbol = pool.Intern(pool_.Text(symbol)); };
  for (SpanCore& core : cores_) {
    move(core.name);
    move(core.tool_name);
    move(core.status_message);
    AttrCore set = attrs_[core.attrs];
    for (Symbol& symbol : set.inherited) move(symbol);
    move(set.feature_fallback);
    move(set.scope);
    if (attrs.empty() || attrs.back() != set) attrs.push_back(set);
    core.attrs = static_cast<uint32_t>(attrs.size() - 1);
    if (core.call == SpanCore::kNoCall) continue;
    CallCore call = calls_[core.call];
    move(call.provider);
    move(call.model);
    move(call.response_id);
    const auto first = numbers_.begin() + call.numbers;
    call.numbers = static_cast<uint32_t>(numbers.size());
    numbers.insert(numbers.end(), first, first + __builtin_popcount(call.present));
    calls.push_back(call);
    core.call = static_cast<uint32_t>(calls.size() - 1);
  }
  pool_ = std::move(pool);
  attrs_ = std::move(attrs);
  calls_ = std::move(calls);
  numbers_ = std::move(numbers);
}

void TraceSpans::ShrinkToFit() {
  cores_.shrink_to_fit();
  attrs_.shrink_to_fit();
  calls_.shrink_to_fit();
  numbers_.shrink_to_fit();
}

size_t TraceSpans::bytes() const {
  return pool_.bytes() + cores_.capacity() * sizeof(SpanCore) +
         attrs_.capacity() * sizeof(AttrCore) + calls_.capacity() * sizeof(CallCore) +
         numbers_.capacity() * sizeof(int64_t) + slots_.capacity() * sizeof(uint32_t);
}

}  // namespace pitot
