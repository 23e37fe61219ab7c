#include "cmd/alert_commands.h"

#include <string>

namespace pitot {
namespace {

CLI::App* AddAlert(CLI::App& alerts, const char* name, const char* what, AlertFlags& flags) {
  CLI::App* command = alerts.add_subcommand(name, what);
  command->add_flag("--json", flags.alert.json, "Print the API's answer as it is");
  return command;
}

void AddProject(CLI::App* command, std::string& project) {
  command->add_option("--project", project, "Only of this project; default: all that may be seen");
}

void AddId(CLI::App* command, AlertFlags& flags) {
  command
      ->add_option("id", flags.alert.id, "As `pitot alerts` shows it, or enough of its beginning")
      ->required();
}

// What `pitot alerts` takes, and `pitot alerts list`.
void AddListFlags(CLI::App* command, AlertFlags& flags) {
  command->add_option("matchers", flags.alert.matchers,
                      "severity=page, feature=~'checkout-.*', ...: all must hold");
  command->add_option("--state", flags.alert.state,
                      "firing, keep_firing, no_data, pending, resolved; default: all but resolved");
  command->add_option("--receiver", flags.alert.receiver, "Only what this receiver is told");
  command->add_flag("--groups", flags.alert.groups, "Also what is told together, and when next");
  command->add_option("--limit", flags.alert.limit, "At most that many");
  AddProject(command, flags.alert.project);
}

void AddAlerts(CLI::App& app, AlertFlags& flags) {
  CLI::App* alerts = AddAlert(app, "alerts", "What fires; exit code 1 when something does", flags);
  alerts->require_subcommand(0, 1);
  AddListFlags(alerts, flags);
  alerts->footer(
      "Example: pitot alerts severity=page; pitot alerts show 9f2c61d0\n"
      "More: docs/alerts.md");
  AddListFlags(AddAlert(*alerts, "list", "The same as without a command", flags), flags);
  CLI::App* show = AddAlert(*alerts, "show", "One alert: figures, traces, diagnosis", flags);
  AddId(show, flags);
  CLI::App* ack = AddAlert(*alerts, "ack", "Somebody is at it: do not tell again", flags);
  AddId(ack, flags);
  ack->add_option("--for", flags.alert.length, "2h, 30m; default: until it is over");
  ack->add_option("--comment", flags.alert.comment, "What you do about it");
  ack->add_option("--by", flags.alert.by, "Who; default: your user name");
  AddId(AddAlert(*alerts, "unack", "Nobody is at it any more", flags), flags);
  AddProject(AddAlert(*alerts, "rules", "All rules, how they do, and what cannot be judged", flags),
             flags.alert.project);
  CLI::App* log = AddAlert(*alerts, "log", "Who was told of what, newest first", flags);
  log->add_option("--receiver", flags.alert.receiver, "Only of this receiver");
  log->add_option("--limit", flags.alert.limit, "At most that many");
  AddProject(log, flags.alert.project);
  AddAlert(*alerts, "receivers", "Who can be told, and whether that works", flags);
  CLI::App* test = AddAlert(
      *alerts, "test", "Send a test to a receiver; exit code 1 when it does not arrive", flags);
  test->add_option("receiver", flags.alert.receiver, "Its name")->required();
}

void AddSilences(CLI::App& app, AlertFlags& flags) {
  SilenceArgs& args = flags.silence;
  CLI::App* silence = app.add_subcommand("silence", "Alerts that nobody is told of for a while");
  silence->require_subcommand(1);
  const auto command = [&](const char* name, const char* what) {
    CLI::App* one = silence->add_subcommand(name, what);
    one->add_flag("--json", args.json, "Print the API's answer as it is");
    return one;
  };
  CLI::App* add = command("add", "Silence what matches");
  add->add_option("matchers", args.matchers,
                  "alertname=LatencyP99High, feature=~'checkout-.*', severity!=page: all must hold")
      ->required();
  add->add_option("--comment", args.comment, "Why")->required();
  add->add_option("--for", args.length, "30m, 2h, 1d")->default_str("2h");
  add->add_option("--until", args.ends, "2026-01-31T12:00:00Z, instead of --for");
  add->add_option("--from", args.starts, "2026-01-31T10:00:00Z; default: now");
  add->add_option("--by", args.by, "Who; default: your user name");
  add->add_option("--id", args.id, "Change this silence instead of making one");
  add->footer(
      "Example: pitot silence add feature=checkout severity!=page --for 2h --comment 'load test'");
  CLI::App* list = command("list", "Those that hold or will");
  list->add_flag("--expired", args.expired, "Also those that are over");
  AddProject(list, args.project);
  CLI::App* expire = command("expire", "End them now");
  expire->add_option("ids", args.ids, "As `pitot silence list` shows them")->required();
}

}  // namespace

void AddAlertCommands(CLI::App& app, AlertFlags& flags) {
  AddAlerts(app, flags);
  AddSilences(app, flags);
}

int RunAlertCommand(ApiClient& client, const CLI::App& command, const AlertFlags& flags) {
  const auto actions = command.get_subcommands();
  const std::string action = actions.empty() ? "list" : actions.front()->get_name();
  if (command.get_name() == "silence") {
    if (action == "add") return RunSilenceAdd(client, flags.silence);
    if (action == "list") return RunSilenceList(client, flags.silence);
    return RunSilenceExpire(client, flags.silence);
  }
  const AlertArgs& args = flags.alert;
  if (action == "show") return RunAlertShow(client, args);
  if (action == "ack" || action == "unack") return RunAlertAck(client, args, action == "ack");
  if (action == "rules") return RunRules(client, args);
  if (action == "log") return RunNotificationLog(client, args);
  if (action == "receivers") return RunReceivers(client, args.json);
  if (action == "test") return RunReceiverTest(client, args.receiver, args.json);
  return RunAlertList(client, args);
}

}  // namespace pitot
