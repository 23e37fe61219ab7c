// What models are told of a tool, and how that changed.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <boost/json.hpp>
#include <map>
#include <set>

#include "alert/runbook/changes.h"
#include "base/hex.h"
#include "base/status.h"
#include "query/sql_files.h"
#include "store/day.h"
#include "store/tables/row_binary.h"

namespace pitot {
namespace json = boost::json;
namespace {

constexpr size_t kTraces = 40;  // Of each side.
constexpr size_t kListed = 3;
// A definition is new when calls first carry it no longer than that before the trouble: that of another
// agent, in use all the time, is none.
constexpr int64_t kLeadNs = 10 * kNanosPerMinute;

const json::object* ObjectIn(const json::object& object, std::string_view name) {
  const json::value* value = object.if_contains(json::string_view(name.data(), name.size()));
  return value == nullptr ? nullptr : value->if_object();
}

std::string_view TextIn(const json::object& object, std::string_view name) {
  const json::value* value = object.if_contains(json::string_view(name.data(), name.size()));
  const json::string* text = value == nullptr ? nullptr : value->if_string();
  return text == nullptr ? std::string_view() : std::string_view(text->data(), text->size());
}

// The object that has name and parameters, whatever wraps it.
const json::object& Bare(const json::object& definition) {
  const json::object* function = ObjectIn(definition, "function");
  return function == nullptr ? definition : *function;
}

const json::object* ParametersOf(const json::object& definition) {
  for (const std::string_view name :
       {"parameters", "input_schema", "inputSchema", "parametersJsonSchema"}) {
    if (const json::object* found = ObjectIn(Bare(definition), name)) return found;
  }
  return nullptr;
}

const json::object* FindTool(const json::value& content, std::string_view tool) {
  if (const json::array* list = content.if_array()) {
    for (const json::value& item : *list) {
      if (const json::object* found = FindTool(item, tool)) return found;
    }
    return nullptr;
  }
  const json::object* object = content.if_object();
  if (object == nullptr) return nullptr;
  if (TextIn(Bare(*object), "name") == tool) return object;
  for (const std::string_view name : {"functionDeclarations", "function_declarations", "tools"}) {
    const json::value* list = object->if_contains(json::string_view(name.data(), name.size()));
    if (list == nullptr) continue;
    if (const json::object* found = FindTool(*list, tool)) return found;
  }
  return nullptr;
}

json::value Sorted(const json::value& value) {
  if (const json::array* list = value.if_array()) {
    json::array out;
    for (const json::value& item : *list) out.push_back(Sorted(item));
    return out;
  }
  const json::object* object = value.if_object();
  if (object == nullptr) return value;
  std::map<std::string, json::value> members;
  for (const auto& [name, member] : *object) members.emplace(std::string(name), Sorted(member));
  json::object out;
  for (auto& [name, member] : members) out.emplace(name, std::move(member));
  return out;
}

struct Parameters {
  std::map<std::string, std::string> schemas;  // By name.
  std::map<std::string, std::string> types;
  std::set<std::string> required;
};

Parameters ReadParameters(std::string_view text) {
  Parameters out;
  boost::system::error_code error;
  const json::value value = json::parse(json::string_view(text.data(), text.size()), error);
  const json::object* object = error ? nullptr : value.if_object();
  const json::object* schema = object == nullptr ? nullptr : ParametersOf(*object);
  if (schema == nullptr) return out;
  if (const json::object* properties = ObjectIn(*schema, "properties")) {
    for (const auto& [name, property] : *properties) {
      out.schemas.emplace(std::string(name), json::serialize(property));
      if (const json::object* of = property.if_object()) {
        out.types.emplace(std::string(name), std::string(TextIn(*of, "type")));
      }
    }
  }
  const json::value* required = schema->if_contains("required");
  const json::array* names = required == nullptr ? nullptr : required->if_array();
  for (size_t i = 0; names != nullptr && i < names->size(); ++i) {
    if (const json::string* name = (*names)[i].if_string())
      out.required.emplace(std::string(*name));
  }
  return out;
}

// What model calls of some traces were told, oldest first.
struct Told {
  uint16_t day = 0;
  UnixNanos first = 0;
  std::vector<std::string> pieces;  // As stored.
};

std::vector<std::string> TracesWith(const Investigation& run, const std::string& tool,
                                    const Window& window, bool newest) {
  SqlPiece where = FactsWhere(run.In(window));
  where.params.push_back({"tool", tool});
  const absl::StatusOr<Table> table = ReadTable(
      run.query(),
      fmt::format(
          "SELECT lower(hex(f.trace_id)) FROM facts AS f FINAL WHERE {} AND f.kind = 'tool' "
          "AND f.tool_name = {{tool:String}} ORDER BY f.end_ns {}, f.trace_id "
          "LIMIT 1 BY f.trace_id LIMIT {}",
          where.sql, newest ? "DESC" : "ASC", kTraces),
      std::move(where.params), 1);
  std::vector<std::string> traces;
  for (size_t i = 0; table.ok() && i < table->rows.size(); ++i) {
    traces.emplace_back(TextAt(table->rows[i].get_array(), 0));
  }
  return traces;
}

absl::StatusOr<std::vector<Told>> ReadTold(const Investigation& run,
                                           const std::vector<std::string>& traces) {
  // Spans lie by the day of their start; an agent's first call may be some hours before its tool's end.
  std::vector<SqlParam> params = {
      {"project", run.input().project},
      {"ids", QuoteArray(traces)},
      {"from_day", fmt::to_string(DayOf(run.base().since_ns - kNanosPerDay))},
      {"to_day", fmt::to_string(DayOf(run.current().until_ns))}};
  ASSIGN_OR_RETURN(
      const QueryResult result,
      run.query().engine.Query(
          "SELECT toUInt16(max(s.day)), toInt64(min(s.start_ns)), s.tool_definitions FROM spans AS "
          "s "
          "WHERE s.project = {project:String} AND toUInt16(s.day) BETWEEN {from_day:UInt16} AND "
          "{to_day:UInt16} AND s.trace_id IN (SELECT "
          "toFixedString(unhex(arrayJoin({ids:Array(String)})), 16)) AND "
          "notEmpty(s.tool_definitions) GROUP BY s.tool_definitions ORDER BY min(s.start_ns) "
          "LIMIT 200",
          run.query().Options(std::move(params), "RowBinary")));
  RowBinaryReader in(result.body);
  std::vector<Told> out;
  while (!in.AtEnd()) {
    Told& told = out.emplace_back();
    told.day = in.Number<uint16_t>();
    told.first = in.Number<int64_t>();
    const uint64_t pieces = in.VarUint();
    for (uint64_t i = 0; i < pieces && in.ok(); ++i) told.pieces.emplace_back(in.String());
  }
  if (!in.ok()) return Internal("the engine answered with broken RowBinary");
  return out;
}

// Contents by hash (hex).
absl::StatusOr<std::map<std::string, std::string>> ReadContents(const Investigation& run,
                                                                const std::vector<Told>& all) {
  std::map<uint16_t, std::set<std::string>> by_day;
  for (const Told& told : all) {
    for (const std::string& piece : told.pieces) {
      if (piece.size() == 17 && piece[0] == '#') {
        by_day[told.day].insert(ToHex(std::string_view(piece).substr(1)));
      }
    }
  }
  std::map<std::string, std::string> contents;
  for (const auto& [day, hashes] : by_day) {
    ASSIGN_OR_RETURN(
        const QueryResult result,
        run.query().engine.Query(
            SqlFile("payloads.sql"),
            run.query().Options({{"project", run.input().project},
                                 {"day", fmt::to_string(day)},
                                 {"hashes", QuoteArray({hashes.begin(), hashes.end()})}},
                                "RowBinary")));
    RowBinaryReader in(result.body);
    while (!in.AtEnd() && in.ok()) {
      std::string hash = ToHex(in.Bytes(16));
      contents[std::move(hash)] = std::string(in.String());
    }
  }
  return contents;
}

}  // namespace

std::string DefinitionOf(std::string_view content, std::string_view tool) {
  boost::system::error_code error;
  const json::value value = json::parse(json::string_view(content.data(), content.size()), error);
  if (error) return "";
  const json::object* found = FindTool(value, tool);
  return found == nullptr ? "" : json::serialize(Sorted(*found));
}

std::string DiffDefinitions(std::string_view before_json, std::string_view after_json) {
  const Parameters before = ReadParameters(before_json);
  const Parameters after = ReadParameters(after_json);
  std::vector<std::string> words;
  for (const std::string& name : after.required) {
    if (!before.required.contains(name)) {
      words.push_back(before.schemas.contains(name) ? name + " is required now"
                                                    : fmt::format("{} is new and required", name));
    }
  }
  for (const auto& [name, schema] : before.schemas) {
    const auto now = after.schemas.find(name);
    if (now == after.schemas.end()) {
      words.push_back(name + " is gone");
      continue;
    }
    if (now->second == schema) continue;
    const auto was_type = before.types.find(name);
    const auto is_type = after.types.find(name);
    const bool typed = was_type != before.types.end() && is_type != after.types.end() &&
                       was_type->second != is_type->second;
    words.push_back(
        typed ? fmt::format("{} is {} instead of {}", name, is_type->second, was_type->second)
              : fmt::format("{} is described otherwise", name));
  }
  for (const auto& [name, schema] : after.schemas) {
    if (!before.schemas.contains(name) && !after.required.contains(name)) {
      words.push_back(name + " is new");
    }
  }
  if (words.size() > kListed + 1) {
    const size_t more = words.size() - kListed;
    words.resize(kListed);
    words.push_back(fmt::format("{} more changes", more));
  }
  return fmt::format("{}", fmt::join(words, ", "));
}

absl::StatusOr<DefinitionView> ReadDefinitions(const Investigation& run, const std::string& tool) {
  std::vector<std::string> traces =
      TracesWith(run, tool, {run.base().since_ns, run.current().since_ns}, /*newest=*/true);
  std::ranges::move(TracesWith(run, tool, run.current(), /*newest=*/false),
                    std::back_inserter(traces));
  DefinitionView view;
  if (traces.empty()) return view;
  ASSIGN_OR_RETURN(const std::vector<Told> all, ReadTold(run, traces));
  ASSIGN_OR_RETURN(const auto contents, ReadContents(run, all));
  std::string last;
  std::set<std::string> known;
  for (const Told& told : all) {
    for (const std::string& piece : told.pieces) {
      std::string_view content;
      if (!piece.empty() && piece[0] == '=') content = std::string_view(piece).substr(1);
      if (piece.size() == 17 && piece[0] == '#') {
        const auto found = contents.find(ToHex(std::string_view(piece).substr(1)));
        if (found != contents.end()) content = found->second;
      }
      std::string definition = DefinitionOf(content, tool);
      if (definition.empty()) continue;
      view.known = true;
      if (!last.empty() && definition != last && told.first >= run.current().since_ns - kChangeNs) {
        view.change = {.since = told.first, .words = DiffDefinitions(last, definition)};
      }
      last = std::move(definition);
    }
  }
  return view;
}

}  // namespace pitot
