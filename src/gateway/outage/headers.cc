#include "gateway/outage/headers.h"

#include <algorithm>

#include "base/status.h"
#include "base/text.h"

namespace pitot {
namespace {

// Of one connection, whether Connection names them or not.
constexpr std::string_view kHopByHop[] = {"connection",
                                          "keep-alive",
                                          "proxy-connection",
                                          "proxy-authenticate",
                                          "proxy-authorization",
                                          "te",
                                          "trailer",
                                          "transfer-encoding",
                                          "upgrade"};

// Added by the client for the upstream's own connection, or already answered by our server (Expect).
constexpr std::string_view kRequestFraming[] = {"host", "content-length", "expect",
                                                "accept-encoding"};

constexpr std::string_view kCredentials[] = {"authorization", "x-api-key", "x-goog-api-key",
                                             "api-key"};

// They speak of the provider's origin; on our answer a browser would take them for ours.
constexpr std::string_view kOfTheOrigin[] = {"alt-svc", "strict-transport-security",
                                             "clear-site-data"};

constexpr std::string_view kOurPrefix = "x-pitot-";
constexpr std::string_view kOurCookies = "pitot";

bool StartsWithIgnoreCase(std::string_view text, std::string_view prefix) {
  return text.size() >= prefix.size() && EqualsIgnoreCase(text.substr(0, prefix.size()), prefix);
}

template <size_t kSize>
bool Holds(const std::string_view (&names)[kSize], std::string_view name) {
  return std::any_of(std::begin(names), std::end(names),
                     [&](std::string_view n) { return EqualsIgnoreCase(n, name); });
}

bool Matches(const std::vector<std::string>& patterns, std::string_view name) {
  return std::any_of(patterns.begin(), patterns.end(), [&](std::string_view pattern) {
    if (pattern.ends_with('*')) {
      return StartsWithIgnoreCase(name, pattern.substr(0, pattern.size() - 1));
    }
    return EqualsIgnoreCase(pattern, name);
  });
}

bool IsHopByHop(const HttpHeaders& headers, std::string_view name) {
  if (Holds(kHopByHop, name)) return true;
  for (size_t i = 0; i < headers.size(); ++i) {
    if (EqualsIgnoreCase(headers[i].name, "connection") && ListHasToken(headers[i].value, name)) {
      return true;
    }
  }
  return false;
}

// The value is the key, or a scheme and the key ("Bearer KEY").
bool Carries(std::string_view value, std::string_view key) {
  if (key.empty() || !value.ends_with(key)) return false;
  const std::string_view before = TrimOws(value.substr(0, value.size() - key.size()));
  return before.empty() ||
         (before.size() + key.size() < value.size() && before.find(' ') == std::string_view::npos);
}

// A Cookie value without the cookies that are ours.
std::string ForeignCookies(std::string_view value) {
  std::string out;
  for (std::string_view pair : SplitText(value, ';')) {
    pair = TrimOws(pair);
    if (pair.empty() || StartsWithIgnoreCase(pair, kOurCookies)) continue;
    if (!out.empty()) out += "; ";
    out += pair;
  }
  return out;
}

bool IsToken(std::string_view name) {
  constexpr std::string_view kMarks = "!#$%&'*+-.^_`|~";
  return !name.empty() && std::all_of(name.begin(), name.end(), [&](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           kMarks.find(c) != std::string_view::npos;
  });
}

absl::Status CheckName(std::string_view field, std::string_view name) {
  if (!IsToken(name)) {
    return InvalidArgument("{}: \"{}\" is not a header's name", field, name);
  }
  if (Holds(kHopByHop, name) || Holds(kRequestFraming, name)) {
    return InvalidArgument("{}: {} belongs to the connection and is set by the gateway", field,
                           name);
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status HeaderRules::Validate(std::string_view field) const {
  for (const std::string& name : drop) {
    RETURN_IF_ERROR(CheckName(fmt::format("{}.drop", field), name));
  }
  for (const std::string& name : drop_reply) {
    RETURN_IF_ERROR(CheckName(fmt::format("{}.drop_reply", field), name));
  }
  for (const auto& [name, value] : set) {
    RETURN_IF_ERROR(CheckName(fmt::format("{}.set", field), name));
    if (name.find('*') != std::string::npos) {
      return InvalidArgument("{}.set: \"{}\": only drop takes a pattern", field, name);
    }
    if (value.find_first_of(std::string_view("\r\n\0", 3)) != std::string::npos) {
      return InvalidArgument("{}.set.{}: the value holds a line break or a zero byte", field, name);
    }
  }
  return absl::OkStatus();
}

HttpHeaders RequestHeaders(const HttpHeaders& from_caller, const RequestHeaderPlan& plan) {
  const bool replaces = !plan.credential_name.empty();
  const auto is_set = [&](std::string_view name) {
    return plan.rules != nullptr &&
           std::any_of(plan.rules->set.begin(), plan.rules->set.end(),
                       [&](const auto& field) { return EqualsIgnoreCase(field.first, name); });
  };
  const auto stays = [&](std::string_view name, std::string_view value) {
    return IsHopByHop(from_caller, name) || Holds(kRequestFraming, name) ||
           StartsWithIgnoreCase(name, kOurPrefix) || Carries(value, plan.our_key) ||
           (replaces &&
            (Holds(kCredentials, name) || EqualsIgnoreCase(name, plan.credential_name))) ||
           (plan.body_decoded && EqualsIgnoreCase(name, "content-encoding")) ||
           (plan.rules != nullptr && Matches(plan.rules->drop, name)) || is_set(name);
  };
  HttpHeaders out;
  for (size_t i = 0; i < from_caller.size(); ++i) {
    const auto [name, value] = from_caller[i];
    if (stays(name, value)) continue;
    if (EqualsIgnoreCase(name, "cookie")) {
      const std::string cookies = ForeignCookies(value);
      if (!cookies.empty()) out.Add(name, cookies);
      continue;
    }
    out.Add(name, value);
  }
  out.Add("accept-encoding", "identity");
  if (replaces) out.Add(plan.credential_name, plan.credential_value);
  if (plan.rules != nullptr) {
    for (const auto& [name, value] : plan.rules->set) out.Add(name, value);
  }
  return out;
}

HttpHeaders ReplyHeaders(const HttpHeaders& from_upstream, const HeaderRules* rules) {
  HttpHeaders out;
  for (size_t i = 0; i < from_upstream.size(); ++i) {
    const auto [name, value] = from_upstream[i];
    if (IsHopByHop(from_upstream, name) || EqualsIgnoreCase(name, "content-length") ||
        StartsWithIgnoreCase(name, kOurPrefix) || StartsWithIgnoreCase(name, "access-control-") ||
        Holds(kOfTheOrigin, name) || (rules != nullptr && Matches(rules->drop_reply, name)) ||
        (EqualsIgnoreCase(name, "set-cookie") && StartsWithIgnoreCase(value, kOurCookies))) {
      continue;
    }
    out.Add(name, value);
  }
  return out;
}

}  // namespace pitot
