#include "query/figures/grouping.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <boost/json/serialize.hpp>

#include "base/status.h"
#include "base/text.h"
#include "query/filter/fields.h"

namespace pitot {
namespace {

struct TimeBucket {
  std::string_view name;
  std::string_view sql;
  std::string_view shown;
};

#define PITOT_END_SQL "toDateTime(intDiv(f.end_ns, 1000000000), {timezone:String})"
// %z has no colon of its own.
#define PITOT_SHOW_SQL                                                                      \
  "replaceRegexpOne(formatDateTime(@, '%Y-%m-%dT%H:%i:%S%z', {timezone:String}), '(..)$', " \
  "':\\\\1')"
constexpr TimeBucket kTimeBuckets[] = {
    {"minute", "toStartOfMinute(" PITOT_END_SQL ")", PITOT_SHOW_SQL},
    {"hour", "toStartOfHour(" PITOT_END_SQL ")", PITOT_SHOW_SQL},
    {"day", "toDate(" PITOT_END_SQL ")", "toString(@)"},
    {"week", "toMonday(" PITOT_END_SQL ")", "toString(@)"},
    {"month", "toStartOfMonth(" PITOT_END_SQL ")", "substring(toString(@), 1, 7)"},
};
#undef PITOT_END_SQL
#undef PITOT_SHOW_SQL

// What facts can be grouped by, beside time.
const FilterField* FindGroupable(std::string_view name) {
  const FilterField* field = FindField(name);
  return field != nullptr && field->groupable() ? field : nullptr;
}

absl::Status NotGroupable(std::string_view name) {
  std::vector<std::string_view> known = TimeBuckets();
  for (const FilterField& field : FilterFields()) {
    if (field.groupable()) known.push_back(field.name);
  }
  return InvalidArgument("by: nothing can be grouped by \"{}\"{}; possible are {}", name,
                         DidYouMean(name, known), fmt::join(known, ", "));
}

// "k0" in place of each "@".
std::string Shape(std::string_view shown, size_t i) {
  std::string text(shown);
  const size_t at = text.find('@');
  return text.replace(at, 1, fmt::format("k{}", i));
}

}  // namespace

std::vector<std::string_view> TimeBuckets() {
  std::vector<std::string_view> names;
  for (const TimeBucket& bucket : kTimeBuckets) names.push_back(bucket.name);
  return names;
}

absl::StatusOr<Grouping> Grouping::Parse(std::span<const std::string> by, std::string_view timezone,
                                         size_t keys_max) {
  if (by.size() > keys_max) {
    return InvalidArgument("by names {} fields; at most {} are possible", by.size(), keys_max);
  }
  Grouping grouping;
  grouping.timezone_ = timezone;
  for (size_t i = 0; i < by.size(); ++i) {
    const std::string& name = by[i];
    if (std::find(by.begin(), by.begin() + i, name) != by.begin() + i) {
      return InvalidArgument("by names \"{}\" twice", name);
    }
    const auto bucket = std::ranges::find(kTimeBuckets, name, &TimeBucket::name);
    const FilterField* field = FindGroupable(name);
    if (bucket != std::end(kTimeBuckets)) {
      grouping.keys_.push_back({bucket->name, bucket->sql, bucket->shown, true});
    } else if (field != nullptr) {
      grouping.keys_.push_back({field->name, field->group_sql, "@", false});
    } else {
      return NotGroupable(name);
    }
  }
  return grouping;
}

bool Grouping::has_time() const { return std::ranges::any_of(keys_, &Key::is_time); }

std::string Grouping::With() const {
  std::string sql;
  for (size_t i = 0; i < keys_.size(); ++i) {
    sql += fmt::format("{}{} AS k{}", i == 0 ? "WITH " : ", ", keys_[i].sql, i);
  }
  return sql.empty() ? sql : sql + ' ';
}

std::string Grouping::Shown() const {
  std::string sql;
  for (size_t i = 0; i < keys_.size(); ++i) {
    sql += fmt::format("{} AS s{}, ", Shape(keys_[i].shown, i), i);
  }
  return sql;
}

std::string Grouping::GroupBy() const {
  std::string sql;
  for (size_t i = 0; i < keys_.size(); ++i) {
    sql += fmt::format("{}k{}", i == 0 ? " GROUP BY " : ", ", i);
  }
  return sql.empty() ? sql : sql + " WITH TOTALS";
}

std::string Grouping::OrderBy(std::string_view figure) const {
  std::vector<std::string> parts;
  for (size_t i = 0; i < keys_.size(); ++i) {
    if (keys_[i].is_time) parts.push_back(fmt::format("k{}", i));
  }
  if (!figure.empty()) parts.emplace_back(figure);
  for (size_t i = 0; i < keys_.size(); ++i) {
    if (!keys_[i].is_time) parts.push_back(fmt::format("k{}", i));
  }
  return keys_.empty() ? "" : fmt::format(" ORDER BY {}", fmt::join(parts, ", "));
}

std::vector<SqlParam> Grouping::params() const {
  if (!has_time()) return {};
  return {{"timezone", timezone_}};
}

std::string Grouping::ByJson() const {
  std::vector<std::string> names;
  for (const Key& key : keys_) names.push_back(fmt::format("\"{}\"", key.name));
  return fmt::format("[{}]", fmt::join(names, ","));
}

std::string Grouping::KeyJson(const boost::json::array& row) const {
  std::string json = "{";
  for (size_t i = 0; i < keys_.size(); ++i) {
    json += fmt::format("{}\"{}\":{}", i == 0 ? "" : ",", keys_[i].name,
                        boost::json::serialize(row.at(i)));
  }
  return json + "}";
}

}  // namespace pitot
