#include "alert/runbook/error_cells.h"

#include <algorithm>
#include <map>

#include "base/status.h"

namespace pitot {
namespace {

constexpr double kSignificance = 1e-3;
constexpr double kShareMin = 0.05;  // Without anything from before.

}  // namespace

std::string ErrorCell::What() const { return is_tool ? name : ModelText(provider, name); }

double ErrorCell::Excess() const {
  return static_cast<double>(now.hits) - static_cast<double>(now.trials) * base.share();
}

bool ErrorCell::Risen() const {
  if (category.empty() || now.hits < kNowMin) return false;
  if (base.trials < kUsualMin) return now.share() > kShareMin;
  return now.share() > base.share() && TwoProportionP(base, now) < kSignificance;
}

std::string ErrorCell::FilterText() const {
  return fmt::format("{} = {}", is_tool ? "tool_name" : "model", FilterValue(name));
}

std::string ErrorCell::SpansSql() const {
  return fmt::format("{} AND {}", kMayFailSql,
                     is_tool ? "f.kind = 'tool' AND f.tool_name = {cell_name:String}"
                             : "f.kind != 'tool' AND f.model = {cell_name:String} AND f.provider = "
                               "{cell_provider:String}");
}

bool AboutCutOff(const Investigation& run) { return run.Label(kAlertNameLabel) == "AnswersCutOff"; }

std::string ErrorCell::BadSql() const {
  // The name is bound all the same: every parameter of a statement is used.
  if (category == kCutOff) {
    return fmt::format("{} AND {{cell_category:String}} != ''", kCutOffSql);
  }
  return fmt::format("{} AND {} = {{cell_category:String}}", kFailedSql, kFailureSql);
}

std::vector<SqlParam> ErrorCell::Params() const {
  return {{"cell_name", name}, {"cell_provider", provider}, {"cell_category", category}};
}

absl::StatusOr<std::vector<ErrorCell>> ReadErrorCells(const Investigation& run) {
  const Window both{run.base().since_ns, run.current().until_ns};
  SqlPiece where = FactsWhere(run.In(both));
  where.params.push_back({"split", fmt::to_string(run.current().since_ns)});
  const std::string sql = fmt::format(
      "SELECT f.kind = 'tool' AS is_tool, if(is_tool, '', toString(f.provider)) AS who, "
      "if(is_tool, toString(f.tool_name), toString(f.model)) AS what, "
      "if({0}, {1}, '') AS how, countIf(f.end_ns >= {{split:Int64}}), "
      "countIf(f.end_ns < {{split:Int64}}) FROM facts AS f FINAL WHERE {2} AND {3} "
      "GROUP BY is_tool, who, what, how ORDER BY is_tool, who, what, how LIMIT 5000",
      AboutCutOff(run) ? kCutOffSql : kFailedSql,
      AboutCutOff(run) ? fmt::format("'{}'", kCutOff) : std::string(kFailureSql), where.sql,
      kMayFailSql);
  ASSIGN_OR_RETURN(const Table table, ReadTable(run.query(), sql, std::move(where.params), 6));
  std::map<std::tuple<bool, std::string, std::string>, std::pair<int64_t, int64_t>> trials;
  std::vector<ErrorCell> cells;
  for (const boost::json::value& value : table.rows) {
    const boost::json::array& row = value.get_array();
    ErrorCell cell{.is_tool = IntAt(row, 0) != 0,
                   .provider = std::string(TextAt(row, 1)),
                   .name = std::string(TextAt(row, 2)),
                   .category = std::string(TextAt(row, 3)),
                   .now = {IntAt(row, 4), 0},
                   .base = {IntAt(row, 5), 0}};
    auto& [now, base] = trials[{cell.is_tool, cell.provider, cell.name}];
    now += cell.now.hits;
    base += cell.base.hits;
    cells.push_back(std::move(cell));
  }
  for (ErrorCell& cell : cells) {
    const auto& [now, base] = trials[{cell.is_tool, cell.provider, cell.name}];
    cell.now.trials = now;
    cell.base.trials = base;
  }
  return cells;
}

std::string FailureWords(std::string_view category) {
  constexpr std::pair<std::string_view, std::string_view> kWords[] = {
      {"invalid_args", "have invalid arguments"},
      {"timeout", "time out"},
      {"rate_limit", "hit the rate limit (429)"},
      {"rate_limited", "hit a rate limit"},
      {"overloaded", "are refused as overloaded"},
      {"context_length", "exceed the context window"},
      {"content_filter", "are stopped by the content filter"},
      {"auth", "are refused for their key (401, 403)"},
      {"quota", "are refused: the quota or the credit is used up"},
      {"blocked", "are blocked"},
      {"cancelled", "are cancelled"},
      {"cut_off", "are cut off for their length"},
      {"network", "fail on the network"},
      {"parse", "give answers that cannot be parsed"},
      {"internal", "fail with a server error (5xx)"},
  };
  for (const auto& [name, words] : kWords) {
    if (name == category) return std::string(words);
  }
  return "fail";
}

}  // namespace pitot
