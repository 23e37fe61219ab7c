#include "alert/dispatch/silences.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <random>
#include <tuple>
#include <utility>

#include "alert/lifecycle/alert_json.h"
#include "base/log.h"
#include "base/status.h"
#include "store/state.h"

namespace pitot {
namespace {

namespace json = boost::json;

constexpr std::string_view kKind = "silence";

// Version 4, of the system's random numbers.
std::string NewId() {
  std::random_device random;
  uint32_t words[4];
  for (uint32_t& word : words) word = random();
  words[1] = (words[1] & 0xffff0fff) | 0x00004000;
  words[2] = (words[2] & 0x3fffffff) | 0x80000000;
  return fmt::format("{:08x}-{:04x}-{:04x}-{:04x}-{:04x}{:08x}", words[0], words[1] >> 16,
                     words[1] & 0xffff, words[2] >> 16, words[2] & 0xffff, words[3]);
}

absl::Status Check(const Silence& silence, UnixNanos now) {
  if (silence.matchers.empty()) return InvalidArgument("a silence needs at least one matcher");
  if (std::ranges::all_of(silence.matchers,
                          [](const LabelMatcher& one) { return one.MatchesValue(""); })) {
    return InvalidArgument(
        "every matcher of the silence matches a label that is not there: it would silence "
        "everything; at least one must need a value");
  }
  if (silence.ends_at == 0) return InvalidArgument("a silence needs an end");
  if (silence.ends_at <= now) return InvalidArgument("the end of the silence is in the past");
  if (silence.ends_at <= silence.starts_at) {
    return InvalidArgument("the silence ends before it starts");
  }
  if (silence.comment.empty()) return InvalidArgument("a silence needs a comment: why it is there");
  if (silence.created_by.empty()) return InvalidArgument("a silence needs its author");
  return absl::OkStatus();
}

bool SameMatchers(const Matchers& a, const Matchers& b) {
  return std::ranges::equal(a, b, [](const LabelMatcher& one, const LabelMatcher& other) {
    return one.Text() == other.Text();
  });
}

std::string Body(const Silence& silence) {
  json::array matchers;
  for (const LabelMatcher& one : silence.matchers) {
    matchers.push_back(json::object{{"name", one.name()},
                                    {"value", one.value()},
                                    {"is_regex", one.is_regex()},
                                    {"is_equal", one.is_equal()}});
  }
  return json::serialize(json::object{{"matchers", std::move(matchers)},
                                      {"starts_at", silence.starts_at},
                                      {"ends_at", silence.ends_at},
                                      {"created_by", silence.created_by},
                                      {"comment", silence.comment},
                                      {"updated_at", silence.updated_at}});
}

absl::StatusOr<Silence> Parse(const StateEvent& event) {
  ASSIGN_OR_RETURN(const json::object object,
                   ParseStateBody(fmt::format("silence {}", event.id), event.body));
  Silence silence;
  silence.id = event.id;
  silence.starts_at = IntegerOf(object, "starts_at");
  silence.ends_at = IntegerOf(object, "ends_at");
  silence.created_by = TextOf(object, "created_by");
  silence.comment = TextOf(object, "comment");
  silence.updated_at = IntegerOf(object, "updated_at");
  const json::value* matchers = object.if_contains("matchers");
  if (matchers == nullptr || !matchers->is_array()) {
    return Internal("the state of silence {} has no matchers", event.id);
  }
  for (const json::value& one : matchers->get_array()) {
    if (!one.is_object()) return Internal("a matcher of silence {} cannot be read", event.id);
    const json::object& from = one.get_object();
    const auto is_set = [&](std::string_view member) {
      const json::value* value = from.if_contains(member);
      return value != nullptr && value->is_bool() && value->get_bool();
    };
    ASSIGN_OR_RETURN(LabelMatcher matcher,
                     LabelMatcher::Create(TextOf(from, "name"), TextOf(from, "value"),
                                          is_set("is_regex"), is_set("is_equal")));
    silence.matchers.push_back(std::move(matcher));
  }
  return silence;
}

absl::Status NotFound(std::string_view id) {
  return Error(absl::StatusCode::kNotFound, "there is no silence {}", id);
}

}  // namespace

SilenceState Silence::StateAt(UnixNanos now) const {
  if (now >= ends_at) return SilenceState::kExpired;
  return now < starts_at ? SilenceState::kPending : SilenceState::kActive;
}

absl::StatusOr<std::unique_ptr<Silences>> Silences::Open(StateLog* state, size_t silences_max,
                                                         UnixNanos now) {
  std::unique_ptr<Silences> silences(new Silences(state, silences_max));
  if (state != nullptr) {
    MutexLock lock(&silences->mutex_);
    for (const StateEvent& event : state->Latest(kKind)) {
      absl::StatusOr<Silence> silence = Parse(event);
      if (silence.ok()) {
        silences->silences_[event.id] = *std::move(silence);
      } else {
        LogError("silences: {}: it is left out, and silences nothing", Message(silence.status()));
      }
    }
  }
  silences->Collect(now);
  return silences;
}

absl::Status Silences::Write(const Silence& silence, std::string_view actor, bool is_deleted) {
  if (state_ == nullptr) return absl::OkStatus();
  StateEvent event;
  event.kind = kKind;
  event.id = silence.id;
  event.actor = actor;
  event.body = Body(silence);
  event.is_deleted = is_deleted;
  return state_->Append(std::move(event)).status();
}

absl::StatusOr<Silence> Silences::Set(Silence silence, UnixNanos now) {
  silence.starts_at = std::max(silence.starts_at, now);
  silence.updated_at = now;
  MutexLock writing(&write_mutex_);
  std::optional<Silence> replaced;
  {
    MutexLock lock(&mutex_);
    if (!silence.id.empty()) {
      const auto known = silences_.find(silence.id);
      if (known == silences_.end()) return NotFound(silence.id);
      const SilenceState state = known->second.StateAt(now);
      // An active one's start has been, and stays what it was.
      const bool keeps_start = state == SilenceState::kActive &&
                               silence.starts_at <= std::max(now, known->second.starts_at);
      if (keeps_start) silence.starts_at = known->second.starts_at;
      const bool in_place = SameMatchers(known->second.matchers, silence.matchers) &&
                            (state == SilenceState::kPending || keeps_start);
      if (!in_place) {
        if (state != SilenceState::kExpired) replaced = known->second;
        silence.id.clear();
        silence.starts_at = std::max(silence.starts_at, now);
      }
    }
    RETURN_IF_ERROR(Check(silence, now));
    if (silence.id.empty()) {
      const auto count = std::ranges::count_if(silences_, [&](const auto& one) {
        return one.second.StateAt(now) != SilenceState::kExpired;
      });
      if (static_cast<size_t>(count) >= silences_max_ + (replaced ? 1 : 0)) {
        return Error(absl::StatusCode::kResourceExhausted,
                     "there are {} silences that have not expired (limits.silences)", count);
      }
      silence.id = NewId();
    }
  }
  RETURN_IF_ERROR(Write(silence, silence.created_by, false));
  {
    MutexLock lock(&mutex_);
    silences_[silence.id] = silence;
  }
  // The new one holds first: between the two nobody is told what both silence.
  if (replaced) {
    replaced->ends_at = now;
    replaced->starts_at = std::min(replaced->starts_at, now);
    replaced->updated_at = now;
    RETURN_IF_ERROR(Write(*replaced, silence.created_by, false));
    MutexLock lock(&mutex_);
    silences_[replaced->id] = *replaced;
  }
  return silence;
}

absl::Status Silences::Expire(std::string_view id, std::string_view actor, UnixNanos now) {
  MutexLock writing(&write_mutex_);
  const std::optional<Silence> known = Find(id);
  if (!known) return NotFound(id);
  if (known->StateAt(now) == SilenceState::kExpired) {
    return Error(absl::StatusCode::kFailedPrecondition, "silence {} has expired", id);
  }
  Silence silence = *known;
  silence.starts_at = std::min(silence.starts_at, now);
  silence.ends_at = now;
  silence.updated_at = now;
  RETURN_IF_ERROR(Write(silence, actor, false));
  MutexLock lock(&mutex_);
  silences_[silence.id] = silence;
  return absl::OkStatus();
}

std::optional<Silence> Silences::Find(std::string_view id) const {
  MutexLock lock(&mutex_);
  const auto found = silences_.find(id);
  if (found == silences_.end()) return std::nullopt;
  return found->second;
}

std::vector<Silence> Silences::List(UnixNanos now) const {
  std::vector<Silence> list;
  {
    MutexLock lock(&mutex_);
    for (const auto& [id, silence] : silences_) list.push_back(silence);
  }
  // Active, pending, expired.
  const auto rank = [&](const Silence& silence) {
    const SilenceState state = silence.StateAt(now);
    return state == SilenceState::kActive ? 0 : state == SilenceState::kPending ? 1 : 2;
  };
  std::ranges::sort(list, {}, [&](const Silence& silence) {
    return std::tuple(rank(silence), silence.ends_at, silence.id);
  });
  return list;
}

std::vector<std::string> Silences::Match(const Labels& labels, UnixNanos now) const {
  std::vector<std::string> ids;
  MutexLock lock(&mutex_);
  for (const auto& [id, silence] : silences_) {
    if (silence.StateAt(now) == SilenceState::kActive && MatchAll(silence.matchers, labels)) {
      ids.push_back(id);
    }
  }
  return ids;
}

void Silences::Collect(UnixNanos now) {
  MutexLock writing(&write_mutex_);
  std::vector<Silence> old;
  {
    MutexLock lock(&mutex_);
    for (const auto& [id, silence] : silences_) {
      if (silence.ends_at <= now - kSilenceRetentionNs) old.push_back(silence);
    }
  }
  for (const Silence& silence : old) {
    const absl::Status status = Write(silence, "", true);
    if (!status.ok()) {
      LogWarning("silence {}: {}: it is forgotten later", silence.id, Message(status));
      return;
    }
    MutexLock lock(&mutex_);
    silences_.erase(silence.id);
  }
}

}  // namespace pitot
