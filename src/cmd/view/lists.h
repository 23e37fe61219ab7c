// cmd/view/lists.h
//
// The API's lists as text for a terminal, one function an answer. Pure. Figures: figures.h; one
// trace: trace_view.h.
#pragma once

#include <boost/json/value.hpp>
#include <string>
#include <string_view>

#include "cmd/view/terminal.h"

namespace pitot {

std::string RenderTraces(const boost::json::value& answer, const Terminal& terminal);
// Of sessions, users, prompts, models or providers: told by the answer's member of that name.
std::string RenderGroups(const boost::json::value& answer, const Terminal& terminal);
std::string RenderSearch(const boost::json::value& answer, const Terminal& terminal);
std::string RenderPrices(const boost::json::value& answer, const Terminal& terminal);
std::string RenderKeys(const boost::json::value& answer, const Terminal& terminal);
// Of a key just made: its secret, and what it may.
std::string RenderNewKey(const boost::json::value& answer, const Terminal& terminal);
std::string RenderBudgets(const boost::json::value& answer, const Terminal& terminal);
// One of them, with its counters.
std::string RenderBudget(const boost::json::value& budget, const Terminal& terminal);
std::string RenderStory(const boost::json::value& answer, const Terminal& terminal);
// `body`: the answer as it came, well-formed. Columns that do not fit side by side are listed row by
// row.
std::string RenderSqlResult(std::string_view body, const Terminal& terminal);
std::string RenderReceipts(const boost::json::value& answer, const Terminal& terminal);

}  // namespace pitot
