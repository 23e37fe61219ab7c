// normalize/span_json.h
//
// A canonical span as readable JSON, fields that say nothing left out: for golden files and failing
// tests. Not a wire format.
#pragma once

#include <string>

#include "model/span.h"

namespace pitot {

std::string DumpSpan(const Span& span);

}  // namespace pitot
