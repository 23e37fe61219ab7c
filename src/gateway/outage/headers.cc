#include "gateway/outage/headers.h"

#include <algorithm>

#include "base/status.h"
#include "base/text.h"

namespace pitot {
namespace {

// What a field is, for one of the two directions.
enum Trait : uint8_t {
  kHopByHop = 1,        // Of one connection, whether Connection names it or not.
  kRequestFraming = 2,  // The client's for its own connection, or already answered (Expect).
  kCredential = 4,
  kReplyFraming = 8,
  kOfTheOrigin = 16,  // Speaks of the provider's origin; a browser would take it for ours.
  kOurs = 32,
  kCookies = 64,
  kCoding = 128,
};
struct KnownField {
  std::string_view name;
  uint8_t traits;
};
// Sorted.
constexpr KnownField kKnown[] = {
    {"accept-encoding", kRequestFraming},
    {"alt-svc", kOfTheOrigin},
    {"api-key", kCredential},
    {"authorization", kCredential},
    {"clear-site-data", kOfTheOrigin},
    {"connection", kHopByHop},
    {"content-encoding", kCoding},
    {"content-length", kRequestFraming | kReplyFraming},
    {"cookie", kCookies},
    {"expect", kRequestFraming},
    {"host", kRequestFraming},
    {"keep-alive", kHopByHop},
    {"proxy-authenticate", kHopByHop},
    {"proxy-authorization", kHopByHop},
    {"proxy-connection", kHopByHop},
    {"set-cookie", kCookies},
    {"strict-transport-security", kOfTheOrigin},
    {"te", kHopByHop},
    {"trailer", kHopByHop},
    {"transfer-encoding", kHopByHop},
    {"upgrade", kHopByHop},
    {"x-api-key", kCredential},
    {"x-goog-api-key", kCredential},
};
static_assert(std::is_sorted(std::begin(kKnown), std::end(kKnown),
                             [](const KnownField& a, const KnownField& b) {
                               return a.name < b.name;
                             }));

constexpr std::string_view kOurCookies = "pitot";

char Lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

uint8_t TraitsOf(std::string_view name) {
  // Longer names are of interest by their beginning only.
  char buffer[32];
  const size_t bytes = std::min(name.size(), sizeof buffer);
  for (size_t i = 0; i < bytes; ++i) buffer[i] = Lower(name[i]);
  const std::string_view lower(buffer, bytes);
  if (lower.starts_with("x-pitot-")) return kOurs;
  if (lower.starts_with("access-control-")) return kOfTheOrigin;
  const auto found =
      std::lower_bound(std::begin(kKnown), std::end(kKnown), lower,
                       [](const KnownField& a, std::string_view b) { return a.name < b; });
  return found != std::end(kKnown) && found->name.size() == name.size() && found->name == lower
             ? found->traits
             : 0;
}

bool StartsWithIgnoreCase(std::string_view text, std::string_view prefix) {
  return text.size() >= prefix.size() && EqualsIgnoreCase(text.substr(0, prefix.size()), prefix);
}

bool Matches(const std::vector<std::string>& patterns, std::string_view name) {
  return std::any_of(patterns.begin(), patterns.end(), [&](std::string_view pattern) {
    if (pattern.ends_with('*')) {
      return StartsWithIgnoreCase(name, pattern.substr(0, pattern.size() - 1));
    }
    return EqualsIgnoreCase(pattern, name);
  });
}

// The fields that Connection names.
class ConnectionOptions {
 public:
  explicit ConnectionOptions(const HttpHeaders& headers) {
    for (size_t i = 0; i < headers.size(); ++i) {
      const auto [name, value] = headers[i];
      if (name.size() != 10 || !EqualsIgnoreCase(name, "connection")) continue;
      // What it says most often names no field.
      if (EqualsIgnoreCase(value, "keep-alive") || EqualsIgnoreCase(value, "close")) continue;
      values_.push_back(value);
    }
  }
  bool Name(std::string_view field) const {
    return std::any_of(values_.begin(), values_.end(),
                       [&](std::string_view value) { return ListHasToken(value, field); });
  }

 private:
  std::vector<std::string_view> values_;
};

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
  if ((TraitsOf(name) & (kHopByHop | kRequestFraming)) != 0) {
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
  const uint8_t stays =
      static_cast<uint8_t>(kHopByHop | kRequestFraming | kOurs | (replaces ? kCredential : 0) |
                           (plan.body_decoded ? kCoding : 0));
  const ConnectionOptions connection(from_caller);
  const auto ruled_out = [&](std::string_view name) {
    return plan.rules != nullptr &&
           (Matches(plan.rules->drop, name) ||
            std::any_of(plan.rules->set.begin(), plan.rules->set.end(),
                        [&](const auto& field) { return EqualsIgnoreCase(field.first, name); }));
  };
  HttpHeaders out;
  for (size_t i = 0; i < from_caller.size(); ++i) {
    const auto [name, value] = from_caller[i];
    const uint8_t traits = TraitsOf(name);
    if ((traits & stays) != 0 || connection.Name(name) || Carries(value, plan.our_key) ||
        (replaces && EqualsIgnoreCase(name, plan.credential_name)) || ruled_out(name)) {
      continue;
    }
    if ((traits & kCookies) != 0) {
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
  constexpr uint8_t kStays = kHopByHop | kReplyFraming | kOurs | kOfTheOrigin;
  const ConnectionOptions connection(from_upstream);
  HttpHeaders out;
  for (size_t i = 0; i < from_upstream.size(); ++i) {
    const auto [name, value] = from_upstream[i];
    const uint8_t traits = TraitsOf(name);
    if ((traits & kStays) != 0 || connection.Name(name) ||
        (rules != nullptr && Matches(rules->drop_reply, name)) ||
        ((traits & kCookies) != 0 && StartsWithIgnoreCase(value, kOurCookies))) {
      continue;
    }
    out.Add(name, value);
  }
  return out;
}

}  // namespace pitot
