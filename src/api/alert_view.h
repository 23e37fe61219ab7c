// api/alert_view.h
//
// What the handlers of alerting share: who sees which alerts, and alerts and silences as /api/v1 shows
// them. Times are RFC 3339 to the nanosecond, null where there is none.
#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include <string>
#include <string_view>
#include <vector>

#include "alert/alert.h"
#include "alert/dispatch/silences.h"
#include "alert/service.h"
#include "api/handlers.h"

namespace pitot {

// kNotFound: alerting is off.
absl::StatusOr<AlertService*> AlertsOf(const ApiCall& call);

// Which alerts a caller is shown: those of one project, or, to those who see all and name none, all.
struct AlertSight {
  bool all = false;
  std::string project;

  bool Sees(const Labels& labels) const;
  // Of a silence: those that concern no project of others.
  bool Sees(const Silence& silence) const;
};
AlertSight SightOf(const ApiCall& call);

// What the caller sees, as it is now (a silence made just now counts): loudest and newest first.
std::vector<Alert> SeenAlerts(const ApiCall& call, AlertService& service, UnixNanos now);
// kInvalidArgument: no 16 hex digits; kNotFound: there is none that the caller sees.
absl::StatusOr<Alert> SeenAlert(const ApiCall& call, AlertService& service,
                                std::string_view fingerprint, UnixNanos now);

std::string TimeOrNull(UnixNanos at);
std::string TextOrNull(std::string_view text);
std::string NumberOrNull(const std::optional<double>& value);
std::string TextsJson(const std::vector<std::string>& texts);
std::string LabelsJson(const Labels& labels);

std::string ShownAlert(const Alert& alert, const std::vector<std::string>& receivers);
// `alerts`: how many it silences now.
std::string ShownSilence(const Silence& silence, size_t alerts, UnixNanos now);

// For the audit log: {"action":"alert_acknowledged","alert":"...", ...}; `members` are further ones.
absl::Status AuditAlerting(const ApiCall& call, std::string_view action,
                           const std::string& members);

}  // namespace pitot
