#include "store/tables/erased_table.h"

#include "store/day.h"
#include "store/tables/column_types.h"

namespace pitot {

struct ErasedBlock::Columns {
  explicit Columns(NativeBlock& block) : b(block) {}
  NativeBlock& b;

  Field<UInt16> keep_days{b, "keep_days"};
  Field<UInt16> day{b, "day", "Date"};
  Field<LowCardinality> project{b, "project"};
  Field<String> erasure{b, "erasure"};
  Field<FixedString<16>> trace_id{b, "trace_id"};
  Field<FixedString<8>> span_id{b, "span_id"};
  Field<UInt64> recv_until{b, "recv_until"};
};

ErasedBlock::ErasedBlock() : columns_(std::make_unique<Columns>(block_)) {}
ErasedBlock::~ErasedBlock() = default;

void ErasedBlock::Append(const ErasureRows& of, const TraceId& trace_id, const SpanId& span_id,
                         uint64_t recv_until) {
  Columns& c = *columns_;
  c.keep_days.Append(of.keep_days);
  c.day.Append(DayOf(of.at_ns));
  c.project.Append(of.project);
  c.erasure.Append(of.id);
  c.trace_id.Append(trace_id.view());
  c.span_id.Append(span_id.view());
  c.recv_until.Append(recv_until);
  ++rows_;
}

struct ErasedPayloadsBlock::Columns {
  explicit Columns(NativeBlock& block) : b(block) {}
  NativeBlock& b;

  Field<UInt16> keep_days{b, "keep_days"};
  Field<UInt16> day{b, "day", "Date"};
  Field<LowCardinality> project{b, "project"};
  Field<String> erasure{b, "erasure"};
  Field<String> partition{b, "partition"};
  Field<FixedString<16>> hash{b, "hash"};
};

ErasedPayloadsBlock::ErasedPayloadsBlock() : columns_(std::make_unique<Columns>(block_)) {}
ErasedPayloadsBlock::~ErasedPayloadsBlock() = default;

void ErasedPayloadsBlock::Append(const ErasureRows& of, std::string_view partition,
                                 const Hash128& hash) {
  Columns& c = *columns_;
  c.keep_days.Append(of.keep_days);
  c.day.Append(DayOf(of.at_ns));
  c.project.Append(of.project);
  c.erasure.Append(of.id);
  c.partition.Append(partition);
  c.hash.Append(hash.view());
  ++rows_;
}

}  // namespace pitot
