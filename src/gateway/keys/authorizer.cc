#include "gateway/keys/authorizer.h"

#include <fmt/ranges.h>

#include "base/status.h"
#include "base/text.h"

namespace pitot {
namespace {

template <typename... Args>
absl::Status Unknown(fmt::format_string<Args...> format, Args&&... args) {
  return Error(absl::StatusCode::kUnauthenticated, format, std::forward<Args>(args)...);
}

template <typename... Args>
absl::Status Forbidden(fmt::format_string<Args...> format, Args&&... args) {
  return Error(absl::StatusCode::kPermissionDenied, format, std::forward<Args>(args)...);
}

bool Changes(const HttpRequest& head) {
  return head.method != "GET" && head.method != "HEAD" && head.method != "OPTIONS";
}

}  // namespace

std::string Caller::Actor() const {
  if (key == nullptr) return peer;
  std::string actor = fmt::format("key {} ({})", key->id, key->name);
  return peer.empty() ? actor : fmt::format("{} from {}", actor, peer);
}

std::string_view Caller::Project() const {
  return key == nullptr ? std::string_view("default") : std::string_view(key->project);
}

absl::StatusOr<std::string> Caller::ProjectFor(std::string_view asked) const {
  if (asked.empty()) return std::string(Project());
  if (asked != Project() && !SeesAll()) {
    return Forbidden("key {} belongs to project {}, not to {}", key->id, key->project, asked);
  }
  return std::string(asked);
}

Authorizer::Authorizer(Options options, const KeyRing& keys, const Sessions* sessions)
    : options_(options), keys_(keys), sessions_(sessions) {}

bool Authorizer::KeysRequired() const {
  switch (options_.mode) {
    case AuthMode::kNone:
      return false;
    case AuthMode::kKeys:
      return true;
    case AuthMode::kAuto:
      break;
  }
  return !options_.loopback_only || !keys_.empty();
}

absl::StatusOr<Caller> Authorizer::Check(std::shared_ptr<const ApiKey> key, KeyScope need,
                                         std::string peer) const {
  if (key != nullptr && !key->May(need)) {
    return Forbidden("key {} has not the scope {} that this needs; it has {}", key->id,
                     NameOf(need), fmt::join(ScopeNames(key->scopes), ", "));
  }
  return Caller{std::move(key), std::move(peer), ""};
}

absl::StatusOr<Caller> Authorizer::OfSecret(std::optional<std::string_view> secret, KeyScope need,
                                            std::string peer) const {
  if (!secret) {
    if (!KeysRequired()) return Check(nullptr, need, std::move(peer));
    return Unknown(
        "an API key is needed: send \"Authorization: Bearer {}...\" or x-pitot-key; `pitot key "
        "create` makes one",
        kSecretPrefix);
  }
  std::shared_ptr<const ApiKey> key = keys_.Find(*secret);
  if (key == nullptr) {
    return Unknown("the API key is not valid: mistyped, revoked, or expired");
  }
  return Check(std::move(key), need, std::move(peer));
}

absl::StatusOr<Caller> Authorizer::Authorize(const HttpRequest& head, KeyScope need) const {
  return OfSecret(KeyOf(head), need, head.peer);
}

absl::StatusOr<Caller> Authorizer::Authorize(
    const std::function<std::string_view(std::string_view name)>& header, KeyScope need) const {
  return OfSecret(KeyOf(header), need, "");
}

absl::StatusOr<Caller> Authorizer::AuthorizePage(const HttpRequest& head, KeyScope need) const {
  const std::string_view cookie = SessionCookie(head);
  if (sessions_ == nullptr || cookie.empty() || KeyOf(head)) return Authorize(head, need);
  std::optional<Session> session = sessions_->Find(cookie);
  // A cookie of a session that ended is no mistake of anybody.
  if (!session) {
    if (!KeysRequired()) return Check(nullptr, need, head.peer);
    return Unknown("the session has ended: log in again");
  }
  // By hash: how far two tokens agree must not show in the time that takes.
  if (Changes(head) && Sha256(head.headers.Get(kCsrfHeader)) != Sha256(session->csrf_token)) {
    return Forbidden("a change from a page must carry the session's token in {}", kCsrfHeader);
  }
  ASSIGN_OR_RETURN(Caller caller, Check(std::move(session->key), need, head.peer));
  caller.csrf_token = std::move(session->csrf_token);
  return caller;
}

std::string_view SessionCookie(const HttpRequest& request) {
  for (size_t i = 0; i < request.headers.size(); ++i) {
    const HttpHeaders::Field field = request.headers[i];
    if (!EqualsIgnoreCase(field.name, "cookie")) continue;
    for (const std::string_view part : SplitText(field.value, ';')) {
      const std::string_view cookie = TrimText(part);
      const size_t equals = cookie.find('=');
      if (equals != std::string_view::npos && cookie.substr(0, equals) == kSessionCookie) {
        return cookie.substr(equals + 1);
      }
    }
  }
  return {};
}

}  // namespace pitot
