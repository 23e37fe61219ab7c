// store/tables/column_types.h
//
// The column types of our tables by the names the schema uses, and the conversions into them. For
// the table writers' .cc files only.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <limits>
#include <optional>
#include <string_view>

#include "model/money.h"
#include "model/usage.h"
#include "store/tables/native.h"

namespace pitot {

using native::Array;
using native::FixedString;
using native::LowCardinality;
using native::Nullable;
using native::String;
using UInt8 = native::Number<uint8_t>;
using UInt16 = native::Number<uint16_t>;
using UInt32 = native::Number<uint32_t>;
using UInt64 = native::Number<uint64_t>;
using Int64 = native::Number<int64_t>;
using Float64 = native::Number<double>;
using TextMap = native::Map<LowCardinality, String>;

class NullableBool : public Nullable<UInt8> {
 public:
  void Append(std::optional<bool> value) {
    Nullable<UInt8>::Append(value ? std::optional<uint8_t>(*value) : std::nullopt);
  }
  std::string Type() const override { return "Nullable(Bool)"; }
};

// An enum of model/ under its names, which stand in enum order from 0.
template <typename E>
class Enum8 : public native::Number<int8_t> {
 public:
  template <typename Names>
  explicit Enum8(const Names& names) : Number(Enum8Type(names)) {}
  void Append(E value) { Number::Append(static_cast<int8_t>(value)); }
};

inline constexpr std::array<std::string_view, 5> kUsageConventionNames = {"", "exact", "inclusive",
                                                                          "exclusive", "unknown"};

inline uint32_t ClampUInt32(int64_t value) {
  return static_cast<uint32_t>(std::clamp<int64_t>(value, 0, std::numeric_limits<uint32_t>::max()));
}

// a - b, at the ends of int64_t when it does not fit: times come from strangers.
inline int64_t Difference(int64_t a, int64_t b) {
  int64_t difference = 0;
  if (!__builtin_sub_overflow(a, b, &difference)) return difference;
  return a < b ? std::numeric_limits<int64_t>::min() : std::numeric_limits<int64_t>::max();
}

inline std::optional<int64_t> Value(const std::optional<NanoUsd>& money) {
  return money ? std::optional<int64_t>(money->value) : std::nullopt;
}

// One column a bucket, named as in kUsageBucketNames, then the server-side tool calls.
struct UsageColumns {
  explicit UsageColumns(NativeBlock& block) {
    for (size_t i = 0; i < kUsageBuckets; ++i) block.Add(kUsageBucketNames[i], buckets[i]);
    block.Add("web_searches", web_searches);
    block.Add("file_searches", file_searches);
  }
  void Append(const Usage& usage) {
    for (size_t i = 0; i < kUsageBuckets; ++i) buckets[i].Append(ClampUInt32(usage.tokens[i]));
    web_searches.Append(ClampUInt32(usage.web_searches));
    file_searches.Append(ClampUInt32(usage.file_searches));
  }

  std::array<UInt32, kUsageBuckets> buckets;
  UInt32 web_searches;
  UInt32 file_searches;
};

}  // namespace pitot
