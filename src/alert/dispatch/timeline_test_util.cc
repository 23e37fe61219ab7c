#include "alert/dispatch/timeline_test_util.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <charconv>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "alert/dispatch/alert_world_test_util.h"
#include "alert/matcher.h"
#include "base/status.h"
#include "base/text.h"

namespace pitot::testing {
namespace {

using Words = std::vector<std::string>;

Words WordsOf(std::string_view line) {
  Words words;
  for (const std::string_view word : SplitText(line, ' ')) {
    if (!word.empty()) words.emplace_back(word);
  }
  return words;
}

// "1h0m30s"
std::optional<int64_t> ParseSpan(std::string_view text) {
  const bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) text.remove_prefix(1);
  int64_t total = 0;
  if (text.empty()) return std::nullopt;
  while (!text.empty()) {
    int64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc() || end == text.data() + text.size()) return std::nullopt;
    const int64_t seconds = *end == 's'   ? 1
                            : *end == 'm' ? 60
                            : *end == 'h' ? 3600
                            : *end == 'd' ? 86'400
                                          : 0;
    if (seconds == 0) return std::nullopt;
    total += number * seconds * kNanosPerSecond;
    text.remove_prefix(static_cast<size_t>(end + 1 - text.data()));
  }
  return negative ? -total : total;
}

// "a=b,c=d", with or without braces.
Labels ParseLabels(std::string_view text) {
  if (text.starts_with('{')) text = text.substr(1, text.size() - 2);
  Labels labels;
  for (const std::string_view one : SplitText(text, ',')) {
    const size_t equals = one.find('=');
    if (equals != std::string_view::npos) {
      labels[std::string(one.substr(0, equals))] = one.substr(equals + 1);
    }
  }
  return labels;
}

AlertSeverity ParseSeverity(std::string_view text) {
  const auto found = std::ranges::find(kSeverityNames, text);
  return static_cast<AlertSeverity>(found - kSeverityNames.begin());
}

class Player {
 public:
  std::string Play(std::string_view text);

 private:
  // What is wrong with the line; empty: nothing.
  std::string Setting(const Words& words);
  std::string RuleSetting(const Words& words);
  std::string Command(const Words& words);
  std::string SeriesCommand(const Words& words);
  std::string PeopleCommand(const Words& words);
  std::string ProgramCommand(const Words& words);
  void Show();
  void Say(std::string line) { output_ += "    " + line + "\n"; }
  // What the program does not do is part of the story; ids in its words are random.
  std::string Refused(const absl::Status& status, std::string_view id = "",
                      std::string_view name = "");
  void TakeTranscript();
  // The alert of a series, of any severity; one that is not over first.
  std::optional<uint64_t> Find(std::string_view series) const;

  AlertWorld world_;
  std::map<std::string, std::string> silence_ids_;
  bool is_open_ = false;
  std::string output_;
};

std::string Player::RuleSetting(const Words& words) {
  if (words.size() < 2) return "rule needs a name";
  RuleSpec spec;
  spec.id = spec.alertname = words[1];
  spec.for_ns = spec.keep_firing_ns = 0;
  for (size_t i = 2; i < words.size(); ++i) {
    const size_t equals = words[i].find('=');
    const std::string key = words[i].substr(0, equals);
    const std::string value = equals == std::string::npos ? "" : words[i].substr(equals + 1);
    if (key == "for") {
      spec.for_ns = ParseSpan(value).value_or(-1);
    } else if (key == "keep") {
      spec.keep_firing_ns = ParseSpan(value).value_or(-1);
    } else if (key == "interval") {
      spec.interval_ns = ParseSpan(value).value_or(-1);
    } else if (key == "severity") {
      spec.severity = ParseSeverity(value);
    } else if (key == "alertname") {
      spec.alertname = value;
    } else if (key == "absent" && value == "no_data") {
      spec.absent_is_no_data = true;
    } else {
      return "a rule has for, keep, interval, severity, alertname and absent=no_data";
    }
  }
  world_.rules[spec.id].spec = spec;
  return "";
}

std::string Player::Setting(const Words& words) {
  AlertOptions& options = world_.options;
  const std::map<std::string_view, int64_t*> spans = {
      {"group_wait", &options.group_wait_ns},
      {"group_interval", &options.group_interval_ns},
      {"repeat_interval", &options.repeat_interval_ns},
      {"page_group_wait", &options.page_group_wait_ns},
      {"page_repeat_interval", &options.page_repeat_interval_ns},
      {"no_data_hold", &world_.lifecycle_options.no_data_hold_ns},
      {"every", &world_.every_ns},
  };
  if (words[0] == "rule") return RuleSetting(words);
  if (words[0] == "alerts_max" && words.size() == 2) {
    world_.lifecycle_options.alerts_max = static_cast<size_t>(std::stoi(words[1]));
    return "";
  }
  if (const auto span = spans.find(words[0]); span != spans.end() && words.size() == 2) {
    *span->second = ParseSpan(words[1]).value_or(-1);
    return "";
  }
  if (words[0] == "group_by") {
    options.group_by.assign(words.begin() + 1, words.end());
    return "";
  }
  if (words[0] == "receiver" && words.size() == 2) {
    options.receivers.push_back({words[1], {}});
    return "";
  }
  if (words[0] == "firing_only" && words.size() == 2) {
    ChannelOptions channel;
    channel.send_resolved = false;
    options.receivers.push_back({words[1], {channel}});
    return "";
  }
  if (words[0] == "route" && words.size() >= 3) {
    RouteRule route;
    auto matchers = ParseMatchers(words[1]);
    if (!matchers.ok()) return std::string(Message(matchers.status()));
    route.match = *std::move(matchers);
    route.receiver = words[2];
    for (size_t i = 3; i < words.size(); ++i) {
      if (words[i] == "continue") {
        route.goes_on = true;
      } else {
        route.group_by.push_back(words[i]);
      }
    }
    options.routes.push_back(std::move(route));
    return "";
  }
  if (words[0] == "inhibit" && words.size() >= 4) {
    InhibitRule rule;
    const auto source = ParseMatchers(words[1]);
    const auto target = ParseMatchers(words[3]);
    if (!source.ok() || !target.ok()) return "inhibit {SOURCE} over {TARGET} [LABEL ...]";
    rule.source = *source;
    rule.target = *target;
    rule.equal.assign(words.begin() + 4, words.end());
    options.inhibit.push_back(std::move(rule));
    return "";
  }
  return "nothing is set like that";
}

std::optional<uint64_t> Player::Find(std::string_view series) const {
  std::optional<uint64_t> found;
  for (const Alert& alert : world_.alerts()) {
    std::string name = world_.NameOf(alert.labels);
    name.resize(std::min(name.size(), name.rfind(' ')));
    if (name != series) continue;
    if (!found || alert.state != AlertState::kResolved) found = alert.fingerprint;
  }
  return found;
}

std::string Player::SeriesCommand(const Words& words) {
  const size_t brace = words[0].find('{');
  const auto rule = world_.rules.find(words[0].substr(0, brace));
  if (rule == world_.rules.end()) return "there is no such rule";
  const Labels labels = brace == std::string::npos ? Labels() : ParseLabels(words[0].substr(brace));
  if (words.size() < 2) return "what does it measure?";
  if (words[1] == "gone") {
    rule->second.readings.erase(labels);
    return "";
  }
  for (const auto& [word, flag, value] : {std::tuple("fails", &rule->second.fails, true),
                                          std::tuple("works", &rule->second.fails, false),
                                          std::tuple("paused", &rule->second.paused, true),
                                          std::tuple("resumed", &rule->second.paused, false),
                                          std::tuple("removed", &rule->second.removed, true)}) {
    if (words[1] == word) {
      *flag = value;
      return "";
    }
  }
  const auto verdict =
      std::ranges::find(kVerdictNames, words[1] == "suppressed" ? Name(Verdict::kSuppressed)
                                                                : std::string_view(words[1]));
  if (verdict == kVerdictNames.end()) return "there is no such verdict";
  Reading reading;
  reading.labels = labels;
  reading.verdict = static_cast<Verdict>(verdict - kVerdictNames.begin());
  for (size_t i = 2; i < words.size(); ++i) {
    if (words[i] == "urgent") {
      reading.urgent = true;
    } else if (std::ranges::find(kSeverityNames, words[i]) != kSeverityNames.end()) {
      reading.severity = ParseSeverity(words[i]);
    } else {
      reading.value = std::stod(words[i]);
    }
  }
  rule->second.readings[labels] = std::move(reading);
  return "";
}

std::string Player::Refused(const absl::Status& status, std::string_view id,
                            std::string_view name) {
  std::string why(Message(status));
  const size_t at = id.empty() ? std::string::npos : why.find(id);
  if (at != std::string::npos) why.replace(at, id.size(), name);
  if (!status.ok()) Say("refused: " + why);
  return "";
}

std::string Player::PeopleCommand(const Words& words) {
  const auto span = [&](size_t at) {
    return words.size() > at + 1 && words[at] == "for" ? ParseSpan(words[at + 1]) : std::nullopt;
  };
  if (words[0] == "silence" && words.size() >= 3) {
    Silence silence;
    if (const auto known = silence_ids_.find(words[1]); known != silence_ids_.end()) {
      silence.id = known->second;
    }
    auto matchers = ParseMatchers(words[2]);
    if (!matchers.ok()) return std::string(Message(matchers.status()));
    silence.matchers = *std::move(matchers);
    silence.ends_at = span(3) ? world_.wall() + *span(3) : 0;
    silence.created_by = "eve";
    silence.comment = "deploying";
    const auto set = world_.silences().Set(std::move(silence), world_.wall());
    if (!set.ok()) return Refused(set.status());
    silence_ids_[words[1]] = set->id;
    return "";
  }
  if (words[0] == "expire" && words.size() == 2) {
    const std::string& id = silence_ids_[words[1]];
    return Refused(world_.silences().Expire(id, "eve", world_.wall()), id, words[1]);
  }
  if ((words[0] == "ack" || words[0] == "unack") && words.size() >= 2) {
    const std::optional<uint64_t> fingerprint = Find(words[1]);
    if (!fingerprint) return "there is no such alert";
    Acknowledgement ack{"eve", world_.wall(), 0, "looking"};
    if (span(2)) ack.until = world_.wall() + *span(2);
    const absl::Status status = words[0] == "ack"
                                    ? world_.lifecycle().Ack(*fingerprint, ack)
                                    : world_.lifecycle().Unack(*fingerprint, world_.wall());
    return Refused(status);
  }
  if (words[0] == "receive" && words.size() >= 2) {
    ReceivedAlert alert;
    alert.labels = ParseLabels(words[1]);
    if (span(2)) alert.ends_at = world_.wall() + *span(2);
    if (words.size() > 2 && words[2] == "ended") alert.ends_at = world_.wall();
    return Refused(world_.lifecycle().Receive({alert}, world_.wall()));
  }
  return "nobody does that";
}

std::string Player::ProgramCommand(const Words& words) {
  if (words[0] == "restart") {
    const int64_t down =
        words.size() == 3 && words[1] == "after" ? ParseSpan(words[2]).value_or(0) : 0;
    world_.Close();
    if (down > 0) world_.RunUntil(world_.at_ns() + down);
    world_.Open();
    return "";
  }
  if (words[0] == "reroute") {
    world_.options.routes.clear();
    if (words.size() == 1) return "";
    Words route = words;
    route[0] = "route";
    return Setting(route);
  }
  if (words[0] == "clock" && words.size() == 2) {
    const std::optional<int64_t> by = ParseSpan(words[1]);
    if (!by) return "clock +1h or clock -1h";
    world_.MoveClock(*by);
    return "";
  }
  if (words[0] == "channel" && words.size() == 3) {
    world_.channels[words[1]] = words[2] == "down"   ? AlertWorld::ChannelState::kDown
                                : words[2] == "mute" ? AlertWorld::ChannelState::kMute
                                                     : AlertWorld::ChannelState::kUp;
    return "";
  }
  if (words[0] == "show" || words[0] == "end") return "";
  return "that does not happen";
}

std::string Player::Command(const Words& words) {
  for (const std::string_view word : {"silence", "expire", "ack", "unack", "receive"}) {
    if (words[0] == word) return PeopleCommand(words);
  }
  for (const std::string_view word : {"restart", "clock", "channel", "show", "end", "reroute"}) {
    if (words[0] == word) return ProgramCommand(words);
  }
  return SeriesCommand(words);
}

void Player::Show() {
  world_.RunNow();
  TakeTranscript();
  for (const Alert& alert : world_.lifecycle().Alerts()) {
    std::string line = fmt::format("{}: {}", world_.NameOf(alert.labels), Name(alert.state));
    for (const Alert& one : world_.alerts()) {
      if (one.fingerprint != alert.fingerprint) continue;
      if (!one.silenced_by.empty()) line += ", silenced";
      if (!one.inhibited_by.empty()) line += ", inhibited";
    }
    if (alert.ack) line += fmt::format(", acknowledged by {}", alert.ack->by);
    if (alert.flapping) line += ", flapping";
    if (alert.occurrences > 1) line += fmt::format(", fired {} times today", alert.occurrences);
    if (alert.active_at != 0 && alert.state != AlertState::kResolved) {
      line += fmt::format(", breaching for {}", SpanText(world_.wall() - alert.active_at));
    }
    const auto reason = alert.annotations.find(kResolvedReasonAnnotation);
    if (reason != alert.annotations.end() && alert.state == AlertState::kResolved) {
      line += fmt::format(" because {}", reason->second);
    }
    Say("= " + line);
  }
  for (const SuppressedReading& one : world_.lifecycle().Suppressed()) {
    Say(fmt::format("= {}: {}, for {}", world_.NameOf(one.labels), Name(one.verdict),
                    SpanText(world_.wall() - one.since)));
  }
}

void Player::TakeTranscript() {
  for (const auto& [at, words] : world_.TakeTranscript()) {
    Say(fmt::format("{:<9} {}", SpanText(at), words));
  }
}

std::string Player::Play(std::string_view text) {
  std::vector<std::string_view> lines = SplitText(text, '\n');
  while (!lines.empty() && lines.back().empty()) lines.pop_back();
  std::string held;  // Comments and empty lines, until the line that they are about.
  for (const std::string_view line : lines) {
    if (line.starts_with(' ')) continue;  // What was expected.
    const Words words = WordsOf(line);
    const bool is_comment = words.empty() || line.starts_with('#');
    const std::optional<int64_t> at =
        is_comment || !words[0].ends_with(':')
            ? std::nullopt
            : ParseSpan(std::string_view(words[0]).substr(0, words[0].size() - 1));
    if (is_comment) {
      held += std::string(line) + "\n";
      continue;
    }
    if (at && words.size() > 1) {
      if (!std::exchange(is_open_, true)) world_.Open();
      // What follows from what was said before stands above this line, and what is said of it.
      world_.RunUntil(*at);
      TakeTranscript();
    }
    output_ += std::exchange(held, "") + std::string(line) + "\n";
    std::string wrong;
    if (at && words.size() > 1) {
      wrong = Command(Words(words.begin() + 1, words.end()));
      if (words[1] == "show") Show();
      if (words[1] == "end") {
        world_.RunNow();
        TakeTranscript();
      }
    } else {
      wrong = Setting(words);
    }
    if (!wrong.empty()) Say("! " + wrong);
  }
  return output_ + held;
}

}  // namespace

std::string PlayTimeline(std::string_view text) { return Player().Play(text); }

}  // namespace pitot::testing
