#include "cmd/reads.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <boost/json.hpp>
#include <cstdio>

#include "base/status.h"
#include "base/text.h"
#include "cmd/view/figures.h"
#include "cmd/view/lists.h"
#include "cmd/view/words.h"

namespace pitot {
namespace {

namespace json = boost::json;

constexpr int64_t kHourNs = 3'600'000'000'000;

constexpr std::string_view kFilterHelp = "Filter, as 'kind = llm AND cost > 0.05'";

const ReadOption kBy = {"by", "by", "Up to four fields, also minute, hour, day, week, month"};
const ReadOption kTimezone = {"timezone", "timezone", "Where days begin: Europe/Berlin"};
const ReadOption kKind = {"kind", "kind", "Spans of this kind (llm), or any"};
const ReadOption kOrder = {"order", "order", "last, cost, errors, calls or name"};

std::string RenderCostAlone(const json::value& answer, const Terminal& terminal) {
  return RenderCost(answer, {}, terminal);
}

std::string QuoteTerm(std::string_view text) {
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') quoted += '\\';
    quoted += c;
  }
  return quoted + '"';
}

QueryParams ParamsOf(const ReadCommand& command, const ReadArgs& args) {
  QueryParams params;
  const auto add = [&](std::string_view name, const std::string& value) {
    if (!value.empty()) params.emplace_back(name, value);
  };
  add("project", args.project);
  // What has no window says so itself, when one is given.
  add("since", args.since.empty() ? std::string(command.since) : args.since);
  add("until", args.until);
  add("limit", args.limit);
  add("cursor", args.cursor);
  for (const auto& [name, value] : args.options) params.emplace_back(name, value);
  const bool words_are_filter = command.positional == "q";
  if (!words_are_filter) add(command.positional, fmt::format("{}", fmt::join(args.words, " ")));
  add("q", FilterText(words_are_filter ? args.words : std::vector<std::string>(), args.filters));
  return params;
}

// The time field that makes a few dozen columns of the window; "" for a window that is no duration.
std::string TrendField(const std::string& since) {
  const auto window = ParseDurationNs(since, 0);
  if (!window.ok()) return "";
  if (*window <= kHourNs) return "minute";
  return *window <= 72 * kHourNs ? "hour" : "day";
}

// Cost by the same fields over time, for sparklines; null when there are too many groups for one
// answer, or a time is asked for already.
json::value CostTrend(ApiClient& client, const json::value& answer, QueryParams params) {
  std::string by;
  for (const json::value& field : List(answer, "by")) {
    const std::string_view name = field.get_string();
    if (name == "minute" || name == "hour" || name == "day" || name == "week" || name == "month") {
      return {};
    }
    by += std::string(name) + ",";
  }
  std::string since;
  std::erase_if(params, [&](const auto& param) {
    if (param.first == "since") since = param.second;
    return param.first == "by" || param.first == "limit" || param.first == "projection";
  });
  const std::string field = TrendField(since);
  if (by.empty() || field.empty()) return {};
  params.emplace_back("by", by + field);
  params.emplace_back("limit", "1000");
  const auto body = client.Get("/api/v1/cost", params);
  auto trend = body.ok() ? ParseJson(*body) : absl::StatusOr<json::value>(body.status());
  if (!trend.ok() || !Part(*trend, "other").is_null()) return {};
  return *std::move(trend);
}

bool IsEmpty(const json::value& answer) {
  // Of providers, what the gateway sees now is worth showing by itself.
  if (Part(answer, "gateway").is_object()) return false;
  for (const char* list : {"traces", "sessions", "users", "prompts", "models", "providers"}) {
    if (Part(answer, list).is_array()) return List(answer, list).empty();
  }
  return false;
}

}  // namespace

std::span<const ReadCommand> ReadCommands() {
  static const std::vector<ReadCommand> kCommands = {
      {"traces",
       "The newest runs, as a table",
       "/api/v1/traces",
       "24h",
       "q",
       kFilterHelp,
       {},
       true,
       RenderTraces,
       "pitot traces 'status = error AND cost > 0.01' --since 7d"},
      {"cost",
       "Cost by feature, user, model, day, ...",
       "/api/v1/cost",
       "24h",
       "q",
       kFilterHelp,
       {kBy, kTimezone},
       false,
       RenderCostAlone,
       "pitot cost --by user_id --since 7d; pitot cost --forecast --budget 50"},
      {"cost-tree",
       "Cost by path: feature, workflow, agent, call, model",
       "/api/v1/cost/tree",
       "24h",
       "q",
       kFilterHelp,
       {kBy, kTimezone},
       false,
       RenderCostTree,
       "pitot cost-tree --by feature,model"},
      {"forecast",
       "Instead: what today and this month will have cost",
       "/api/v1/cost/forecast",
       "",
       "q",
       kFilterHelp,
       {{"budget", "budget_usd", "With --forecast: US dollars a day may cost"},
        {"month-budget", "month_budget_usd", "With --forecast: US dollars a month may cost"}},
       false,
       RenderForecast,
       "pitot cost --forecast --budget 50",
       "cost"},
      {"anomalies",
       "Instead: hours that cost far more than usual, and on what",
       "/api/v1/cost/anomalies",
       "7d",
       "q",
       kFilterHelp,
       {},
       false,
       RenderAnomalies,
       "pitot cost --anomalies --by user_id",
       "cost"},
      {"latency",
       "Percentiles by model, beside what is usual",
       "/api/v1/latency",
       "24h",
       "q",
       kFilterHelp,
       {kBy, kKind, kTimezone},
       false,
       RenderLatency,
       "pitot latency --by feature --kind agent"},
      {"heatmap",
       "Latency over time",
       "/api/v1/latency/heatmap",
       "24h",
       "q",
       kFilterHelp,
       {kKind,
        {"measure", "measure", "duration or ttft"},
        {"columns", "columns", "Steps of time (60)"}},
       false,
       RenderHeatmap,
       "pitot heatmap --measure ttft 'model ~ sonnet'"},
      {"tools",
       "Tool calls: which succeeded, failed, were retried, and how",
       "/api/v1/tools",
       "24h",
       "q",
       kFilterHelp,
       {},
       false,
       RenderTools,
       "pitot tools 'feature = checkout'"},
      {"errors",
       "Errors by category, with examples",
       "/api/v1/errors",
       "24h",
       "q",
       kFilterHelp,
       {{"examples", "examples", "A category (3)"}},
       false,
       RenderErrors,
       "pitot errors --since 1h"},
      {"sessions",
       "Sessions, newest first",
       "/api/v1/sessions",
       "24h",
       "q",
       kFilterHelp,
       {kOrder},
       true,
       RenderGroups,
       "pitot sessions --order cost"},
      {"users",
       "Users, dearest first",
       "/api/v1/users",
       "24h",
       "q",
       kFilterHelp,
       {kOrder},
       true,
       RenderGroups,
       "pitot users --since 30d"},
      {"prompts",
       "Prompt versions",
       "/api/v1/prompts",
       "24h",
       "q",
       kFilterHelp,
       {kOrder},
       true,
       RenderGroups,
       "pitot prompts 'prompt_name = planner'"},
      {"models",
       "Models",
       "/api/v1/models",
       "24h",
       "q",
       kFilterHelp,
       {kOrder},
       true,
       RenderGroups,
       "pitot models --order errors"},
      {"providers",
       "Providers and their health",
       "/api/v1/providers",
       "24h",
       "q",
       kFilterHelp,
       {kOrder},
       true,
       RenderGroups,
       "pitot providers"},
      {"search",
       "Full text over messages, contents and names",
       "/api/v1/search",
       "7d",
       "query",
       "Words, in this order",
       {},
       true,
       RenderSearch,
       "pitot search refund order --feature checkout"},
      {"prices",
       "The price book, and models without a price",
       "/api/v1/prices",
       "30d",
       "model",
       "A model: which price holds for it",
       {{"provider", "provider", "As spans name it"}},
       false,
       RenderPrices,
       "pitot prices claude-sonnet-5"},
  };
  return kCommands;
}

std::span<const FilterFlag> FilterFlags() {
  static constexpr FilterFlag kFlags[] = {
      {"feature", "feature"}, {"workflow", "workflow"},
      {"user", "user_id"},    {"session", "session_id"},
      {"agent", "agent"},     {"model", "model"},
      {"service", "service"}, {"environment", "environment"},
  };
  return kFlags;
}

std::string FilterText(const std::vector<std::string>& words, const QueryParams& filters) {
  std::string text = fmt::format("{}", fmt::join(words, " "));
  if (filters.empty()) return text;
  if (!text.empty()) text = "(" + text + ")";
  for (const auto& [field, value] : filters) {
    if (!text.empty()) text += " AND ";
    text += fmt::format("{} = {}", field, QuoteTerm(value));
  }
  return text;
}

int RunRead(ApiClient& client, const ReadCommand& command, const ReadArgs& args) {
  QueryParams params = ParamsOf(command, args);
  const bool is_cost = command.name == "cost";
  if (is_cost && !args.json) params.emplace_back("projection", "true");
  const auto body = client.Get(command.path, params);
  if (!body.ok()) return PrintError(body.status());
  if (args.json) {
    fmt::print("{}\n", *body);
    return kExitOk;
  }
  const auto answer = ParseJson(*body);
  if (!answer.ok()) return PrintError(answer.status());
  const Terminal terminal = StdoutTerminal();
  std::string out = is_cost ? RenderCost(*answer, CostTrend(client, *answer, params), terminal)
                            : command.render(*answer, terminal);
  if (IsEmpty(*answer)) {
    out = fmt::format(
        "None since {}. Look further back with --since 30d; `pitot receipts` says what arrived.\n",
        args.since.empty() ? command.since : args.since);
  }
  if (command.pages && !IsNull(*answer, "next")) {
    out += Styled(terminal, Style::kDim, fmt::format("More: --cursor {}", Text(*answer, "next"))) +
           "\n";
  }
  fmt::print("{}", out);
  return kExitOk;
}

}  // namespace pitot
