// api/live_event.h
//
// A span as GET /api/v1/live shows it. Pure.
#pragma once

#include <string>

#include "model/span.h"

namespace pitot {

// {"phase":"start"|"end","span":{...}}: the span's own values, empty ones left out.
std::string LiveEventJson(const Span& span);

}  // namespace pitot
