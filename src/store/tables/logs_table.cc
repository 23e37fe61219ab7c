#include "store/tables/logs_table.h"

#include "store/day.h"
#include "store/tables/attr_json.h"
#include "store/tables/column_types.h"
#include "store/tables/telemetry_columns.h"

namespace pitot {

// In the order of the table.
struct LogsBlock::Columns {
  explicit Columns(NativeBlock& block) : b(block) {}
  NativeBlock& b;

  Field<UInt16> keep_days{b, "keep_days"};
  Field<UInt16> day{b, "day", "Date"};
  Field<LowCardinality> project{b, "project"};
  Field<Int64> time_ns{b, "time_ns"};
  Field<FixedString<16>> hash{b, "hash"};
  Field<UInt64> recv_ns{b, "recv_ns"};
  Field<Int64> observed_ns{b, "observed_ns"};
  Field<UInt8> severity{b, "severity"};
  Field<LowCardinality> severity_text{b, "severity_text"};
  Field<LowCardinality> event_name{b, "event_name"};
  Field<LowCardinality> service{b, "service"};
  Field<LowCardinality> scope{b, "scope"};
  Field<FixedString<16>> trace_id{b, "trace_id"};
  Field<FixedString<8>> span_id{b, "span_id"};
  Field<String> body{b, "body"};
  AttributeColumns origin{b};

  RecordHasher hasher;
  std::string json;
};

namespace {

Hash128 HashOf(const LogRow& row, RecordHasher& hasher) {
  const RawLog& log = row.log;
  hasher.Start();
  hasher.AddNumber(log.time_ns);
  hasher.AddNumber(log.observed_ns);
  hasher.AddNumber(log.severity);
  hasher.AddText(log.severity_text);
  hasher.AddText(log.event_name);
  hasher.AddValue(log.body);
  hasher.AddText(log.trace_id.view());
  hasher.AddText(log.span_id.view());
  hasher.AddAttributes(log.attributes);
  hasher.AddOrigin(row.resource, row.scope);
  return hasher.Finish();
}

int64_t TimeOf(const LogRow& row) {
  if (row.log.time_ns != 0) return row.log.time_ns;
  if (row.log.observed_ns != 0) return row.log.observed_ns;
  return static_cast<int64_t>(row.recv_ns);
}

}  // namespace

LogsBlock::LogsBlock() : columns_(std::make_unique<Columns>(block_)) {}
LogsBlock::~LogsBlock() = default;

void LogsBlock::Append(const LogRow& row) {
  Columns& c = *columns_;
  const RawLog& log = row.log;
  const int64_t time_ns = TimeOf(row);
  c.keep_days.Append(row.keep_days);
  c.day.Append(DayOf(time_ns));
  c.project.Append(row.project);
  c.time_ns.Append(time_ns);
  c.hash.Append(HashOf(row, c.hasher).view());
  c.recv_ns.Append(row.recv_ns);
  c.observed_ns.Append(log.observed_ns);
  c.severity.Append(log.severity < 0 || log.severity > 255 ? 0
                                                           : static_cast<uint8_t>(log.severity));
  c.severity_text.Append(log.severity_text);
  c.event_name.Append(log.event_name);
  c.service.Append(ServiceName(row.resource));
  c.scope.Append(row.scope.name);
  c.trace_id.Append(log.trace_id.view());
  c.span_id.Append(log.span_id.view());
  if (log.body.type == AttrType::kString) {
    c.body.Append(log.body.text);
  } else {
    c.json.clear();
    if (log.body.type != AttrType::kEmpty) AppendAttrJson(log.body, c.json);
    c.body.Append(c.json);
  }
  c.origin.Append(log.attributes, row.resource, row.scope);
  ++rows_;
}

}  // namespace pitot
