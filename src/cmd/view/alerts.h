// cmd/view/alerts.h
//
// Alerts, rules, silences and notifications as text for a terminal, one function an answer. Pure.
#pragma once

#include <boost/json/value.hpp>
#include <string>

#include "cmd/view/terminal.h"

namespace pitot {

// `answer`: GET /api/v1/alerts; also its `groups`, when it has them.
std::string RenderAlerts(const boost::json::value& answer, const Terminal& terminal);
// `answer`: GET /api/v1/alerts/{fingerprint}, without the runbook's report.
std::string RenderAlert(const boost::json::value& answer, const Terminal& terminal);
std::string RenderRules(const boost::json::value& answer, const Terminal& terminal);
std::string RenderNotifications(const boost::json::value& answer, const Terminal& terminal);
std::string RenderReceivers(const boost::json::value& answer, const Terminal& terminal);
std::string RenderSilences(const boost::json::value& answer, const Terminal& terminal);
// `answer`: POST /api/v1/receivers/{name}/test.
std::string RenderReceiverTest(const boost::json::value& answer, const Terminal& terminal);

// How many of `answer`'s alerts fire and are neither silenced nor inhibited.
int AlertsThatFire(const boost::json::value& answer);

}  // namespace pitot
