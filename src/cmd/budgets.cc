#include "cmd/budgets.h"

#include <fmt/format.h>
#include <unistd.h>

#include <boost/json.hpp>
#include <cstdio>
#include <iostream>

#include "base/status.h"
#include "cmd/view/lists.h"
#include "cmd/view/terminal.h"
#include "http/url.h"

namespace pitot {
namespace {

namespace json = boost::json;

constexpr std::string_view kJsonType = "application/json";
constexpr std::string_view kPath = "/api/v1/budgets";

std::string PathOf(const std::string& id) { return fmt::format("{}/{}", kPath, PercentEncode(id)); }

int Show(const absl::StatusOr<std::string>& body, bool as_json,
         std::string (*render)(const json::value& answer, const Terminal& terminal)) {
  if (!body.ok()) return PrintError(body.status());
  const auto answer = ParseJson(*body);
  if (!answer.ok()) return PrintError(answer.status());
  fmt::print("{}", as_json ? *body + "\n" : render(*answer, StdoutTerminal()));
  return kExitOk;
}

bool Confirmed(const std::string& id, bool yes) {
  if (yes) return true;
  if (isatty(STDIN_FILENO) == 0) {
    fmt::print(stderr, "pitot budget remove: cannot ask here: repeat with --yes\n");
    return false;
  }
  fmt::print(stderr, "Remove budget {}, so that it holds no more? Type yes: ", CleanLine(id));
  std::string answer;
  return std::getline(std::cin, answer) && answer == "yes";
}

}  // namespace

int RunBudgetList(ApiClient& client, bool as_json) {
  return Show(client.Get(kPath), as_json, RenderBudgets);
}

int RunBudgetShow(ApiClient& client, const BudgetArgs& args) {
  QueryParams params;
  if (args.has_counter) params.emplace_back("counter", args.counter);
  return Show(client.Get(PathOf(args.id), params), args.json, RenderBudget);
}

int RunBudgetSet(ApiClient& client, const BudgetArgs& args) {
  json::object body;
  const auto put = [&](std::string_view key, const std::string& value) {
    if (!value.empty()) body[key] = value;
  };
  put("scope", args.scope);
  put("match", args.match);
  put("per", args.per);
  put("window", args.window);
  put("length", args.length);
  put("timezone", args.timezone);
  // As text: a double would not hold every amount exactly.
  put("limit_usd", args.limit_usd);
  put("mode", args.mode);
  put("on_exceed", args.on_exceed);
  put("unknown_price", args.unknown_price);
  put("project", args.project);
  body["hard"] = args.hard;
  return Show(client.Send("PUT", PathOf(args.id), json::serialize(body), kJsonType), args.json,
              RenderBudget);
}

int RunBudgetEnable(ApiClient& client, const BudgetArgs& args) {
  json::object body;
  if (args.has_counter) body["counter"] = args.counter;
  if (!args.extra_usd.empty()) body["extra_usd"] = args.extra_usd;
  return Show(client.Send("POST", PathOf(args.id) + "/enable", json::serialize(body), kJsonType),
              args.json, RenderBudget);
}

int RunBudgetDisable(ApiClient& client, const BudgetArgs& args) {
  json::object body;
  if (args.has_counter) body["counter"] = args.counter;
  if (!args.reason.empty()) body["reason"] = args.reason;
  return Show(client.Send("POST", PathOf(args.id) + "/disable", json::serialize(body), kJsonType),
              args.json, RenderBudget);
}

int RunBudgetRemove(ApiClient& client, const BudgetArgs& args) {
  if (!Confirmed(args.id, args.yes)) {
    fmt::print(stderr, "Nothing was removed.\n");
    return kExitUsage;
  }
  const auto body = client.Send("DELETE", PathOf(args.id), "", "");
  if (!body.ok()) return PrintError(body.status());
  fmt::print("Budget {} holds no more.\n", CleanLine(args.id));
  return kExitOk;
}

}  // namespace pitot
