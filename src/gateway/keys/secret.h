// gateway/keys/secret.h
//
// The secret of an API key: pk-pitot-PPPPPPPP-SSS...S. Eight letters and digits that are public and
// name the key (they are its id), then 43 of A-Z a-z 0-9: 256 random bits. That much cannot be
// guessed, so a plain SHA-256 of it is all that is stored, and looking it up by that hash tells
// nothing through time.
//
// Pure, but for MakeSecret, which asks the system for random bytes.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "http/message.h"

namespace pitot {

inline constexpr std::string_view kSecretPrefix = "pk-pitot-";
inline constexpr size_t kKeyIdChars = 8;
inline constexpr size_t kSecretChars = 43;

// Whether all of `text` has the form of a secret.
bool IsSecret(std::string_view text);

// A new one for the key `id`.
std::string MakeSecret(std::string_view id);
// Eight random letters (lower case) and digits.
std::string MakeKeyId();
// `chars` random ones of A-Z a-z 0-9.
std::string RandomText(size_t chars);

// Pitot's key in a request: the first of x-pitot-key, Authorization: Bearer, x-api-key,
// x-goog-api-key and the query parameter `key` that starts with kSecretPrefix. It may be malformed or
// unknown: whoever looks it up says so. Anything else in those places is a key of the caller's own,
// for a provider, and none of our business. Valid as long as `request`.
std::optional<std::string_view> KeyOf(const HttpRequest& request);

// The same where there are only headers (gRPC metadata): `header` gives the value of a lower-case
// name, "" when absent.
std::optional<std::string_view> KeyOf(
    const std::function<std::string_view(std::string_view name)>& header);

}  // namespace pitot
