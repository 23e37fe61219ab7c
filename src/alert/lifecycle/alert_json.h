// alert/lifecycle/alert_json.h
//
// An alert as it is kept in the StateLog. Not how the API shows it: names here stay as they are, so
// that what an older pitot wrote can be read. Members that are missing keep their default.
#pragma once

#include <absl/status/statusor.h>

#include <boost/json/object.hpp>
#include <string_view>

#include "alert/alert.h"

namespace pitot {

// Without what is decided anew at every tick: silenced_by, inhibited_by, last_sent_at, occurrences.
boost::json::object AlertJson(const Alert& alert);
// kInternal: it is not an alert.
absl::StatusOr<Alert> ParseAlertJson(const boost::json::object& json);

boost::json::object TextsJson(const std::map<std::string, std::string, std::less<>>& texts);
// Members that are no texts are left out.
std::map<std::string, std::string, std::less<>> ParseTexts(const boost::json::object& json,
                                                           std::string_view member);

// Of an object's member; `otherwise` when it is not there or something else.
int64_t IntegerOf(const boost::json::object& json, std::string_view member, int64_t otherwise = 0);
std::string TextOf(const boost::json::object& json, std::string_view member);

// kInternal, naming `what`: the text is not a JSON object.
absl::StatusOr<boost::json::object> ParseStateBody(std::string_view what, std::string_view body);

}  // namespace pitot
