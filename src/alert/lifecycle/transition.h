// alert/lifecycle/transition.h
//
// The state machine of one alert (lifecycle.h), as a pure function of its state, how long it has been
// in it, and what was measured.
#pragma once

#include <cstdint>
#include <optional>

#include "alert/alert.h"
#include "alert/rule.h"

namespace pitot {

struct LifecycleTiming {
  int64_t for_ns = 0;
  int64_t keep_firing_ns = 0;
  int64_t no_data_hold_ns = 0;
};

// The state of an alert that is not there, from which a breach makes one.
inline constexpr std::optional<AlertState> kNoAlert = std::nullopt;

// `waited_ns`: since it is pending, keep_firing or no_data. kNoAlert: it is gone.
std::optional<AlertState> NextState(std::optional<AlertState> state, int64_t waited_ns,
                                    Verdict verdict, bool urgent, const LifecycleTiming& timing);

}  // namespace pitot
