#include "alert/lifecycle/activity.h"

#include <algorithm>
#include <boost/json.hpp>

#include "alert/lifecycle/alert_json.h"

namespace pitot {
namespace {

namespace json = boost::json;

// A series that breaches now and then would have thousands of times of one evaluation.
constexpr int64_t kMergeGapNs = kNanosPerMinute;
constexpr size_t kSpansMax = 512;

bool Contains(const Labels& all, const Labels& some) {
  return std::ranges::all_of(some, [&](const auto& label) {
    const auto found = all.find(label.first);
    return found != all.end() ? found->second == label.second : label.second.empty();
  });
}

UnixNanos EndOf(const std::deque<Activity::Span>& spans) {
  if (spans.empty()) return 0;
  return spans.back().to == 0 ? INT64_MAX : spans.back().to;
}

}  // namespace

void Activity::MakeRoom() {
  if (entries_.size() < followed_max_) return;
  const auto quiet = std::ranges::min_element(
      entries_, {}, [](const auto& entry) { return EndOf(entry.second.spans); });
  changed_.insert(quiet->first);
  entries_.erase(quiet);
}

void Activity::Begin(const Alert& alert, UnixNanos at) {
  if (!entries_.contains(alert.fingerprint)) MakeRoom();
  Entry& entry = entries_[alert.fingerprint];
  entry.rule_id = alert.rule_id;
  entry.labels = alert.labels;
  if (!entry.spans.empty()) {
    Span& last = entry.spans.back();
    if (last.to == 0) return;
    if (last.fired_at == 0 && at - last.to <= kMergeGapNs) {
      last.to = 0;
      return;
    }
  }
  if (entry.spans.size() == kSpansMax) entry.spans.pop_front();
  entry.spans.push_back({.from = at});
}

void Activity::Fired(uint64_t fingerprint, UnixNanos at) {
  const auto found = entries_.find(fingerprint);
  if (found == entries_.end() || found->second.spans.empty()) return;
  found->second.spans.back().fired_at = at;
  changed_.insert(fingerprint);
}

void Activity::End(uint64_t fingerprint, UnixNanos at) {
  const auto found = entries_.find(fingerprint);
  if (found == entries_.end() || found->second.spans.empty()) return;
  Span& last = found->second.spans.back();
  if (last.to != 0) return;
  last.to = std::max(at, last.from + 1);
  if (last.fired_at != 0) changed_.insert(fingerprint);
}

void Activity::HandOn(uint64_t from, uint64_t to, UnixNanos at) {
  const auto found = entries_.find(from);
  if (found == entries_.end() || found->second.spans.empty()) return;
  Span& last = found->second.spans.back();
  last.handed_on = last.to == 0 && last.fired_at != 0;
  End(from, at);
  const auto next = entries_.find(to);
  if (next != entries_.end() && !next->second.spans.empty()) {
    next->second.spans.back().taken_over = last.handed_on;
  }
}

void Activity::ChangeAll() {
  for (const auto& [fingerprint, entry] : entries_) changed_.insert(fingerprint);
}

void Activity::EndOthers(const absl::flat_hash_set<uint64_t>& active, UnixNanos at) {
  for (const auto& [fingerprint, entry] : entries_) {
    if (!active.contains(fingerprint)) End(fingerprint, at);
  }
}

int64_t Activity::Occurrences(uint64_t fingerprint, UnixNanos since) const {
  const auto found = entries_.find(fingerprint);
  if (found == entries_.end()) return 0;
  return std::ranges::count_if(found->second.spans, [&](const Span& span) {
    return span.fired_at != 0 && span.fired_at >= since;
  });
}

int Activity::Changes(uint64_t fingerprint, UnixNanos since) const {
  const auto found = entries_.find(fingerprint);
  if (found == entries_.end()) return 0;
  int changes = 0;
  for (const Span& span : found->second.spans) {
    if (span.fired_at == 0) continue;
    changes += span.fired_at >= since && !span.taken_over ? 1 : 0;
    changes += span.to >= since && span.to != 0 && !span.handed_on ? 1 : 0;
  }
  return changes;
}

std::vector<ActiveInterval> Activity::Active(std::string_view rule_id, const Labels& labels,
                                             UnixNanos since) const {
  std::vector<ActiveInterval> found;
  for (const auto& [fingerprint, entry] : entries_) {
    if (entry.rule_id != rule_id || !Contains(entry.labels, labels)) continue;
    for (const Span& span : entry.spans) {
      if (span.to == 0 || span.to > since) found.push_back({std::max(span.from, since), span.to});
    }
  }
  std::ranges::sort(found, {}, &ActiveInterval::from);
  std::vector<ActiveInterval> merged;
  for (const ActiveInterval& one : found) {
    if (merged.empty() || (merged.back().to != 0 && merged.back().to < one.from)) {
      merged.push_back(one);
    } else if (merged.back().to != 0) {
      merged.back().to = one.to == 0 ? 0 : std::max(merged.back().to, one.to);
    }
  }
  return merged;
}

void Activity::Collect(UnixNanos now) {
  for (auto at = entries_.begin(); at != entries_.end();) {
    std::deque<Span>& spans = at->second.spans;
    while (!spans.empty() && spans.front().to != 0 &&
           spans.front().to < now - kActivityRetentionNs) {
      spans.pop_front();
    }
    if (spans.empty()) {
      changed_.insert(at->first);
      at = entries_.erase(at);
    } else {
      ++at;
    }
  }
}

void Activity::MoveBack(int64_t by_ns) {
  for (auto& [fingerprint, entry] : entries_) {
    for (Span& span : entry.spans) {
      span.from -= by_ns;
      if (span.fired_at != 0) span.fired_at -= by_ns;
      if (span.to != 0) span.to -= by_ns;
    }
  }
}

std::vector<std::pair<uint64_t, json::object>> Activity::TakeChanged() {
  std::vector<std::pair<uint64_t, json::object>> taken;
  for (const uint64_t fingerprint : changed_) {
    json::object& object = taken.emplace_back(fingerprint, json::object()).second;
    const auto found = entries_.find(fingerprint);
    if (found == entries_.end()) continue;
    json::array spans;
    for (const Span& span : found->second.spans) {
      spans.push_back(json::array{span.from, span.fired_at, span.to,
                                  (span.taken_over ? 1 : 0) | (span.handed_on ? 2 : 0)});
    }
    object["rule"] = found->second.rule_id;
    object["labels"] = TextsJson(found->second.labels);
    object["spans"] = std::move(spans);
  }
  changed_.clear();
  return taken;
}

void Activity::Restore(uint64_t fingerprint, const json::object& object) {
  const json::value* spans = object.if_contains("spans");
  if (spans == nullptr || !spans->is_array()) return;
  Entry entry;
  entry.rule_id = TextOf(object, "rule");
  entry.labels = ParseTexts(object, "labels");
  for (const json::value& one : spans->get_array()) {
    if (!one.is_array() || one.get_array().size() != 4) continue;
    int64_t numbers[4] = {0, 0, 0, 0};
    for (size_t i = 0; i < 4; ++i) {
      if (one.get_array()[i].is_int64()) numbers[i] = one.get_array()[i].get_int64();
    }
    entry.spans.push_back(
        {numbers[0], numbers[1], numbers[2], (numbers[3] & 1) != 0, (numbers[3] & 2) != 0});
  }
  if (!entry.spans.empty()) entries_[fingerprint] = std::move(entry);
}

}  // namespace pitot
