// cmd/view/figures.h
//
// Cost, latency, tools and errors as text for a terminal, one function an answer. Pure.
#pragma once

#include <boost/json/value.hpp>
#include <string>

#include "cmd/view/terminal.h"

namespace pitot {

// `answer`: GET /api/v1/cost. `trend`: the same question with a time field as the last of `by`, null
// when it was not asked; it becomes a column of sparklines.
std::string RenderCost(const boost::json::value& answer, const boost::json::value& trend,
                       const Terminal& terminal);
std::string RenderCostTree(const boost::json::value& answer, const Terminal& terminal);
std::string RenderForecast(const boost::json::value& answer, const Terminal& terminal);
std::string RenderAnomalies(const boost::json::value& answer, const Terminal& terminal);
std::string RenderLatency(const boost::json::value& answer, const Terminal& terminal);
std::string RenderHeatmap(const boost::json::value& answer, const Terminal& terminal);
std::string RenderTools(const boost::json::value& answer, const Terminal& terminal);
std::string RenderErrors(const boost::json::value& answer, const Terminal& terminal);

}  // namespace pitot
