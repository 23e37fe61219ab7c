// GET and POST /api/v2/silences, GET and DELETE /api/v2/silence/{silence_id}, as an Alertmanager
// answers them.
#include <algorithm>
#include <boost/json.hpp>

#include "alert/dispatch/silences.h"
#include "api/alert_view.h"
#include "api/alertmanager.h"
#include "api/handlers.h"
#include "base/status.h"
#include "base/text.h"
#include "decode/instant.h"

namespace pitot {
namespace {

namespace json = boost::json;

std::string V2Silence(const Silence& silence, UnixNanos now) {
  std::string matchers;
  for (const LabelMatcher& matcher : silence.matchers) {
    matchers += fmt::format("{}{{\"isEqual\":{},\"isRegex\":{},\"name\":{},\"value\":{}}}",
                            matchers.empty() ? "" : ",", matcher.is_equal(), matcher.is_regex(),
                            QuoteJson(matcher.name()), QuoteJson(matcher.value()));
  }
  return fmt::format(
      "{{\"id\":{},\"status\":{{\"state\":\"{}\"}},\"updatedAt\":\"{}\",\"comment\":{},"
      "\"createdBy\":{},\"endsAt\":\"{}\",\"matchers\":[{}],\"startsAt\":\"{}\"}}",
      QuoteJson(silence.id), Name(silence.StateAt(now)), FormatTime(silence.updated_at),
      QuoteJson(silence.comment), QuoteJson(silence.created_by), FormatTime(silence.ends_at),
      matchers, FormatTime(silence.starts_at));
}

// A filter looks at what a silence matches as if that were labels.
Labels LabelsOf(const Silence& silence) {
  Labels labels;
  for (const LabelMatcher& matcher : silence.matchers) labels[matcher.name()] = matcher.value();
  return labels;
}

absl::StatusOr<std::string> ListV2Silences(const ApiCall& call) {
  ASSIGN_OR_RETURN(AlertService * service, AlertsOf(call));
  ASSIGN_OR_RETURN(const Matchers filters, ReadV2Filters(call));
  std::vector<std::string_view> creators;
  for (const auto& [name, value] : call.request.query) {
    if (name == "creator") creators.push_back(value);
  }
  const UnixNanos now = call.context.deps.clock.Now();
  const AlertSight sight = SightOf(call);
  std::string list;
  for (const Silence& silence : service->silences().List(now)) {
    if (!sight.Sees(silence) || !MatchAll(filters, LabelsOf(silence))) continue;
    if (!creators.empty() && std::ranges::find(creators, silence.created_by) == creators.end()) {
      continue;
    }
    list += (list.empty() ? "" : ",\n") + V2Silence(silence, now);
  }
  return "[" + list + "]\n";
}

absl::StatusOr<Silence> FindSilence(const ApiCall& call, AlertService& service) {
  auto silence = service.silences().Find(call.args[0]);
  if (silence && SightOf(call).Sees(*silence)) return *std::move(silence);
  return Error(absl::StatusCode::kNotFound, "no silence has the id {}", call.args[0]);
}

absl::StatusOr<std::string> ShowV2Silence(const ApiCall& call) {
  ASSIGN_OR_RETURN(AlertService * service, AlertsOf(call));
  ASSIGN_OR_RETURN(const Silence silence, FindSilence(call, *service));
  return V2Silence(silence, call.context.deps.clock.Now()) + "\n";
}

absl::StatusOr<LabelMatcher> ReadV2Matcher(const json::value& value) {
  const json::object* object = value.if_object();
  const auto member = [&](const char* name) -> const json::value* {
    return object == nullptr ? nullptr : object->if_contains(name);
  };
  const json::value* name = member("name");
  const json::value* text = member("value");
  const json::value* regex = member("isRegex");
  const json::value* equal = member("isEqual");
  if (name == nullptr || !name->is_string() || text == nullptr || !text->is_string()) {
    return InvalidArgument("each of matchers needs name and value, both texts");
  }
  return LabelMatcher::Create(std::string(name->get_string()), std::string(text->get_string()),
                              regex != nullptr && regex->is_bool() && regex->get_bool(),
                              equal == nullptr || !equal->is_bool() || equal->get_bool());
}

absl::StatusOr<Silence> ReadV2Silence(std::string_view body) {
  boost::system::error_code error;
  const json::value value = json::parse(body, error);
  if (error || !value.is_object()) return InvalidArgument("the body must be a JSON object");
  const json::object& object = value.get_object();
  const auto text = [&](const char* name) {
    const json::value* member = object.if_contains(name);
    return member != nullptr && member->is_string() ? std::string(member->get_string()) : "";
  };
  Silence silence;
  silence.id = text("id");
  silence.created_by = text("createdBy");
  silence.comment = text("comment");
  for (const auto& [name, into] :
       {std::pair("startsAt", &silence.starts_at), std::pair("endsAt", &silence.ends_at)}) {
    const auto time = ParseRfc3339(text(name));
    if (!time) return InvalidArgument("{} must be a time as RFC 3339 writes it", name);
    *into = *time;
  }
  const json::value* matchers = object.if_contains("matchers");
  if (matchers == nullptr || !matchers->is_array()) {
    return InvalidArgument("a silence needs matchers, a list");
  }
  for (const json::value& one : matchers->get_array()) {
    ASSIGN_OR_RETURN(LabelMatcher matcher, ReadV2Matcher(one));
    silence.matchers.push_back(std::move(matcher));
  }
  return silence;
}

absl::StatusOr<std::string> SetV2Silence(const ApiCall& call) {
  ASSIGN_OR_RETURN(AlertService * service, AlertsOf(call));
  const UnixNanos now = call.context.deps.clock.Now();
  ASSIGN_OR_RETURN(Silence silence, ReadV2Silence(call.request.body));
  ASSIGN_OR_RETURN(silence, service->silences().Set(std::move(silence), now));
  RETURN_IF_ERROR(
      AuditAlerting(call, "silence_set", "\"silence\":" + ShownSilence(silence, 0, now)));
  return fmt::format("{{\"silenceID\":{}}}\n", QuoteJson(silence.id));
}

absl::StatusOr<std::string> ExpireV2Silence(const ApiCall& call) {
  ASSIGN_OR_RETURN(AlertService * service, AlertsOf(call));
  const std::string& id = call.args[0];
  RETURN_IF_ERROR(service->silences().Expire(id, call.Actor(), call.context.deps.clock.Now()));
  RETURN_IF_ERROR(
      AuditAlerting(call, "silence_expired", fmt::format("\"silence\":{}", QuoteJson(id))));
  return "";
}

}  // namespace

void GetV2Silences(ApiCall call) { SendV2(call, ListV2Silences(call)); }
void PostV2Silences(ApiCall call) { SendV2(call, SetV2Silence(call)); }
void GetV2Silence(ApiCall call) { SendV2(call, ShowV2Silence(call)); }

void DeleteV2Silence(ApiCall call) {
  auto done = ExpireV2Silence(call);
  // As an Alertmanager says it of one that has expired; amtool shows no other code's words.
  if (!done.ok() && absl::IsFailedPrecondition(done.status())) {
    HttpResponse response = V2Error(done.status());
    response.status = 500;
    response.body = QuoteJson(Message(done.status())) + "\n";
    return call.responder.Send(std::move(response));
  }
  SendV2(call, std::move(done));
}

}  // namespace pitot
