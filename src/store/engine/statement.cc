#include "store/engine/statement.h"

#include <algorithm>
#include <map>

#include "base/status.h"

namespace pitot {
namespace {

void AppendEscaped(char c, std::string& out) {
  switch (c) {
    case '\\':
      out += "\\\\";
      break;
    case '\n':
      out += "\\n";
      break;
    case '\r':
      out += "\\r";
      break;
    case '\t':
      out += "\\t";
      break;
    case '\0':
      out += "\\0";
      break;
    default:
      out += c;
  }
}

bool SkipPrefix(std::string_view& text, std::string_view prefix) {
  if (!text.starts_with(prefix)) return false;
  text.remove_prefix(prefix.size());
  return true;
}

// Whether {name:Type} in `sql` is a text type. False when the name does not occur.
bool IsTextParam(std::string_view sql, std::string_view name) {
  const std::string mark = fmt::format("{{{}:", name);
  const size_t at = sql.find(mark);
  if (at == std::string_view::npos) return false;
  std::string_view type = sql.substr(at + mark.size());
  while (SkipPrefix(type, " ") || SkipPrefix(type, "Nullable(") ||
         SkipPrefix(type, "LowCardinality(")) {
  }
  return type.starts_with("String") || type.starts_with("FixedString(");
}

}  // namespace

std::string QuoteArray(const std::vector<std::string>& items) {
  std::string out = "[";
  for (const std::string& item : items) {
    if (out.size() > 1) out += ',';
    out += QuoteLiteral(item);
  }
  out += ']';
  return out;
}

std::string QuoteLiteral(std::string_view text) {
  std::string out;
  out.reserve(text.size() + 2);
  out += '\'';
  for (const char c : text) {
    if (c == '\'') out += '\\';
    AppendEscaped(c, out);
  }
  out += '\'';
  return out;
}

bool IsPlainName(std::string_view name) {
  return !name.empty() && std::ranges::all_of(name, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  });
}

std::string ParamText(std::string_view sql, const SqlParam& param) {
  if (!IsTextParam(sql, param.name)) return param.value;
  std::string out;
  out.reserve(param.value.size());
  for (const char c : param.value) AppendEscaped(c, out);
  return out;
}

bool IsRowFormat(std::string_view format) {
  constexpr std::string_view kRowFormats[] = {"CSV",    "JSONCompactEachRow", "JSONEachRow",
                                              "Native", "RowBinary",          "TSV"};
  return std::ranges::find(kRowFormats, format) != std::end(kRowFormats);
}

absl::Status NobodyWaits() { return absl::CancelledError("nobody waits for the answer any more"); }

std::string_view TrimStatement(std::string_view sql) {
  const size_t last = sql.find_last_not_of(" \t\r\n;");
  return last == std::string_view::npos ? std::string_view{} : sql.substr(0, last + 1);
}

std::string DeadlineSeconds(std::chrono::milliseconds deadline) {
  const auto ms = std::max<int64_t>(deadline.count(), 1);
  return fmt::format("{}.{:03}", ms / 1000, ms % 1000);
}

absl::Status CheckNames(const QueryOptions& options) {
  if (!IsPlainName(options.format)) {
    return InvalidArgument("\"{}\" is not the name of an output format", options.format);
  }
  for (const SqlSetting& setting : options.settings) {
    if (!IsPlainName(setting.name)) {
      return InvalidArgument("\"{}\" is not the name of a setting", setting.name);
    }
  }
  for (const SqlParam& param : options.params) {
    if (!IsPlainName(param.name)) {
      return InvalidArgument("\"{}\" is not the name of a parameter", param.name);
    }
  }
  return absl::OkStatus();
}

std::vector<SqlSetting> SettingsOf(const QueryOptions& options) {
  std::vector<SqlSetting> settings;
  if (!options.table_filters.empty()) {
    std::map<std::string_view, std::string> conditions;
    for (const TableFilter& filter : options.table_filters) {
      std::string& condition = conditions[filter.table];
      condition += fmt::format("{}({})", condition.empty() ? "" : " AND ", filter.condition);
    }
    std::string map = "{";
    for (const auto& [table, condition] : conditions) {
      map += fmt::format("{}{}:{}", map.size() == 1 ? "" : ",", QuoteLiteral(table),
                         QuoteLiteral(condition));
    }
    settings.push_back({"additional_table_filters", map + "}"});
  }
  settings.insert(settings.end(), options.settings.begin(), options.settings.end());
  return settings;
}

absl::StatusOr<std::string> InsertStatement(std::string_view table) {
  if (!IsPlainName(table)) return InvalidArgument("\"{}\" is not the name of a table", table);
  return fmt::format("INSERT INTO {}", table);
}

}  // namespace pitot
