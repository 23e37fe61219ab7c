#include "query/sql.h"

#include <algorithm>
#include <cctype>
#include <chrono>
#include <utility>
#include <vector>

#include "base/status.h"
#include "base/text.h"
#include "query/sql_files.h"
#include "query/sql_guard.h"

namespace pitot {
namespace {

constexpr std::string_view kViews[] = {"spans", "calls", "tools", "traces", "scores"};

// Formatting and parsing are quick; more means that the engine hangs.
constexpr std::chrono::milliseconds kParseDeadline{10'000};

// What EXPLAIN AST prints of the FORMAT and SETTINGS that the engine's own interface adds.
constexpr std::string_view kTreeFormat = "TSVRaw";
constexpr std::string_view kOurTail[] = {" Identifier TSVRaw\n", " Set\n"};

// The statement that is checked and run is this around the user's.
constexpr std::string_view kAround = "SELECT * FROM ({}) LIMIT {}";

std::string_view WithoutTail(std::string_view tree) {
  for (const std::string_view tail : kOurTail) {
    if (tree.ends_with(tail)) tree.remove_suffix(tail.size());
  }
  return tree;
}

bool CutAt(std::string_view mark, std::string& text) {
  const size_t at = text.find(mark);
  if (at == std::string::npos) return false;
  text.resize(at);
  return true;
}

// The engine's message without its code, class and version, and without the statement around the
// user's: "Code: 47. DB::Exception: Unknown identifier `x` in scope SELECT ... (UNKNOWN_IDENTIFIER)".
std::string PlainMessage(std::string_view message) {
  std::string hint;
  if (const size_t at = message.find("Maybe you meant: ["); at != std::string_view::npos) {
    hint = fmt::format(" {}", message.substr(at, message.find(']', at) + 1 - at));
  }
  constexpr std::string_view kClass = "DB::Exception: ";
  if (const size_t at = message.rfind(kClass); at != std::string_view::npos) {
    message.remove_prefix(at + kClass.size());
  }
  std::string plain(message);
  CutAt(" (version ", plain);
  for (const std::string_view scope : {": In scope ", ". In scope ", " in scope "}) {
    CutAt(scope, plain);
  }
  CutAt(". Expected one of", plain);
  CutAt(" Maybe you meant", plain);
  // The name of the error: " (UNKNOWN_IDENTIFIER)".
  if (plain.ends_with(')')) {
    const size_t open = plain.rfind(" (");
    const auto is_name = [](char c) {
      return std::isupper(static_cast<unsigned char>(c)) || c == '_';
    };
    if (open != std::string::npos &&
        std::all_of(plain.begin() + static_cast<ptrdiff_t>(open) + 2, plain.end() - 1, is_name)) {
      plain.resize(open);
    }
  }
  while (!plain.empty() && (plain.back() == ' ' || plain.back() == '.')) plain.pop_back();
  return plain + hint;
}

std::string FirstWord(std::string_view text) {
  size_t end = 0;
  while (end < text.size() && std::isalpha(static_cast<unsigned char>(text[end]))) ++end;
  return std::string(text.substr(0, end));
}

// The elements of a JSON array of strings, with their quotes.
std::vector<std::string_view> JsonStrings(std::string_view array) {
  std::vector<std::string_view> items;
  for (size_t at = 0; at < array.size(); ++at) {
    if (array[at] != '"') continue;
    const size_t begin = at;
    for (++at; at < array.size() && array[at] != '"'; ++at) at += array[at] == '\\' ? 1 : 0;
    items.push_back(array.substr(begin, at + 1 - begin));
  }
  return items;
}

std::string ColumnsJson(std::string_view names_line, std::string_view types_line) {
  const std::vector<std::string_view> names = JsonStrings(names_line);
  const std::vector<std::string_view> types = JsonStrings(types_line);
  std::string json = "[";
  for (size_t i = 0; i < std::min(names.size(), types.size()); ++i) {
    json += fmt::format("{}{{\"name\":{},\"type\":{}}}", i == 0 ? "" : ",", names[i], types[i]);
  }
  return json + "]";
}

// `result`: lines of JSONCompactEachRowWithNamesAndTypes, each a JSON array.
std::string AnswerJson(const QueryResult& result, size_t rows_max, int64_t elapsed_ns) {
  std::vector<std::string_view> lines = SplitText(result.body, '\n');
  while (!lines.empty() && lines.back().empty()) lines.pop_back();
  const size_t rows = lines.size() < 2 ? 0 : lines.size() - 2;

  std::string json;
  json.reserve(result.body.size() + 1000);
  json += fmt::format("{{\"columns\":{},\"rows\":[",
                      lines.size() < 2 ? "[]" : ColumnsJson(lines[0], lines[1]));
  for (size_t i = 0; i < std::min(rows, rows_max); ++i) {
    json += i == 0 ? "\n" : ",\n";
    json += lines[i + 2];
  }
  json += fmt::format("],\"rows_read\":{},\"truncated\":{},\"elapsed_ms\":{:.3f}}}",
                      result.rows_read, rows > rows_max, static_cast<double>(elapsed_ns) / 1e6);
  return json;
}

}  // namespace

struct SqlRunner::Catalogue {
  absl::flat_hash_set<std::string> functions;
  std::vector<std::string> tables;
  std::vector<std::string> project_tables;  // Those with a column `project`.
};

SqlRunner::SqlRunner(Engine& engine, const Limits& limits, const Clock& clock)
    : engine_(engine), limits_(limits), clock_(clock) {}
SqlRunner::~SqlRunner() = default;

bool IsProjectName(std::string_view name) {
  return !name.empty() && name.size() <= 64 && std::ranges::all_of(name, [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) || c == '_' || c == '.' || c == '-';
  });
}

absl::StatusOr<std::string> SqlRunner::Run(const std::string& project, std::string_view text,
                                           CancelTokenPtr cancel) {
  if (!IsProjectName(project)) {
    return InvalidArgument("\"{}\" is not the name of a project", project);
  }
  if (text.size() > static_cast<size_t>(limits_.sql_text_bytes)) {
    return InvalidArgument("the statement has {} bytes, limits.sql_text_bytes is {}", text.size(),
                           limits_.sql_text_bytes);
  }
  // The engine's parser ends at it, whatever follows.
  if (text.find('\0') != std::string_view::npos) {
    return InvalidArgument("the statement has a NUL byte");
  }
  const int64_t begin = clock_.MonotonicNanos();
  ASSIGN_OR_RETURN(const auto catalogue, LoadCatalogue());
  ASSIGN_OR_RETURN(const std::string formatted, Format(text));
  RETURN_IF_ERROR(Check(formatted, *catalogue));
  ASSIGN_OR_RETURN(const QueryResult result,
                   Select(project, formatted, *catalogue, std::move(cancel)));
  return AnswerJson(result, static_cast<size_t>(limits_.sql_rows), clock_.MonotonicNanos() - begin);
}

absl::StatusOr<std::shared_ptr<const SqlRunner::Catalogue>> SqlRunner::LoadCatalogue() {
  MutexLock lock(&mutex_);
  if (catalogue_ != nullptr) return catalogue_;
  QueryOptions options;
  options.format = "TSVRaw";
  ASSIGN_OR_RETURN(const QueryResult functions,
                   engine_.Query(SqlFile("allowed_functions.sql"), options));
  ASSIGN_OR_RETURN(const QueryResult tables, engine_.Query(SqlFile("tables.sql"), options));
  auto catalogue = std::make_shared<Catalogue>();
  for (const std::string_view name : SplitText(functions.body, '\n')) {
    if (!name.empty()) catalogue->functions.emplace(name);
  }
  for (const std::string_view line : SplitText(tables.body, '\n')) {
    const std::vector<std::string_view> fields = SplitText(line, '\t');
    if (fields.size() != 2) continue;
    catalogue->tables.emplace_back(fields[0]);
    if (fields[1] == "1") catalogue->project_tables.emplace_back(fields[0]);
  }
  if (catalogue->functions.empty() || catalogue->project_tables.empty()) {
    return Internal("the engine knows no functions or no tables");
  }
  catalogue_ = catalogue;
  return catalogue_;
}

absl::StatusOr<std::string> SqlRunner::Format(std::string_view text) {
  QueryOptions options;
  options.params = {{"text", std::string(text)}};
  options.settings = {{"readonly", "1"}};
  options.format = "RawBLOB";
  options.deadline = kParseDeadline;
  auto result = engine_.Query("SELECT formatQuerySingleLine({text:String})", options);
  if (!result.ok()) return ForAuthor(result.status());
  std::string formatted = std::move(result->body);
  // In a statement of ours it would only be a puzzling syntax error.
  const std::string word = FirstWord(formatted);
  if (!word.empty() && word != "SELECT" && word != "WITH" && word != "FROM") {
    return InvalidArgument("only one SELECT is allowed, this begins with {}", word);
  }
  return formatted;
}

absl::Status SqlRunner::Check(const std::string& formatted, const Catalogue& catalogue) {
  QueryOptions options;
  options.settings = {{"readonly", "1"}};
  options.format = kTreeFormat;
  options.deadline = kParseDeadline;
  const auto tree = engine_.Query(
      "EXPLAIN AST " + fmt::format(kAround, formatted, limits_.sql_rows + 1), options);
  if (!tree.ok()) return ForAuthor(tree.status());
  SqlGuardRules rules;
  rules.tables = kViews;
  rules.stored = catalogue.tables;
  rules.functions = &catalogue.functions;
  return CheckSql(formatted, WithoutTail(tree->body), rules);
}

absl::StatusOr<QueryResult> SqlRunner::Select(const std::string& project,
                                              const std::string& formatted,
                                              const Catalogue& catalogue, CancelTokenPtr cancel) {
  // No row of another project, and none of tables without projects, whatever the statement reads.
  QueryOptions options;
  for (const std::string& table : catalogue.tables) {
    const bool has_project =
        std::ranges::find(catalogue.project_tables, table) != catalogue.project_tables.end();
    options.table_filters.push_back(
        {table, has_project ? fmt::format("project = '{}'", project) : "0"});
  }
  options.format = "JSONCompactEachRowWithNamesAndTypes";
  options.deadline = std::chrono::seconds(limits_.sql_seconds);
  options.cancel = std::move(cancel);
  options.params = {{"project", project}};
  options.settings = {
      {"max_memory_usage", std::to_string(limits_.sql_memory_bytes)},
      {"max_result_bytes", std::to_string(limits_.sql_result_bytes)},
      {"result_overflow_mode", "throw"},
      // What does not fit into memory fails, instead of filling the disk.
      {"max_bytes_ratio_before_external_group_by", "0"},
      {"max_bytes_ratio_before_external_sort", "0"},
      {"max_recursive_cte_evaluation_depth", "1"},
      {"date_time_output_format", "iso"},
      {"output_format_json_validate_utf8", "1"},
      // Last: nothing can be set after it.
      {"readonly", "1"},
  };
  auto result = engine_.Query(fmt::format("{}\n{}", SqlFile("views.sql"),
                                          fmt::format(kAround, formatted, limits_.sql_rows + 1)),
                              options);
  if (!result.ok()) return ForAuthor(result.status());
  // The engine counts a value that is the same in all rows once.
  if (result->body.size() > static_cast<size_t>(limits_.sql_result_bytes)) return TooLarge();
  return result;
}

absl::Status SqlRunner::TooLarge() const {
  return InvalidArgument("the result is larger than limits.sql_result_bytes ({})",
                         FormatBytes(static_cast<uint64_t>(limits_.sql_result_bytes)));
}

absl::Status SqlRunner::ForAuthor(const absl::Status& status) const {
  const std::string_view message = Message(status);
  if (message.find("MEMORY_LIMIT_EXCEEDED") != std::string_view::npos) {
    return InvalidArgument(
        "the query needs more memory than limits.sql_memory_bytes ({}) or than the store has left: "
        "select less, or group by fewer values",
        FormatBytes(static_cast<uint64_t>(limits_.sql_memory_bytes)));
  }
  if (message.find("TOO_MANY_ROWS_OR_BYTES") != std::string_view::npos) return TooLarge();
  if (status.code() == absl::StatusCode::kDeadlineExceeded) {
    return Error(absl::StatusCode::kDeadlineExceeded,
                 "the query did not end within limits.sql_seconds ({} s)", limits_.sql_seconds);
  }
  if (status.code() != absl::StatusCode::kInvalidArgument) return status;
  return InvalidArgument("{}", PlainMessage(message));
}

}  // namespace pitot
