// GET and POST /api/v1/silences, DELETE /api/v1/silences/{silence_id}
#include "alert/dispatch/silences.h"

#include <algorithm>
#include <boost/json.hpp>

#include "api/alert_view.h"
#include "api/handlers.h"
#include "base/status.h"
#include "base/text.h"
#include "decode/instant.h"

namespace pitot {
namespace {

namespace json = boost::json;

size_t Silenced(const std::vector<Alert>& alerts, const std::string& id) {
  return std::ranges::count_if(alerts, [&](const Alert& alert) {
    return std::ranges::find(alert.silenced_by, id) != alert.silenced_by.end();
  });
}

absl::StatusOr<std::string> ListSilences(const ApiCall& call) {
  ASSIGN_OR_RETURN(AlertService * service, AlertsOf(call));
  ASSIGN_OR_RETURN(const std::vector<std::string> states, ReadList(call, "state", ""));
  for (const std::string& name : states) {
    if (std::ranges::find(kSilenceStateNames, name) == kSilenceStateNames.end()) {
      return InvalidArgument("state \"{}\" is none of {}", name,
                             fmt::join(kSilenceStateNames, ", "));
    }
  }
  const UnixNanos now = call.context.deps.clock.Now();
  const AlertSight sight = SightOf(call);
  const std::vector<Alert> alerts = SeenAlerts(call, *service, now);
  std::string list;
  for (const Silence& silence : service->silences().List(now)) {
    const std::string_view state = Name(silence.StateAt(now));
    if (!states.empty() && std::ranges::find(states, state) == states.end()) continue;
    if (!sight.Sees(silence)) continue;
    list +=
        (list.empty() ? "\n" : ",\n") + ShownSilence(silence, Silenced(alerts, silence.id), now);
  }
  return fmt::format("{{\"at\":{},\"silences\":[{}]}}", TimeOrNull(now), list);
}

// As a text (`severity=page`), or as GET shows it.
absl::StatusOr<LabelMatcher> ReadMatcher(const json::value& value) {
  if (value.is_string()) return LabelMatcher::Parse(std::string_view(value.get_string()));
  const json::object* object = value.if_object();
  const auto text = [&](const char* name) -> const json::string* {
    const json::value* member = object == nullptr ? nullptr : object->if_contains(name);
    return member == nullptr ? nullptr : member->if_string();
  };
  const auto flag = [&](const char* name, bool otherwise) {
    const json::value* member = object == nullptr ? nullptr : object->if_contains(name);
    return member != nullptr && member->is_bool() ? member->get_bool() : otherwise;
  };
  if (text("name") == nullptr || text("value") == nullptr) {
    return InvalidArgument("a matcher is a text as {} or an object with name and value",
                           R"("severity=page")");
  }
  return LabelMatcher::Create(std::string(*text("name")), std::string(*text("value")),
                              flag("is_regex", false), flag("is_equal", true));
}

absl::StatusOr<Matchers> ReadMatchers(const json::value& value) {
  if (value.is_string()) return ParseMatchers(std::string_view(value.get_string()));
  const json::array* list = value.if_array();
  if (list == nullptr) return InvalidArgument("matchers must be a list of texts, or one text");
  Matchers matchers;
  for (const json::value& one : *list) {
    ASSIGN_OR_RETURN(LabelMatcher matcher, ReadMatcher(one));
    matchers.push_back(std::move(matcher));
  }
  return matchers;
}

absl::StatusOr<UnixNanos> ReadTime(std::string_view name, const json::value& value) {
  const json::string* text = value.if_string();
  const auto time = text == nullptr ? std::nullopt : ParseRfc3339(std::string_view(*text));
  if (!time) return InvalidArgument("{} must be a time as RFC 3339 writes it", name);
  return *time;
}

absl::Status TakeMember(std::string_view name, const json::value& value, Silence& silence,
                        int64_t& length_ns) {
  const auto take = [&](std::string& into) {
    if (!value.is_string()) return InvalidArgument("{} must be a text", name);
    into = value.get_string();
    return absl::OkStatus();
  };
  if (name == "id") return take(silence.id);
  if (name == "comment") return take(silence.comment);
  if (name == "created_by") return take(silence.created_by);
  if (name == "matchers") {
    ASSIGN_OR_RETURN(silence.matchers, ReadMatchers(value));
  } else if (name == "starts_at") {
    ASSIGN_OR_RETURN(silence.starts_at, ReadTime(name, value));
  } else if (name == "ends_at") {
    ASSIGN_OR_RETURN(silence.ends_at, ReadTime(name, value));
  } else if (name == "for") {
    std::string text;
    RETURN_IF_ERROR(take(text));
    ASSIGN_OR_RETURN(length_ns, ParseDurationNs(text, kNanosPerMinute));
  } else {
    return InvalidArgument(
        "\"{}\" is not expected: a silence has matchers, comment, for (2h) or ends_at, starts_at, "
        "created_by, and the id of one to change",
        name);
  }
  return absl::OkStatus();
}

absl::StatusOr<Silence> ReadSilence(const ApiCall& call, UnixNanos now) {
  boost::system::error_code error;
  const json::value value = json::parse(call.request.body, error);
  if (error || !value.is_object()) return InvalidArgument("the body must be a JSON object");
  Silence silence;
  int64_t length_ns = 0;
  for (const auto& [name, member] : value.get_object()) {
    if (member.is_null()) continue;
    RETURN_IF_ERROR(TakeMember(std::string_view(name), member, silence, length_ns));
  }
  if (silence.starts_at == 0) silence.starts_at = now;
  if (length_ns != 0 && silence.ends_at != 0) {
    return InvalidArgument("a silence has either for or ends_at");
  }
  if (length_ns != 0) silence.ends_at = silence.starts_at + length_ns;
  if (silence.created_by.empty()) silence.created_by = call.Actor();
  return silence;
}

absl::StatusOr<std::string> MakeSilence(const ApiCall& call) {
  ASSIGN_OR_RETURN(AlertService * service, AlertsOf(call));
  const UnixNanos now = call.context.deps.clock.Now();
  ASSIGN_OR_RETURN(Silence silence, ReadSilence(call, now));
  ASSIGN_OR_RETURN(silence, service->silences().Set(std::move(silence), now));
  const std::vector<Alert> alerts = SeenAlerts(call, *service, now);
  std::string shown = ShownSilence(silence, Silenced(alerts, silence.id), now);
  RETURN_IF_ERROR(AuditAlerting(call, "silence_set", "\"silence\":" + shown));
  return shown;
}

absl::StatusOr<std::string> ExpireSilence(const ApiCall& call) {
  ASSIGN_OR_RETURN(AlertService * service, AlertsOf(call));
  const std::string& id = call.args[0];
  RETURN_IF_ERROR(service->silences().Expire(id, call.Actor(), call.context.deps.clock.Now()));
  RETURN_IF_ERROR(
      AuditAlerting(call, "silence_expired", fmt::format("\"silence\":{}", QuoteJson(id))));
  return fmt::format("{{\"expired\":{}}}", QuoteJson(id));
}

}  // namespace

void GetSilences(ApiCall call) { SendJson(call, ListSilences(call)); }
void PostSilence(ApiCall call) { SendJson(call, MakeSilence(call)); }
void DeleteSilence(ApiCall call) { SendJson(call, ExpireSilence(call)); }

}  // namespace pitot
