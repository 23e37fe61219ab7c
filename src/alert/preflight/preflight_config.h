// alert/preflight/preflight_config.h
//
// What preflight looks at that is neither in the store nor to be tried out: the configuration as it is
// in force now, keys and budgets made at run time included. Plain values, filled by the server.
#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "alert/options.h"
#include "alert/rule.h"
#include "base/clock.h"

namespace pitot {

// A rule with how its last evaluation of the project went.
struct PreflightRule {
  RuleSpec spec;
  UnixNanos last_at = 0;  // 0: not evaluated yet.
  std::string last_error;
  int64_t series = 0;    // Measured.
  int64_t learning = 0;  // Of them, without a baseline yet.
};

struct PreflightBudget {
  std::string id;
  std::string scope;    // "global", "project", "key", "feature", ...
  std::string match;    // Glob.
  std::string project;  // Empty: all.
  std::string window;   // "day", ...
  double limit_usd = 0;
  bool hard = false;
};

struct PreflightKey {
  std::string id;
  std::string name;
  std::string project;
  std::vector<std::string> scopes;  // "ingest", "read", "gateway", "admin"
  UnixNanos created_at = 0;         // Of its secret: of the last rotation. 0: not known.
  UnixNanos expires_at = 0;         // 0: never.
  bool from_config = false;
};

// Empty globs match everything. Of several the first that matches holds.
struct PreflightRoute {
  std::string upstream, model, feature, key;  // Globs.
  int64_t fallbacks = 0;                      // Targets after the first.
  bool degraded = false;                      // There is an answer of last resort.
  bool cache = false;
  std::optional<int64_t> total_ns;  // Its own deadline.
};

struct PreflightGateway {
  bool enabled = false;
  std::vector<PreflightRoute> routes;
  int64_t total_ns = 0;  // Deadline of a call.
  int attempts = 0;
  int64_t backoff_ns = 0;
  bool breaker = true;
  std::string loop_mode;        // "off", "observe", "enforce"
  bool loop_blocks = false;     // At least one of L1 to L3 may block.
  bool steps_blocked = false;   // L6 may block, or a cap of steps is set.
  bool spend_blocked = false;   // L7 may block, or a cap of spend is set.
  bool shared_budgets = false;  // Through Redis.
  bool local_when_redis_down = false;
};

struct PreflightConfig {
  AlertOptions alerts;  // Receivers, objectives, and preflight's own options among them.
  std::vector<PreflightRule> rules;
  std::vector<PreflightBudget> budgets;
  std::vector<PreflightKey> keys;
  bool keys_required = false;  // Nobody gets in without.
  bool network = false;        // Listens on more than loopback.
  PreflightGateway gateway;
  bool redact_secrets = true;
  std::vector<std::string> redact_personal;  // Kinds: "email", ...
  std::vector<std::string> redact_rules;     // Names of own rules.
  int64_t retention_days = 0;
};

// When a receiver last got something, and how that went.
struct PreflightDelivery {
  std::string receiver;
  std::string channel;            // "slack", ...
  UnixNanos last_success_at = 0;  // 0: never.
  UnixNanos last_error_at = 0;
  std::string last_error;
  int64_t latency_ns = 0;
};

struct PreflightRunbook {
  std::string name;
  int64_t steps = 0;
  std::vector<std::string> failed;  // "step: why", of those that could not decide for an error.
};

// What preflight asks of other parts. Any thread; a hook that is absent was not wired.
struct PreflightHooks {
  std::function<std::vector<PreflightDelivery>()> deliveries;
  // Sends a notification marked as a test and waits for it.
  std::function<absl::Status(const std::string& receiver)> test_receiver;
  // Runs all steps, does nothing.
  std::function<absl::StatusOr<PreflightRunbook>(const std::string& name,
                                                 const std::string& project)>
      dry_run;
};

}  // namespace pitot
