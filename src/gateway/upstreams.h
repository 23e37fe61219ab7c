// gateway/upstreams.h
//
// The providers that calls go to, with what it takes to call them. Immutable once opened.
// Thread-safe.
#pragma once

#include <absl/container/flat_hash_map.h>
#include <absl/status/statusor.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/keys/provider_secret.h"
#include "gateway/options.h"
#include "http/async_client.h"
#include "http/url.h"

namespace pitot {

struct Upstream {
  UpstreamOptions options;
  Url base;  // Its target is a path to be put before the call's, without a trailing '/'; may be empty.
  AsyncClient* client = nullptr;
  std::string_view credential_header;  // Where its API wants the key.

  // Who bills, for spans and prices.
  std::string_view provider() const {
    return options.provider.empty() ? std::string_view(options.name) : options.provider;
  }
  // As the value of credential_header.
  std::string CredentialValue(std::string_view secret) const;
};

class Upstreams {
 public:
  // The built-in ones, and `options` beside or in place of them. REQUIRES: validated.
  static absl::StatusOr<std::unique_ptr<Upstreams>> Open(
      const std::vector<UpstreamOptions>& options);

  const Upstream* Find(std::string_view name) const;
  std::vector<std::string_view> Names() const;  // Sorted.

 private:
  std::vector<std::unique_ptr<Upstream>> upstreams_;
  absl::flat_hash_map<std::string, std::unique_ptr<AsyncClient>> clients_;  // By CA file.
};

}  // namespace pitot
