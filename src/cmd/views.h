// cmd/views.h
//
// The API's answers as text for a terminal, one function an answer. Pure.
#pragma once

#include <boost/json/value.hpp>
#include <string>

#include "cmd/terminal.h"

namespace pitot {

std::string RenderTraces(const boost::json::value& answer, const Terminal& terminal);
std::string RenderSqlResult(const boost::json::value& answer, const Terminal& terminal);
std::string RenderReceipts(const boost::json::value& answer, const Terminal& terminal);

}  // namespace pitot
