#include "gateway/keys/secret.h"

#include <sys/random.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdlib>

#include "base/log.h"
#include "http/headers.h"

namespace pitot {
namespace {

constexpr std::string_view kLower = "abcdefghijklmnopqrstuvwxyz0123456789";
constexpr std::string_view kAlphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

// Characters of `alphabet`, each as likely as the others: bytes that would favour the first ones are
// thrown away.
std::string Random(size_t chars, std::string_view alphabet) {
  const size_t fair = 256 - 256 % alphabet.size();
  std::string text;
  while (text.size() < chars) {
    std::array<uint8_t, 64> bytes;
    if (getrandom(bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size())) {
      // Only a kernel without the call fails here, and a guessable key is worse than no server.
      LogError("getrandom: the system gives no random bytes");
      std::abort();
    }
    for (const uint8_t byte : bytes) {
      if (byte < fair && text.size() < chars) text += alphabet[byte % alphabet.size()];
    }
  }
  return text;
}

bool IsOurs(std::string_view text) { return text.starts_with(kSecretPrefix); }

// The credentials of "Bearer ...".
std::string_view BearerOf(std::string_view authorization) {
  constexpr std::string_view kScheme = "bearer ";
  if (authorization.size() <= kScheme.size() ||
      !EqualsIgnoreCase(authorization.substr(0, kScheme.size()), kScheme)) {
    return {};
  }
  return TrimOws(authorization.substr(kScheme.size()));
}

template <typename Header>
std::optional<std::string_view> KeyOfHeaders(const Header& header) {
  for (const char* name : {"x-pitot-key", "authorization", "x-api-key", "x-goog-api-key"}) {
    const std::string_view value = header(name);
    const std::string_view secret =
        std::string_view(name) == "authorization" ? BearerOf(value) : TrimOws(value);
    if (IsOurs(secret)) return secret;
  }
  return std::nullopt;
}

}  // namespace

bool IsSecret(std::string_view text) {
  const size_t dash = kSecretPrefix.size() + kKeyIdChars;
  if (text.size() != dash + 1 + kSecretChars || !IsOurs(text) || text[dash] != '-') return false;
  const auto all_of = [](std::string_view part, std::string_view alphabet) {
    return part.find_first_not_of(alphabet) == std::string_view::npos;
  };
  return all_of(text.substr(kSecretPrefix.size(), kKeyIdChars), kLower) &&
         all_of(text.substr(dash + 1), kAlphabet);
}

std::string RandomText(size_t chars) { return Random(chars, kAlphabet); }
std::string MakeKeyId() { return Random(kKeyIdChars, kLower); }

std::string MakeSecret(std::string_view id) {
  std::string secret(kSecretPrefix);
  secret += id;
  secret += '-';
  return secret + RandomText(kSecretChars);
}

std::optional<std::string_view> KeyOf(const HttpRequest& request) {
  const auto found = KeyOfHeaders([&](std::string_view name) { return request.headers.Get(name); });
  if (found) return found;
  const std::string_view param = request.Param("key");
  return IsOurs(param) ? std::optional(param) : std::nullopt;
}

std::optional<std::string_view> KeyOf(
    const std::function<std::string_view(std::string_view name)>& header) {
  return KeyOfHeaders(header);
}

}  // namespace pitot
