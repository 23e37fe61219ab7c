// gateway/keys/sessions.h
//
// People in a browser: a key, shown once, becomes a cookie that scripts cannot read, and a token that
// only pages of ours can, which they send with whatever changes something. A session ends with its
// secret (revoked, rotated, expired), at logout, and after kSessionNanos.
//
// Kept in a file as hashes, so that a restart logs nobody out. Thread-safe; Begin and End write the
// file, Find does not.
#pragma once

#include <absl/status/statusor.h>

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/mutex.h"
#include "base/sha256.h"
#include "gateway/keys/key_ring.h"

namespace pitot {

inline constexpr int64_t kSessionNanos = 7 * kNanosPerDay;
inline constexpr size_t kSessionsMax = 10'000;  // The oldest ends for a further one.

struct Session {
  std::shared_ptr<const ApiKey> key;
  std::string csrf_token;
};

class Sessions {
 public:
  // Borrows both. `file` empty: in memory only. A file that cannot be read: everybody logs in again.
  Sessions(std::string file, const KeyRing& keys, const Clock& clock);

  // The cookie's value. kUnauthenticated: no such key.
  absl::StatusOr<std::string> Begin(std::string_view secret);
  // Nothing: unknown or ended.
  std::optional<Session> Find(std::string_view token) const;
  void End(std::string_view token);

 private:
  struct Entry {
    Sha256Digest secret_hash;
    UnixNanos until_ns;
  };

  void Load();
  void Save() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const std::string file_;
  const KeyRing& keys_;
  const Clock& clock_;
  mutable Mutex mutex_;
  std::map<Sha256Digest, Entry> sessions_ ABSL_GUARDED_BY(mutex_);  // By the token's hash.
};

}  // namespace pitot
