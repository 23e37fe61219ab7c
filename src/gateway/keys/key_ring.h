// gateway/keys/key_ring.h
//
// The API keys ("virtual keys"): who may call, for which project, with which attribution, and what
// the gateway may do for them. Keys come from the configuration file, read-only, and from people, by
// API and command line: those are events of the state log (kind "key"), so that they are known
// without the store. A secret is shown once, when it is made; only its SHA-256 is kept.
//
// Thread-safe. Find takes under 1 us and never blocks on the disk; what changes keys waits for it.
#pragma once

#include <absl/container/flat_hash_map.h>
#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/mutex.h"
#include "base/sha256.h"
#include "gateway/keys/secret.h"
#include "model/money.h"

namespace pitot {

class StateLog;

// Kind of events in the state log; its ids are ApiKey::id.
inline constexpr std::string_view kKeyKind = "key";

enum class KeyScope : uint32_t {
  kIngest = 1,   // Send telemetry: OTLP, POST /spans.
  kRead = 2,     // Every GET of the API.
  kSql = 4,      // POST /sql.
  kGateway = 8,  // Call providers.
  kAdmin = 16,   // Everything, in every project.
};
inline constexpr uint32_t kAllScopes = 31;

// "ingest", ...
std::string_view NameOf(KeyScope scope);
// In the order of the enum: {"ingest", "read"}.
std::vector<std::string_view> ScopeNames(uint32_t scopes);
// kInvalidArgument names the word and what is known.
absl::StatusOr<uint32_t> ParseScopes(const std::vector<std::string>& names);

// What a key may spend; becomes a budget of scope key.
struct BudgetLine {
  NanoUsd limit;
  std::string window = "day";  // minute, hour, day, week or month.
  std::string timezone = "UTC";
  bool hard = true;

  bool operator==(const BudgetLine&) const = default;
};

struct ApiKey {
  std::string id;    // Eight letters and digits; of a key in the configuration, what that says.
  std::string name;  // For people: 1 to 100 bytes, no control characters.
  std::string project = "default";
  uint32_t scopes = 0;  // Of KeyScope.

  // Attribution of the key's calls: feature, workflow, user, session, agent, prompt, prompt_version.
  std::map<std::string, std::string> defaults;  // Where the caller says nothing.
  std::map<std::string, std::string> pins;      // Whatever the caller says.
  // What the caller must say; the names above, or "traceparent".
  std::vector<std::string> require;

  // Upstream -> where its key is (provider_secret.h): "env:NAME" or "file:/path".
  std::map<std::string, std::string> provider_keys;
  std::vector<std::string> models;  // Globs of what may be called; empty: all.
  std::optional<BudgetLine> budget;
  std::optional<bool> cache;  // May answers come from the cache; nothing: as the route says.

  UnixNanos created_ns = 0;    // 0: from the configuration.
  UnixNanos expires_ns = 0;    // 0: never.
  UnixNanos last_used_ns = 0;  // 0: not known to have been used. Only in what List and Get return.
  // Until then a secret that Rotate replaced is valid too; 0: there is none.
  UnixNanos old_secret_until_ns = 0;
  bool from_config = false;

  bool May(KeyScope scope) const {
    return (scopes & (static_cast<uint32_t>(scope) | static_cast<uint32_t>(KeyScope::kAdmin))) != 0;
  }
  // Names, lengths, forms and limits. kInvalidArgument names field, value and what is accepted.
  absl::Status Validate() const;
};

// A key of the configuration file. Exactly one of hash and env.
struct ConfigKey {
  ApiKey key;        // With an id (empty: its name); created_ns and what follows is ignored.
  std::string hash;  // SHA-256 of the secret, 64 hex digits.
  std::string env;   // Name of the environment variable with the secret.
};

struct KeyRingOptions {
  std::vector<ConfigKey> keys;
  std::string config_file;     // Its name, for messages.
  int64_t keys_max = 100'000;  // limits.api_keys
  // A file in which last uses survive a restart; empty: they do not.
  std::string use_file;
  // The environment; empty: the process's own.
  std::function<std::optional<std::string>(const std::string& name)> env;
};

struct NewKey {
  ApiKey key;
  std::string secret;  // Shown to whoever asked, once; never stored.
};

class KeyRing {
 public:
  // Borrows both. kInvalidArgument: a key of the configuration is wrong. Of what the state log holds,
  // what cannot be read is left out, with a line in the log.
  static absl::StatusOr<std::unique_ptr<KeyRing>> Open(KeyRingOptions options, StateLog& state,
                                                       const Clock& clock);
  ~KeyRing();  // Saves last uses.

  // The key of a secret. Null: not a secret of ours, unknown, revoked or expired. Notes the use.
  std::shared_ptr<const ApiKey> Find(std::string_view secret) const;
  // The same by Sha256(secret), without noting a use.
  std::shared_ptr<const ApiKey> FindByHash(const Sha256Digest& hash) const;

  // True: no key exists. An expired one does.
  bool empty() const { return empty_.load(std::memory_order_acquire); }
  // Whether somebody could make keys: a key with scope admin that has not expired.
  bool HasAdmin() const;

  // Of `spec` the ring gives id, created_ns, last_used_ns and from_config itself. `actor`: who asked, for
  // the audit log, to which each change is written.
  // kInvalidArgument: as Validate, or limits.api_keys. kFailedPrecondition: the first key that is not
  // in the configuration must have the scope admin, else nobody could make another.
  absl::StatusOr<NewKey> Create(ApiKey spec, std::string_view actor);
  // From now on its secrets are unknown. kNotFound; kFailedPrecondition: it is the configuration's, or
  // the last admin key while there are others.
  absl::Status Revoke(std::string_view id, std::string_view actor);
  // A new secret; the one before stays valid for `grace_ns` (0: not at all). One that an earlier
  // rotation left ends now. Errors as Revoke's.
  absl::StatusOr<NewKey> Rotate(std::string_view id, int64_t grace_ns, std::string_view actor);

  // All, with last_used_ns: those of the configuration first, then by time of creation.
  std::vector<ApiKey> List() const;
  std::optional<ApiKey> Get(std::string_view id) const;

  // Writes when keys were last used to the file. At the end, and from time to time.
  absl::Status SaveUse() const;

 private:
  struct Record;
  struct Entry {
    std::shared_ptr<Record> record;
    UnixNanos until_ns = 0;  // 0: for ever.
  };
  struct DigestHash {
    // A digest is as good as random already.
    size_t operator()(const Sha256Digest& digest) const;
  };
  using Records = std::map<std::string, std::shared_ptr<Record>, std::less<>>;

  KeyRing(KeyRingOptions options, StateLog& state, const Clock& clock);
  absl::Status LoadConfig(Records& records) const;
  absl::Status LoadState(Records& records) const;
  void LoadUse(const Records& records) const;
  static absl::StatusOr<std::shared_ptr<Record>> ParseRecord(std::string_view id,
                                                             std::string_view body);

  std::shared_ptr<Record> Lookup(const Sha256Digest& hash, UnixNanos now) const;
  Records Current() const;
  absl::StatusOr<std::shared_ptr<Record>> Changeable(const Records& records,
                                                     std::string_view id) const;
  bool HasAdminBut(std::string_view id) const;
  static ApiKey Described(const Record& record, UnixNanos now);

  absl::Status Audit(std::string_view action, const ApiKey& key, std::string_view actor);
  absl::Status Write(const Record& record, std::string_view action, std::string_view actor);
  void Publish(Records records);

  const KeyRingOptions options_;
  StateLog& state_;
  const Clock& clock_;

  Mutex change_;  // Held while a change is written: one at a time.
  mutable Mutex mutex_;
  // A record never changes but for its last use; a change puts another one in its place.
  Records records_ ABSL_GUARDED_BY(mutex_);  // By id.
  absl::flat_hash_map<Sha256Digest, Entry, DigestHash> by_hash_ ABSL_GUARDED_BY(mutex_);
  std::atomic<bool> empty_{true};
};

}  // namespace pitot
