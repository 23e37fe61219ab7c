#include "query/export/exported_span.h"

#include <optional>

namespace pitot {

const std::string_view kExportedColumns =
    "trace_id, span_id, parent_span_id, name, kind, op, start_ns, duration_ns, status, "
    "status_message, service, environment, release, feature, feature_explicit, workflow, user_id, "
    "session_id, agent, agent_id, tags, prompt_name, prompt_version, provider, model_requested, "
    "model, response_id, service_tier, finish_reason, finish_raw, ttft_ns, streaming, temperature, "
    "max_tokens, has_usage, usage_rollup, usage_convention, usage_flags, input_tokens, "
    "cache_read_tokens, cache_write_5m_tokens, cache_write_1h_tokens, input_audio_tokens, "
    "input_image_tokens, output_tokens, reasoning_tokens, output_audio_tokens, "
    "output_image_tokens, web_searches, file_searches, cost, cost_by_bucket, cost_reported, "
    "price_source, price_confidence, price_version, price_rule, estimated, tool_name, "
    "tool_call_id, tool_status, retry_count, mcp_server, error_type, error_category, input, "
    "output, system, tool_definitions, reasoning, events, links, attributes, scope, "
    "scope_version, emitter, source";

namespace {

std::span<const JsonAttr> ReadMap(RowBinaryReader& in, Arena& arena) {
  std::span<JsonAttr> map = arena.NewArray<JsonAttr>(in.Count(2));
  for (JsonAttr& item : map) {
    item.key = in.String();
    item.json = in.String();
  }
  return map;
}

// Each '#' and a hash, or '=' and the text.
std::span<Piece> ReadPieces(RowBinaryReader& in, Arena& arena) {
  std::span<Piece> pieces = arena.NewArray<Piece>(in.Count());
  for (Piece& piece : pieces) {
    const std::string_view stored = in.String();
    piece = Piece();
    if (stored.starts_with('#')) {
      piece.hash = Hash128::FromBytes(stored.substr(1));
    } else {
      piece.text = stored.substr(stored.empty() ? 0 : 1);
    }
  }
  return pieces;
}

std::optional<NanoUsd> ReadMoney(RowBinaryReader& in) {
  const std::optional<int64_t> nano = in.NullableNumber<int64_t>();
  return nano ? std::optional<NanoUsd>(NanoUsd{*nano}) : std::nullopt;
}

void ReadIdentity(RowBinaryReader& in, Span& span) {
  span.trace_id = TraceId::FromBytes(in.Bytes(16));
  span.span_id = SpanId::FromBytes(in.Bytes(8));
  span.parent_span_id = SpanId::FromBytes(in.Bytes(8));
  span.name = in.String();
  span.kind = in.Enum(Kind::kEnd);
  span.op = in.String();
  span.start_ns = in.Number<int64_t>();
  span.end_ns = span.start_ns + in.Number<int64_t>();
  span.status = in.Enum(SpanStatus::kEnd);
  span.status_message = in.String();
}

void ReadAttribution(RowBinaryReader& in, Arena& arena, Span& span) {
  span.service = in.String();
  span.environment = in.String();
  span.release = in.String();
  span.feature.name = in.String();
  span.feature.explicit_ = in.Bool();
  span.workflow = in.String();
  span.user_id = in.String();
  span.session_id = in.String();
  span.agent = in.String();
  span.agent_id = in.String();
  span.tags = ReadMap(in, arena);
  span.prompt_name = in.String();
  span.prompt_version = in.String();
}

void ReadModelCall(RowBinaryReader& in, Span& span) {
  span.provider = in.String();
  span.model_requested = in.String();
  span.model = in.String();
  span.response_id = in.String();
  span.service_tier = in.String();
  span.finish_reason = in.Enum(FinishReason::kEnd);
  span.finish_raw = in.String();
  span.ttft_ns = in.NullableNumber<int64_t>();
  const std::optional<uint8_t> streaming = in.NullableNumber<uint8_t>();
  if (streaming) span.streaming = *streaming != 0;
  span.temperature = in.NullableNumber<double>();
  span.max_tokens = in.NullableNumber<int64_t>();
  span.has_usage = in.Bool();
  span.usage_rollup = in.Bool();
  span.usage_convention =
      in.Enum(static_cast<UsageConvention>(static_cast<int>(UsageConvention::kUnknown) + 1));
  span.usage_flags = in.Number<uint8_t>();
  for (int64_t& tokens : span.usage.tokens) tokens = in.Number<uint32_t>();
  span.usage.web_searches = in.Number<uint32_t>();
  span.usage.file_searches = in.Number<uint32_t>();
}

void ReadPrice(RowBinaryReader& in, ExportedSpan& out) {
  Span& span = out.span;
  span.cost = ReadMoney(in);
  const size_t buckets = in.Count(sizeof(int64_t));
  out.has_cost_by_bucket = buckets == kUsageBuckets;
  for (size_t i = 0; i < buckets; ++i) {
    const auto nano = in.Number<int64_t>();
    if (i < kUsageBuckets) span.cost_by_bucket[i] = nano;
  }
  span.cost_reported = ReadMoney(in);
  span.price_source = in.Enum(PriceSource::kEnd);
  span.price_confidence = in.Enum(PriceConfidence::kEnd);
  span.price_version = in.String();
  span.price_rule = in.String();
  span.estimated = in.Bool();
}

void ReadToolAndError(RowBinaryReader& in, Span& span) {
  span.tool_name = in.String();
  span.tool_call_id = in.String();
  span.tool_status = in.Enum(ToolStatus::kEnd);
  span.retry_count = in.Number<uint32_t>();
  span.mcp_server = in.String();
  span.error_type = in.String();
  span.error_category = in.Enum(ErrorCategory::kEnd);
}

}  // namespace

bool ReadExportedSpan(RowBinaryReader& in, Arena& arena, ExportedSpan& out) {
  out = ExportedSpan();
  Span& span = out.span;
  ReadIdentity(in, span);
  ReadAttribution(in, arena, span);
  ReadModelCall(in, span);
  ReadPrice(in, out);
  ReadToolAndError(in, span);
  span.input = ReadPieces(in, arena);
  span.output = ReadPieces(in, arena);
  span.system = ReadPieces(in, arena);
  span.tool_definitions = ReadPieces(in, arena);
  span.reasoning = ReadPieces(in, arena);
  out.events = in.String();
  out.links = in.String();
  span.attributes = ReadMap(in, arena);
  span.scope = in.String();
  span.scope_version = in.String();
  span.emitter = in.String();
  span.source = in.Enum(Source::kEnd);
  return in.ok();
}

}  // namespace pitot
