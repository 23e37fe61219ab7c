#include "alert/notify/forward_plan.h"

#include <algorithm>
#include <boost/json.hpp>
#include <cctype>
#include <set>

#include "alert/notify/payload.h"
#include "alert/notify/sender.h"
#include "base/text.h"

namespace pitot {
namespace {

namespace json = boost::json;

// endsAt, in resends: three may be lost.
constexpr int64_t kValidResends = 4;

// [a-zA-Z_][a-zA-Z0-9_]*: what every Alertmanager takes.
std::string LabelName(std::string_view name) {
  std::string out;
  for (const char c : name) {
    out += std::isalnum(static_cast<unsigned char>(c)) != 0 ? c : '_';
  }
  if (!out.empty() && std::isdigit(static_cast<unsigned char>(out.front())) != 0) {
    out.insert(out.begin(), '_');
  }
  return out;
}

bool IsDiagnosed(const Alert& alert) { return alert.annotations.contains(kCauseAnnotation); }

template <typename Map>
json::object ObjectOf(const Map& map) {
  json::object object;
  for (const auto& [name, value] : map) {
    if (name.empty() || value.empty()) continue;
    object[json::string_view(LabelName(name))] = value;
  }
  return object;
}

}  // namespace

ForwardPlan::ForwardPlan(int64_t evaluation_interval_ns)
    : evaluation_interval_ns_(evaluation_interval_ns) {}

bool ForwardPlan::IsDue(const Alert& alert, UnixNanos now) const {
  const bool resolved = alert.state == AlertState::kResolved;
  if (!resolved && !IsActive(alert.state)) return false;
  if (resolved && (alert.fired_at == 0 || now - alert.resolved_at > kResolvedRetentionNs)) {
    return false;
  }
  const auto known = known_.find(alert.fingerprint);
  if (known == known_.end()) return alert.silenced_by.empty() && alert.inhibited_by.empty();
  if (known->second.resolved != resolved) return true;
  if (!resolved && known->second.fired_at != alert.fired_at) return true;
  // It is wanted in the first message that the Alertmanager sends, after its group_wait.
  if (!resolved && !known->second.diagnosed && IsDiagnosed(alert)) return true;
  // Evaluations are not exactly an interval apart: one that is a little early must not cost a whole
  // further interval.
  return now - known->second.sent_at >= kResendNs - evaluation_interval_ns_ / 2 ||
         now < known->second.sent_at;
}

std::vector<const Alert*> ForwardPlan::Due(const std::vector<Alert>& alerts, UnixNanos now) const {
  std::vector<const Alert*> due;
  for (const Alert& alert : alerts) {
    if (IsDue(alert, now)) due.push_back(&alert);
  }
  return due;
}

void ForwardPlan::Sent(std::span<const Alert* const> alerts, UnixNanos now) {
  for (const Alert* const alert : alerts) {
    known_[alert->fingerprint] = {.fired_at = alert->fired_at,
                                  .resolved = alert->state == AlertState::kResolved,
                                  .diagnosed = IsDiagnosed(*alert),
                                  .sent_at = now};
  }
}

void ForwardPlan::Keep(const std::vector<Alert>& alerts) {
  std::set<uint64_t> there;
  for (const Alert& alert : alerts) there.insert(alert.fingerprint);
  std::erase_if(known_, [&there](const auto& entry) { return !there.contains(entry.first); });
}

std::string ForwardPlan::Body(std::span<const Alert* const> alerts, UnixNanos now) const {
  const int64_t valid_ns = kValidResends * std::max(evaluation_interval_ns_, kResendNs);
  json::array body;
  for (const Alert* const alert : alerts) {
    const bool resolved = alert->state == AlertState::kResolved;
    json::object object;
    object["labels"] = ObjectOf(alert->labels);
    object["annotations"] = ObjectOf(AnnotationsFor(*alert));
    object["startsAt"] = FormatTime(StartOf(*alert));
    object["endsAt"] =
        FormatTime(resolved ? std::max(alert->resolved_at, StartOf(*alert)) : now + valid_ns);
    if (!alert->generator_url.empty()) object["generatorURL"] = alert->generator_url;
    body.push_back(std::move(object));
  }
  return json::serialize(body);
}

}  // namespace pitot
