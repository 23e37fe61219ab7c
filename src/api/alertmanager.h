// api/alertmanager.h
//
// What the handlers of /api/v2 share: Alertmanager's own API, so that amtool and what else speaks to
// an Alertmanager can speak to Pitot. Source: its api/v2/openapi.yaml; bodies as amtool 0.25 sends
// them. Differs from /api/v1 in form: an error's body is a JSON text, times have milliseconds,
// parameters that are not known are ignored, `filter` may stand several times.
#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include <string>
#include <string_view>

#include "alert/matcher.h"
#include "alert/options.h"
#include "api/handlers.h"

namespace pitot {

// The version of the API that is spoken; amtool warns of any but its own.
inline constexpr std::string_view kAlertmanagerVersion = "0.25.0";

// All parameters of that name as matchers.
absl::StatusOr<Matchers> ReadV2Filters(const ApiCall& call);

void SendV2(ApiCall& call, absl::StatusOr<std::string> json);
// The status code that clients of an Alertmanager expect, the message as a JSON text.
HttpResponse V2Error(const absl::Status& status);

// Routes and receivers as a configuration file of Alertmanager says them; of receivers the names only.
// Pure.
std::string AlertmanagerConfig(const AlertOptions& options);

}  // namespace pitot
