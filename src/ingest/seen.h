// ingest/seen.h
//
// What was stored a moment ago, so that it need not be stored again: whole requests (a sender that
// lost our reply repeats them) and payloads (an agent resends its history on each call).
// Both are optimisations over keys that make repeats harmless; forgetting is always safe.
#pragma once

#include <absl/container/flat_hash_map.h>
#include <absl/container/flat_hash_set.h>

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/mutex.h"
#include "model/ids.h"

namespace pitot {

// What the first reply to a request said.
struct SeenReply {
  int64_t accepted = 0;
  int64_t rejected = 0;
};

// Requests acknowledged in the last `keep_ns`. Thread-safe.
class SeenRequests {
 public:
  SeenRequests(int64_t keep_ns, size_t entries_max)
      : keep_ns_(keep_ns), entries_max_(entries_max) {}

  std::optional<SeenReply> Find(const Hash128& hash, int64_t now_ns) const {
    MutexLock lock(&mutex_);
    const auto it = replies_.find(hash);
    if (it == replies_.end() || it->second.at_ns + keep_ns_ < now_ns) return std::nullopt;
    return it->second.reply;
  }

  // REQUIRES: the request is durable.
  void Add(const Hash128& hash, SeenReply reply, int64_t now_ns) {
    MutexLock lock(&mutex_);
    if (!replies_.try_emplace(hash, Row{reply, now_ns}).second) return;
    order_.emplace_back(now_ns, hash);
    while (!order_.empty() &&
           (order_.front().first + keep_ns_ < now_ns || order_.size() > entries_max_)) {
      replies_.erase(order_.front().second);
      order_.pop_front();
    }
  }

 private:
  struct Row {
    SeenReply reply;
    int64_t at_ns = 0;
  };
  const int64_t keep_ns_;
  const size_t entries_max_;
  mutable Mutex mutex_;
  absl::flat_hash_map<Hash128, Row, IdHash<16>> replies_ ABSL_GUARDED_BY(mutex_);
  std::deque<std::pair<int64_t, Hash128>> order_ ABSL_GUARDED_BY(mutex_);  // Oldest first.
};

// Payloads that are in the spool or the store. A payload is stored once per project, retention
// class and day, so all of these make the key. Two generations: when the young one is full it
// becomes the old one, and what was not asked for since is forgotten. Thread-safe.
class SeenPayloads {
 public:
  explicit SeenPayloads(size_t entries_max) : half_(entries_max / 2) {}

  // `scope` stands for project, retention class and day: ScopeOf().
  static Hash128 Key(const Hash128& scope, const Hash128& content) {
    Hash128 key;
    for (size_t i = 0; i < key.bytes.size(); ++i) key.bytes[i] = scope.bytes[i] ^ content.bytes[i];
    return key;
  }
  static Hash128 ScopeOf(std::string_view project, uint16_t keep_days, int32_t day);

  bool Contains(const Hash128& key) {
    MutexLock lock(&mutex_);
    if (suspended_ > 0) return false;
    if (young_.contains(key)) return true;
    if (!old_.contains(key)) return false;
    AddLocked(key);
    return true;
  }

  // REQUIRES: the payload is durable in the spool.
  void Add(const Hash128& key) {
    MutexLock lock(&mutex_);
    AddLocked(key);
  }

  // While payloads are being deleted, none is known, so that each request brings its own; and what was
  // known before is forgotten: a payload that was erased must be written when it is sent again.
  void Suspend() {
    MutexLock lock(&mutex_);
    ++suspended_;
    young_.clear();
    old_.clear();
  }
  void Resume() {
    MutexLock lock(&mutex_);
    --suspended_;
  }

 private:
  void AddLocked(const Hash128& key) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    if (half_ == 0) return;
    if (young_.size() >= half_) {
      old_ = std::move(young_);
      young_.clear();
    }
    young_.insert(key);
  }

  const size_t half_;
  Mutex mutex_;
  int suspended_ ABSL_GUARDED_BY(mutex_) = 0;
  absl::flat_hash_set<Hash128, IdHash<16>> young_ ABSL_GUARDED_BY(mutex_);
  absl::flat_hash_set<Hash128, IdHash<16>> old_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace pitot
