// One span in whole: ReadSpan of query/traces.h.
#include <absl/container/flat_hash_map.h>

#include <boost/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "base/hex.h"
#include "base/status.h"
#include "base/text.h"
#include "http/message.h"
#include "query/sql_files.h"
#include "query/trace_queries.h"
#include "query/traces.h"
#include "store/tables/row_binary.h"

namespace pitot {
namespace {

constexpr std::string_view kArrays[] = {"input", "output", "system", "tool_definitions",
                                        "reasoning"};

constexpr size_t kDepthMax = 512;  // As limits.depth may be at most.

using Pairs = std::vector<std::pair<std::string_view, std::string_view>>;

// Views point into the engine's answer.
struct StoredContent {
  uint16_t day = 0;
  std::vector<std::string_view> arrays[std::size(kArrays)];  // '#' and a hash, or '=' and text.
  Pairs tags;
  Pairs attributes;
  std::string_view events;
  std::string_view links;
};

Pairs ReadMap(RowBinaryReader& in) {
  Pairs map(in.Count(2));
  for (auto& [key, value] : map) {
    key = in.String();
    value = in.String();
  }
  return map;
}

absl::StatusOr<StoredContent> ParseContent(std::string_view row) {
  RowBinaryReader in(row);
  StoredContent content;
  in.Number<uint16_t>();  // keep_days
  content.day = in.Number<uint16_t>();
  for (auto& array : content.arrays) {
    array.resize(in.Count());
    for (std::string_view& piece : array) piece = in.String();
  }
  content.tags = ReadMap(in);
  content.attributes = ReadMap(in);
  content.events = in.String();
  content.links = in.String();
  if (!in.ok()) return Internal("the engine's answer to span_content.sql cannot be read");
  return content;
}

using Payloads = absl::flat_hash_map<std::string, std::string_view>;  // By raw hash.

absl::StatusOr<QueryResult> QueryPayloads(Engine& engine, const std::string& project,
                                          const StoredContent& content) {
  std::vector<std::string> hashes;
  for (const auto& array : content.arrays) {
    for (const std::string_view piece : array) {
      if (piece.starts_with('#')) hashes.push_back(ToHex(piece.substr(1)));
    }
  }
  if (hashes.empty()) return QueryResult{};
  QueryOptions options;
  options.params = {
      {"project", project}, {"day", fmt::to_string(content.day)}, {"hashes", QuoteArray(hashes)}};
  options.format = "RowBinary";
  return engine.Query(SqlFile("payloads.sql"), options);
}

absl::StatusOr<Payloads> ParsePayloads(std::string_view rows) {
  Payloads payloads;
  RowBinaryReader in(rows);
  while (!in.AtEnd()) {
    const std::string_view hash = in.Bytes(16);
    payloads[std::string(hash)] = in.String();
  }
  if (!in.ok()) return Internal("the engine's answer to payloads.sql cannot be read");
  return payloads;
}

bool IsJson(std::string_view text) {
  boost::json::parse_options options;
  options.max_depth = kDepthMax;
  boost::json::stream_parser parser({}, options);
  boost::system::error_code error;
  parser.write(text.data(), text.size(), error);
  if (!error) parser.finish(error);
  return !error;
}

// A content: as JSON when it is an object or array, else as text.
void AppendContent(std::string_view text, std::string& json) {
  const bool structured = text.starts_with('{') || text.starts_with('[');
  json += structured && IsJson(text) ? std::string(text) : QuoteJson(text);
}

void AppendPiece(std::string_view piece, const Payloads& payloads, std::string& json) {
  if (!piece.starts_with('#')) return AppendContent(piece.substr(piece.empty() ? 0 : 1), json);
  const auto found = payloads.find(std::string(piece.substr(1)));
  if (found != payloads.end()) return AppendContent(found->second, json);
  json += fmt::format("{{\"missing_payload\":\"{}\"}}", ToHex(piece.substr(1)));
}

// `values_are_json`: attributes; tags are plain text.
void AppendMap(std::string_view name, const Pairs& map, bool values_are_json, std::string& json) {
  json += fmt::format(",\n\"{}\":{{", name);
  for (size_t i = 0; i < map.size(); ++i) {
    json += fmt::format("{}{}:{}", i == 0 ? "" : ",", QuoteJson(map[i].first),
                        values_are_json && IsJson(map[i].second) ? std::string(map[i].second)
                                                                 : QuoteJson(map[i].second));
  }
  json += '}';
}

std::string ContentJson(const StoredContent& content, const Payloads& payloads) {
  std::string json;
  for (size_t i = 0; i < std::size(kArrays); ++i) {
    json += fmt::format(",\n\"{}\":[", kArrays[i]);
    for (size_t n = 0; n < content.arrays[i].size(); ++n) {
      if (n != 0) json += ",\n";
      AppendPiece(content.arrays[i][n], payloads, json);
    }
    json += ']';
  }
  AppendMap("tags", content.tags, false, json);
  AppendMap("attributes", content.attributes, true, json);
  json +=
      fmt::format(",\n\"events\":{},\n\"links\":{}", content.events.empty() ? "[]" : content.events,
                  content.links.empty() ? "[]" : content.links);
  return json;
}

absl::StatusOr<std::string> PriceJson(std::string_view row) {
  RowBinaryReader in(row);
  const std::string_view source = in.String();
  const std::string_view version = in.String();
  const std::string_view rule = in.String();
  const std::string_view confidence = in.String();
  const auto repriced_ns = in.Number<int64_t>();
  const auto previous = in.NullableNumber<int64_t>();
  if (!in.ok()) return Internal("the engine's answer to span_price.sql cannot be read");
  std::string before = "null";
  if (repriced_ns != 0) {
    before = fmt::format(
        "{{\"cost_usd\":{},\"at\":{}}}",
        previous ? fmt::to_string(static_cast<double>(*previous) / 1e9) : std::string("null"),
        QuoteJson(FormatTime(repriced_ns)));
  }
  return fmt::format(
      "{{\"source\":{},\"version\":{},\"rule\":{},\"confidence\":{},\"previous\":{}}}",
      QuoteJson(source), QuoteJson(version), QuoteJson(rule), QuoteJson(confidence), before);
}

// {"a":1} without its braces; empty for {}.
std::string_view Members(std::string_view object) {
  while (!object.empty() && (object.back() == '\n' || object.back() == ' '))
    object.remove_suffix(1);
  return object.size() < 2 ? std::string_view{} : object.substr(1, object.size() - 2);
}

}  // namespace

absl::StatusOr<std::string> ReadObject(Engine& engine, std::string_view sql, QueryOptions options) {
  ASSIGN_OR_RETURN(QueryResult result, engine.Query(sql, options));
  if (result.body.empty()) return Error(absl::StatusCode::kNotFound, "no such span");
  return std::move(result.body);
}

absl::StatusOr<std::string> ReadSpan(const QueryContext& context, const std::string& project,
                                     const std::string& trace_id, const std::string& span_id) {
  Engine& engine = context.engine;
  RETURN_IF_ERROR(CheckId("span_id", span_id, 8));
  ASSIGN_OR_RETURN(const TraceBounds bounds, FindTrace(engine, project, trace_id));
  ASSIGN_OR_RETURN(const std::string structure,
                   ReadStructure(context, project, trace_id, span_id, bounds));
  if (structure.empty()) {
    return Error(absl::StatusCode::kNotFound, "trace {} has no span {}", trace_id, span_id);
  }
  QueryOptions options =
      context.Options({{"project", project}, {"trace_id", trace_id}, {"span_id", span_id}});
  ASSIGN_OR_RETURN(const std::string rest, ReadObject(engine, SqlFile("span_rest.sql"), options));
  options.format = "RowBinary";
  options.settings.clear();
  ASSIGN_OR_RETURN(const std::string row, ReadObject(engine, SqlFile("span_content.sql"), options));
  ASSIGN_OR_RETURN(const StoredContent content, ParseContent(row));
  ASSIGN_OR_RETURN(const QueryResult stored, QueryPayloads(engine, project, content));
  ASSIGN_OR_RETURN(const Payloads payloads, ParsePayloads(stored.body));
  ASSIGN_OR_RETURN(const std::string priced,
                   ReadObject(engine, SqlFile("span_price.sql"), options));
  ASSIGN_OR_RETURN(const std::string price, PriceJson(priced));
  return fmt::format("{{\"trace_id\":\"{}\",{},\n{},\"price\":{}{}}}", trace_id, Members(structure),
                     Members(rest), price, ContentJson(content, payloads));
}

}  // namespace pitot
