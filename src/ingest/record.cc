#include "ingest/record.h"

#include <bit>
#include <cstring>

#include "base/status.h"
#include "ingest/varint.h"

namespace pitot {
namespace {

constexpr uint64_t kRecordVersion = 1;
constexpr uint64_t kFlagRequestHash = 1;
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
};
static_assert(std::size(kTextFields) <= 32);

constexpr std::span<Piece> Span::*kContentFields[] = {&Span::input, &Span::output, &Span::system,
                                                      &Span::tool_definitions, &Span::reasoning};

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
  PutZigzag(span.end_ns - span.start_ns, out);

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

void PutValue(const AttrValue& value, std::string& out) {
  out += static_cast<char>(value.type);
  switch (value.type) {
    case AttrType::kEmpty:
      break;
    case AttrType::kBool:
      out += value.boolean ? '\1' : '\0';
      break;
    case AttrType::kInt:
      PutZigzag(value.integer, out);
      break;
    case AttrType::kDouble:
      PutFixed64(std::bit_cast<uint64_t>(value.number), out);
      break;
    case AttrType::kString:
    case AttrType::kBytes:
    case AttrType::kJson:
      PutText(value.text, out);
      break;
  }
}

AttrValue TakeValue(VarintReader& in) {
  AttrValue value;
  value.type = in.Enum<AttrType>(static_cast<uint8_t>(AttrType::kJson) + 1);
  switch (value.type) {
    case AttrType::kEmpty:
      break;
    case AttrType::kBool:
      value.boolean = in.Byte() != 0;
      break;
    case AttrType::kInt:
      value.integer = in.Zigzag();
      break;
    case AttrType::kDouble:
      value.number = std::bit_cast<double>(in.Fixed64());
      break;
    case AttrType::kString:
    case AttrType::kBytes:
    case AttrType::kJson:
      value.text = in.Text();
      break;
  }
  return value;
}

void PutRawAttrs(std::span<const Attr> attrs, std::string& out) {
  PutVarint(attrs.size(), out);
  for (const Attr& attr : attrs) {
    PutText(attr.key, out);
    PutValue(attr.value, out);
  }
}

std::span<const Attr> TakeRawAttrs(VarintReader& in, Arena& arena) {
  const std::span<Attr> attrs = arena.NewArray<Attr>(in.Count(2));
  for (Attr& attr : attrs) {
    attr.key = in.Text();
    attr.value = TakeValue(in);
  }
  return attrs;
}

void PutOrigin(const RawResource& resource, const RawScope& scope, std::string& out) {
  PutRawAttrs(resource.attributes, out);
  PutText(scope.name, out);
  PutText(scope.version, out);
  PutRawAttrs(scope.attributes, out);
}

void TakeOrigin(VarintReader& in, Arena& arena, Record& record) {
  record.resources.push_back({TakeRawAttrs(in, arena)});
  RawScope scope;
  scope.name = in.Text();
  scope.version = in.Text();
  scope.attributes = TakeRawAttrs(in, arena);
  record.scopes.push_back(scope);
}

void TakeLog(VarintReader& in, Arena& arena, Record& record) {
  RawLog log;
  log.resource = log.scope = static_cast<uint32_t>(record.resources.size());
  log.time_ns = in.Zigzag();
  log.observed_ns = in.Zigzag();
  log.severity = static_cast<int32_t>(in.Zigzag());
  log.severity_text = in.Text();
  log.event_name = in.Text();
  log.body = TakeValue(in);
  log.trace_id = TraceId::FromBytes(in.Fixed(16));
  log.span_id = SpanId::FromBytes(in.Fixed(8));
  log.attributes = TakeRawAttrs(in, arena);
  TakeOrigin(in, arena, record);
  record.logs.push_back(log);
}

void TakePoint(VarintReader& in, Arena& arena, Record& record) {
  RawPoint point;
  point.resource = point.scope = static_cast<uint32_t>(record.resources.size());
  point.metric = in.Text();
  point.unit = in.Text();
  point.type = in.Enum<MetricType>(static_cast<uint8_t>(MetricType::kSummary) + 1);
  point.temporality = in.Byte();
  point.monotonic = in.Byte() != 0;
  point.start_ns = in.Zigzag();
  point.time_ns = in.Zigzag();
  point.value = std::bit_cast<double>(in.Fixed64());
  point.count = in.Varint();
  point.detail = in.Text();
  point.attributes = TakeRawAttrs(in, arena);
  TakeOrigin(in, arena, record);
  record.points.push_back(point);
}

}  // namespace

void RecordWriter::Start(const RecordHeader& header) {
  header_ = header;
  payloads_.clear();
  items_.clear();
  payload_count_ = item_count_ = 0;
}

void RecordWriter::AddPayload(int32_t day, const Hash128& hash, std::string_view content) {
  ++payload_count_;
  PutZigzag(day, payloads_);
  payloads_ += hash.view();
  PutText(content, payloads_);
}

void RecordWriter::AddSpan(const Span& span) {
  scratch_.clear();
  PutSpan(span, scratch_);
  ++item_count_;
  PutText(scratch_, items_);
}

void RecordWriter::AddLog(const RawLog& log, const RawResource& resource, const RawScope& scope) {
  scratch_.clear();
  PutZigzag(log.time_ns, scratch_);
  PutZigzag(log.observed_ns, scratch_);
  PutZigzag(log.severity, scratch_);
  PutText(log.severity_text, scratch_);
  PutText(log.event_name, scratch_);
  PutValue(log.body, scratch_);
  scratch_ += log.trace_id.view();
  scratch_ += log.span_id.view();
  PutRawAttrs(log.attributes, scratch_);
  PutOrigin(resource, scope, scratch_);
  ++item_count_;
  PutText(scratch_, items_);
}

void RecordWriter::AddPoint(const RawPoint& point, const RawResource& resource,
                            const RawScope& scope) {
  scratch_.clear();
  PutText(point.metric, scratch_);
  PutText(point.unit, scratch_);
  scratch_ += static_cast<char>(point.type);
  scratch_ += static_cast<char>(point.temporality);
  scratch_ += point.monotonic ? '\1' : '\0';
  PutZigzag(point.start_ns, scratch_);
  PutZigzag(point.time_ns, scratch_);
  PutFixed64(std::bit_cast<uint64_t>(point.value), scratch_);
  PutVarint(point.count, scratch_);
  PutText(point.detail, scratch_);
  PutRawAttrs(point.attributes, scratch_);
  PutOrigin(resource, scope, scratch_);
  ++item_count_;
  PutText(scratch_, items_);
}

void RecordWriter::SetRequestHash(const Hash128& hash, int64_t accepted, int64_t rejected) {
  header_.request_hash = hash;
  header_.accepted = accepted;
  header_.rejected = rejected;
}

void RecordWriter::Finish(std::string& out) {
  out.reserve(out.size() + bytes() + header_.project.size() + 96);
  PutVarint(kRecordVersion, out);
  PutText(header_.project, out);
  out += static_cast<char>(header_.source);
  out += static_cast<char>(header_.signal);
  PutVarint(header_.keep_days, out);
  PutZigzag(header_.recv_ns, out);
  PutVarint(header_.request_hash.empty() ? 0 : kFlagRequestHash, out);
  if (!header_.request_hash.empty()) {
    out += header_.request_hash.view();
    PutVarint(static_cast<uint64_t>(header_.accepted), out);
    PutVarint(static_cast<uint64_t>(header_.rejected), out);
  }
  PutVarint(payload_count_, out);
  out += payloads_;
  PutVarint(item_count_, out);
  out += items_;
}

absl::Status ReadRecordItems(std::string_view bytes, RecordItems* record) {
  VarintReader in(bytes);
  if (const uint64_t version = in.Varint(); version != kRecordVersion) {
    return Internal("spool record has version {}, this program reads {}", version, kRecordVersion);
  }
  RecordHeader& header = record->header;
  header.project = in.Text();
  header.source = in.Enum<Source>(static_cast<uint8_t>(Source::kEnd));
  header.signal = in.Enum<Signal>(static_cast<uint8_t>(Signal::kMetrics) + 1);
  header.keep_days = static_cast<uint16_t>(in.Varint());
  header.recv_ns = in.Zigzag();
  if (in.Varint() & kFlagRequestHash) {
    header.request_hash = Hash128::FromBytes(in.Fixed(16));
    header.accepted = static_cast<int64_t>(in.Varint());
    header.rejected = static_cast<int64_t>(in.Varint());
  }
  record->payloads.resize(in.Count(18));
  for (PayloadRecord& payload : record->payloads) {
    payload.day = static_cast<int32_t>(in.Zigzag());
    payload.hash = Hash128::FromBytes(in.Fixed(16));
    payload.content = in.Text();
  }
  record->items.resize(in.Count(1));
  for (std::string_view& item : record->items) item = in.Text();
  if (!in.ok()) return Internal("spool record of {} bytes is malformed", bytes.size());
  return absl::OkStatus();
}

bool ReadSpanKey(std::string_view item, SpanKey* key) {
  VarintReader in(item);
  const uint64_t flags = in.Varint();
  key->trace_id = TraceId::FromBytes(in.Fixed(16));
  key->span_id = SpanId::FromBytes(in.Fixed(8));
  if (flags & kHasParent) in.Fixed(8);
  in.Fixed(kSpanEnumBytes);
  key->start_ns = in.Zigzag();
  return in.ok();
}

absl::Status ReadSpan(std::string_view item, Arena& arena, Span* span) {
  *span = Span{};
  VarintReader in(item);
  TakeSpan(in, arena, *span);
  if (!in.ok()) return Internal("span of {} bytes is malformed", item.size());
  return absl::OkStatus();
}

absl::Status ReadRecord(std::string_view bytes, Arena& arena, Record* record) {
  RecordItems raw;
  RETURN_IF_ERROR(ReadRecordItems(bytes, &raw));
  record->header = raw.header;
  record->payloads = std::move(raw.payloads);
  if (raw.header.signal == Signal::kTraces) record->spans.reserve(raw.items.size());
  for (size_t i = 0; i < raw.items.size(); ++i) {
    VarintReader item(raw.items[i]);
    switch (raw.header.signal) {
      case Signal::kTraces:
        TakeSpan(item, arena, record->spans.emplace_back());
        break;
      case Signal::kLogs:
        TakeLog(item, arena, *record);
        break;
      case Signal::kMetrics:
        TakePoint(item, arena, *record);
        break;
    }
    if (!item.ok()) {
      return Internal("spool record is malformed in item {} of {}", i, raw.items.size());
    }
  }
  return absl::OkStatus();
}

}  // namespace pitot
