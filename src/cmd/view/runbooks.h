// cmd/view/runbooks.h
//
// What runbooks found and offer, as text for a terminal. Pure.
#pragma once

#include <boost/json/value.hpp>
#include <string>

#include "cmd/view/terminal.h"

namespace pitot {

// `answer`: POST /api/v1/runbooks/{name}.
std::string RenderRunbook(const boost::json::value& answer, const Terminal& terminal);
// `answer`: GET /api/v1/actions.
std::string RenderActions(const boost::json::value& answer, const Terminal& terminal);
// One of them, as confirming and reverting answer.
std::string RenderAction(const boost::json::value& action, const Terminal& terminal);

}  // namespace pitot
