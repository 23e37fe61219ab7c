// cmd/view/preflight_view.h
//
// What `pitot preflight` prints. Pure.
#pragma once

#include <boost/json/value.hpp>
#include <string>

#include "cmd/view/terminal.h"

namespace pitot {

// The forty points: one line each, and below what does not pass why, and what to do. `all`: also why
// what passes does.
std::string RenderPreflight(const boost::json::value& answer, bool all, const Terminal& terminal);
// What people and jobs said of one point.
std::string RenderPreflightNotes(const boost::json::value& answer, const Terminal& terminal);

}  // namespace pitot
