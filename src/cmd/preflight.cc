#include "cmd/preflight.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <boost/json.hpp>
#include <cstdlib>

#include "base/status.h"
#include "cmd/view/preflight_view.h"
#include "cmd/view/terminal.h"
#include "http/url.h"

namespace pitot {
namespace {

namespace json = boost::json;

constexpr std::string_view kPath = "/api/v1/preflight";

std::string Me(const std::string& by) {
  if (!by.empty()) return by;
  const char* user = std::getenv("USER");
  return user == nullptr ? "" : user;
}

QueryParams Project(const PreflightFlags& flags) {
  QueryParams params;
  if (!flags.project.empty()) params.emplace_back("project", flags.project);
  return params;
}

int Report(ApiClient& client, const PreflightFlags& flags) {
  QueryParams params = Project(flags);
  if (flags.no_probes) params.emplace_back("probes", "false");
  if (!flags.points.empty()) {
    params.emplace_back("points", fmt::format("{}", fmt::join(flags.points, ",")));
  }
  // Markdown is the server's; whether it stops a launch stands in its first line.
  if (flags.markdown) {
    params.emplace_back("format", "markdown");
    const auto text = client.Get(kPath, params);
    if (!text.ok()) return PrintError(text.status());
    fmt::print("{}", *text);
    return text->substr(0, text->find('\n')).ends_with(": ready") ? kExitOk : kExitBad;
  }
  const auto body = client.Get(kPath, params);
  if (!body.ok()) return PrintError(body.status());
  const auto answer = ParseJson(*body);
  if (!answer.ok()) return PrintError(answer.status());
  fmt::print("{}",
             flags.json ? *body + "\n" : RenderPreflight(*answer, flags.all, StdoutTerminal()));
  return Flag(*answer, "launch") ? kExitOk : kExitBad;
}

int Change(ApiClient& client, const std::string& verb, const PreflightFlags& flags,
           const json::object& body) {
  std::string path = fmt::format("{}/{}/{}", kPath, PercentEncode(flags.id), verb);
  if (const QueryParams params = Project(flags); !params.empty()) {
    path += "?" + FormatQuery(params);
  }
  const auto text = client.Send("POST", path, json::serialize(body), "application/json");
  if (!text.ok()) return PrintError(text.status());
  const auto answer = ParseJson(*text);
  if (!answer.ok()) return PrintError(answer.status());
  fmt::print("{}", flags.json ? *text + "\n" : RenderPreflightNotes(*answer, StdoutTerminal()));
  return kExitOk;
}

int Record(ApiClient& client, const PreflightFlags& flags, json::object body) {
  json::object& values = body["values"].emplace_object();
  for (const std::string& one : flags.values) {
    const size_t at = one.find('=');
    if (at == 0 || at == std::string::npos) {
      return PrintError(InvalidArgument("\"{}\" is no name=value: verdict=ship", CleanLine(one)));
    }
    values[one.substr(0, at)] = one.substr(at + 1);
  }
  return Change(client, "evidence", flags, body);
}

}  // namespace

void AddPreflightCommand(CLI::App& app, PreflightFlags& flags) {
  CLI::App* preflight = app.add_subcommand(
      "preflight", "Is this agent ready? 40 points; exit code 1 when it should not launch");
  preflight->require_subcommand(0, 1);
  preflight->add_flag("--json", flags.json, "Print the API's answer as it is");
  preflight->add_flag("--markdown", flags.markdown, "A table for a CI system's summary");
  preflight->add_flag("--all", flags.all, "Also say why what passes does");
  preflight->add_flag("--no-probes", flags.no_probes, "Look only, try nothing out");
  preflight->add_option("--points", flags.points, "Only these: INS-01,ALR-04")->delimiter(',');
  preflight->add_option("--project", flags.project, "Default: the key's");
  preflight->footer(
      "Example: pitot preflight; pitot preflight waive CST-05 --reason 'new project' --until 7d\n"
      "More: docs/preflight.md");
  const auto command = [&](const char* name, const char* what) {
    CLI::App* one = preflight->add_subcommand(name, what);
    one->add_option("point", flags.id, "OPS-04")->required();
    one->add_option("--by", flags.by, "Who; default: your user name");
    one->add_option("--project", flags.project, "Default: the key's");
    one->add_flag("--json", flags.json, "Print the API's answer as it is");
    return one;
  };
  command("attest", "Your word for a point that only people can judge, for 90 days")
      ->add_option("--comment", flags.comment, "What you know")
      ->required();
  CLI::App* waive = command("waive", "A point does not matter for a while");
  waive->add_option("--reason", flags.reason, "Why")->required();
  waive->add_option("--until", flags.until, "14d, or 2026-12-31T00:00:00Z")->required();
  command("withdraw", "Takes an attestation or a waiver back");
  command("evidence", "The result of a job or a drill")
      ->add_option("values", flags.values, "verdict=ship, seconds=140, ...")
      ->required();
}

int RunPreflightCommand(ApiClient& client, const CLI::App& command, const PreflightFlags& flags) {
  if (command.get_subcommands().empty()) return Report(client, flags);
  const std::string verb = command.get_subcommands().front()->get_name();
  json::object body;
  if (const std::string by = Me(flags.by); !by.empty()) body["by"] = by;
  if (verb == "evidence") return Record(client, flags, std::move(body));
  if (verb == "withdraw") return Change(client, verb, flags, {});
  if (verb == "attest") {
    body["comment"] = flags.comment;
  } else {
    body["reason"] = flags.reason;
    body["until"] = flags.until;
  }
  return Change(client, verb, flags, body);
}

}  // namespace pitot
