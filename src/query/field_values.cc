#include "query/field_values.h"

#include <fmt/ranges.h>

#include "base/status.h"
#include "http/message.h"
#include "query/filter/fields.h"

namespace pitot {
namespace {

std::string QuotedList(std::span<const std::string_view> names) {
  std::vector<std::string> quoted;
  for (const std::string_view name : names) {
    if (!name.empty()) quoted.push_back(QuoteJson(name));
  }
  return fmt::format("[{}]", fmt::join(quoted, ","));
}

// The field and, of attr.KEY and tag.KEY, the key.
struct Named {
  const FilterField* field = nullptr;
  std::string key;
};

absl::StatusOr<Named> Find(const std::string& name) {
  for (const std::string_view prefix : {"attr.", "tag."}) {
    if (name.size() > prefix.size() && name.starts_with(prefix)) {
      return Named{FindField(prefix), name.substr(prefix.size())};
    }
  }
  const FilterField* field = FindField(name);
  if (field != nullptr) return Named{field, ""};
  const std::string_view nearest = NearestField(name);
  if (nearest.empty()) return Error(absl::StatusCode::kNotFound, "no field \"{}\"", name);
  return Error(absl::StatusCode::kNotFound, "no field \"{}\"; did you mean \"{}\"?", name, nearest);
}

absl::StatusOr<std::string> ValueSql(const Named& named) {
  const FilterField& field = *named.field;
  switch (field.type) {
    case FieldType::kText:
      return std::string(field.sql);
    case FieldType::kEnum:
      return fmt::format("toString({})", field.sql);
    case FieldType::kBool:
      return fmt::format("if({}, 'true', 'false')", field.sql);
    case FieldType::kList:
      return fmt::format("arrayJoin({})", field.sql);
    case FieldType::kKeyed:
      if (named.key.empty()) break;
      if (field.name == "tag.") return "s.tags[{key:String}]";
      return "if(startsWith(s.attributes[{key:String}], '\"'), "
             "JSONExtractString(s.attributes[{key:String}]), s.attributes[{key:String}])";
    default:
      break;
  }
  return InvalidArgument("{} is a {}: its values are not listed", field.name, Name(field.type));
}

// Spans are bounded by the start of those that ended within the window; their own word counts.
std::string TableWhere(FieldTable table, const std::string& facts_where) {
  switch (table) {
    case FieldTable::kSpans:
      return fmt::format(
          "spans AS s FINAL WHERE s.project = {{project:String}} AND toUInt16(s.day) BETWEEN "
          "{{min_day:UInt16}} AND {{max_day:UInt16}} AND (s.trace_id, s.span_id) IN (SELECT "
          "f.trace_id, f.span_id FROM facts AS f FINAL WHERE {})",
          facts_where);
    case FieldTable::kTraces:
      return fmt::format(
          "traces AS t FINAL WHERE t.project = {{project:String}} AND toUInt16(t.day) BETWEEN "
          "{{min_day:UInt16}} AND {{max_day:UInt16}} AND t.trace_id IN (SELECT f.trace_id FROM "
          "facts AS f FINAL WHERE {})",
          facts_where);
    default:
      return fmt::format("facts AS f FINAL WHERE {}", facts_where);
  }
}

}  // namespace

absl::StatusOr<std::string> ReadFieldValues(const QueryContext& context,
                                            const FieldValuesRequest& request) {
  ASSIGN_OR_RETURN(const Named named, Find(request.field));
  ASSIGN_OR_RETURN(const std::string value, ValueSql(named));
  SqlPiece facts = FactsWhere(request.scope);
  facts.params.push_back({"key", named.key});
  facts.params.push_back({"prefix", request.prefix});
  facts.params.push_back({"limit", fmt::to_string(request.limit)});
  const std::string sql = fmt::format(
      "SELECT value, toUInt64(count()) AS count FROM (SELECT {} AS value FROM {}) WHERE value != "
      "'' "
      "AND value != 'null' AND positionCaseInsensitiveUTF8(value, {{prefix:String}}) = 1 "
      "GROUP BY value ORDER BY count DESC, value LIMIT {{limit:UInt32}}",
      value, TableWhere(named.field->table, facts.sql));
  QueryOptions options = context.Options(std::move(facts.params));
  options.settings.push_back({"output_format_json_quote_64bit_integers", "0"});
  ASSIGN_OR_RETURN(QueryResult result, context.engine.Query(sql, options));
  std::string rows = std::move(result.body);
  while (!rows.empty() && rows.back() == '\n') rows.pop_back();
  for (char& c : rows) {
    if (c == '\n') c = ',';  // Lines to list: JSON holds no raw line breaks.
  }
  return fmt::format("{{\"values\":[{}]}}", rows);
}

std::string FieldsJson() {
  std::string json = "{\"fields\":[";
  for (const FilterField& field : FilterFields()) {
    json += fmt::format("{}{{\"name\":{},\"type\":\"{}\",\"groupable\":{}",
                        json.back() == '[' ? "\n" : ",\n", QuoteJson(field.name), Name(field.type),
                        field.groupable());
    if (!field.values.empty()) json += fmt::format(",\"values\":{}", QuotedList(field.values));
    json += fmt::format(",\"example\":{},\"description\":{}}}", QuoteJson(field.example),
                        QuoteJson(field.description));
  }
  constexpr std::string_view kOperators[] = {"=", "!=", ">", ">=", "<", "<=", "~", "!~", "in"};
  std::vector<std::string_view> units;
  for (const FieldType type : {FieldType::kDuration, FieldType::kMoney}) {
    for (const std::string_view unit : UnitsOf(type)) units.push_back(unit);
  }
  return json + fmt::format("],\n\"operators\":{},\"units\":{}}}", QuotedList(kOperators),
                            QuotedList(units));
}

}  // namespace pitot
