#include "alert/lifecycle/transition.h"

#include <gtest/gtest.h>

#include <string>

namespace pitot {
namespace {

constexpr int64_t kMinute = kNanosPerMinute;
constexpr LifecycleTiming kTiming = {2 * kMinute, 5 * kMinute, 360 * kMinute};

std::string Text(std::optional<AlertState> state) {
  return std::string(state ? Name(*state) : "none");
}

struct Case {
  std::optional<AlertState> from;
  int64_t waited_minutes;
  Verdict verdict;
  std::optional<AlertState> to;
};

TEST(Transition, EveryStateAndVerdict) {
  using S = AlertState;
  using V = Verdict;
  const Case cases[] = {
      {kNoAlert, 0, V::kBreach, S::kPending},      {kNoAlert, 0, V::kOk, kNoAlert},
      {kNoAlert, 0, V::kHold, kNoAlert},           {kNoAlert, 0, V::kNoData, kNoAlert},
      {kNoAlert, 0, V::kSuppressed, kNoAlert},     {kNoAlert, 0, V::kLearning, kNoAlert},
      {S::kPending, 1, V::kBreach, S::kPending},   {S::kPending, 2, V::kBreach, S::kFiring},
      {S::kPending, 9, V::kNoData, S::kPending},   {S::kPending, 9, V::kOk, kNoAlert},
      {S::kPending, 9, V::kHold, kNoAlert},        {S::kPending, 9, V::kSuppressed, kNoAlert},
      {S::kPending, 9, V::kLearning, kNoAlert},    {S::kFiring, 0, V::kBreach, S::kFiring},
      {S::kFiring, 0, V::kHold, S::kFiring},       {S::kFiring, 0, V::kSuppressed, S::kFiring},
      {S::kFiring, 0, V::kOk, S::kKeepFiring},     {S::kFiring, 0, V::kNoData, S::kNoData},
      {S::kFiring, 0, V::kLearning, S::kNoData},   {S::kKeepFiring, 1, V::kBreach, S::kFiring},
      {S::kKeepFiring, 1, V::kHold, S::kFiring},   {S::kKeepFiring, 1, V::kSuppressed, S::kFiring},
      {S::kKeepFiring, 4, V::kOk, S::kKeepFiring}, {S::kKeepFiring, 5, V::kOk, S::kResolved},
      {S::kKeepFiring, 9, V::kNoData, S::kNoData}, {S::kNoData, 1, V::kBreach, S::kFiring},
      {S::kNoData, 1, V::kHold, S::kFiring},       {S::kNoData, 1, V::kSuppressed, S::kFiring},
      {S::kNoData, 1, V::kOk, S::kKeepFiring},     {S::kNoData, 359, V::kNoData, S::kNoData},
      {S::kNoData, 360, V::kNoData, S::kResolved}, {S::kNoData, 360, V::kLearning, S::kResolved},
      {S::kResolved, 0, V::kBreach, S::kPending},  {S::kResolved, 0, V::kOk, S::kResolved},
      {S::kResolved, 0, V::kNoData, S::kResolved},
  };
  for (const Case& one : cases) {
    EXPECT_EQ(Text(NextState(one.from, one.waited_minutes * kMinute, one.verdict, false, kTiming)),
              Text(one.to))
        << Text(one.from) << " for " << one.waited_minutes << " min, then " << Name(one.verdict);
  }
}

TEST(Transition, UrgentAndWithoutFor) {
  EXPECT_EQ(NextState(kNoAlert, 0, Verdict::kBreach, true, kTiming), AlertState::kFiring);
  EXPECT_EQ(NextState(AlertState::kPending, 0, Verdict::kBreach, true, kTiming),
            AlertState::kFiring);
  EXPECT_EQ(NextState(kNoAlert, 0, Verdict::kBreach, false, {0, 0, 0}), AlertState::kFiring);
  EXPECT_EQ(NextState(AlertState::kFiring, 0, Verdict::kOk, false, {0, 0, 0}),
            AlertState::kResolved);
}

}  // namespace
}  // namespace pitot
