// alert/dispatch/alert_world_test_util.h
//
// Lifecycle, silences and dispatcher over a state log in a folder of its own, in simulated time: what
// goldens and properties of alerting are tested in. Rules measure what they are told to.
//
// Two clocks: the world's own time, from 0, in which everything is told and done, and the wall clock
// of the program, which is that and an offset: a clock that jumps moves the offset only.
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "alert/dispatch/dispatcher.h"
#include "alert/dispatch/silences.h"
#include "alert/lifecycle/lifecycle.h"
#include "alert/options.h"
#include "base/clock.h"
#include "store/state.h"

namespace pitot::testing {

class AlertWorld {
 public:
  struct Rule {
    RuleSpec spec;
    std::map<Labels, Reading> readings;
    bool fails = false;
    bool paused = false;  // Not evaluated: of a project that is not looked at.
    bool removed = false;
  };
  enum class ChannelState { kUp, kDown, kMute };  // kMute: never says what became of it.

  struct Told {
    int64_t at_ns = 0;  // The world's time.
    size_t events = 0;  // Written before it was sent.
    Notification notification;
    bool ok = false;
  };

  AlertWorld();
  ~AlertWorld();

  AlertOptions options;
  LifecycleOptions lifecycle_options;
  int64_t every_ns = 30 * kNanosPerSecond;
  std::map<std::string, Rule> rules;
  std::map<std::string, ChannelState> channels;

  // Once options and rules are set; and after Close.
  void Open();
  // The program ends; what is not durable is lost.
  void Close();
  // Before Open: the program starts with the first `events` of what another one wrote, at its time.
  void StartFrom(const AlertWorld& other, size_t events);
  // Events written so far.
  size_t events() const { return state_->unapplied(); }

  // Evaluations and ticks of times before `until_ns`, then the time is that.
  void RunUntil(int64_t until_ns);
  // What is due at this moment.
  void RunNow();
  void MoveClock(int64_t by_ns) { offset_ns_ += by_ns; }

  int64_t at_ns() const { return at_ns_; }
  UnixNanos wall() const { return kStart + at_ns_ + offset_ns_; }
  bool is_open() const { return lifecycle_ != nullptr; }

  Lifecycle& lifecycle() { return *lifecycle_; }
  Silences& silences() { return *silences_; }
  Dispatcher& dispatcher() { return *dispatcher_; }
  // As of the last tick.
  const std::vector<Alert>& alerts() const { return alerts_; }

  // What happened since it was asked last, in order; the world's time and words.
  std::vector<std::pair<int64_t, std::string>> TakeTranscript();
  // Everything that was told.
  const std::vector<Told>& told() const { return told_; }

  // "errors{provider=openai} warning"
  std::string NameOf(const Labels& labels) const;
  std::string Words(const Notification& notification) const;

 private:
  static constexpr UnixNanos kStart = 1'790'000'000 * kNanosPerSecond;

  void Step(bool evaluate);
  void Evaluate();
  void Tell(std::vector<Notification> notifications);
  int64_t NextStepAt() const;

  std::filesystem::path folder_;
  FakeClock clock_;
  int64_t at_ns_ = 0;
  int64_t offset_ns_ = 0;
  int64_t next_evaluation_ns_ = 0;
  int64_t ticked_at_ns_ = -1;
  std::unique_ptr<StateLog> state_;
  std::unique_ptr<Lifecycle> lifecycle_;
  std::unique_ptr<Silences> silences_;
  std::unique_ptr<Dispatcher> dispatcher_;
  std::vector<Alert> alerts_;
  std::vector<std::pair<int64_t, std::string>> transcript_;
  std::vector<Told> told_;
};

// "4h0m30s", "2m", "0s", "1d".
std::string SpanText(int64_t ns);

}  // namespace pitot::testing
