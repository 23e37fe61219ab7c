// alert/runbook/words.h
//
// How runbooks say figures: short, with units, and always against what is usual. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "model/ids.h"

namespace pitot {

// "34 %", "1.5 %", "0.04 %", "under 0.01 %"; of nothing: "0 %".
std::string PercentWords(double share);
// "5.1x", "12x".
std::string TimesText(double ratio);
// "8.2 s", "850 ms", "2m 05s".
std::string SecondsText(double ns);
// "30 minutes", "2 hours", "90 s".
std::string SpanText(int64_t ns);
// "$12.50"
std::string DollarsText(double usd);
// "412", "1,204", "61.5"
std::string FigureText(double value);
// "3 calls", "1 call".
std::string CountWords(int64_t n, std::string_view noun);
// "10:31 UTC", with the date when that is not `now`'s day.
std::string ClockWords(UnixNanos at, UnixNanos now);
// "now" up to a minute, then "4 minutes ago", "2 h ago".
std::string AgoText(UnixNanos at, UnixNanos now);
// The first letters of a trace's id, enough to find it: "ab12cd34".
std::string ShortTrace(std::string_view hex);
// "a", "a and b", "a, b and 3 others" of at most `most`.
std::string ListText(const std::vector<std::string>& items, size_t most = 3);
// "planner v4", "planner 2026-01-31", "planner without a version".
std::string PromptText(std::string_view name, std::string_view version);
// "openai gpt-5"; "an unknown model" without either.
std::string ModelText(std::string_view provider, std::string_view model);
// Quoted for a filter when it has to be.
std::string FilterValue(std::string_view value);

}  // namespace pitot
