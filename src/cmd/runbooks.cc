#include "cmd/runbooks.h"

#include <fmt/format.h>

#include <boost/json.hpp>
#include <cstdio>

#include "base/status.h"
#include "cmd/reads.h"
#include "cmd/view/runbooks.h"
#include "cmd/view/terminal.h"
#include "http/url.h"

namespace pitot {
namespace {

namespace json = boost::json;

constexpr std::string_view kJsonType = "application/json";

using Render = std::string (*)(const json::value& answer, const Terminal& terminal);

absl::StatusOr<json::value> Show(const absl::StatusOr<std::string>& body, bool as_json,
                                 Render render) {
  if (!body.ok()) return body.status();
  ASSIGN_OR_RETURN(json::value answer, ParseJson(*body));
  fmt::print("{}", as_json ? *body + "\n" : render(answer, StdoutTerminal()));
  return answer;
}

int Exit(const absl::StatusOr<json::value>& answer) {
  return answer.ok() ? kExitOk : PrintError(answer.status());
}

int Diagnose(ApiClient& client, const std::string& name, const RunbookFlags& flags) {
  json::object body;
  const auto put = [&](std::string_view key, const std::string& value) {
    if (!value.empty()) body[key] = value;
  };
  put("project", flags.project);
  put("since", flags.since);
  put("until", flags.until);
  put("alert", flags.alert);
  put("q", FilterText(flags.words, {}));
  const auto answer =
      Show(client.Post("/api/v1/runbooks/" + name, json::serialize(body), kJsonType), flags.json,
           RenderRunbook);
  if (!answer.ok()) return PrintError(answer.status());
  return List(*answer, "causes").empty() ? kExitOk : kExitBad;
}

int ListActions(ApiClient& client, const RunbookFlags& flags) {
  QueryParams params;
  if (!flags.state.empty()) params.emplace_back("state", flags.state);
  if (!flags.project.empty()) params.emplace_back("project", flags.project);
  return Exit(Show(client.Get("/api/v1/actions", params), flags.json, RenderActions));
}

int Change(ApiClient& client, const std::string& verb, const RunbookFlags& flags) {
  const std::string path = fmt::format("/api/v1/actions/{}/{}{}", PercentEncode(flags.id), verb,
                                       flags.dry_run ? "?dry_run=true" : "");
  return Exit(Show(client.Post(path, "", kJsonType), flags.json, RenderAction));
}

}  // namespace

void AddRunbookCommand(CLI::App& app, RunbookFlags& flags) {
  CLI::App* runbook =
      app.add_subcommand("runbook", "What is wrong, since when, why, and what can be done");
  runbook->require_subcommand(1);
  runbook->footer(
      "Example: pitot runbook latency --since 1h; pitot runbook errors feature = checkout\n"
      "Exit code 1 when a cause was found. More: docs/runbooks.md");
  const auto add = [&](const char* name, const char* what) {
    CLI::App* command = runbook->add_subcommand(name, what);
    command->add_flag("--json", flags.json, "Print the API's answer as it is");
    return command;
  };
  for (const auto& [name, what] :
       {std::pair{"latency", "What is slow"}, std::pair{"errors", "What fails"},
        std::pair{"cost", "What costs more than usual, agents that loop"}}) {
    CLI::App* command = add(name, what);
    command->add_option("filter", flags.words, "Only spans that match, as docs/filter.md says");
    command->add_option("--since", flags.since,
                        "15m, 24h, 2026-01-31T12:00:00Z; default 15m, cost 1h");
    command->add_option("--until", flags.until, "The same; default: now");
    command->add_option("--project", flags.project, "Whose data");
    command->add_option("--alert", flags.alert, "Fingerprint of the alert that it is about");
  }
  CLI::App* actions = add("actions", "What was offered, what is in force, what became of it");
  actions->add_option("--state", flags.state, "offered, active, reverted, expired, failed");
  actions->add_option("--project", flags.project, "Only of this project");
  CLI::App* confirm = add("confirm", "Do what was offered");
  confirm->add_option("id", flags.id, "As the runbook shows it")->required();
  confirm->add_flag("--dry-run", flags.dry_run, "Only say what would be done");
  add("revert", "Undo what is in force")
      ->add_option("id", flags.id, "As `pitot runbook actions` shows it")
      ->required();
}

int RunRunbookCommand(ApiClient& client, const CLI::App& command, const RunbookFlags& flags) {
  const std::string name = command.get_subcommands().front()->get_name();
  if (name == "actions") return ListActions(client, flags);
  if (name == "confirm" || name == "revert") return Change(client, name, flags);
  return Diagnose(client, name, flags);
}

}  // namespace pitot
