#include "store/tables/traces_table.h"

#include "store/day.h"
#include "store/tables/column_types.h"

namespace pitot {

// In the order of the table.
struct TracesBlock::Columns {
  explicit Columns(NativeBlock& block) : b(block) {}
  NativeBlock& b;

  Field<UInt16> keep_days{b, "keep_days"};
  Field<UInt16> day{b, "day", "Date"};
  Field<LowCardinality> project{b, "project"};
  Field<FixedString<16>> trace_id{b, "trace_id"};
  Field<UInt64> rev{b, "rev"};
  Field<UInt8> is_deleted{b, "is_deleted"};
  Field<Int64> start_ns{b, "start_ns"};
  Field<Int64> duration_ns{b, "duration_ns"};
  Field<LowCardinality> root_name{b, "root_name"};
  Field<Enum8<SpanStatus>> status{b, "status", kSpanStatusNames};
  Field<String> status_message{b, "status_message"};
  Field<UInt32> spans{b, "spans"};
  Field<UInt32> errors{b, "errors"};
  Field<UInt32> orphans{b, "orphans"};
  Field<UInt32> llm_calls{b, "llm_calls"};
  Field<UInt32> tool_calls{b, "tool_calls"};
  Field<Int64> input_tokens{b, "input_tokens"};
  Field<Int64> output_tokens{b, "output_tokens"};
  Field<Int64> cost{b, "cost"};
  Field<UInt32> unpriced_calls{b, "unpriced_calls"};
  Field<LowCardinality> service{b, "service"};
  Field<LowCardinality> environment{b, "environment"};
  Field<LowCardinality> feature{b, "feature"};
  Field<LowCardinality> workflow{b, "workflow"};
  Field<String> user_id{b, "user_id"};
  Field<String> session_id{b, "session_id"};
  Field<LowCardinality> agent{b, "agent"};
  Field<Array<LowCardinality>> models{b, "models"};
};

TracesBlock::TracesBlock() : columns_(std::make_unique<Columns>(block_)) {}
TracesBlock::~TracesBlock() = default;

void TracesBlock::Append(std::string_view project, uint16_t keep_days, const TraceRow& row) {
  Columns& c = *columns_;
  c.keep_days.Append(keep_days);
  c.day.Append(DayOf(row.start_ns));
  c.project.Append(project);
  c.trace_id.Append(row.trace_id.view());
  c.rev.Append(row.rev);
  c.is_deleted.Append(row.is_deleted);
  c.start_ns.Append(row.start_ns);
  c.duration_ns.Append(Difference(row.end_ns, row.start_ns));
  c.root_name.Append(row.root_name);
  c.status.Append(row.status);
  c.status_message.Append(row.status_message);
  c.spans.Append(row.spans);
  c.errors.Append(row.errors);
  c.orphans.Append(row.orphans);
  c.llm_calls.Append(row.llm_calls);
  c.tool_calls.Append(row.tool_calls);
  c.input_tokens.Append(row.input_tokens);
  c.output_tokens.Append(row.output_tokens);
  c.cost.Append(row.cost.value);
  c.unpriced_calls.Append(row.unpriced_calls);
  c.service.Append(row.service);
  c.environment.Append(row.environment);
  c.feature.Append(row.feature);
  c.workflow.Append(row.workflow);
  c.user_id.Append(row.user_id);
  c.session_id.Append(row.session_id);
  c.agent.Append(row.agent);
  for (std::string_view model : row.models) c.models.items.Append(model);
  c.models.CloseRow();
  ++rows_;
}

}  // namespace pitot
