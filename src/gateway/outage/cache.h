// gateway/outage/cache.h
//
// Whole answers kept for equal requests: off unless a route asks for it. Equal means the same JSON
// value after member order and spaces are undone, for the same project, path, caller's credential and
// API version; nothing fuzzy. An answer past its time may still be given when the provider is down
// (stale), marked as such.
// In memory only; gone with the process. Bounded by limits.gateway_cache_bytes: what was used longest
// ago leaves.
// Thread-safety: AnswerCache is thread-safe, one mutex; answers are shared, not copied.
#pragma once

#include <absl/container/flat_hash_map.h>

#include <array>
#include <cstdint>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/mutex.h"
#include "http/headers.h"
#include "model/money.h"
#include "wire/response.h"

namespace pitot {

using CacheKey = std::array<uint8_t, 16>;

struct CacheRequest {
  std::string_view project;
  std::string_view upstream;
  // The caller's own provider credential, if it sent one: an answer paid with one person's key is not
  // given to another's. Empty when the gateway's key is used. Only its hash is kept.
  std::string_view credential;
  std::string_view method;
  std::string_view target;  // Path and query, without a key parameter.
  std::string_view body;
  const HttpHeaders* headers = nullptr;  // anthropic-version, anthropic-beta, openai-beta are read.
};

// SHA-256 over all of it, the first half. A body that is no JSON counts byte for byte.
CacheKey CacheKeyOf(const CacheRequest& request);

// JSON with members sorted by name, no spaces, and strings in their shortest escapes; numbers as they
// were written, so that 1.0 and 1 differ. Nothing: not JSON, nested deeper than 512, or an object
// names a member twice.
std::optional<std::string> CanonicalJson(std::string_view json);

struct CachedAnswer {
  int status = 200;
  HttpHeaders headers;  // CacheableHeaders of the answer.
  std::string body;     // As it was sent to the first caller: JSON, or the bytes of the stream.
  bool streamed = false;
  UnixNanos made_at = 0;
  int64_t ttl_ns = 0;
  std::optional<NanoUsd> cost;  // What making it cost, and using it saves.
};

// A whole, good answer: 200, complete, not cut, not refused or filtered, and of a size worth keeping.
bool MayCache(int status, const WireResult& result, int64_t body_bytes, int64_t answer_bytes_max);

// Without what belongs to one exchange: dates, cookies, request ids, rate limits, retry advice.
HttpHeaders CacheableHeaders(const HttpHeaders& headers);

class AnswerCache {
 public:
  // `bytes_max` 0: nothing is kept.
  explicit AnswerCache(int64_t bytes_max);

  // Younger than its time to live; null: none.
  std::shared_ptr<const CachedAnswer> Fresh(const CacheKey& key, UnixNanos now);
  // Also one that is over it by no more than `stale_ns`.
  std::shared_ptr<const CachedAnswer> Stale(const CacheKey& key, UnixNanos now, int64_t stale_ns);
  // Replaces. An answer larger than an eighth of the cache is not kept.
  void Put(const CacheKey& key, CachedAnswer answer);
  void Clear();

  int64_t answer_bytes_max() const { return bytes_max_ / 8; }

  struct Stats {
    int64_t answers = 0;
    int64_t bytes = 0;
    int64_t hits = 0;
    int64_t stale_hits = 0;
    int64_t misses = 0;
    int64_t evicted = 0;
  };
  Stats stats() const;

 private:
  struct Entry {
    CacheKey key;
    std::shared_ptr<const CachedAnswer> answer;
    int64_t bytes;
  };
  using Order = std::list<Entry>;  // Used last comes first.

  std::shared_ptr<const CachedAnswer> FindLocked(const CacheKey& key, UnixNanos now,
                                                 int64_t stale_ns)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void EraseLocked(Order::iterator entry) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const int64_t bytes_max_;
  mutable Mutex mutex_;
  Order order_ ABSL_GUARDED_BY(mutex_);
  absl::flat_hash_map<CacheKey, Order::iterator> by_key_ ABSL_GUARDED_BY(mutex_);
  Stats stats_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace pitot
