// cmd/view/words.h
//
// Figures and phrases as all views write them. Pure.
#pragma once

#include <boost/json/value.hpp>
#include <string>
#include <string_view>

#include "cmd/view/terminal.h"

namespace pitot {

std::string ShortCount(double n);                                                // 950, 12.3k, 1.2M
std::string CountText(const boost::json::value& object, std::string_view name);  // 1,204
std::string UsdText(double usd);                                                 // "$0.0042"
std::string CostText(const boost::json::value& object);  // cost_usd: "$0.0042", "unpriced".
// The same, with "+" where calls of unknown price (unpriced_calls) come on top.
std::string MoneyText(const boost::json::value& object);
std::string DurationText(double ms);
// A member in milliseconds; "" when it is null.
std::string MsText(const boost::json::value& object, std::string_view name);
std::string PercentText(double share);            // 0.1234 -> "12.3 %", 0.001 -> "0.1 %", 0 -> "".
std::string TimeText(std::string_view rfc3339);   // 2026-11-20 07:00:43 (UTC)
std::string ClockText(std::string_view rfc3339);  // 11-20 07:00:43 (UTC)
std::string Plural(double n, std::string_view one,
                   std::string_view many);  // "1 call", "1,204 calls"

// A member that is a list of texts: "a, b".
std::string JoinedText(const boost::json::value& object, std::string_view name);

// "since 2026-11-19 07:00:43 until ... UTC" of an answer's window.
std::string WindowText(const boost::json::value& answer);

// A group's value as a cell: "" is told by its field ("anonymous", "(no feature)").
std::string GroupText(std::string_view field, const boost::json::value& value);

// A member that is an object; null when there is none.
const boost::json::value& Part(const boost::json::value& object, std::string_view name);

// `text` in lines of at most `width`, each after `indent` spaces.
std::string Wrapped(std::string_view text, size_t indent, size_t width);

}  // namespace pitot
