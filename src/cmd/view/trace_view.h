// cmd/view/trace_view.h
//
// One trace as a tree for a terminal. Pure: the API's answer in, text out.
#pragma once

#include <boost/json/value.hpp>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "cmd/view/terminal.h"

namespace pitot {

// The answer of GET /api/v1/traces/{id}/spans/{id}, or nothing when it cannot be had.
using SpanReader = std::function<std::optional<std::string>(std::string_view span_id)>;

struct TraceViewOptions {
  SpanReader read_span;  // Given: contents are shown below each span.
  bool all = false;      // Otherwise of a span's many children only some.
};

// `answer`: of GET /api/v1/traces/{id}.
std::string RenderTrace(const boost::json::value& answer, const Terminal& terminal,
                        const TraceViewOptions& options = {});

}  // namespace pitot
