// store/retention.h
//
// Retention drops whole partitions. A partition is one retention class (keep_days) and one UTC day;
// it goes when all of its days of keeping are over: once today is later than day + keep_days.
// keep_days 0 keeps for ever.
#pragma once

#include <absl/status/status.h>

#include <cstdint>
#include <string>
#include <vector>

#include "base/clock.h"
#include "store/engine.h"

namespace pitot {

struct DroppedPartition {
  std::string table;
  uint16_t keep_days = 0;
  uint16_t day = 0;  // Days since 1970-01-01.
  uint64_t rows = 0;
  uint64_t bytes = 0;  // On disk.
};

struct RetentionPass {
  absl::Status status;  // The first error; the other partitions were tried all the same.
  std::vector<DroppedPartition> dropped;
};

constexpr bool IsExpired(uint16_t keep_days, uint16_t day, UnixNanos now) {
  return keep_days != 0 && int64_t{day} + keep_days < now / kNanosPerDay;
}

// One pass over all partitioned tables of the store. Safe at any time, beside inserts and queries;
// may take seconds.
RetentionPass DropExpired(Engine& engine, UnixNanos now);

}  // namespace pitot
