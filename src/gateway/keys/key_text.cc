#include "gateway/keys/key_text.h"

#include <boost/json.hpp>

#include "base/status.h"
#include "base/text.h"
#include "gateway/keys/key_json.h"

namespace pitot {
namespace {

namespace json = boost::json;

json::value TimeJson(UnixNanos at_ns) {
  return at_ns == 0 ? json::value(nullptr) : json::value(FormatTime(at_ns));
}

// Takes "expires_in" out of `object`.
absl::StatusOr<int64_t> TakeLife(json::object& object) {
  const auto at = object.find("expires_in");
  if (at == object.end()) return 0;
  const json::value value = at->value();
  object.erase(at);
  if (value.is_null()) return 0;
  if (!value.is_string()) return InvalidArgument("expires_in must be a duration such as \"90d\"");
  const auto life_ns = ParseDurationNs(std::string_view(value.get_string()), kNanosPerSecond);
  if (!life_ns.ok()) return Annotate(life_ns.status(), "expires_in");
  if (*life_ns <= 0 || *life_ns > kKeyLifeNanosMax) {
    return InvalidArgument("expires_in is out of range: more than 0, at most {} days",
                           kKeyLifeNanosMax / kNanosPerDay);
  }
  return *life_ns;
}

}  // namespace

std::string KeyToJson(const ApiKey& key) {
  json::object object{{"id", key.id}};
  for (const auto& [name, value] : KeySpecJson(key)) object[name] = value;
  object["created_at"] = TimeJson(key.created_ns);
  object["expires_at"] = TimeJson(key.expires_ns);
  object["last_used_at"] = TimeJson(key.last_used_ns);
  object["old_secret_until"] = TimeJson(key.old_secret_until_ns);
  object["from_config"] = key.from_config;
  return json::serialize(object);
}

absl::StatusOr<KeyRequest> ParseKeyRequest(std::string_view text) {
  boost::system::error_code error;
  json::value value = json::parse(text, error);
  if (error || !value.is_object()) {
    return InvalidArgument("the body must be a JSON object such as {}",
                           R"({"name":"ci","scopes":["gateway"]})");
  }
  KeyRequest request;
  ASSIGN_OR_RETURN(request.expires_in_ns, TakeLife(value.get_object()));
  ASSIGN_OR_RETURN(request.spec, ParseKeySpec(value.get_object()));
  return request;
}

}  // namespace pitot
