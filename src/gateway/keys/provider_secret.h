// gateway/keys/provider_secret.h
//
// Where a provider's key is: "env:NAME", an environment variable, or "file:/path", a file (a mounted
// secret), which is read again when it changes. The value goes into a header and nowhere else: it is
// in no message, log, span or answer.
//
// Thread-safe. Get takes well under 1 us; a file's time and size are looked at once a second at most.
#pragma once

#include <absl/container/flat_hash_map.h>
#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/mutex.h"

namespace pitot {

// kInvalidArgument: `ref` is neither "env:NAME" nor "file:/absolute/path".
absl::Status CheckSecretRef(std::string_view ref);

class ProviderSecrets {
 public:
  using GetEnv = std::function<std::optional<std::string>(const std::string& name)>;

  // Borrows the clock. `env`: empty: the process's own environment.
  explicit ProviderSecrets(const Clock& clock, GetEnv env = nullptr);

  // The secret, without white space around it. kFailedPrecondition says what is missing or wrong: the
  // variable, the file, or that the value is empty or cannot stand in a header.
  absl::StatusOr<std::shared_ptr<const std::string>> Get(std::string_view ref) const;

 private:
  using Result = absl::StatusOr<std::shared_ptr<const std::string>>;
  struct Cached {
    std::shared_ptr<const std::string> secret;
    absl::Status error;
    int64_t looked_at = 0;  // Monotonic.
    uint64_t size = 0;
    int64_t changed_ns = 0;
    uint64_t inode = 0;
  };

  Result ReadEnv(std::string_view ref) const;
  void Look(const std::string& path, Cached& cached) const;

  const Clock& clock_;
  const GetEnv env_;
  mutable Mutex mutex_;
  mutable absl::flat_hash_map<std::string, Cached> cached_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace pitot
