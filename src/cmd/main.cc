// The program `pitot`: its commands and their flags.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdlib>
#include <iterator>
#include <string>
#include <vector>

#include "base/text.h"
#include "cmd/commands.h"
#include "cmd/import.h"

namespace pitot {
namespace {

std::string FromEnv(const char* name, const char* otherwise) {
  const char* value = std::getenv(name);
  return value != nullptr && *value != '\0' ? value : otherwise;
}

// One field a flag; commands read what is theirs.
struct Flags {
  std::string url = FromEnv("PITOT_URL", "http://127.0.0.1:4318");
  std::string key = FromEnv("PITOT_KEY", "");
  std::string config;
  std::string project;
  bool json = false;
  TraceArgs trace;
  SqlArgs sql;
  ImportArgs import;
  std::string since = "24h";
  std::string until, feature, workflow, user, session, status, model, cursor;
  uint32_t limit = 50;
};

void AddGlobal(CLI::App& app, Flags& flags) {
  app.description(
      "Pitot: observability and control for LLM agents.\n"
      "Start it with `pitot serve`, send OpenTelemetry to it, and ask with the other commands.");
  app.require_subcommand(1);
  app.fallthrough();
  app.add_option("--url", flags.url, "The server, also PITOT_URL")->capture_default_str();
  app.add_option("--key", flags.key, "API key, also PITOT_KEY");
  app.footer(
      "Exit codes: 0 ok, 1 the answer is bad (not found, rejected), 2 wrong usage,\n"
      "3 it could not be found out (no server answers).");
}

CLI::App* AddReader(CLI::App& app, const char* name, const char* what, Flags& flags) {
  CLI::App* command = app.add_subcommand(name, what);
  command->add_flag("--json", flags.json, "Print the API's answer as it is");
  return command;
}

void AddProject(CLI::App* command, Flags& flags) {
  command->add_option("--project", flags.project, "Project (default: default)");
}

void AddTraces(CLI::App& app, Flags& flags) {
  CLI::App* traces = AddReader(app, "traces", "The newest runs, as a table", flags);
  AddProject(traces, flags);
  traces->add_option("--since", flags.since, "15m, 24h, 7d or 2026-01-31T12:00:00Z")
      ->capture_default_str();
  traces->add_option("--until", flags.until, "The same; default: now");
  traces->add_option("--limit", flags.limit, "At most that many")->capture_default_str();
  traces->add_option("--feature", flags.feature, "Only of this feature");
  traces->add_option("--workflow", flags.workflow, "Only of this workflow");
  traces->add_option("--user", flags.user, "Only of this user");
  traces->add_option("--session", flags.session, "Only of this session");
  traces->add_option("--status", flags.status, "Only with this status: error, running, ...");
  traces->add_option("--model", flags.model, "Only those that called this model");
  traces->add_option("--cursor", flags.cursor, "The next page, as the one before names it");
}

QueryParams TracesParams(const Flags& flags) {
  QueryParams params = {{"since", flags.since}, {"limit", std::to_string(flags.limit)}};
  for (const auto& [name, value] : {std::pair("project", &flags.project),
                                    {"until", &flags.until},
                                    {"feature", &flags.feature},
                                    {"workflow", &flags.workflow},
                                    {"user_id", &flags.user},
                                    {"session_id", &flags.session},
                                    {"status", &flags.status},
                                    {"model", &flags.model},
                                    {"cursor", &flags.cursor}}) {
    if (!value->empty()) params.emplace_back(name, *value);
  }
  return params;
}

void AddCommands(CLI::App& app, Flags& flags) {
  CLI::App* serve = app.add_subcommand("serve", "Run the server until Ctrl-C");
  serve->add_option("--config", flags.config, "YAML file; every key is optional")
      ->check(CLI::ExistingFile);

  AddTraces(app, flags);

  CLI::App* trace = AddReader(app, "trace", "One run as a tree, with tokens and cost", flags);
  trace->add_option("id", flags.trace.id, "Trace id, or enough of its beginning (4 or more digits)")
      ->required();
  trace->add_flag("--all", flags.trace.all, "Every span; otherwise of many siblings only some");
  trace->add_flag("--payloads", flags.trace.payloads, "Also prompts, answers, arguments, results");
  AddProject(trace, flags);

  CLI::App* sql =
      AddReader(app, "sql", "Run a SELECT over spans, calls, tools, traces, scores", flags);
  sql->add_option("statement", flags.sql.text, "The SELECT; - reads standard input")->required();
  AddProject(sql, flags);
  sql->footer("Example: pitot sql 'SELECT feature, sum(cost_usd) FROM calls GROUP BY feature'");

  AddReader(app, "receipts", "What arrived, what was lost, and what to do about it", flags);

  CLI::App* import = app.add_subcommand(
      "import", "Send files of spans: JSON Lines, OTLP JSON or protobuf, told by content");
  import->add_option("files", flags.import.files, "Files; - reads standard input")->required();
  AddProject(import, flags);

  CLI::App* config = app.add_subcommand("config", "About the configuration");
  config->require_subcommand(1);
  CLI::App* check = config->add_subcommand("check", "Check a file and print what holds");
  check->add_option("file", flags.config, "YAML file; none: defaults and environment");

  app.add_subcommand("version", "This program's version, and the server's store");
}

int Run(const CLI::App& app, Flags& flags) {
  ApiClient client(flags.url, flags.key);
  const std::string command = app.get_subcommands().front()->get_name();
  flags.trace.project = flags.sql.project = flags.import.project = flags.project;
  flags.trace.json = flags.sql.json = flags.json;
  if (command == "serve") return RunServe(flags.config);
  if (command == "trace") return RunTrace(client, flags.trace);
  if (command == "traces") {
    return RunTraces(client, {TracesParams(flags), flags.since, flags.json});
  }
  if (command == "sql") return RunSql(client, flags.sql);
  if (command == "receipts") return RunReceipts(client, flags.json);
  if (command == "import") return RunImport(client, flags.import);
  if (command == "config") return RunConfigCheck(flags.config);
  return RunVersion(client);
}

// Names to choose from, without those that only ask for help.
std::vector<std::string> CommandNames(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::App* one : app.get_subcommands([](const CLI::App*) { return true; })) {
    names.push_back(one->get_name());
  }
  return names;
}

std::vector<std::string> OptionNames(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::Option* one : app.get_options()) {
    for (const std::string& name : one->get_lnames()) names.push_back("--" + name);
  }
  return names;
}

std::string Suggestion(const std::string& word, const std::vector<std::string>& known) {
  const std::vector<std::string_view> names(known.begin(), known.end());
  return DidYouMean(word, names);
}

// What is wrong, what was meant, where to read on.
int UsageError(const CLI::App& app, const CLI::ParseError& error) {
  const CLI::App* command = &app;
  std::string name = app.get_name();
  while (!command->get_subcommands().empty()) {
    command = command->get_subcommands().front();
    name += " " + command->get_name();
  }
  const std::vector<std::string> rest = app.remaining(true);
  const std::vector<std::string> commands = CommandNames(*command);
  std::string words = error.what();
  if (!commands.empty() && error.get_name() == "RequiredError") {
    if (rest.empty() && command == &app) {
      fmt::print(stderr, "{}", app.help());
      return kExitUsage;
    }
    words = rest.empty()
                ? "a command is missing"
                : fmt::format("no command \"{}\"{}", rest[0], Suggestion(rest[0], commands));
    words += fmt::format("\nCommands: {}", fmt::join(commands, ", "));
  } else if (dynamic_cast<const CLI::ExtrasError*>(&error) != nullptr && !rest.empty()) {
    // Values of unknown options are not expected either; the option says more.
    const auto option =
        std::ranges::find_if(rest, [](const std::string& one) { return one.starts_with('-'); });
    const std::string& word = option != rest.end() ? *option : rest[0];
    std::vector<std::string> options = OptionNames(*command);
    std::ranges::copy(OptionNames(app), std::back_inserter(options));
    words = fmt::format("\"{}\" is not expected here{}", word, Suggestion(word, options));
  }
  fmt::print(stderr, "{}: {}\nSee `{} --help`.\n", name, words, name);
  return kExitUsage;
}

}  // namespace
}  // namespace pitot

int main(int argc, char** argv) {
  CLI::App app("", "pitot");
  pitot::Flags flags;
  pitot::AddGlobal(app, flags);
  pitot::AddCommands(app, flags);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    // --help is an "error" without a code.
    return error.get_exit_code() == 0 ? app.exit(error) : pitot::UsageError(app, error);
  }
  return pitot::Run(app, flags);
}
