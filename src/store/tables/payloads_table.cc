#include "store/tables/payloads_table.h"

#include "store/day.h"
#include "store/tables/column_types.h"

namespace pitot {

struct PayloadsBlock::Columns {
  explicit Columns(NativeBlock& block) : b(block) {}
  NativeBlock& b;

  Field<UInt16> keep_days{b, "keep_days"};
  Field<UInt16> day{b, "day", "Date"};
  Field<LowCardinality> project{b, "project"};
  Field<FixedString<16>> hash{b, "hash"};
  Field<String> content{b, "content"};
};

PayloadsBlock::PayloadsBlock() : columns_(std::make_unique<Columns>(block_)) {}
PayloadsBlock::~PayloadsBlock() = default;

void PayloadsBlock::Append(const PayloadRow& row) {
  Columns& c = *columns_;
  c.keep_days.Append(row.keep_days);
  c.day.Append(ClampDay(row.day));
  c.project.Append(row.project);
  c.hash.Append(row.hash.view());
  c.content.Append(row.content);
  ++rows_;
}

}  // namespace pitot
