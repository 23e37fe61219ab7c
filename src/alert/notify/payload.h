// alert/notify/payload.h
//
// A notification for programs: the body of Alertmanager's webhook, version "4", which many receivers
// understand. Field by field: docs/notifications.md. Source: Prometheus, "webhook_config".
// Pure functions of their arguments.
#pragma once

#include <string>

#include "alert/alert.h"

namespace pitot {

// Without insignificant blanks. Alerts' annotations are those of AnnotationsFor.
std::string WebhookJson(const Notification& notification, const std::string& external_url);

// The alert's own, and what else of it a program wants: `value` and `threshold` (with their unit),
// `runbook`, `trace_ids` (comma-separated hex), `state` where it is not plainly firing, `acknowledged`
// (by whom). The alert's own win.
Annotations AnnotationsFor(const Alert& alert);

// When it began for those who are told; RFC 3339.
UnixNanos StartOf(const Alert& alert);

}  // namespace pitot
