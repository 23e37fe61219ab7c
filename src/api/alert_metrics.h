// api/alert_metrics.h
//
// Alerting's part of /metrics.
#pragma once

#include "api/prometheus.h"

namespace pitot {

class AlertService;

// Quick; any thread.
void AddAlertMetrics(AlertService& alerts, PrometheusText& out);

}  // namespace pitot
