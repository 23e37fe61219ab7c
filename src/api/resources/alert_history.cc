// GET /api/v1/alerts/history: when alerts fired and when that was over.
#include <absl/container/flat_hash_map.h>

#include <limits>
#include <ranges>

#include "alert/lifecycle/alert_json.h"
#include "api/alert_view.h"
#include "api/handlers.h"
#include "base/status.h"
#include "base/text.h"
#include "store/state.h"

namespace pitot {
namespace {

constexpr std::string_view kAlertKind = "alert";  // Of src/alert/lifecycle/persist.cc.
constexpr int64_t kDefaultSinceNs = 7 * kNanosPerDay;
// An alert of ours leaves a handful of events each time; what lies behind these is not looked at.
constexpr size_t kEventsMax = 10'000;

struct Change {
  UnixNanos at = 0;
  Alert alert;
};

struct Changes {
  std::vector<Change> newest_first;
  bool complete = true;  // All that the window has was looked at.
};

// Events are written at each change of an alert; of those, the changes of its state.
absl::StatusOr<Changes> ReadChanges(const ApiCall& call, const Window& window) {
  const StateLog* state = call.context.deps.state;
  if (state == nullptr) return Unavailable("this server keeps no history");
  ASSIGN_OR_RETURN(const std::vector<StateEvent> events,
                   state->History(call.context.deps.store.engine(), kAlertKind, "", kEventsMax,
                                  std::chrono::seconds(call.context.deps.limits.query_seconds)));
  Changes changes;
  changes.complete = events.size() < kEventsMax || events.back().at_ns < window.since_ns;
  absl::flat_hash_map<uint64_t, AlertState> states;
  for (const StateEvent& event : events | std::views::reverse) {
    if (event.is_deleted) continue;
    const auto body = ParseStateBody("an alert", event.body);
    if (!body.ok()) continue;
    auto alert = ParseAlertJson(*body);
    if (!alert.ok()) continue;
    const auto [known, is_new] = states.try_emplace(alert->fingerprint, alert->state);
    if (!is_new && std::exchange(known->second, alert->state) == alert->state) continue;
    if (event.at_ns < window.since_ns || event.at_ns >= window.until_ns) continue;
    changes.newest_first.push_back({event.at_ns, *std::move(alert)});
  }
  std::ranges::reverse(changes.newest_first);
  return changes;
}

std::string ChangeJson(const Change& change) {
  const Alert& alert = change.alert;
  const auto summary = alert.annotations.find("summary");
  return fmt::format(
      "{{\"at\":{},\"fingerprint\":\"{}\",\"alertname\":{},\"severity\":{},\"project\":{},"
      "\"rule_id\":{},\"state\":\"{}\",\"labels\":{},\"summary\":{},\"value\":{},\"threshold\":{},"
      "\"unit\":{},\"fired_at\":{},\"resolved_at\":{}}}",
      TimeOrNull(change.at), FingerprintText(alert.fingerprint), QuoteJson(alert.AlertName()),
      TextOrNull(alert.Label(kSeverityLabel)), TextOrNull(alert.Label(kProjectLabel)),
      TextOrNull(alert.rule_id), Name(alert.state), LabelsJson(alert.labels),
      QuoteJson(summary == alert.annotations.end() ? "" : summary->second),
      NumberOrNull(alert.value), NumberOrNull(alert.threshold), QuoteJson(alert.unit),
      TimeOrNull(alert.fired_at), TimeOrNull(alert.resolved_at));
}

absl::StatusOr<std::string> History(const ApiCall& call) {
  RETURN_IF_ERROR(AlertsOf(call).status());
  ASSIGN_OR_RETURN(const Window window,
                   ParseWindow(call.request.Param("since"), call.request.Param("until"),
                               kDefaultSinceNs, call.context.deps.clock.Now()));
  ASSIGN_OR_RETURN(const Matchers matchers, ParseMatchers(call.request.Param("match")));
  ASSIGN_OR_RETURN(const uint32_t limit, ReadLimit(call));
  // Without `until`, all there is: what happens at this very moment, too.
  Window looked_at = window;
  if (call.request.Param("until").empty()) looked_at.until_ns = std::numeric_limits<int64_t>::max();
  ASSIGN_OR_RETURN(const Changes changes, ReadChanges(call, looked_at));
  const AlertSight sight = SightOf(call);
  std::string list;
  size_t shown = 0;
  size_t left_out = 0;
  for (const Change& change : changes.newest_first) {
    if (!sight.Sees(change.alert.labels) || !MatchAll(matchers, change.alert.labels)) continue;
    if (shown == limit) {
      ++left_out;
      continue;
    }
    list += (shown++ == 0 ? "\n" : ",\n") + ChangeJson(change);
  }
  return fmt::format(
      "{{\"since\":{},\"until\":{},\"complete\":{},\"left_out\":{},\"changes\":[{}]}}",
      TimeOrNull(window.since_ns), TimeOrNull(window.until_ns), changes.complete, left_out, list);
}

}  // namespace

void GetAlertHistory(ApiCall call) { SendJson(call, History(call)); }

}  // namespace pitot
