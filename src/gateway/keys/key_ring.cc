#include "gateway/keys/key_ring.h"

#include <algorithm>
#include <boost/json.hpp>
#include <charconv>
#include <cstdlib>
#include <cstring>

#include "base/file.h"
#include "base/log.h"
#include "base/status.h"
#include "base/text.h"
#include "gateway/keys/key_json.h"
#include "store/state.h"

namespace pitot {

struct KeyRing::Record {
  ApiKey key;
  Sha256Digest hash = {};
  std::optional<Sha256Digest> old_hash;  // Valid until key.old_secret_until_ns.
  std::atomic<UnixNanos> last_used_ns = 0;
};

namespace {

namespace json = boost::json;

constexpr size_t kAuditIdChars = 16;

template <typename... Args>
absl::Status Refused(fmt::format_string<Args...> format, Args&&... args) {
  return Error(absl::StatusCode::kFailedPrecondition, format, std::forward<Args>(args)...);
}

bool IsPast(UnixNanos until_ns, UnixNanos now) { return until_ns != 0 && until_ns <= now; }

// The earlier of two ends, of which 0 is never.
UnixNanos Earlier(UnixNanos a, UnixNanos b) {
  if (a == 0 || b == 0) return std::max(a, b);
  return std::min(a, b);
}

int64_t IntOf(const json::object& object, std::string_view name) {
  const json::value* value = object.if_contains(name);
  return value != nullptr && value->is_int64() ? value->get_int64() : 0;
}

std::string_view TextOf(const json::object& object, std::string_view name) {
  const json::value* value = object.if_contains(name);
  return value != nullptr && value->is_string() ? std::string_view(value->get_string())
                                                : std::string_view();
}

bool IsAdmin(const ApiKey& key, UnixNanos now) {
  return key.May(KeyScope::kAdmin) && !IsPast(key.expires_ns, now);
}

std::optional<std::string> ProcessVariable(const std::string& name) {
  const char* value = std::getenv(name.c_str());
  return value == nullptr ? std::nullopt : std::optional<std::string>(value);
}

// The hash of a configured key's secret.
absl::StatusOr<Sha256Digest> HashOf(const KeyRingOptions& options, const ConfigKey& configured) {
  Sha256Digest hash;
  if (configured.hash.empty() == configured.env.empty()) {
    return InvalidArgument("needs one of hash and env");
  }
  if (!configured.hash.empty()) {
    if (DigestFromHex(configured.hash, hash)) return hash;
    return InvalidArgument(
        "hash must be the SHA-256 of the key, 64 hex digits; `pitot key generate` makes both");
  }
  const auto secret = options.env ? options.env(configured.env) : ProcessVariable(configured.env);
  if (!secret) {
    return InvalidArgument("env: the environment has no variable {}", configured.env);
  }
  if (!IsSecret(TrimText(*secret))) {
    return InvalidArgument(
        "env: the value of {} does not have the form of a key; `pitot key generate` makes one",
        configured.env);
  }
  return Sha256(TrimText(*secret));
}

}  // namespace

size_t KeyRing::DigestHash::operator()(const Sha256Digest& digest) const {
  size_t hash = 0;
  std::memcpy(&hash, digest.data(), sizeof hash);
  return hash;
}

KeyRing::KeyRing(KeyRingOptions options, StateLog& state, const Clock& clock)
    : options_(std::move(options)), state_(state), clock_(clock) {}

KeyRing::~KeyRing() {
  if (const absl::Status status = SaveUse(); !status.ok()) {
    LogWarning("keys: when they were last used is not saved: {}", Message(status));
  }
}

absl::StatusOr<std::unique_ptr<KeyRing>> KeyRing::Open(KeyRingOptions options, StateLog& state,
                                                       const Clock& clock) {
  std::unique_ptr<KeyRing> ring(new KeyRing(std::move(options), state, clock));
  Records records;
  RETURN_IF_ERROR(ring->LoadConfig(records));
  RETURN_IF_ERROR(ring->LoadState(records));
  ring->LoadUse(records);
  ring->Publish(std::move(records));
  return ring;
}

absl::Status KeyRing::LoadConfig(Records& records) const {
  std::map<Sha256Digest, std::string> hashes;
  for (const ConfigKey& configured : options_.keys) {
    auto record = std::make_shared<Record>();
    record->key = configured.key;
    ApiKey& key = record->key;
    if (key.id.empty()) key.id = key.name;
    key.from_config = true;
    key.created_ns = key.last_used_ns = key.old_secret_until_ns = 0;
    const std::string where = fmt::format("{}: key \"{}\"", options_.config_file, key.id);
    RETURN_IF_ERROR(Annotate(key.Validate(), where));
    auto hash = HashOf(options_, configured);
    if (!hash.ok()) return Annotate(hash.status(), where);
    record->hash = *hash;
    if (const auto [at, is_new] = hashes.emplace(*hash, key.id); !is_new) {
      return InvalidArgument("{}: has the same secret as \"{}\"", where, at->second);
    }
    if (!records.emplace(key.id, record).second) {
      return InvalidArgument("{}: the id is given twice", where);
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<std::shared_ptr<KeyRing::Record>> KeyRing::ParseRecord(std::string_view id,
                                                                      std::string_view body) {
  boost::system::error_code error;
  const json::value value = json::parse(body, error);
  if (error || !value.is_object()) return InvalidArgument("it is no JSON object");
  const json::object& object = value.get_object();
  const json::value* spec = object.if_contains("spec");
  if (spec == nullptr || !spec->is_object()) return InvalidArgument("it has no spec");
  auto record = std::make_shared<Record>();
  ASSIGN_OR_RETURN(record->key, ParseKeySpec(spec->get_object()));
  ApiKey& key = record->key;
  key.id = id;
  key.created_ns = IntOf(object, "created_ns");
  key.expires_ns = IntOf(object, "expires_ns");
  key.old_secret_until_ns = IntOf(object, "old_until_ns");
  if (!DigestFromHex(TextOf(object, "hash"), record->hash))
    return InvalidArgument("it has no hash");
  Sha256Digest old_hash;
  if (DigestFromHex(TextOf(object, "old_hash"), old_hash)) record->old_hash = old_hash;
  return record;
}

absl::Status KeyRing::LoadState(Records& records) const {
  for (const StateEvent& event : state_.Latest(kKeyKind)) {
    auto record = ParseRecord(event.id, event.body);
    if (!record.ok()) {
      LogError("keys: {} is not valid until it is made anew: {}", event.id,
               Message(record.status()));
      continue;
    }
    if (!records.emplace(event.id, *std::move(record)).second) {
      return InvalidArgument("{}: key \"{}\" has the id of a key made by API; give it another one",
                             options_.config_file, event.id);
    }
  }
  return absl::OkStatus();
}

// Lines of "id ns". What is wrong in it is a time not known, no more.
void KeyRing::LoadUse(const Records& records) const {
  if (options_.use_file.empty()) return;
  const auto text = ReadFile(options_.use_file);
  if (!text.ok()) return;
  for (const std::string_view line : SplitText(*text, '\n')) {
    const size_t blank = line.find(' ');
    if (blank == std::string_view::npos) continue;
    const auto at = records.find(line.substr(0, blank));
    int64_t used_ns = 0;
    std::from_chars(line.data() + blank + 1, line.data() + line.size(), used_ns);
    if (at != records.end()) at->second->last_used_ns = used_ns;
  }
}

absl::Status KeyRing::SaveUse() const {
  if (options_.use_file.empty()) return absl::OkStatus();
  std::string text;
  {
    MutexLock lock(&mutex_);
    for (const auto& [id, record] : records_) {
      const UnixNanos used_ns = record->last_used_ns.load(std::memory_order_relaxed);
      if (used_ns != 0) text += fmt::format("{} {}\n", id, used_ns);
    }
  }
  return WriteFileAtomic(options_.use_file, text);
}

void KeyRing::Publish(Records records) {
  absl::flat_hash_map<Sha256Digest, Entry, DigestHash> by_hash;
  by_hash.reserve(records.size());
  for (const auto& [id, record] : records) {
    const ApiKey& key = record->key;
    if (record->old_hash) {
      by_hash[*record->old_hash] = {record, Earlier(key.expires_ns, key.old_secret_until_ns)};
    }
    by_hash[record->hash] = {record, key.expires_ns};
  }
  MutexLock lock(&mutex_);
  records_.swap(records);
  by_hash_.swap(by_hash);
  empty_.store(records_.empty(), std::memory_order_release);
}

std::shared_ptr<KeyRing::Record> KeyRing::Lookup(const Sha256Digest& hash, UnixNanos now) const {
  MutexLock lock(&mutex_);
  const auto at = by_hash_.find(hash);
  if (at == by_hash_.end() || IsPast(at->second.until_ns, now)) return nullptr;
  return at->second.record;
}

std::shared_ptr<const ApiKey> KeyRing::Find(std::string_view secret) const {
  if (!IsSecret(secret)) return nullptr;
  const UnixNanos now = clock_.Now();
  std::shared_ptr<Record> record = Lookup(Sha256(secret), now);
  if (record == nullptr) return nullptr;
  record->last_used_ns.store(now, std::memory_order_relaxed);
  const ApiKey* key = &record->key;
  return {std::move(record), key};
}

std::shared_ptr<const ApiKey> KeyRing::FindByHash(const Sha256Digest& hash) const {
  std::shared_ptr<Record> record = Lookup(hash, clock_.Now());
  if (record == nullptr) return nullptr;
  const ApiKey* key = &record->key;
  return {std::move(record), key};
}

bool KeyRing::HasAdmin() const { return HasAdminBut(""); }

bool KeyRing::HasAdminBut(std::string_view id) const {
  const UnixNanos now = clock_.Now();
  MutexLock lock(&mutex_);
  return std::ranges::any_of(records_, [&](const auto& entry) {
    return entry.first != id && IsAdmin(entry.second->key, now);
  });
}

KeyRing::Records KeyRing::Current() const {
  MutexLock lock(&mutex_);
  return records_;
}

absl::Status KeyRing::Audit(std::string_view action, const ApiKey& key, std::string_view actor) {
  StateEvent event;
  event.kind = kAuditKind;
  event.id = "key-" + RandomText(kAuditIdChars);
  event.actor = actor;
  event.body = json::serialize(
      json::object{{"action", action}, {"key", key.id}, {"spec", KeySpecJson(key)}});
  return state_.Append(std::move(event)).status();
}

absl::Status KeyRing::Write(const Record& record, std::string_view action, std::string_view actor) {
  // First what was meant: a change that nobody can trace back is worse than one that failed.
  RETURN_IF_ERROR(Audit(action, record.key, actor));
  json::object body;
  body["spec"] = KeySpecJson(record.key);
  body["hash"] = DigestToHex(record.hash);
  if (record.old_hash) body["old_hash"] = DigestToHex(*record.old_hash);
  body["created_ns"] = record.key.created_ns;
  body["expires_ns"] = record.key.expires_ns;
  body["old_until_ns"] = record.key.old_secret_until_ns;
  StateEvent event;
  event.kind = kKeyKind;
  event.id = record.key.id;
  event.actor = actor;
  event.body = json::serialize(body);
  return state_.Append(std::move(event)).status();
}

absl::StatusOr<NewKey> KeyRing::Create(ApiKey spec, std::string_view actor) {
  MutexLock changing(&change_);
  Records records = Current();
  const UnixNanos now = clock_.Now();
  spec.from_config = false;
  spec.created_ns = now;
  spec.last_used_ns = spec.old_secret_until_ns = 0;
  RETURN_IF_ERROR(spec.Validate());
  if (IsPast(spec.expires_ns, now)) return InvalidArgument("the key would have expired already");
  if (static_cast<int64_t>(records.size()) >= options_.keys_max) {
    return InvalidArgument("there are {} keys already, which is limits.api_keys", records.size());
  }
  if (!IsAdmin(spec, now) && !HasAdmin()) {
    return Refused(
        "the first key must have the scope admin: from then on calls need a key, and only an admin "
        "key can make others (pitot key create NAME --scopes admin)");
  }
  do {
    spec.id = MakeKeyId();
  } while (records.contains(spec.id));
  NewKey made{std::move(spec), ""};
  made.secret = MakeSecret(made.key.id);
  auto record = std::make_shared<Record>();
  record->key = made.key;
  record->hash = Sha256(made.secret);
  RETURN_IF_ERROR(Write(*record, "key.create", actor));
  records.emplace(made.key.id, std::move(record));
  Publish(std::move(records));
  return made;
}

absl::StatusOr<std::shared_ptr<KeyRing::Record>> KeyRing::Changeable(const Records& records,
                                                                     std::string_view id) const {
  const auto at = records.find(id);
  if (at == records.end()) {
    return Error(absl::StatusCode::kNotFound, "no key has the id \"{}\"", id);
  }
  if (at->second->key.from_config) {
    return Refused("key \"{}\" is defined in {}: change it there", id, options_.config_file);
  }
  return at->second;
}

absl::Status KeyRing::Revoke(std::string_view id, std::string_view actor) {
  MutexLock changing(&change_);
  Records records = Current();
  ASSIGN_OR_RETURN(const std::shared_ptr<Record> record, Changeable(records, id));
  if (records.size() > 1 && IsAdmin(record->key, clock_.Now()) && !HasAdminBut(id)) {
    return Refused(
        "\"{}\" is the last admin key, and without one nobody could change the others; make "
        "another first",
        id);
  }
  RETURN_IF_ERROR(Audit("key.revoke", record->key, actor));
  StateEvent event;
  event.kind = kKeyKind;
  event.id = id;
  event.actor = actor;
  event.is_deleted = true;
  RETURN_IF_ERROR(state_.Append(std::move(event)).status());
  records.erase(records.find(id));
  Publish(std::move(records));
  return absl::OkStatus();
}

absl::StatusOr<NewKey> KeyRing::Rotate(std::string_view id, int64_t grace_ns,
                                       std::string_view actor) {
  MutexLock changing(&change_);
  Records records = Current();
  ASSIGN_OR_RETURN(const std::shared_ptr<Record> before, Changeable(records, id));
  const UnixNanos now = clock_.Now();
  if (IsPast(before->key.expires_ns, now)) {
    return Refused("key \"{}\" has expired; make a new one", id);
  }
  NewKey made{before->key, MakeSecret(id)};
  made.key.old_secret_until_ns = grace_ns > 0 ? now + grace_ns : 0;
  auto record = std::make_shared<Record>();
  record->key = made.key;
  record->hash = Sha256(made.secret);
  if (grace_ns > 0) record->old_hash = before->hash;
  record->last_used_ns = before->last_used_ns.load();
  RETURN_IF_ERROR(Write(*record, "key.rotate", actor));
  records.find(id)->second = std::move(record);
  Publish(std::move(records));
  return made;
}

ApiKey KeyRing::Described(const Record& record, UnixNanos now) {
  ApiKey key = record.key;
  key.last_used_ns = record.last_used_ns.load(std::memory_order_relaxed);
  if (IsPast(key.old_secret_until_ns, now)) key.old_secret_until_ns = 0;
  return key;
}

std::vector<ApiKey> KeyRing::List() const {
  const UnixNanos now = clock_.Now();
  std::vector<ApiKey> keys;
  for (const auto& [id, record] : Current()) keys.push_back(Described(*record, now));
  std::ranges::stable_sort(keys, [](const ApiKey& a, const ApiKey& b) {
    if (a.from_config != b.from_config) return a.from_config;
    return a.created_ns < b.created_ns;
  });
  return keys;
}

std::optional<ApiKey> KeyRing::Get(std::string_view id) const {
  MutexLock lock(&mutex_);
  const auto at = records_.find(id);
  if (at == records_.end()) return std::nullopt;
  return Described(*at->second, clock_.Now());
}

}  // namespace pitot
