#include "store/tables/spans_table.h"

#include "store/day.h"
#include "store/tables/attr_json.h"
#include "store/tables/column_types.h"

namespace pitot {

// In the order of the table.
struct SpansBlock::Columns {
  explicit Columns(NativeBlock& block) : b(block) {}
  NativeBlock& b;

  Field<UInt16> keep_days{b, "keep_days"};
  Field<UInt16> day{b, "day", "Date"};
  Field<LowCardinality> project{b, "project"};
  Field<FixedString<16>> trace_id{b, "trace_id"};
  Field<FixedString<8>> span_id{b, "span_id"};
  Field<FixedString<8>> parent_span_id{b, "parent_span_id"};
  Field<UInt64> version{b, "version"};

  Field<LowCardinality> name{b, "name"};
  Field<Enum8<Kind>> kind{b, "kind", kKindNames};
  Field<LowCardinality> op{b, "op"};
  Field<Int64> start_ns{b, "start_ns"};
  Field<Int64> duration_ns{b, "duration_ns"};
  Field<Enum8<SpanStatus>> status{b, "status", kSpanStatusNames};
  Field<String> status_message{b, "status_message"};

  Field<LowCardinality> service{b, "service"};
  Field<LowCardinality> environment{b, "environment"};
  Field<LowCardinality> release{b, "release"};
  Field<LowCardinality> feature{b, "feature"};
  Field<UInt8> feature_explicit{b, "feature_explicit", "Bool"};
  Field<LowCardinality> workflow{b, "workflow"};
  Field<String> user_id{b, "user_id"};
  Field<String> session_id{b, "session_id"};
  Field<LowCardinality> agent{b, "agent"};
  Field<String> agent_id{b, "agent_id"};
  Field<TextMap> tags{b, "tags"};
  Field<LowCardinality> prompt_name{b, "prompt_name"};
  Field<LowCardinality> prompt_version{b, "prompt_version"};

  Field<LowCardinality> provider{b, "provider"};
  Field<LowCardinality> model_requested{b, "model_requested"};
  Field<LowCardinality> model{b, "model"};
  Field<String> response_id{b, "response_id"};
  Field<LowCardinality> service_tier{b, "service_tier"};
  Field<Enum8<FinishReason>> finish_reason{b, "finish_reason", kFinishReasonNames};
  Field<LowCardinality> finish_raw{b, "finish_raw"};
  Field<Nullable<Int64>> ttft_ns{b, "ttft_ns"};
  Field<NullableBool> streaming{b, "streaming"};
  Field<Nullable<Float64>> temperature{b, "temperature"};
  Field<Nullable<Int64>> max_tokens{b, "max_tokens"};

  Field<UInt8> has_usage{b, "has_usage", "Bool"};
  Field<UInt8> usage_rollup{b, "usage_rollup", "Bool"};
  Field<Enum8<UsageConvention>> usage_convention{b, "usage_convention", kUsageConventionNames};
  Field<UInt8> usage_flags{b, "usage_flags"};
  UsageColumns usage{b};

  Field<Nullable<Int64>> cost{b, "cost"};
  Field<Array<Int64>> cost_by_bucket{b, "cost_by_bucket"};
  Field<Nullable<Int64>> cost_reported{b, "cost_reported"};
  Field<Enum8<PriceSource>> price_source{b, "price_source", kPriceSourceNames};
  Field<Enum8<PriceConfidence>> price_confidence{b, "price_confidence", kPriceConfidenceNames};
  Field<LowCardinality> price_version{b, "price_version"};
  Field<LowCardinality> price_rule{b, "price_rule"};
  Field<UInt8> estimated{b, "estimated", "Bool"};

  Field<LowCardinality> tool_name{b, "tool_name"};
  Field<String> tool_call_id{b, "tool_call_id"};
  Field<Enum8<ToolStatus>> tool_status{b, "tool_status", kToolStatusNames};
  Field<UInt32> retry_count{b, "retry_count"};
  Field<LowCardinality> mcp_server{b, "mcp_server"};
  Field<LowCardinality> error_type{b, "error_type"};
  Field<Enum8<ErrorCategory>> error_category{b, "error_category", kErrorCategoryNames};

  Field<Array<String>> input{b, "input"};
  Field<Array<String>> output{b, "output"};
  Field<Array<String>> system{b, "system"};
  Field<Array<String>> tool_definitions{b, "tool_definitions"};
  Field<Array<String>> reasoning{b, "reasoning"};
  Field<String> events{b, "events"};
  Field<String> links{b, "links"};
  Field<TextMap> attributes{b, "attributes"};
  Field<LowCardinality> scope{b, "scope"};
  Field<LowCardinality> scope_version{b, "scope_version"};
  Field<LowCardinality> emitter{b, "emitter"};
  Field<Enum8<Source>> source{b, "source", kSourceNames};

  void AppendIdentity(const SpanRow& row);
  void AppendAttribution(const Span& span);
  void AppendModelCall(const Span& span);
  void AppendUsage(const Span& span);
  void AppendMoney(const Span& span);
  void AppendToolAndError(const Span& span);
  void AppendContent(const Span& span, std::string& json);
};

namespace {

// A content piece as the schema says: '#' and its hash, or '=' and the text.
void AppendPieces(std::span<const Piece> pieces, Array<String>& column) {
  for (const Piece& piece : pieces) {
    if (piece.hash.empty()) {
      column.items.Append("=", piece.text);
    } else {
      column.items.Append("#", piece.hash.view());
    }
  }
  column.CloseRow();
}

void AppendMap(std::span<const JsonAttr> attributes, TextMap& column) {
  for (const JsonAttr& attribute : attributes) {
    column.keys.Append(attribute.key);
    column.values.Append(attribute.json);
  }
  column.CloseRow();
}

}  // namespace

SpansBlock::SpansBlock() : columns_(std::make_unique<Columns>(block_)) {}
SpansBlock::~SpansBlock() = default;

void SpansBlock::Append(const SpanRow& row) {
  Columns& c = *columns_;
  c.AppendIdentity(row);
  c.AppendAttribution(row.span);
  c.AppendModelCall(row.span);
  c.AppendUsage(row.span);
  c.AppendMoney(row.span);
  c.AppendToolAndError(row.span);
  c.AppendContent(row.span, json_);
  ++rows_;
}

void SpansBlock::Columns::AppendIdentity(const SpanRow& row) {
  const Span& span = row.span;
  keep_days.Append(row.keep_days);
  day.Append(DayOf(span.start_ns));
  project.Append(row.project);
  trace_id.Append(span.trace_id.view());
  span_id.Append(span.span_id.view());
  parent_span_id.Append(span.parent_span_id.view());
  version.Append(SpanVersion(span.status, row.recv_ns));
  name.Append(span.name);
  kind.Append(span.kind);
  op.Append(span.op);
  start_ns.Append(span.start_ns);
  duration_ns.Append(Difference(span.end_ns, span.start_ns));
  status.Append(span.status);
  status_message.Append(span.status_message);
}

void SpansBlock::Columns::AppendAttribution(const Span& span) {
  service.Append(span.service);
  environment.Append(span.environment);
  release.Append(span.release);
  feature.Append(span.feature.name);
  feature_explicit.Append(span.feature.explicit_);
  workflow.Append(span.workflow);
  user_id.Append(span.user_id);
  session_id.Append(span.session_id);
  agent.Append(span.agent);
  agent_id.Append(span.agent_id);
  AppendMap(span.tags, tags);
  prompt_name.Append(span.prompt_name);
  prompt_version.Append(span.prompt_version);
}

void SpansBlock::Columns::AppendModelCall(const Span& span) {
  provider.Append(span.provider);
  model_requested.Append(span.model_requested);
  model.Append(span.model);
  response_id.Append(span.response_id);
  service_tier.Append(span.service_tier);
  finish_reason.Append(span.finish_reason);
  finish_raw.Append(span.finish_raw);
  ttft_ns.Append(span.ttft_ns);
  streaming.Append(span.streaming);
  temperature.Append(span.temperature);
  max_tokens.Append(span.max_tokens);
}

void SpansBlock::Columns::AppendUsage(const Span& span) {
  has_usage.Append(span.has_usage);
  usage_rollup.Append(span.usage_rollup);
  usage_convention.Append(span.usage_convention);
  usage_flags.Append(span.usage_flags);
  usage.Append(span.usage);
}

void SpansBlock::Columns::AppendMoney(const Span& span) {
  cost.Append(Value(span.cost));
  if (span.cost_by_bucket != std::array<int64_t, kUsageBuckets>{}) {
    for (int64_t bucket : span.cost_by_bucket) cost_by_bucket.items.Append(bucket);
  }
  cost_by_bucket.CloseRow();
  cost_reported.Append(Value(span.cost_reported));
  price_source.Append(span.price_source);
  price_confidence.Append(span.price_confidence);
  price_version.Append(span.price_version);
  price_rule.Append(span.price_rule);
  estimated.Append(span.estimated);
}

void SpansBlock::Columns::AppendToolAndError(const Span& span) {
  tool_name.Append(span.tool_name);
  tool_call_id.Append(span.tool_call_id);
  tool_status.Append(span.tool_status);
  retry_count.Append(ClampUInt32(span.retry_count));
  mcp_server.Append(span.mcp_server);
  error_type.Append(span.error_type);
  error_category.Append(span.error_category);
}

void SpansBlock::Columns::AppendContent(const Span& span, std::string& json) {
  AppendPieces(span.input, input);
  AppendPieces(span.output, output);
  AppendPieces(span.system, system);
  AppendPieces(span.tool_definitions, tool_definitions);
  AppendPieces(span.reasoning, reasoning);
  json.clear();
  AppendEventsJson(span.events, json);
  events.Append(json);
  json.clear();
  AppendLinksJson(span.links, json);
  links.Append(json);
  AppendMap(span.attributes, attributes);
  scope.Append(span.scope);
  scope_version.Append(span.scope_version);
  emitter.Append(span.emitter);
  source.Append(span.source);
}

}  // namespace pitot
