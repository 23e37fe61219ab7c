#include "alert/dispatch/alert_world_test_util.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <utility>

#include "base/file.h"
#include "base/status.h"

namespace pitot::testing {
namespace {

std::string Joined(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : ", ") + word;
  return text;
}

std::string StateText(const std::optional<AlertState>& state, std::string_view none) {
  return std::string(state ? Name(*state) : none);
}

// In memory where that can be: days of events are made durable one by one.
std::filesystem::path NewFolder() {
  std::error_code error;
  const std::filesystem::path memory = "/dev/shm";
  const auto parent = std::filesystem::is_directory(memory, error)
                          ? memory
                          : std::filesystem::temp_directory_path();
  return parent / fmt::format("pitot_alert_world_{:08x}", std::random_device{}());
}

}  // namespace

std::string SpanText(int64_t ns) {
  if (ns < 0) return "-" + SpanText(-ns);
  int64_t seconds = ns / kNanosPerSecond;
  std::string text;
  for (const auto& [unit, length] : {std::pair('d', int64_t{86'400}), std::pair('h', int64_t{3600}),
                                     std::pair('m', int64_t{60})}) {
    if (seconds >= length) text += fmt::format("{}{}", seconds / length, unit);
    seconds %= length;
  }
  if (seconds > 0 || text.empty()) text += fmt::format("{}s", seconds);
  return text;
}

AlertWorld::AlertWorld() : folder_(NewFolder()), clock_(kStart) {
  options.default_receiver = "ops";
}

AlertWorld::~AlertWorld() {
  Close();
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
}

void AlertWorld::Open() {
  clock_.Set(wall());
  auto state = StateLog::Open(folder_ / "state", clock_);
  ASSERT_TRUE(state.ok()) << state.status();
  state_ = *std::move(state);
  auto lifecycle = Lifecycle::Open(state_.get(), lifecycle_options, wall());
  ASSERT_TRUE(lifecycle.ok()) << lifecycle.status();
  lifecycle_ = *std::move(lifecycle);
  auto silences = Silences::Open(state_.get(), 100, wall());
  ASSERT_TRUE(silences.ok()) << silences.status();
  silences_ = *std::move(silences);
  auto dispatcher = Dispatcher::Open(options, *silences_, state_.get(), wall());
  ASSERT_TRUE(dispatcher.ok()) << dispatcher.status();
  dispatcher_ = *std::move(dispatcher);
  std::vector<std::string> ids;
  for (const auto& [id, rule] : rules) {
    if (!rule.removed) ids.push_back(id);
  }
  lifecycle_->RetainRules(ids, wall());
  next_evaluation_ns_ = at_ns_;
  ticked_at_ns_ = -1;
}

void AlertWorld::Close() {
  dispatcher_.reset();
  silences_.reset();
  lifecycle_.reset();
  state_.reset();
}

void AlertWorld::StartFrom(const AlertWorld& other, size_t events) {
  const auto journal = ReadFile(other.folder_ / "state/journal");
  ASSERT_TRUE(journal.ok()) << journal.status();
  size_t length = 0;
  for (size_t i = 0; i < events; ++i) length = journal->find('\n', length) + 1;
  ASSERT_TRUE(MakeFolders(folder_ / "state").ok());
  ASSERT_TRUE(WriteFileAtomic(folder_ / "state/journal", journal->substr(0, length)).ok());
  options = other.options;
  rules = other.rules;
  at_ns_ = other.at_ns_;
  offset_ns_ = other.offset_ns_;
}

std::string AlertWorld::NameOf(const Labels& labels) const {
  std::string name, shown, severity;
  for (const auto& [label, value] : labels) {
    if (label == kAlertNameLabel) {
      name = value;
    } else if (label == kSeverityLabel) {
      severity = " " + value;
    } else if (label != kProjectLabel) {
      shown += fmt::format("{}{}={}", shown.empty() ? "" : ",", label, value);
    }
  }
  for (const auto& [id, rule] : rules) {
    if (rule.spec.alertname == name) name = id;
  }
  if (!shown.empty()) name += "{" + shown + "}";
  return name + severity;
}

std::string AlertWorld::Words(const Notification& notification) const {
  std::vector<std::string> firing, over;
  for (const Alert& alert : notification.alerts) {
    (IsActive(alert.state) ? firing : over).push_back(NameOf(alert.labels));
  }
  std::string words = fmt::format("{} <- {}:", notification.receiver, Name(notification.reason));
  if (!firing.empty()) words += " firing " + Joined(firing);
  if (!over.empty()) words += (firing.empty() ? " over " : "; over ") + Joined(over);
  return words;
}

void AlertWorld::Evaluate() {
  for (auto& [id, rule] : rules) {
    if (rule.paused || rule.removed) continue;
    absl::StatusOr<std::vector<Reading>> readings = std::vector<Reading>();
    if (rule.fails) {
      readings = Unavailable("the store is away");
    } else {
      for (const auto& [labels, reading] : rule.readings) readings->push_back(reading);
    }
    lifecycle_->Apply(rule.spec, "p", readings, wall());
  }
  lifecycle_->Advance(wall());
}

void AlertWorld::Tell(std::vector<Notification> notifications) {
  for (Notification& notification : notifications) {
    const ChannelState channel = channels[notification.receiver];
    const bool ok = channel == ChannelState::kUp;
    const size_t events = state_->unapplied();
    transcript_.emplace_back(at_ns_, Words(notification) + (ok ? "" : " (does not arrive)"));
    if (channel != ChannelState::kMute) dispatcher_->Sent(notification, ok, wall());
    told_.push_back({at_ns_, events, std::move(notification), ok});
  }
}

void AlertWorld::Step(bool evaluate) {
  clock_.Set(wall());
  if (evaluate) Evaluate();
  for (const AlertTransition& one : lifecycle_->TakeTransitions()) {
    transcript_.emplace_back(at_ns_, fmt::format("{}: {}{}", NameOf(one.labels),
                                                 one.from ? StateText(one.from, "") + " -> " : "",
                                                 StateText(one.to, "gone")));
  }
  alerts_ = lifecycle_->Alerts();
  Tell(dispatcher_->Tick(alerts_, wall()));
  ticked_at_ns_ = at_ns_;
}

int64_t AlertWorld::NextStepAt() const {
  const UnixNanos due = dispatcher_->NextDue();
  if (due == INT64_MAX) return next_evaluation_ns_;
  const int64_t due_ns = due - kStart - offset_ns_;
  // It ran out by a clock that jumped: it is looked at with the next evaluation.
  if (due_ns <= ticked_at_ns_) return next_evaluation_ns_;
  return std::min(next_evaluation_ns_, due_ns);
}

void AlertWorld::RunNow() {
  if (!is_open()) return;
  const bool evaluate = next_evaluation_ns_ <= at_ns_;
  if (evaluate) next_evaluation_ns_ = at_ns_ + every_ns;
  Step(evaluate);
}

void AlertWorld::RunUntil(int64_t until_ns) {
  while (is_open()) {
    const int64_t next = NextStepAt();
    if (next >= until_ns) break;
    at_ns_ = std::max(at_ns_, next);
    RunNow();
  }
  at_ns_ = std::max(at_ns_, until_ns);
}

std::vector<std::pair<int64_t, std::string>> AlertWorld::TakeTranscript() {
  return std::exchange(transcript_, {});
}

}  // namespace pitot::testing
