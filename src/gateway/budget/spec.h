// gateway/budget/spec.h
//
// What a budget is: over which calls, how much, in which window. Read from the configuration's
// `gateway.budgets` and from the API, both as flat keys:
//
//   id             required: [A-Za-z0-9_.-], at most 64
//   scope          required: global, project, key, feature, workflow, user, model, session, trace,
//                  request
//   match          glob on the scope's value ('*' is any run of characters); default "*"
//   per            each (one counter a value) or all (one counter); default: each for user, key,
//                  session, trace and request, all for the others
//   window         minute, hour, day, week (from Monday), month, rolling, lifetime; required but for
//                  session, trace and request, which know lifetime only
//   length         of a rolling window: "1h", "30d"
//   timezone       IANA name; default UTC. Days of 23 and 25 hours are days.
//   limit_usd      required: dollars, at most nine decimals
//   hard           true: reserved before the call, refused when it does not fit; default false
//   mode           strict (reserve the worst case) or expected (reserve what such calls cost)
//   on_exceed      refuse (default), or cut: end streams in flight too
//   unknown_price  refuse (default) or allow: calls whose price is not known, under a hard budget
//   project        only calls of this project; default: all
//
// A call that names no user (feature, workflow, key) shares one counter with all such calls, whose
// value is "": leaving a name out never evades a budget. A call without a session is a session of
// its own, known by its trace.
#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "model/money.h"

namespace pitot {

enum class BudgetScope : uint8_t {
  kGlobal,
  kProject,
  kKey,
  kFeature,
  kWorkflow,
  kUser,
  kModel,
  kSession,
  kTrace,
  kRequest,
  kEnd,
};
enum class BudgetPer : uint8_t { kDefault, kEach, kAll, kEnd };
enum class BudgetWindow : uint8_t {
  kDefault,  // Lifetime where that is the only one; else an error.
  kMinute,
  kHour,
  kDay,
  kWeek,
  kMonth,
  kRolling,
  kLifetime,
  kEnd,
};
enum class BudgetMode : uint8_t { kStrict, kExpected, kEnd };
enum class UnknownPrice : uint8_t { kRefuse, kAllow, kEnd };

std::string_view Name(BudgetScope v);
std::string_view Name(BudgetPer v);
std::string_view Name(BudgetWindow v);
std::string_view Name(BudgetMode v);
std::string_view Name(UnknownPrice v);

struct BudgetSpec {
  std::string id;
  BudgetScope scope = BudgetScope::kGlobal;
  std::string match = "*";
  BudgetPer per = BudgetPer::kDefault;
  BudgetWindow window = BudgetWindow::kDefault;
  int64_t length_ns = 0;  // Rolling only.
  std::string timezone = "UTC";
  NanoUsd limit;
  bool hard = false;
  BudgetMode mode = BudgetMode::kStrict;
  bool cut = false;
  UnknownPrice unknown_price = UnknownPrice::kRefuse;
  std::string project;       // Empty: all.
  bool from_config = false;  // Read-only in the API.

  bool operator==(const BudgetSpec&) const = default;

  // `per` and `window` with their defaults put in.
  bool each() const;
  BudgetWindow the_window() const;

  // Names the field, its value and what is expected.
  absl::Status Validate() const;
};

inline constexpr size_t kBudgetIdBytesMax = 64;
// $9,007,199 (2^53 nano-USD): what a shared counter in Redis holds exactly.
inline constexpr NanoUsd kBudgetLimitMax{int64_t{1} << 53};
inline constexpr int64_t kRollingMinNs = 60'000'000'000;
inline constexpr int64_t kRollingMaxNs = 366 * int64_t{86'400'000'000'000};

// From flat keys (the table above) with their values as text; validated. Unknown keys are errors
// with the nearest known name.
absl::StatusOr<BudgetSpec> BudgetFromFields(
    std::span<const std::pair<std::string, std::string>> fields);
// From one JSON object of those keys; numbers are read exactly. `id` given: the object's may be
// absent, and must not differ.
absl::StatusOr<BudgetSpec> BudgetFromJson(std::string_view json, std::string_view id = {});
// One JSON object of those keys, defaults included, and "source": "config" or "api".
std::string BudgetToJson(const BudgetSpec& spec);

// "12.5" from 12500000000; as many decimals as it needs.
std::string UsdText(NanoUsd amount);

}  // namespace pitot
