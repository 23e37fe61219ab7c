// cmd/view/alert_words.h
//
// Phrases that the views of alerting share. Pure.
#pragma once

#include <boost/json/value.hpp>
#include <string>
#include <string_view>

#include "cmd/view/terminal.h"

namespace pitot {

// A figure in a rule's unit: "ms", "usd", "ratio", "x" or "".
std::string UnitText(double value, std::string_view unit);

// From one time of an answer to another: "12m 05s"; "" when one is missing.
std::string SpanOfTime(std::string_view from, std::string_view to);

// Labels as name=value, one blank between, without those of `hidden` (separated by blanks).
std::string LabelsText(const boost::json::value& labels, std::string_view hidden);

// The first eight digits: enough to be told apart, and what commands take.
std::string ShortId(std::string_view fingerprint);

Style SeverityStyle(std::string_view severity);

}  // namespace pitot
