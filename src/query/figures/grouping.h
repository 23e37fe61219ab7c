// query/figures/grouping.h
//
// What figures are grouped by: fields of the filter language's table and buckets of the time at which
// a span ended, in a time zone.
//
//   WITH f.feature AS k0, toDate(...) AS k1
//   SELECT k0 AS s0, toString(k1) AS s1, <figures> FROM facts AS f FINAL WHERE ...
//   GROUP BY k0, k1 WITH TOTALS ORDER BY k1, <figure> DESC, k0
//
// Keys are texts: fields by query/filter/fields.h. Pure; SQL is put together of fixed pieces only.
#pragma once

#include <absl/status/statusor.h>

#include <boost/json/array.hpp>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "store/engine.h"

namespace pitot {

class Grouping {
 public:
  static constexpr size_t kKeysMax = 4;

  // Nothing: one group.
  Grouping() = default;

  // `by`: names of groupable fields, and minute, hour, day, week, month. `timezone`: an IANA name
  // that CheckTimezone has seen; only time buckets use it. kInvalidArgument names the wrong one and
  // the nearest, or the limit.
  static absl::StatusOr<Grouping> Parse(std::span<const std::string> by,
                                        std::string_view timezone = "UTC",
                                        size_t keys_max = kKeysMax);

  bool empty() const { return keys_.empty(); }
  size_t size() const { return keys_.size(); }
  std::string_view name(size_t i) const { return keys_[i].name; }
  bool has_time() const;

  // "WITH ... AS k0, ... AS k1 ", or "" without keys.
  std::string With() const;
  // The keys as they are shown, size() columns: "k0 AS s0, toString(k1) AS s1, ", or "".
  std::string Shown() const;
  // " GROUP BY k0, k1 WITH TOTALS", or "".
  std::string GroupBy() const;
  // What stands behind ORDER BY: time buckets oldest first, then `figure` (an alias with DESC, or
  // empty), then the keys. "" without keys.
  std::string OrderBy(std::string_view figure) const;
  // {timezone:String}, when it is used.
  std::vector<SqlParam> params() const;

  // ["feature","day"]
  std::string ByJson() const;
  // {"feature":"checkout","day":"2026-11-20"} of the first size() values of a row in JSONCompact.
  std::string KeyJson(const boost::json::array& row) const;

 private:
  struct Key {
    std::string_view name;
    std::string_view sql;    // Grouped by.
    std::string_view shown;  // Around the key, which stands for "@".
    bool is_time = false;
  };

  std::vector<Key> keys_;
  std::string timezone_;
};

// The time buckets: minute, hour, day, week, month.
std::vector<std::string_view> TimeBuckets();

}  // namespace pitot
