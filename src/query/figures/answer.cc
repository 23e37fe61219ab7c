#include "query/figures/answer.h"

#include <fmt/format.h>

#include <boost/json.hpp>
#include <chrono>
#include <cmath>

#include "base/status.h"

namespace pitot {
namespace json = boost::json;
namespace {

// libchdb 26.7 writes the totals of no rows in front of the document, and leaves their place empty:
// ],"totals":[...]{"meta":[...],"data":[,"rows":0}. A server does not.
std::string InOrder(std::string body) {
  const size_t begin = body.find("{\n\t\"meta\":");
  if (begin == 0 || begin == std::string::npos) return body;
  constexpr std::string_view kData = "\"data\":\n\t[";
  const size_t data = body.find(kData, begin);
  if (data == std::string::npos) return body;
  const size_t gap = data + kData.size();
  return body.substr(begin, gap - begin) + body.substr(0, begin) + body.substr(gap);
}

}  // namespace

absl::StatusOr<Table> ReadTable(const QueryContext& context, std::string_view sql,
                                std::vector<SqlParam> params, size_t columns) {
  QueryOptions options = context.Options(std::move(params), "JSONCompact");
  options.settings.push_back({"exact_rows_before_limit", "1"});
  ASSIGN_OR_RETURN(QueryResult result, context.engine.Query(sql, options));

  boost::system::error_code error;
  json::value answer = json::parse(InOrder(std::move(result.body)), error);
  if (error || !answer.is_object()) return Internal("the engine's answer is no JSON object");
  Table table;
  const json::object& object = answer.get_object();
  const json::value* data = object.if_contains("data");
  if (data == nullptr || !data->is_array()) return Internal("the engine's answer has no rows");
  table.rows = data->get_array();
  for (const json::value& row : table.rows) {
    if (!row.is_array() || row.get_array().size() != columns) {
      return Internal("a row of the engine's answer has not the {} columns asked for", columns);
    }
  }
  if (const json::value* totals = object.if_contains("totals")) {
    if (!totals->is_array() || totals->get_array().size() != columns) {
      return Internal("the engine's totals have not the {} columns asked for", columns);
    }
    table.totals = totals->get_array();
  }
  if (const json::value* rows = object.if_contains("rows_before_limit_at_least")) {
    table.rows_before_limit = static_cast<uint64_t>(rows->to_number<int64_t>(error));
  }
  return table;
}

int64_t IntAt(const json::array& row, size_t column) {
  boost::system::error_code error;
  const auto value = row[column].to_number<int64_t>(error);
  return error ? 0 : value;
}

double DoubleAt(const json::array& row, size_t column) {
  boost::system::error_code error;
  const auto value = row[column].to_number<double>(error);
  return error ? 0 : value;
}

std::string_view TextAt(const json::array& row, size_t column) {
  const json::string* text = row[column].if_string();
  return text == nullptr ? std::string_view{} : std::string_view(text->data(), text->size());
}

std::string IsoTime(UnixNanos time) {
  using std::chrono::floor;
  const std::chrono::sys_time<std::chrono::nanoseconds> at{std::chrono::nanoseconds(time)};
  const auto day = floor<std::chrono::days>(at);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(at - day);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:09}Z", int{date.year()},
                     unsigned{date.month()}, unsigned{date.day()}, clock.hours().count(),
                     clock.minutes().count(), clock.seconds().count(), clock.subseconds().count());
}

std::string WindowJson(const Window& window) {
  return fmt::format("{{\"since\":\"{}\",\"until\":\"{}\"}}", IsoTime(window.since_ns),
                     IsoTime(window.until_ns));
}

std::string JsonText(std::string_view text) {
  return json::serialize(json::string(text.data(), text.size()));
}

std::string NumberJson(std::optional<double> value) {
  return value && std::isfinite(*value) ? fmt::format("{}", *value) : "null";
}

std::string MillisJson(std::optional<double> ns) {
  return NumberJson(ns ? std::optional(*ns / 1e6) : std::nullopt);
}

}  // namespace pitot
