#include "cmd/alerts.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <boost/json.hpp>
#include <cstdio>
#include <cstdlib>

#include "base/status.h"
#include "cmd/view/alerts.h"
#include "cmd/view/runbooks.h"
#include "cmd/view/terminal.h"
#include "cmd/view/words.h"
#include "http/url.h"

namespace pitot {
namespace {

namespace json = boost::json;

constexpr std::string_view kJsonType = "application/json";
constexpr std::string_view kAlerts = "/api/v1/alerts";
constexpr std::string_view kSilences = "/api/v1/silences";
constexpr size_t kFingerprintDigits = 16;

using Render = std::string (*)(const json::value& answer, const Terminal& terminal);

// Prints the answer; its value, for an exit code of its own.
absl::StatusOr<json::value> Shown(const absl::StatusOr<std::string>& body, bool as_json,
                                  Render render) {
  RETURN_IF_ERROR(body.status());
  ASSIGN_OR_RETURN(json::value answer, ParseJson(*body));
  fmt::print("{}", as_json ? *body + "\n" : render(answer, StdoutTerminal()));
  return answer;
}

int Show(const absl::StatusOr<std::string>& body, bool as_json, Render render) {
  const auto answer = Shown(body, as_json, render);
  return answer.ok() ? kExitOk : PrintError(answer.status());
}

void Add(QueryParams& params, std::string_view name, const std::string& value) {
  if (!value.empty()) params.emplace_back(name, value);
}

// Who does it, as far as this machine knows.
std::string Me(const std::string& by) {
  if (!by.empty()) return by;
  const char* user = std::getenv("USER");
  return user == nullptr ? "" : user;
}

// The whole fingerprint of an alert of which `id` is the beginning.
absl::StatusOr<std::string> WholeFingerprint(ApiClient& client, const std::string& id,
                                             const std::string& project) {
  if (id.size() >= kFingerprintDigits) return id;
  QueryParams params;
  Add(params, "project", project);
  ASSIGN_OR_RETURN(const std::string body, client.Get(kAlerts, params));
  ASSIGN_OR_RETURN(const json::value answer, ParseJson(body));
  std::vector<std::string> found;
  for (const json::value& alert : List(answer, "alerts")) {
    if (Text(alert, "fingerprint").starts_with(id)) found.push_back(Text(alert, "fingerprint"));
  }
  if (found.size() == 1) return found[0];
  if (found.empty()) {
    return Error(absl::StatusCode::kNotFound, "no alert's id begins with {}", CleanLine(id));
  }
  return InvalidArgument("the ids of {} alerts begin with {}: {}", found.size(), CleanLine(id),
                         fmt::join(found, ", "));
}

// The alert, and what its runbook found.
std::string RenderWithReport(const json::value& answer, const Terminal& terminal) {
  const std::string alert = RenderAlert(answer, terminal);
  const json::value& report = Part(answer, "report");
  return report.is_object() ? alert + "\n" + RenderRunbook(report, terminal) : alert;
}

std::string PathOf(std::string_view folder, std::string_view id) {
  return fmt::format("{}/{}", folder, PercentEncode(id));
}

}  // namespace

int RunAlertList(ApiClient& client, const AlertArgs& args) {
  QueryParams params;
  Add(params, "project", args.project);
  Add(params, "state", args.state.empty() ? "active,pending" : args.state);
  Add(params, "receiver", args.receiver);
  Add(params, "match", fmt::format("{}", fmt::join(args.matchers, ",")));
  Add(params, "limit", args.limit);
  if (args.groups) params.emplace_back("groups", "true");
  const auto answer = Shown(client.Get(kAlerts, params), args.json, RenderAlerts);
  if (!answer.ok()) return PrintError(answer.status());
  return AlertsThatFire(*answer) > 0 ? kExitBad : kExitOk;
}

int RunAlertShow(ApiClient& client, const AlertArgs& args) {
  const auto id = WholeFingerprint(client, args.id, args.project);
  if (!id.ok()) return PrintError(id.status());
  return Show(client.Get(PathOf(kAlerts, *id)), args.json, RenderWithReport);
}

int RunAlertAck(ApiClient& client, const AlertArgs& args, bool acknowledged) {
  const auto id = WholeFingerprint(client, args.id, args.project);
  if (!id.ok()) return PrintError(id.status());
  json::object body;
  if (acknowledged) {
    body["by"] = Me(args.by);
    body["comment"] = args.comment;
    if (!args.length.empty()) body["for"] = args.length;
  }
  return Show(client.Send("POST", PathOf(kAlerts, *id) + (acknowledged ? "/ack" : "/unack"),
                          json::serialize(body), kJsonType),
              args.json, RenderAlert);
}

int RunRules(ApiClient& client, const AlertArgs& args) {
  QueryParams params;
  Add(params, "project", args.project);
  return Show(client.Get("/api/v1/rules", params), args.json, RenderRules);
}

int RunNotificationLog(ApiClient& client, const AlertArgs& args) {
  QueryParams params;
  Add(params, "project", args.project);
  Add(params, "receiver", args.receiver);
  Add(params, "limit", args.limit);
  return Show(client.Get("/api/v1/notifications", params), args.json, RenderNotifications);
}

int RunReceivers(ApiClient& client, bool as_json) {
  return Show(client.Get("/api/v1/receivers"), as_json, RenderReceivers);
}

int RunReceiverTest(ApiClient& client, const std::string& name, bool as_json) {
  const auto answer =
      Shown(client.Send("POST", PathOf("/api/v1/receivers", name) + "/test", "", ""), as_json,
            RenderReceiverTest);
  if (!answer.ok()) return PrintError(answer.status());
  return Flag(*answer, "ok") ? kExitOk : kExitBad;
}

int RunSilenceAdd(ApiClient& client, const SilenceArgs& args) {
  json::object body{{"comment", args.comment}};
  json::array& matchers = body["matchers"].emplace_array();
  for (const std::string& one : args.matchers) matchers.emplace_back(one);
  const auto put = [&](std::string_view name, const std::string& value) {
    if (!value.empty()) body[name] = value;
  };
  put("id", args.id);
  put("created_by", Me(args.by));
  put("starts_at", args.starts);
  put("ends_at", args.ends);
  // Without an end it is the default; with one it must not be said as well.
  if (args.ends.empty()) put("for", args.length.empty() ? "2h" : args.length);
  if (!args.ends.empty()) put("for", args.length);
  const auto answer = client.Send("POST", kSilences, json::serialize(body), kJsonType);
  if (!answer.ok()) return PrintError(answer.status());
  const auto silence = ParseJson(*answer);
  if (!silence.ok()) return PrintError(silence.status());
  if (args.json) {
    fmt::print("{}\n", *answer);
    return kExitOk;
  }
  // As a list of one.
  const json::value list{{"at", silence->at("updated_at")}, {"silences", {*silence}}};
  fmt::print("{}", RenderSilences(list, StdoutTerminal()));
  return kExitOk;
}

int RunSilenceList(ApiClient& client, const SilenceArgs& args) {
  QueryParams params;
  Add(params, "project", args.project);
  Add(params, "state", args.expired ? "" : "active,pending");
  return Show(client.Get(kSilences, params), args.json, RenderSilences);
}

int RunSilenceExpire(ApiClient& client, const SilenceArgs& args) {
  for (const std::string& id : args.ids) {
    const auto body = client.Send("DELETE", PathOf(kSilences, id), "", "");
    if (!body.ok()) return PrintError(body.status());
    fmt::print("Silence {} is over.\n", CleanLine(id));
  }
  return kExitOk;
}

}  // namespace pitot
