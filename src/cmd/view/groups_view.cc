// Sessions, users, prompts, models, providers: one table each.
#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "cmd/client.h"
#include "cmd/view/lists.h"
#include "cmd/view/table.h"
#include "cmd/view/words.h"

namespace pitot {
namespace {

namespace json = boost::json;

// A column and how a row fills it.
struct Column {
  TableColumn table;
  std::string (*cell)(const json::value& row);
};

std::string ErrorShare(const json::value& row) {
  const double calls = Number(row, "calls");
  return calls > 0 ? PercentText(Number(row, "errors") / calls) : "";
}

std::string CutOffShare(const json::value& row) {
  const double calls = Number(row, "calls");
  return calls > 0 ? PercentText(Number(row, "length_stops") / calls) : "";
}

std::string HealthText(const json::value& row) {
  const json::value& health = Part(row, "health");
  std::string text = Text(health, "state");
  if (const double rate = Number(health, "error_rate_5m"); rate > 0) {
    text += ", " + PercentText(rate) + " errors in 5m";
  }
  return text;
}

const Column kSession = {{"session", false, true}, [](const json::value& row) {
                           return GroupText("session_id", Part(row, "session_id"));
                         }};
const Column kUser = {{"user", false, true}, [](const json::value& row) {
                        return GroupText("user_id", Part(row, "user_id"));
                      }};
const Column kCost = {{"cost", true}, MoneyText};
const Column kCalls = {{"calls", true},
                       [](const json::value& row) { return CountText(row, "calls"); }};
const Column kTools = {{"tools", true, false, 110},
                       [](const json::value& row) { return CountText(row, "tool_calls"); }};
const Column kTraces = {{"traces", true, false, 85},
                        [](const json::value& row) { return CountText(row, "traces"); }};
const Column kErrors = {{"errors", true}, ErrorShare};
const Column kIn = {{"in", true, false, 90},
                    [](const json::value& row) { return ShortCount(Number(row, "input_tokens")); }};
const Column kOut = {{"out", true, false, 90}, [](const json::value& row) {
                       return ShortCount(Number(row, "output_tokens"));
                     }};
const Column kP50 = {{"p50", true, false, 95},
                     [](const json::value& row) { return MsText(row, "p50_ms"); }};
const Column kP99 = {{"p99", true}, [](const json::value& row) { return MsText(row, "p99_ms"); }};
const Column kLast = {{"last (UTC)", false, false, 75},
                      [](const json::value& row) { return ClockText(Text(row, "last_at")); }};
const Column kFeatures = {{"features", false, true, 120},
                          [](const json::value& row) { return JoinedText(row, "features"); }};
const Column kProvider = {{"provider", false, true}, [](const json::value& row) {
                            return GroupText("provider", Part(row, "provider"));
                          }};

const Column kTtft = {{"ttft p50", true, false, 110},
                      [](const json::value& row) { return MsText(row, "ttft_p50_ms"); }};

std::string BreakerText(const json::value& row) {
  const std::string state = Text(row, "breaker");
  if (state == "closed") return state;
  if (state == "half_open") return "trying again";
  const std::string clock = ClockText(Text(row, "retry_at"));  // It opens for minutes: no date.
  return "open until " + clock.substr(std::min(clock.find(' ') + 1, clock.size()));
}

// "12.0 %: 5 network, 1 rate_limit", the most frequent first.
std::string ErrorsByClass(const json::value& row) {
  const json::value& by_class = Part(row, "errors_by_class");
  if (!by_class.is_object()) return "";
  std::vector<std::pair<double, std::string>> classes;
  for (const auto& [name, count] : by_class.get_object()) {
    classes.emplace_back(Number(by_class, name), CountText(by_class, name) + " " + CleanLine(name));
  }
  std::stable_sort(classes.begin(), classes.end(),
                   [](const auto& a, const auto& b) { return a.first > b.first; });
  std::string out;
  for (const auto& [count, text] : classes) out += (out.empty() ? ": " : ", ") + text;
  return out.empty() ? "" : ErrorShare(row) + out;
}

// What the gateway's own calls saw in the last minutes: one row a model.
const std::vector<Column>& LiveColumns() {
  static const std::vector<Column> kColumns = {
      {{"upstream", false, true}, [](const json::value& row) { return Text(row, "provider"); }},
      {{"model", false, true}, [](const json::value& row) { return Text(row, "model"); }},
      {{"breaker"}, BreakerText},
      {{"now", true, false, 90},
       [](const json::value& row) { return CountText(row, "in_flight"); }},
      kCalls,
      {{"errors", false, true}, ErrorsByClass},
      kP50,
      kP99,
      kTtft,
  };
  return kColumns;
}

struct GroupView {
  std::string_view list;  // The answer's member.
  std::string_view one;
  std::vector<Column> columns;
};

const std::vector<GroupView>& Views() {
  static const std::vector<GroupView> kViews = {
      {"sessions",
       "session",
       {kSession, kUser, kTraces, kCalls, kTools, kErrors, kIn, kOut, kCost, kP99, kLast,
        kFeatures}},
      {"users",
       "user",
       {kUser,
        {{"sessions", true, false, 100},
         [](const json::value& row) { return CountText(row, "sessions"); }},
        kTraces,
        kCalls,
        kTools,
        kErrors,
        kIn,
        kOut,
        kCost,
        kP99,
        kLast,
        kFeatures}},
      {"prompts",
       "prompt version",
       {{{"prompt", false, true},
         [](const json::value& row) { return GroupText("prompt", Part(row, "prompt_name")); }},
        {{"version"}, [](const json::value& row) { return Text(row, "prompt_version"); }},
        kTraces,
        kCalls,
        kErrors,
        {{"cut off", true}, CutOffShare},
        {{"bad args", true},
         [](const json::value& row) {
           return Number(row, "invalid_args") > 0 ? CountText(row, "invalid_args") : "";
         }},
        kIn,
        kOut,
        kCost,
        kP50,
        kP99,
        {{"first (UTC)", false, false, 130},
         [](const json::value& row) { return ClockText(Text(row, "first_at")); }}}},
      {"models",
       "model",
       {kProvider,
        {{"model", false, true},
         [](const json::value& row) { return GroupText("model", Part(row, "model")); }},
        kCalls,
        kErrors,
        kIn,
        kOut,
        kCost,
        kP50,
        kP99,
        kTtft,
        {{"tok/s", true, false, 100},
         [](const json::value& row) {
           return IsNull(row, "tokens_per_second")
                      ? std::string()
                      : fmt::format("{:.1f}", Number(row, "tokens_per_second"));
         }}}},
      {"providers",
       "provider",
       {kProvider,
        {{"health", false, true}, HealthText},
        kCalls,
        kErrors,
        kCost,
        kP50,
        kP99,
        {{"models", false, true, 100},
         [](const json::value& row) { return JoinedText(row, "models"); }}}},
  };
  return kViews;
}

Style RowStyle(const json::value& row) {
  const std::string state = Text(Part(row, "health"), "state");
  const std::string breaker = Text(row, "breaker");
  if (state == "down" || breaker == "open") return Style::kRed;
  return state == "degraded" || breaker == "half_open" ? Style::kYellow : Style::kPlain;
}

std::string RenderRows(const std::vector<Column>& shown, const json::array& rows,
                       const Terminal& terminal) {
  std::vector<TableColumn> columns;
  for (const Column& column : shown) columns.push_back(column.table);
  Table table(std::move(columns));
  for (const json::value& row : rows) {
    std::vector<std::string> cells;
    for (const Column& column : shown) cells.push_back(column.cell(row));
    table.AddRow(std::move(cells), RowStyle(row));
  }
  return table.Render(terminal);
}

std::string RenderLive(const json::value& gateway, const Terminal& terminal) {
  if (!gateway.is_object()) return "";
  const json::array& rows = List(gateway, "models");
  const std::string window = fmt::format("{:.0f} min", Number(gateway, "window_s") / 60);
  if (rows.empty()) {
    return Styled(terminal, Style::kDim,
                  fmt::format("No call of the gateway in the last {}.", window)) +
           "\n";
  }
  std::string out =
      Styled(terminal, Style::kBold, fmt::format("Through the gateway, last {}", window)) + "\n\n" +
      RenderRows(LiveColumns(), rows, terminal);
  bool first = true;
  for (const json::value& row : rows) {
    const std::string why = Text(row, "opened_why");
    if (why.empty()) continue;
    if (std::exchange(first, false)) out += '\n';
    out += Wrapped(fmt::format("{} {}: {}, at {} UTC", Text(row, "provider"), Text(row, "model"),
                               why, ClockText(Text(row, "opened_at"))),
                   0, terminal.width);
  }
  return out;
}

}  // namespace

std::string RenderGroups(const json::value& answer, const Terminal& terminal) {
  for (const GroupView& view : Views()) {
    if (!Part(answer, view.list).is_array()) continue;
    const json::array& rows = List(answer, view.list);
    const std::string many = std::string(view.one) + "s";
    std::string out =
        Styled(terminal, Style::kBold, Plural(Number(answer, "total_rows"), view.one, many)) +
        "\n" + Styled(terminal, Style::kDim, WindowText(answer)) + "\n";
    if (!rows.empty()) out += "\n" + RenderRows(view.columns, rows, terminal);
    const std::string live = RenderLive(Part(answer, "gateway"), terminal);
    return live.empty() ? out : out + "\n" + live;
  }
  return "";
}

}  // namespace pitot
