// POST /api/v1/login, POST /api/v1/logout, GET /api/v1/session: people in a browser.
#include <boost/json.hpp>

#include "api/handlers.h"
#include "api/login_page.h"
#include "base/log.h"
#include "base/status.h"
#include "base/text.h"
#include "store/state.h"

namespace pitot {
namespace {

constexpr std::string_view kFormType = "application/x-www-form-urlencoded";
constexpr size_t kAuditIdChars = 16;

bool IsForm(const HttpRequest& request) {
  const std::string_view type = request.headers.Get("content-type");
  return EqualsIgnoreCase(TrimText(type.substr(0, type.find(';'))), kFormType);
}

// A page of another site could log a browser in with a key of its own and watch what is done with
// it. Sec-Fetch-Site says who asks; where a browser does not send it (plain HTTP), Origin does.
bool IsForeign(const HttpRequest& request) {
  const std::string_view site = request.headers.Get("sec-fetch-site");
  if (!site.empty()) return site != "same-origin" && site != "none";
  const auto origin = request.headers.Find("origin");
  if (!origin) return false;
  const size_t colon = origin->find("://");
  return colon == std::string_view::npos ||
         !EqualsIgnoreCase(origin->substr(colon + 3), request.headers.Get("host"));
}

struct Login {
  std::string secret;
  std::string next;
};

absl::StatusOr<Login> ReadLogin(const HttpRequest& request) {
  Login login;
  if (IsForm(request)) {
    for (auto& [name, value] : ParseQuery(request.body)) {
      if (name == "key") login.secret = TrimText(value);
      if (name == "next") login.next = std::move(value);
    }
    return login;
  }
  boost::system::error_code error;
  const boost::json::value body = boost::json::parse(request.body, error);
  const auto* object = error ? nullptr : body.if_object();
  const auto* key = object == nullptr ? nullptr : object->if_contains("key");
  if (key == nullptr || !key->is_string()) {
    return InvalidArgument("the body must be {{\"key\":\"{}...\"}}", kSecretPrefix);
  }
  login.secret = TrimText(std::string_view(key->get_string()));
  return login;
}

std::string CookieOf(const HttpRequest& request, std::string_view token, int64_t seconds) {
  // Behind a proxy that speaks TLS the browser must not send it in the clear either.
  const bool tls = EqualsIgnoreCase(request.headers.Get("x-forwarded-proto"), "https");
  return fmt::format("{}={}; Path=/; HttpOnly; SameSite=Strict; Max-Age={}{}", kSessionCookie,
                     token, seconds, tls ? "; Secure" : "");
}

void Audit(const ApiCall& call, std::string_view action, const ApiKey& key) {
  if (call.context.deps.state == nullptr) return;
  const Caller who{std::make_shared<const ApiKey>(key), call.request.peer, ""};
  StateEvent event;
  event.kind = kAuditKind;
  event.id = "session-" + RandomText(kAuditIdChars);
  event.actor = who.Actor();
  event.body = fmt::format("{{\"action\":{},\"key\":{}}}", QuoteJson(action), QuoteJson(key.id));
  if (const auto appended = call.context.deps.state->Append(std::move(event)); !appended.ok()) {
    LogError("audit: {} of {} is not written: {}", action, key.id, Message(appended.status()));
  }
}

std::string SessionJson(bool keys_required, const Caller& caller) {
  boost::json::object json;
  json["keys_required"] = keys_required;
  json["key"] = nullptr;
  if (const ApiKey* key = caller.key.get(); key != nullptr) {
    boost::json::array scopes;
    for (const std::string_view name : ScopeNames(key->scopes)) scopes.emplace_back(name);
    json["key"] = {{"id", key->id},
                   {"name", key->name},
                   {"project", key->project},
                   {"scopes", std::move(scopes)}};
  }
  json["csrf_token"] = caller.csrf_token.empty() ? boost::json::value(nullptr)
                                                 : boost::json::value(caller.csrf_token);
  return boost::json::serialize(json);
}

HttpResponse NoStore(HttpResponse response) {
  response.headers.Set("Cache-Control", "no-store");
  return response;
}

absl::StatusOr<std::string> Begin(const ApiCall& call, const Login& login) {
  const ApiDeps& deps = call.context.deps;
  if (deps.keys == nullptr || deps.sessions == nullptr) {
    return Unavailable("this server keeps no keys");
  }
  if (IsForeign(call.request)) {
    return Error(absl::StatusCode::kPermissionDenied, "a login from another web site was refused");
  }
  ASSIGN_OR_RETURN(std::string token, deps.sessions->Begin(login.secret));
  const std::optional<Session> session = deps.sessions->Find(token);
  if (!session || !session->key->May(KeyScope::kRead)) {
    deps.sessions->End(token);
    return Error(absl::StatusCode::kPermissionDenied,
                 "the key is valid, but it may not read: pages need the scope read or admin");
  }
  Audit(call, "session.begin", *session->key);
  return token;
}

}  // namespace

void GetSession(ApiCall call) {
  const Authorizer* authorizer = call.context.deps.authorizer;
  const bool keys_required = authorizer != nullptr && authorizer->KeysRequired();
  call.responder.Send(NoStore(JsonResponse(200, SessionJson(keys_required, call.caller))));
}

void PostLogin(ApiCall call) {
  const bool form = IsForm(call.request);
  const auto login = ReadLogin(call.request);
  if (!login.ok()) return call.responder.Send(StatusResponse(login.status()));
  const auto token = Begin(call, *login);
  if (!token.ok()) {
    return call.responder.Send(form ? LoginPageTo(login->next, Message(token.status()))
                                    : StatusResponse(token.status()));
  }
  HttpResponse response;
  if (form) {
    response.status = 303;
    response.headers.Set("Location", SafeTarget(login->next));
  } else {
    const std::optional<Session> session = call.context.deps.sessions->Find(*token);
    const Caller caller = session ? Caller{session->key, "", session->csrf_token} : Caller{};
    response = JsonResponse(200, SessionJson(true, caller));
  }
  response.headers.Set("Set-Cookie",
                       CookieOf(call.request, *token, kSessionNanos / kNanosPerSecond));
  call.responder.Send(NoStore(std::move(response)));
}

void PostLogout(ApiCall call) {
  const ApiDeps& deps = call.context.deps;
  if (deps.sessions != nullptr && call.caller.key != nullptr && !call.caller.csrf_token.empty()) {
    deps.sessions->End(SessionCookie(call.request));
    Audit(call, "session.end", *call.caller.key);
  }
  HttpResponse response = JsonResponse(200, "{\"status\":\"logged out\"}");
  response.headers.Set("Set-Cookie", CookieOf(call.request, "", 0));
  call.responder.Send(NoStore(std::move(response)));
}

}  // namespace pitot
