#include "alert/lifecycle/transition.h"

namespace pitot {
namespace {

// What a measurement means for something that fires already.
enum class Evidence { kLasts, kOver, kUnknown };

Evidence OfFiring(Verdict verdict) {
  switch (verdict) {
    case Verdict::kBreach:
    case Verdict::kHold:
    case Verdict::kSuppressed:
      return Evidence::kLasts;
    case Verdict::kNoData:
    case Verdict::kLearning:
      return Evidence::kUnknown;
    case Verdict::kOk:
    case Verdict::kEnd:
      break;
  }
  return Evidence::kOver;
}

}  // namespace

std::optional<AlertState> NextState(std::optional<AlertState> state, int64_t waited_ns,
                                    Verdict verdict, bool urgent, const LifecycleTiming& timing) {
  if (!state || *state == AlertState::kResolved) {
    if (verdict != Verdict::kBreach) return state;
    return urgent || timing.for_ns <= 0 ? AlertState::kFiring : AlertState::kPending;
  }
  if (*state == AlertState::kPending) {
    // Its `for` waits while nothing is measured, see the caller.
    if (verdict == Verdict::kNoData) return AlertState::kPending;
    if (verdict != Verdict::kBreach) return kNoAlert;
    return urgent || waited_ns >= timing.for_ns ? AlertState::kFiring : AlertState::kPending;
  }
  switch (OfFiring(verdict)) {
    case Evidence::kLasts:
      return AlertState::kFiring;
    case Evidence::kUnknown:
      if (*state == AlertState::kNoData && waited_ns >= timing.no_data_hold_ns) {
        return AlertState::kResolved;
      }
      return AlertState::kNoData;
    case Evidence::kOver:
      break;
  }
  if (timing.keep_firing_ns <= 0) return AlertState::kResolved;
  if (*state == AlertState::kKeepFiring && waited_ns >= timing.keep_firing_ns) {
    return AlertState::kResolved;
  }
  return AlertState::kKeepFiring;
}

}  // namespace pitot
