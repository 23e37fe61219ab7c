// cmd/view/slo_view.h
//
// Objectives as text for a terminal. Pure.
#pragma once

#include <boost/json/value.hpp>
#include <string>

#include "cmd/view/terminal.h"

namespace pitot {

// GET /api/v1/slos
std::string RenderSlos(const boost::json::value& answer, const Terminal& terminal);
// GET /api/v1/slos/{slo}
std::string RenderSlo(const boost::json::value& answer, const Terminal& terminal);

}  // namespace pitot
