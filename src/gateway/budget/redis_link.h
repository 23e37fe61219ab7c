// gateway/budget/redis_link.h
//
// Inside budget/: budgets shared by several gateways. Each counter is a hash in Redis; its fields are
// GATEWAY:PERIOD, their values what that gateway has leased of the period. A lease is one script,
// which Redis runs alone: it takes down what the gateway says it holds, adds up what all hold, and
// gives what the limit leaves.
//
// A gateway's word is absolute, so a lost answer costs nothing, and a Redis that lost its data is
// told again: it then has another generation, and gives nothing until all had time to speak.
// Amounts are exact up to 2^53 nano-USD, which is kBudgetLimitMax: Redis' scripts count in doubles.
//
// Thread-safety: none; the keeper's thread. Blocks, for the timeout at most.
#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "gateway/budget/budgets.h"

struct redisContext;

namespace pitot {

struct RedisAsk {
  std::string counter;    // Its name; the prefix is added.
  int64_t oldest_s = 0;   // Periods that start before count no more.
  int64_t current_s = 0;  // The period that is charged now.
  int64_t limit = 0;
  int64_t want = 0;    // 0: only says what is held.
  int64_t least = 0;   // Less is of no use: then nothing is taken.
  int64_t keep_s = 0;  // The counter is forgotten when nobody speaks of it for as long.
  std::vector<std::pair<int64_t, int64_t>> held;  // Start of a period, amount.
};

struct RedisGrant {
  int64_t granted = 0;
  int64_t elsewhere = 0;  // Held by the others.
};

class RedisLink {
 public:
  // Connects when first used. `generation`: of the Redis that an earlier process spoke to; may be
  // empty. REQUIRES: valid options.
  RedisLink(const RedisOptions& options, std::string generation);
  ~RedisLink();

  // One grant for each ask. kUnavailable: Redis cannot be asked, or has lost its data and waits for
  // what others hold; what was said may or may not have been heard.
  absl::StatusOr<std::vector<RedisGrant>> Lease(std::span<const RedisAsk> asks);

  // Whether Redis answers, and is the one of before.
  absl::Status Check();

  // Of the Redis spoken to last.
  const std::string& generation() const { return generation_; }
  // Counts how often Redis turned out to know nothing any more: what is held must be said again.
  uint64_t losses() const { return losses_; }

 private:
  absl::Status Connect();
  absl::Status Login();
  absl::Status Fail(std::string_view what);
  absl::StatusOr<std::string> Command(const std::vector<std::string>& words);
  absl::Status SawGeneration(const std::string& generation);
  void Append(const RedisAsk& ask);

  const RedisOptions options_;
  const std::string gateway_;  // Of this process alone.
  std::string host_, user_, password_, database_;
  int port_ = 6379;
  redisContext* context_ = nullptr;
  std::string script_hash_;
  std::string generation_;  // Empty: none is known.
  uint64_t losses_ = 0;
  std::chrono::steady_clock::time_point retry_at_;
  absl::Status last_error_;
};

}  // namespace pitot
