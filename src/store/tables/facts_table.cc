#include "store/tables/facts_table.h"

#include "store/day.h"
#include "store/tables/column_types.h"

namespace pitot {

// In the order of the table.
struct FactsBlock::Columns {
  explicit Columns(NativeBlock& block) : b(block) {}
  NativeBlock& b;

  Field<UInt16> keep_days{b, "keep_days"};
  Field<UInt16> day{b, "day", "Date"};
  Field<LowCardinality> project{b, "project"};
  Field<UInt8> is_call{b, "is_call", "Bool"};
  Field<Int64> end_ns{b, "end_ns"};
  Field<FixedString<16>> trace_id{b, "trace_id"};
  Field<FixedString<8>> span_id{b, "span_id"};
  Field<UInt64> rev{b, "rev"};
  Field<UInt8> is_deleted{b, "is_deleted"};

  Field<Int64> duration_ns{b, "duration_ns"};
  Field<Enum8<Kind>> kind{b, "kind", kKindNames};
  Field<UInt8> is_root{b, "is_root", "Bool"};
  Field<UInt8> is_orphan{b, "is_orphan", "Bool"};
  Field<Enum8<SpanStatus>> status{b, "status", kSpanStatusNames};
  Field<LowCardinality> name{b, "name"};

  Field<LowCardinality> service{b, "service"};
  Field<LowCardinality> environment{b, "environment"};
  Field<LowCardinality> release{b, "release"};
  Field<LowCardinality> feature{b, "feature"};
  Field<LowCardinality> workflow{b, "workflow"};
  Field<String> user_id{b, "user_id"};
  Field<String> session_id{b, "session_id"};
  Field<LowCardinality> agent{b, "agent"};
  Field<LowCardinality> prompt_name{b, "prompt_name"};
  Field<LowCardinality> prompt_version{b, "prompt_version"};

  Field<LowCardinality> provider{b, "provider"};
  Field<LowCardinality> model{b, "model"};
  Field<Enum8<FinishReason>> finish_reason{b, "finish_reason", kFinishReasonNames};
  Field<Nullable<Int64>> ttft_ns{b, "ttft_ns"};
  Field<UInt8> streaming{b, "streaming", "Bool"};

  Field<Enum8<UsageRole>> role{b, "role", kUsageRoleNames};
  Field<UInt8> counted{b, "counted", "Bool"};
  Field<LowCardinality> counted_reason{b, "counted_reason"};
  Field<FixedString<8>> counted_by{b, "counted_by"};
  UsageColumns usage{b};
  Field<Nullable<Int64>> cost{b, "cost"};
  Field<UInt8> unpriced{b, "unpriced", "Bool"};
  Field<UInt8> estimated{b, "estimated", "Bool"};
  Field<Enum8<PriceConfidence>> price_confidence{b, "price_confidence", kPriceConfidenceNames};

  Field<LowCardinality> tool_name{b, "tool_name"};
  Field<Enum8<ToolStatus>> tool_status{b, "tool_status", kToolStatusNames};
  Field<UInt32> retry_count{b, "retry_count"};
  Field<Enum8<ErrorCategory>> error_category{b, "error_category", kErrorCategoryNames};

  void AppendKey(std::string_view project_name, uint16_t keep, const FactRow& row);
  void AppendAttribution(const FactRow& row);
  void AppendFigures(const FactRow& row);
};

FactsBlock::FactsBlock() : columns_(std::make_unique<Columns>(block_)) {}
FactsBlock::~FactsBlock() = default;

void FactsBlock::Append(std::string_view project, uint16_t keep_days, const FactRow& row) {
  columns_->AppendKey(project, keep_days, row);
  columns_->AppendAttribution(row);
  columns_->AppendFigures(row);
  ++rows_;
}

void FactsBlock::Columns::AppendKey(std::string_view project_name, uint16_t keep,
                                    const FactRow& row) {
  keep_days.Append(keep);
  day.Append(DayOf(row.end_ns));
  project.Append(project_name);
  is_call.Append(row.is_call);
  end_ns.Append(row.end_ns);
  trace_id.Append(row.trace_id.view());
  span_id.Append(row.span_id.view());
  rev.Append(row.rev);
  is_deleted.Append(row.is_deleted);
  duration_ns.Append(Difference(row.end_ns, row.start_ns));
  kind.Append(row.kind);
  is_root.Append(row.is_root);
  is_orphan.Append(row.is_orphan);
  status.Append(row.status);
  name.Append(row.name);
}

void FactsBlock::Columns::AppendAttribution(const FactRow& row) {
  service.Append(row.service);
  environment.Append(row.environment);
  release.Append(row.release);
  feature.Append(row.feature);
  workflow.Append(row.workflow);
  user_id.Append(row.user_id);
  session_id.Append(row.session_id);
  agent.Append(row.agent);
  prompt_name.Append(row.prompt_name);
  prompt_version.Append(row.prompt_version);
}

void FactsBlock::Columns::AppendFigures(const FactRow& row) {
  provider.Append(row.provider);
  model.Append(row.model);
  finish_reason.Append(row.finish_reason);
  ttft_ns.Append(row.ttft_ns);
  streaming.Append(row.streaming);
  role.Append(row.role);
  counted.Append(row.counted);
  counted_reason.Append(row.counted_reason);
  counted_by.Append(row.counted_by.view());
  usage.Append(row.usage);
  cost.Append(Value(row.cost));
  unpriced.Append(row.unpriced);
  estimated.Append(row.estimated);
  price_confidence.Append(row.price_confidence);
  tool_name.Append(row.tool_name);
  tool_status.Append(row.tool_status);
  retry_count.Append(ClampUInt32(row.retry_count));
  error_category.Append(row.error_category);
}

}  // namespace pitot
