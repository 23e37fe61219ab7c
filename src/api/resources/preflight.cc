// GET /api/v1/preflight; POST /api/v1/preflight/{point}/attest, /waive, /withdraw, /evidence
#include "alert/preflight/preflight.h"

#include <boost/json.hpp>

#include "api/handlers.h"
#include "base/status.h"
#include "base/text.h"
#include "decode/instant.h"

namespace pitot {
namespace {

namespace json = boost::json;

absl::StatusOr<Preflight*> PreflightOf(const ApiCall& call) {
  if (call.context.deps.preflight == nullptr) return Unavailable("no preflight runs here");
  return call.context.deps.preflight;
}

absl::StatusOr<json::object> BodyOf(const ApiCall& call) {
  boost::system::error_code error;
  json::value body = json::parse(call.request.body, error);
  if (error || !body.is_object()) return InvalidArgument("the body must be a JSON object");
  return std::move(body.get_object());
}

// A member that is text; empty when there is none.
absl::StatusOr<std::string> TextOf(const json::object& body, std::string_view name) {
  const json::value* value = body.if_contains(name);
  if (value == nullptr || value->is_null()) return std::string();
  if (!value->is_string()) return InvalidArgument("{} must be text", name);
  return std::string(value->get_string());
}

absl::Status CheckMembers(const json::object& body, std::initializer_list<std::string_view> known) {
  for (const auto& [name, value] : body) {
    if (std::ranges::find(known, std::string_view(name)) == known.end()) {
      return InvalidArgument("the body has no member \"{}\"{}", std::string_view(name),
                             DidYouMean(name, {known.begin(), known.end()}));
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<PreflightTarget> TargetOf(const ApiCall& call, const json::object& body) {
  PreflightTarget target;
  target.project = call.Project();
  target.id = call.args[0];
  target.actor = call.Actor();
  ASSIGN_OR_RETURN(target.by, TextOf(body, "by"));
  if (target.by.empty()) target.by = target.actor;
  return target;
}

// What holds of the point now.
absl::StatusOr<std::string> NotesJson(const Preflight& preflight, const PreflightTarget& target) {
  const Preflight::Notes notes = preflight.NotesOf(target.project, target.id);
  const auto note = [](const std::optional<PreflightNote>& value, std::string_view words) {
    if (!value) return std::string("null");
    return fmt::format(R"({{"by":{},"at":"{}","until":"{}","{}":{}}})", QuoteJson(value->by),
                       FormatTimeNanos(value->at), FormatTimeNanos(value->until), words,
                       QuoteJson(value->words));
  };
  std::string evidence = "null";
  if (notes.evidence) {
    std::string values;
    for (const auto& [name, value] : notes.evidence->values) {
      values +=
          fmt::format("{}{}:{}", values.empty() ? "" : ",", QuoteJson(name), QuoteJson(value));
    }
    evidence =
        fmt::format(R"({{"by":{},"at":"{}","values":{{{}}}}})", QuoteJson(notes.evidence->by),
                    FormatTimeNanos(notes.evidence->at), values);
  }
  return fmt::format(R"({{"id":{},"project":{},"attestation":{},"waiver":{},"evidence":{}}})",
                     QuoteJson(FindPreflightPoint(target.id)->id), QuoteJson(target.project),
                     note(notes.attestation, "comment"), note(notes.waiver, "reason"), evidence);
}

absl::StatusOr<std::string> Attest(const ApiCall& call) {
  ASSIGN_OR_RETURN(Preflight * preflight, PreflightOf(call));
  ASSIGN_OR_RETURN(const json::object body, BodyOf(call));
  RETURN_IF_ERROR(CheckMembers(body, {"by", "comment"}));
  ASSIGN_OR_RETURN(const PreflightTarget target, TargetOf(call, body));
  ASSIGN_OR_RETURN(const std::string comment, TextOf(body, "comment"));
  RETURN_IF_ERROR(preflight->Attest(target, comment, call.context.deps.clock.Now()));
  return NotesJson(*preflight, target);
}

// "14d" from now, or a time.
absl::StatusOr<UnixNanos> ReadUntil(const json::object& body, UnixNanos now) {
  ASSIGN_OR_RETURN(const std::string text, TextOf(body, "until"));
  if (const auto time = ParseRfc3339(text)) return *time;
  const auto length = ParseDurationNs(text, 0);
  if (length.ok() && *length > 0 && *length < 1000 * kNanosPerDay) return now + *length;
  return InvalidArgument("until \"{}\" is no time: write 14d or 2026-12-31T00:00:00Z", text);
}

absl::StatusOr<std::string> Waive(const ApiCall& call) {
  ASSIGN_OR_RETURN(Preflight * preflight, PreflightOf(call));
  ASSIGN_OR_RETURN(const json::object body, BodyOf(call));
  RETURN_IF_ERROR(CheckMembers(body, {"by", "reason", "until"}));
  ASSIGN_OR_RETURN(const PreflightTarget target, TargetOf(call, body));
  ASSIGN_OR_RETURN(const std::string reason, TextOf(body, "reason"));
  const UnixNanos now = call.context.deps.clock.Now();
  ASSIGN_OR_RETURN(const UnixNanos until, ReadUntil(body, now));
  RETURN_IF_ERROR(preflight->Waive(target, reason, until, now));
  return NotesJson(*preflight, target);
}

absl::StatusOr<std::string> Withdraw(const ApiCall& call) {
  ASSIGN_OR_RETURN(Preflight * preflight, PreflightOf(call));
  ASSIGN_OR_RETURN(const PreflightTarget target, TargetOf(call, {}));
  RETURN_IF_ERROR(preflight->Withdraw(target));
  return NotesJson(*preflight, target);
}

absl::StatusOr<std::string> RecordEvidence(const ApiCall& call) {
  ASSIGN_OR_RETURN(Preflight * preflight, PreflightOf(call));
  ASSIGN_OR_RETURN(const json::object body, BodyOf(call));
  RETURN_IF_ERROR(CheckMembers(body, {"by", "values"}));
  ASSIGN_OR_RETURN(const PreflightTarget target, TargetOf(call, body));
  const json::value* given = body.if_contains("values");
  if (given == nullptr || !given->is_object()) {
    return InvalidArgument("values must be an object: {}", R"({"values":{"verdict":"ship"}})");
  }
  std::map<std::string, std::string> values;
  for (const auto& [name, value] : given->get_object()) {
    if (value.is_object() || value.is_array() || value.is_null()) {
      return InvalidArgument("values.{} must be text, a number, true or false",
                             std::string_view(name));
    }
    values[std::string(name)] =
        value.is_string() ? std::string(value.get_string()) : json::serialize(value);
  }
  RETURN_IF_ERROR(preflight->Record(target, values, call.context.deps.clock.Now()));
  return NotesJson(*preflight, target);
}

struct Answer {
  std::string text;
  bool markdown = false;
};

absl::StatusOr<Answer> Run(const ApiCall& call) {
  ASSIGN_OR_RETURN(Preflight * preflight, PreflightOf(call));
  PreflightRequest request;
  request.project = call.Project();
  request.actor = call.Actor();
  // Probes write to the sandbox and may send a test to people.
  const bool admin = call.caller.key == nullptr || call.caller.key->May(KeyScope::kAdmin);
  ASSIGN_OR_RETURN(request.probes, ReadBool(call, "probes", admin));
  if (request.probes && !admin) {
    return Error(absl::StatusCode::kPermissionDenied,
                 "probes need a key with scope admin; without them: probes=false");
  }
  ASSIGN_OR_RETURN(request.only, ReadList(call, "points", ""));
  const std::string_view format = call.request.Param("format");
  if (!format.empty() && format != "json" && format != "markdown") {
    return InvalidArgument("format \"{}\" is neither json nor markdown", format);
  }
  ASSIGN_OR_RETURN(const PreflightReport report, preflight->Run(call.Query(), request));
  if (format == "markdown") return Answer{PreflightMarkdown(report), true};
  return Answer{PreflightJson(report), false};
}

}  // namespace

void GetPreflight(ApiCall call) {
  absl::StatusOr<Answer> answer = Run(call);
  if (!answer.ok()) return call.responder.Send(StatusResponse(answer.status()));
  if (!answer->markdown) return SendJson(call, std::move(answer->text));
  HttpResponse response;
  response.headers.Set("Content-Type", "text/markdown; charset=utf-8");
  response.body = std::move(answer->text);
  call.responder.Send(std::move(response));
}
void PostAttest(ApiCall call) { SendJson(call, Attest(call)); }
void PostWaive(ApiCall call) { SendJson(call, Waive(call)); }
void PostWithdraw(ApiCall call) { SendJson(call, Withdraw(call)); }
void PostEvidence(ApiCall call) { SendJson(call, RecordEvidence(call)); }

}  // namespace pitot
