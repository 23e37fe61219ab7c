#include <bit>

#include "ingest/spool/record_items.h"

namespace pitot {
namespace {

constexpr size_t kSpanEnumBytes = 8;  // Kind, status, ...: one byte each.

// Text fields of a span in record order. A bitmap says which are present: most spans fill few.
constexpr std::string_view Span::*kTextFields[] = {
    &Span::name,
    &Span::op,
    &Span::status_message,
    &Span::service,
    &Span::environment,
    &Span::release,
    &Span::workflow,
    &Span::user_id,
    &Span::session_id,
    &Span::agent,
    &Span::agent_id,
    &Span::prompt_name,
    &Span::prompt_version,
    &Span::provider,
    &Span::model_requested,
    &Span::model,
    &Span::response_id,
    &Span::finish_raw,
    &Span::price_version,
    &Span::price_rule,
    &Span::tool_name,
    &Span::tool_call_id,
    &Span::mcp_server,
    &Span::error_type,
    &Span::scope,
    &Span::scope_version,
    &Span::emitter,
    &Span::service_tier,
};
static_assert(std::size(kTextFields) <= 32);

enum SpanFlag : uint64_t {
  kHasParent = 1 << 0,
  kHasFeature = 1 << 1,
  kFeatureExplicit = 1 << 2,
  kHasUsage = 1 << 3,
  kUsageRollup = 1 << 4,
  kHasTtft = 1 << 5,
  kHasStreaming = 1 << 6,
  kStreaming = 1 << 7,
  kHasTemperature = 1 << 8,
  kHasMaxTokens = 1 << 9,
  kHasRawInput = 1 << 10,
  kHasRawOutput = 1 << 11,
  kHasRawTotal = 1 << 12,
  kHasCost = 1 << 13,
  kHasCostReported = 1 << 14,
  kEstimated = 1 << 15,
  kHasEventsOrLinks = 1 << 16,
  kHasContent = 1 << 17,
  kHasTags = 1 << 18,
};

uint64_t FlagsOf(const Span& span) {
  uint64_t flags = 0;
  const auto set = [&flags](bool on, uint64_t flag) { flags |= on ? flag : 0; };
  set(!span.parent_span_id.empty(), kHasParent);
  set(!span.feature.name.empty(), kHasFeature);
  set(span.feature.explicit_, kFeatureExplicit);
  set(span.has_usage, kHasUsage);
  set(span.usage_rollup, kUsageRollup);
  set(span.ttft_ns.has_value(), kHasTtft);
  set(span.streaming.has_value(), kHasStreaming);
  set(span.streaming.value_or(false), kStreaming);
  set(span.temperature.has_value(), kHasTemperature);
  set(span.max_tokens.has_value(), kHasMaxTokens);
  set(span.raw_input_tokens.has_value(), kHasRawInput);
  set(span.raw_output_tokens.has_value(), kHasRawOutput);
  set(span.raw_total_tokens.has_value(), kHasRawTotal);
  set(span.cost.has_value(), kHasCost);
  set(span.cost_reported.has_value(), kHasCostReported);
  set(span.estimated, kEstimated);
  set(!span.events.empty() || !span.links.empty(), kHasEventsOrLinks);
  for (const auto field : kContentFields) set(!(span.*field).empty(), kHasContent);
  set(!span.tags.empty(), kHasTags);
  return flags;
}

void PutAttrs(std::span<const JsonAttr> attrs, std::string& out) {
  PutVarint(attrs.size(), out);
  for (const JsonAttr& attr : attrs) {
    PutText(attr.key, out);
    PutText(attr.json, out);
  }
}

void PutPieces(std::span<const Piece> pieces, std::string& out) {
  PutVarint(pieces.size(), out);
  for (const Piece& piece : pieces) {
    const bool stored = !piece.hash.empty();
    out += stored ? '\1' : '\0';
    if (stored) {
      out += piece.hash.view();
    } else {
      PutText(piece.text, out);
    }
  }
}

void PutUsage(const Span& span, std::string& out) {
  uint64_t present = 0;
  for (size_t i = 0; i < kUsageBuckets; ++i) {
    if (span.usage.tokens[i] != 0) present |= 1ULL << i;
  }
  PutVarint(present, out);
  for (size_t i = 0; i < kUsageBuckets; ++i) {
    if (present >> i & 1) PutVarint(static_cast<uint64_t>(span.usage.tokens[i]), out);
  }
  PutVarint(static_cast<uint64_t>(span.usage.web_searches), out);
  PutVarint(static_cast<uint64_t>(span.usage.file_searches), out);
  out += static_cast<char>(span.usage_convention);
  out += static_cast<char>(span.usage_flags);
}

void PutCost(const Span& span, std::string& out) {
  PutZigzag(span.cost->value, out);
  uint64_t present = 0;
  for (size_t i = 0; i < kUsageBuckets; ++i) {
    if (span.cost_by_bucket[i] != 0) present |= 1ULL << i;
  }
  PutVarint(present, out);
  for (size_t i = 0; i < kUsageBuckets; ++i) {
    if (present >> i & 1) PutZigzag(span.cost_by_bucket[i], out);
  }
}

std::span<const JsonAttr> TakeAttrs(VarintReader& in, Arena& arena) {
  const size_t count = in.Count(2);
  const std::span<JsonAttr> attrs = arena.NewArray<JsonAttr>(count);
  for (JsonAttr& attr : attrs) {
    attr.key = in.Text();
    attr.json = in.Text();
  }
  return attrs;
}

std::span<Piece> TakePieces(VarintReader& in, Arena& arena) {
  const size_t count = in.Count(2);
  const std::span<Piece> pieces = arena.NewArray<Piece>(count);
  for (Piece& piece : pieces) {
    if (in.Byte() != 0) {
      piece.hash = Hash128::FromBytes(in.Fixed(16));
    } else {
      piece.text = in.Text();
    }
  }
  return pieces;
}

void TakeUsage(VarintReader& in, Span& span) {
  const uint64_t present = in.Varint();
  for (size_t i = 0; i < kUsageBuckets; ++i) {
    if (present >> i & 1) span.usage.tokens[i] = static_cast<int64_t>(in.Varint());
  }
  span.usage.web_searches = static_cast<int64_t>(in.Varint());
  span.usage.file_searches = static_cast<int64_t>(in.Varint());
  span.usage_convention = in.Enum<UsageConvention>(5);
  span.usage_flags = in.Byte();
}

void TakeCost(VarintReader& in, Span& span) {
  span.cost = NanoUsd{in.Zigzag()};
  const uint64_t present = in.Varint();
  for (size_t i = 0; i < kUsageBuckets; ++i) {
    if (present >> i & 1) span.cost_by_bucket[i] = in.Zigzag();
  }
}

void TakeEventsAndLinks(VarintReader& in, Arena& arena, Span& span) {
  const std::span<SpanEvent> events = arena.NewArray<SpanEvent>(in.Count(3));
  for (SpanEvent& event : events) {
    event.time_ns = in.Zigzag();
    event.name = in.Text();
    event.attributes = TakeAttrs(in, arena);
  }
  span.events = events;
  const std::span<SpanLink> links = arena.NewArray<SpanLink>(in.Count(25));
  for (SpanLink& link : links) {
    link.trace_id = TraceId::FromBytes(in.Fixed(16));
    link.span_id = SpanId::FromBytes(in.Fixed(8));
    link.attributes = TakeAttrs(in, arena);
  }
  span.links = links;
}

}  // namespace

void PutSpan(const Span& span, std::string& out) {
  const uint64_t flags = FlagsOf(span);
  PutVarint(flags, out);
  out += span.trace_id.view();
  out += span.span_id.view();
  if (flags & kHasParent) out += span.parent_span_id.view();
  const char bytes[] = {
      static_cast<char>(span.kind),           static_cast<char>(span.status),
      static_cast<char>(span.finish_reason),  static_cast<char>(span.tool_status),
      static_cast<char>(span.error_category), static_cast<char>(span.source),
      static_cast<char>(span.price_source),   static_cast<char>(span.price_confidence)};
  static_assert(sizeof bytes == kSpanEnumBytes);
  out.append(bytes, sizeof bytes);
  PutZigzag(span.start_ns, out);
  // Modulo 2^64, as TakeSpan adds it: any two times survive.
  PutZigzag(static_cast<int64_t>(static_cast<uint64_t>(span.end_ns) -
                                 static_cast<uint64_t>(span.start_ns)),
            out);

  uint64_t present = 0;
  for (size_t i = 0; i < std::size(kTextFields); ++i) {
    if (!(span.*kTextFields[i]).empty()) present |= 1ULL << i;
  }
  PutVarint(present, out);
  for (const auto field : kTextFields) {
    if (!(span.*field).empty()) PutText(span.*field, out);
  }
  if (flags & kHasFeature) PutText(span.feature.name, out);
  if (flags & kHasTags) PutAttrs(span.tags, out);
  if (flags & kHasUsage) PutUsage(span, out);
  if (flags & kHasTtft) PutZigzag(*span.ttft_ns, out);
  if (flags & kHasTemperature) PutFixed64(std::bit_cast<uint64_t>(*span.temperature), out);
  if (flags & kHasMaxTokens) PutZigzag(*span.max_tokens, out);
  if (flags & kHasRawInput) PutZigzag(*span.raw_input_tokens, out);
  if (flags & kHasRawOutput) PutZigzag(*span.raw_output_tokens, out);
  if (flags & kHasRawTotal) PutZigzag(*span.raw_total_tokens, out);
  if (flags & kHasCost) PutCost(span, out);
  if (flags & kHasCostReported) PutZigzag(span.cost_reported->value, out);
  PutZigzag(span.retry_count, out);
  if (flags & kHasContent) {
    for (const auto field : kContentFields) PutPieces(span.*field, out);
  }
  if (flags & kHasEventsOrLinks) {
    PutVarint(span.events.size(), out);
    for (const SpanEvent& event : span.events) {
      PutZigzag(event.time_ns, out);
      PutText(event.name, out);
      PutAttrs(event.attributes, out);
    }
    PutVarint(span.links.size(), out);
    for (const SpanLink& link : span.links) {
      out += link.trace_id.view();
      out += link.span_id.view();
      PutAttrs(link.attributes, out);
    }
  }
  PutAttrs(span.attributes, out);
}

void TakeSpan(VarintReader& in, Arena& arena, Span& span) {
  const uint64_t flags = in.Varint();
  span.trace_id = TraceId::FromBytes(in.Fixed(16));
  span.span_id = SpanId::FromBytes(in.Fixed(8));
  if (flags & kHasParent) span.parent_span_id = SpanId::FromBytes(in.Fixed(8));
  span.kind = in.Enum<Kind>(static_cast<uint8_t>(Kind::kEnd));
  span.status = in.Enum<SpanStatus>(static_cast<uint8_t>(SpanStatus::kEnd));
  span.finish_reason = in.Enum<FinishReason>(static_cast<uint8_t>(FinishReason::kEnd));
  span.tool_status = in.Enum<ToolStatus>(static_cast<uint8_t>(ToolStatus::kEnd));
  span.error_category = in.Enum<ErrorCategory>(static_cast<uint8_t>(ErrorCategory::kEnd));
  span.source = in.Enum<Source>(static_cast<uint8_t>(Source::kEnd));
  span.price_source = in.Enum<PriceSource>(static_cast<uint8_t>(PriceSource::kEnd));
  span.price_confidence = in.Enum<PriceConfidence>(static_cast<uint8_t>(PriceConfidence::kEnd));
  span.start_ns = in.Zigzag();
  span.end_ns = static_cast<int64_t>(static_cast<uint64_t>(span.start_ns) +
                                     static_cast<uint64_t>(in.Zigzag()));
  const uint64_t present = in.Varint();
  for (size_t i = 0; i < std::size(kTextFields); ++i) {
    if (present >> i & 1) span.*kTextFields[i] = in.Text();
  }
  if (flags & kHasFeature) span.feature.name = in.Text();
  span.feature.explicit_ = (flags & kFeatureExplicit) != 0;
  if (flags & kHasTags) span.tags = TakeAttrs(in, arena);
  span.has_usage = (flags & kHasUsage) != 0;
  if (span.has_usage) TakeUsage(in, span);
  span.usage_rollup = (flags & kUsageRollup) != 0;
  if (flags & kHasTtft) span.ttft_ns = in.Zigzag();
  if (flags & kHasStreaming) span.streaming = (flags & kStreaming) != 0;
  if (flags & kHasTemperature) span.temperature = std::bit_cast<double>(in.Fixed64());
  if (flags & kHasMaxTokens) span.max_tokens = in.Zigzag();
  if (flags & kHasRawInput) span.raw_input_tokens = in.Zigzag();
  if (flags & kHasRawOutput) span.raw_output_tokens = in.Zigzag();
  if (flags & kHasRawTotal) span.raw_total_tokens = in.Zigzag();
  if (flags & kHasCost) TakeCost(in, span);
  if (flags & kHasCostReported) span.cost_reported = NanoUsd{in.Zigzag()};
  span.estimated = (flags & kEstimated) != 0;
  span.retry_count = in.Zigzag();
  if (flags & kHasContent) {
    for (const auto field : kContentFields) span.*field = TakePieces(in, arena);
  }
  if (flags & kHasEventsOrLinks) TakeEventsAndLinks(in, arena, span);
  span.attributes = TakeAttrs(in, arena);
}

bool TakeSpanKey(VarintReader& in, SpanKey& key) {
  const uint64_t flags = in.Varint();
  key.trace_id = TraceId::FromBytes(in.Fixed(16));
  key.span_id = SpanId::FromBytes(in.Fixed(8));
  if (flags & kHasParent) in.Fixed(8);
  in.Fixed(kSpanEnumBytes);
  key.start_ns = in.Zigzag();
  return in.ok();
}

}  // namespace pitot
