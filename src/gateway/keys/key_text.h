// gateway/keys/key_text.h
//
// A key as the API shows it and as people ask for one. Pure. The members of both:
//
//   {"name":"ci","project":"default","scopes":["gateway"],"defaults":{"feature":"x"},"pins":{},
//    "require":["session"],"provider_keys":{"openai":"env:OPENAI_KEY_CI"},"models":["gpt-*"],
//    "budget":{"limit_usd":5,"window":"day","timezone":"UTC","hard":true},"cache":null}
#pragma once

#include <absl/status/statusor.h>

#include <cstdint>
#include <string>
#include <string_view>

#include "gateway/keys/key_ring.h"

namespace pitot {

// Also id, created_at, expires_at, last_used_at, old_secret_until (RFC 3339 or null) and from_config.
std::string KeyToJson(const ApiKey& key);

struct KeyRequest {
  ApiKey spec;                // Not validated: see ApiKey::Validate.
  int64_t expires_in_ns = 0;  // 0: never.
};
// Also "expires_in":"90d", at most kKeyLifeNanosMax. Only name and scopes are needed. kInvalidArgument
// names the member, an unknown one with the nearest known name.
absl::StatusOr<KeyRequest> ParseKeyRequest(std::string_view json);

inline constexpr int64_t kKeyLifeNanosMax = 3650 * kNanosPerDay;

}  // namespace pitot
