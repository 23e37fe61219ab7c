#include "store/tables/state_table.h"

#include "store/tables/column_types.h"

namespace pitot {

struct StateBlock::Columns {
  explicit Columns(NativeBlock& block) : b(block) {}
  NativeBlock& b;

  Field<LowCardinality> kind{b, "kind"};
  Field<String> id{b, "id"};
  Field<Int64> at_ns{b, "at_ns"};
  Field<UInt64> seq{b, "seq"};
  Field<String> actor{b, "actor"};
  Field<String> body{b, "body"};
  Field<UInt8> is_deleted{b, "is_deleted"};
};

StateBlock::StateBlock() : columns_(std::make_unique<Columns>(block_)) {}
StateBlock::~StateBlock() = default;

void StateBlock::Append(const StateEvent& event) {
  Columns& c = *columns_;
  c.kind.Append(event.kind);
  c.id.Append(event.id);
  c.at_ns.Append(event.at_ns);
  c.seq.Append(event.seq);
  c.actor.Append(event.actor);
  c.body.Append(event.body);
  c.is_deleted.Append(event.is_deleted ? 1 : 0);
  ++rows_;
}

}  // namespace pitot
