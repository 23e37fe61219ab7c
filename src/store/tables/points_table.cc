#include "store/tables/points_table.h"

#include <array>

#include "store/day.h"
#include "store/tables/column_types.h"
#include "store/tables/telemetry_columns.h"

namespace pitot {
namespace {

constexpr std::array<std::string_view, 5> kMetricTypeNames = {"gauge", "sum", "histogram",
                                                              "exp_histogram", "summary"};

Hash128 HashOf(const PointRow& row, RecordHasher& hasher) {
  const RawPoint& point = row.point;
  hasher.Start();
  hasher.AddText(point.metric);
  hasher.AddText(point.unit);
  hasher.AddNumber(static_cast<uint8_t>(point.type));
  hasher.AddNumber(point.temporality);
  hasher.AddNumber(static_cast<uint8_t>(point.monotonic));
  hasher.AddNumber(point.start_ns);
  hasher.AddNumber(point.time_ns);
  hasher.AddNumber(point.value);
  hasher.AddNumber(point.count);
  hasher.AddText(point.detail);
  hasher.AddAttributes(point.attributes);
  hasher.AddOrigin(row.resource, row.scope);
  return hasher.Finish();
}

}  // namespace

// In the order of the table.
struct PointsBlock::Columns {
  explicit Columns(NativeBlock& block) : b(block) {}
  NativeBlock& b;

  Field<UInt16> keep_days{b, "keep_days"};
  Field<UInt16> day{b, "day", "Date"};
  Field<LowCardinality> project{b, "project"};
  Field<LowCardinality> metric{b, "metric"};
  Field<Int64> time_ns{b, "time_ns"};
  Field<FixedString<16>> hash{b, "hash"};
  Field<UInt64> recv_ns{b, "recv_ns"};
  Field<Int64> start_ns{b, "start_ns"};
  Field<LowCardinality> unit{b, "unit"};
  Field<Enum8<MetricType>> type{b, "type", kMetricTypeNames};
  Field<UInt8> temporality{b, "temporality"};
  Field<UInt8> monotonic{b, "monotonic", "Bool"};
  Field<Float64> value{b, "value"};
  Field<UInt64> count{b, "count"};
  Field<String> detail{b, "detail"};
  Field<LowCardinality> service{b, "service"};
  Field<LowCardinality> scope{b, "scope"};
  AttributeColumns origin{b};

  RecordHasher hasher;
};

PointsBlock::PointsBlock() : columns_(std::make_unique<Columns>(block_)) {}
PointsBlock::~PointsBlock() = default;

void PointsBlock::Append(const PointRow& row) {
  Columns& c = *columns_;
  const RawPoint& point = row.point;
  const int64_t time_ns = point.time_ns != 0 ? point.time_ns : static_cast<int64_t>(row.recv_ns);
  c.keep_days.Append(row.keep_days);
  c.day.Append(DayOf(time_ns));
  c.project.Append(row.project);
  c.metric.Append(point.metric);
  c.time_ns.Append(time_ns);
  c.hash.Append(HashOf(row, c.hasher).view());
  c.recv_ns.Append(row.recv_ns);
  c.start_ns.Append(point.start_ns);
  c.unit.Append(point.unit);
  c.type.Append(point.type);
  c.temporality.Append(point.temporality);
  c.monotonic.Append(point.monotonic);
  c.value.Append(point.value);
  c.count.Append(point.count);
  c.detail.Append(point.detail);
  c.service.Append(ServiceName(row.resource));
  c.scope.Append(row.scope.name);
  c.origin.Append(point.attributes, row.resource, row.scope);
  ++rows_;
}

}  // namespace pitot
