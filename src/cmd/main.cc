// The program `pitot`: its commands and their flags.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdlib>
#include <iterator>
#include <map>
#include <string>
#include <vector>

#include "base/text.h"
#include "cmd/alert_commands.h"
#include "cmd/budgets.h"
#include "cmd/changes.h"
#include "cmd/commands.h"
#include "cmd/import.h"
#include "cmd/keys.h"
#include "cmd/preflight.h"
#include "cmd/reads.h"
#include "cmd/runbooks.h"
#include "cmd/slo.h"
#include "cmd/streams.h"

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
  ReadArgs read;
  const ReadCommand* read_mode = nullptr;  // Of ReadCommand::mode_of, by its flag.
  std::map<std::string, std::string> read_options, filters;
  TailArgs tail;
  ExportArgs export_;
  RepriceArgs reprice;
  DeleteArgs erase;
  KeyCreateArgs key_create;
  std::string key_id, key_grace;
  bool yes = false;
  BudgetArgs budget;
  AlertFlags alerting;
  SloArgs slo;
  RunbookFlags runbook;
  PreflightFlags preflight;
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
      "Exit codes: 0 ok, 1 the answer is bad (not found, rejected, an alert\n"
      "fires, a check failed), 2 wrong usage, 3 it could not be found out\n"
      "(no server answers).");
}

CLI::App* AddReader(CLI::App& app, const char* name, const char* what, Flags& flags) {
  CLI::App* command = app.add_subcommand(name, what);
  command->add_flag("--json", flags.json, "Print the API's answer as it is");
  return command;
}

void AddProject(CLI::App* command, Flags& flags) {
  command->add_option("--project", flags.project, "Project (default: default)");
}

// A row of ReadCommands as a command with its flags.
void AddRead(CLI::App& app, const ReadCommand& row, Flags& flags) {
  CLI::App* command =
      AddReader(app, std::string(row.name).c_str(), std::string(row.what).c_str(), flags);
  const auto option = [&](std::string_view name, std::string& value, std::string_view help) {
    return command->add_option("--" + std::string(name), value, std::string(help));
  };
  if (!row.positional.empty()) {
    command->add_option(row.positional == "q" ? "filter" : std::string(row.positional),
                        flags.read.words, std::string(row.positional_help));
  }
  AddProject(command, flags);
  if (!row.since.empty()) {
    option("since", flags.read.since, "15m, 24h, 7d or 2026-01-31T12:00:00Z")
        ->default_str(std::string(row.since));
    option("until", flags.read.until, "The same; default: now");
  }
  for (const ReadOption& one : row.options) {
    option(one.flag, flags.read_options[std::string(one.param)], one.help);
  }
  for (const ReadCommand& mode : ReadCommands()) {
    if (mode.mode_of != row.name) continue;
    command->add_flag_callback(
        "--" + std::string(mode.name), [&flags, &mode] { flags.read_mode = &mode; },
        std::string(mode.what));
    for (const ReadOption& one : mode.options) {
      option(one.flag, flags.read_options[std::string(one.param)], one.help);
    }
  }
  for (const FilterFlag& one : FilterFlags()) {
    if (one.flag == row.positional) continue;
    option(one.flag, flags.filters[std::string(one.field)],
           fmt::format("Only of this {}", one.flag))
        ->group("Short for filters");
  }
  option("limit", flags.read.limit, "At most that many");
  if (row.pages) option("cursor", flags.read.cursor, "The next page, as the one before names it");
  command->footer(fmt::format("Example: {}\nFields of filters: docs/filter.md", row.example));
}

int RunReadCommand(ApiClient& client, const ReadCommand& row, Flags& flags) {
  flags.read.project = flags.project;
  flags.read.json = flags.json;
  for (const auto& [name, value] : flags.read_options) {
    if (!value.empty()) flags.read.options.emplace_back(name, value);
  }
  for (const auto& [name, value] : flags.filters) {
    if (!value.empty()) flags.read.filters.emplace_back(name, value);
  }
  return RunRead(client, flags.read_mode != nullptr ? *flags.read_mode : row, flags.read);
}

void AddTail(CLI::App& app, Flags& flags) {
  CLI::App* tail = AddReader(app, "tail", "Spans as they end, until Ctrl-C", flags);
  tail->add_option("filter", flags.read.words, "Filter, as 'kind = llm AND cost > 0.05'");
  tail->add_flag("--starts", flags.tail.starts, "Also spans as they begin");
  AddProject(tail, flags);
  tail->footer("Example: pitot tail 'status = error'");
}

void AddExport(CLI::App& app, Flags& flags) {
  CLI::App* command = app.add_subcommand("export", "Spans with contents, to a file");
  command->add_option("filter", flags.read.words, "Filter, as 'feature = checkout'");
  command->add_option("-o,--output", flags.export_.file, "A file; otherwise standard output");
  command->add_option("--format", flags.export_.format, "jsonl, otlp or parquet")
      ->capture_default_str();
  command->add_option("--since", flags.read.since, "15m, 24h, 7d or a time; default: everything");
  command->add_option("--until", flags.read.until, "The same; default: now");
  AddProject(command, flags);
  command->footer(
      "Example: pitot export --since 7d -o week.jsonl\n"
      "`pitot import` reads jsonl and otlp files back.");
}

void AddChanges(CLI::App& app, Flags& flags) {
  CLI::App* reprice =
      AddReader(app, "reprice", "Price a range of time anew, by the prices that hold now", flags);
  reprice->add_option("filter", flags.read.words, "Filter, as 'model = gpt-4o'");
  reprice->add_option("--since", flags.read.since, "15m, 24h, 7d or a time")->default_str("24h");
  reprice->add_option("--until", flags.read.until, "The same; default: now");
  reprice->add_flag("--dry-run", flags.reprice.dry_run, "Only say what would change");
  AddProject(reprice, flags);
  reprice->footer("Reads the price file again. A cost that a provider reported stays.");

  CLI::App* erase = AddReader(app, "delete", "Delete a trace, or all of a user, for good", flags);
  erase->add_option("what", flags.erase.what, "trace or user")
      ->required()
      ->check(CLI::IsMember({"trace", "user"}));
  erase->add_option("id", flags.erase.id, "The whole id")->required();
  erase->add_flag("--yes", flags.yes, "Do not ask");
  AddProject(erase, flags);

  CLI::App* resume =
      AddReader(app, "resume", "Let a run go on that a loop detector stopped", flags);
  resume->add_option("trace", flags.erase.id, "The whole id of its trace")->required();
}

void AddKeyCreate(CLI::App& key, Flags& flags) {
  KeyCreateArgs& args = flags.key_create;
  CLI::App* create = AddReader(key, "create", "Make a key; its secret is shown once", flags);
  create->add_option("name", args.name, "What it is for")->required();
  create->add_option("--scopes", args.scopes, "ingest, read, sql, gateway, admin; with commas")
      ->required();
  AddProject(create, flags);
  create->add_option("--expires", args.expires, "After 90d, 12h; default: never");
  create->add_option("--pin", args.pins, "feature=checkout: so, whatever the caller says");
  create->add_option("--default", args.defaults, "user=batch: so, where the caller says nothing");
  create->add_option("--require", args.require, "session, user, traceparent: must be said");
  create->add_option("--provider-key", args.provider_keys,
                     "openai=env:NAME or openai=file:/path: the upstream's key to use");
  create->add_option("--model", args.models, "Models that may be called: gpt-5*; default: all");
  create->add_option("--budget-usd", args.budget_usd, "May spend that much in a window");
  create->add_option("--budget-window", args.budget_window, "minute, hour, day, week or month")
      ->capture_default_str();
  create->add_option("--budget-timezone", args.budget_timezone, "Where days begin: Europe/Berlin")
      ->capture_default_str();
  create->add_flag("--budget-soft", args.budget_soft, "Only warn, refuse nothing");
  create->footer(
      "Example: pitot key create checkout --scopes gateway,ingest --pin feature=checkout\n"
      "More: docs/keys.md");
}

void AddKeys(CLI::App& app, Flags& flags) {
  CLI::App* key = app.add_subcommand("key", "API keys: who may send, ask and call");
  key->require_subcommand(1);
  AddKeyCreate(*key, flags);
  AddReader(*key, "list", "All keys, without their secrets", flags);
  CLI::App* revoke = key->add_subcommand("revoke", "Make a key invalid, at once and for good");
  revoke->add_option("id", flags.key_id, "As `pitot key list` shows it")->required();
  CLI::App* rotate = AddReader(*key, "rotate", "A new secret for a key", flags);
  rotate->add_option("id", flags.key_id, "As `pitot key list` shows it")->required();
  rotate
      ->add_option("--grace", flags.key_grace,
                   "How long the old secret stays valid; 0s: not at all")
      ->default_str("24h");
  AddReader(*key, "generate", "A secret and its hash for the configuration file; asks no server",
            flags);
}

int RunKey(ApiClient& client, const std::string& action, Flags& flags) {
  if (action == "create") {
    flags.key_create.project = flags.project;
    flags.key_create.json = flags.json;
    return RunKeyCreate(client, flags.key_create);
  }
  if (action == "list") return RunKeyList(client, flags.json);
  if (action == "revoke") return RunKeyRevoke(client, flags.key_id);
  if (action == "rotate") return RunKeyRotate(client, flags.key_id, flags.key_grace, flags.json);
  return RunKeyGenerate(flags.json);
}

CLI::App* AddBudget(CLI::App& budget, const char* name, const char* what, Flags& flags) {
  CLI::App* command = AddReader(budget, name, what, flags);
  command->add_option("id", flags.budget.id, "As `pitot budget list` shows it")->required();
  return command;
}

void AddBudgetSet(CLI::App& budget, Flags& flags) {
  BudgetArgs& args = flags.budget;
  CLI::App* set = AddBudget(budget, "set", "Make or replace a budget", flags);
  set->add_option("--scope", args.scope,
                  "global, project, key, feature, workflow, user, model, session, trace, request")
      ->required();
  set->add_option("--limit", args.limit_usd, "Dollars in each window")->required();
  set->add_option("--window", args.window,
                  "minute, hour, day, week, month or rolling; none for session, trace, request");
  set->add_option("--length", args.length, "Of a rolling window: 36h");
  set->add_option("--timezone", args.timezone, "Where days begin: Europe/Berlin; default: UTC");
  set->add_option("--match", args.match, "Only these values: 'checkout-*'; default: all");
  set->add_option("--per", args.per, "each: a counter a value; all: one for all");
  set->add_flag("--hard", args.hard, "Refuse calls that do not fit; otherwise only tell");
  set->add_option("--mode", args.mode, "strict or expected: what is reserved; default: strict");
  set->add_option("--on-exceed", args.on_exceed, "cut: end streams in flight too");
  set->add_option("--unknown-price", args.unknown_price, "allow: also models without a price");
  AddProject(set, flags);
  set->footer(
      "Example: pitot budget set per-user --scope user --window day --limit 2 --hard\n"
      "More: docs/budgets.md");
}

void AddBudgets(CLI::App& app, Flags& flags) {
  CLI::App* budget = app.add_subcommand("budget", "What calls through the gateway may cost");
  budget->require_subcommand(1);
  AddReader(*budget, "list", "All budgets, with what is spent of them", flags);
  const auto add_counter = [&](CLI::App* command) {
    command
        ->add_option_function<std::string>(
            "--counter",
            [&flags](const std::string& value) {
              flags.budget.counter = value;
              flags.budget.has_counter = true;
            },
            "Only this user, key, session, ...; '' is of calls that name none")
        ->expected(1);
  };
  add_counter(AddBudget(*budget, "show", "One budget and its counters", flags));
  AddBudgetSet(*budget, flags);
  CLI::App* disable = AddBudget(*budget, "disable", "Refuse its calls until it is enabled", flags);
  add_counter(disable);
  disable->add_option("--reason", flags.budget.reason, "Told to callers");
  CLI::App* enable = AddBudget(*budget, "enable", "Let its calls be made again", flags);
  add_counter(enable);
  enable->add_option("--extra", flags.budget.extra_usd,
                     "Dollars added to the limit for the window that runs");
  CLI::App* remove = budget->add_subcommand("remove", "Let it hold no more");
  remove->add_option("id", flags.budget.id, "As `pitot budget list` shows it")->required();
  remove->add_flag("--yes", flags.yes, "Do not ask");
}

int RunBudget(ApiClient& client, const std::string& action, Flags& flags) {
  flags.budget.json = flags.json;
  flags.budget.yes = flags.yes;
  flags.budget.project = flags.project;
  if (action == "list") return RunBudgetList(client, flags.json);
  if (action == "show") return RunBudgetShow(client, flags.budget);
  if (action == "set") return RunBudgetSet(client, flags.budget);
  if (action == "disable") return RunBudgetDisable(client, flags.budget);
  if (action == "enable") return RunBudgetEnable(client, flags.budget);
  return RunBudgetRemove(client, flags.budget);
}

void AddCommands(CLI::App& app, Flags& flags) {
  CLI::App* serve = app.add_subcommand("serve", "Run the server until Ctrl-C");
  serve->add_option("--config", flags.config, "YAML file; every key is optional")
      ->check(CLI::ExistingFile);

  for (const ReadCommand& row : ReadCommands()) {
    if (row.mode_of.empty()) AddRead(app, row, flags);
  }
  AddTail(app, flags);
  AddExport(app, flags);

  CLI::App* trace = AddReader(app, "trace", "One run as a tree, with tokens and cost", flags);
  trace->add_option("id", flags.trace.id, "Trace id, or enough of its beginning (4 or more digits)")
      ->required();
  trace->add_flag("--all", flags.trace.all, "Every span; otherwise of many siblings only some");
  trace->add_flag("--story", flags.trace.story,
                  "As decisions: what each model call was told and chose");
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

  AddChanges(app, flags);
  AddKeys(app, flags);
  AddBudgets(app, flags);
  AddAlertCommands(app, flags.alerting);
  CLI::App* slo =
      AddReader(app, "slo", "Objectives: burn rates and what is left of budgets", flags);
  slo->add_option("name", flags.slo.name, "One of them, in whole");
  AddProject(slo, flags);
  slo->footer("Example: pitot slo chat-success\nMore: docs/slo.md");
  AddRunbookCommand(app, flags.runbook);
  AddPreflightCommand(app, flags.preflight);

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
  for (const ReadCommand& row : ReadCommands()) {
    if (command == row.name) return RunReadCommand(client, row, flags);
  }
  const std::string filter = FilterText(flags.read.words, {});
  if (command == "tail") {
    return RunTail(client, {flags.project, filter, flags.tail.starts, flags.json});
  }
  if (command == "export") {
    return RunExport(client, {flags.project, flags.read.since, flags.read.until, filter,
                              flags.export_.format, flags.export_.file});
  }
  if (command == "reprice") {
    return RunReprice(client, {flags.project, flags.read.since, flags.read.until, filter,
                               flags.reprice.dry_run, flags.json});
  }
  if (command == "delete") {
    return RunDelete(client,
                     {flags.erase.what, flags.erase.id, flags.project, flags.yes, flags.json});
  }
  if (command == "resume") return RunResume(client, flags.erase.id, flags.json);
  if (command == "key") {
    return RunKey(client, app.get_subcommands().front()->get_subcommands().front()->get_name(),
                  flags);
  }
  if (command == "budget") {
    return RunBudget(client, app.get_subcommands().front()->get_subcommands().front()->get_name(),
                     flags);
  }
  if (command == "alerts" || command == "silence") {
    return RunAlertCommand(client, *app.get_subcommands().front(), flags.alerting);
  }
  if (command == "runbook") {
    return RunRunbookCommand(client, *app.get_subcommands().front(), flags.runbook);
  }
  if (command == "preflight") {
    return RunPreflightCommand(client, *app.get_subcommands().front(), flags.preflight);
  }
  if (command == "slo") {
    flags.slo.project = flags.project;
    flags.slo.json = flags.json;
    return RunSlo(client, flags.slo);
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
