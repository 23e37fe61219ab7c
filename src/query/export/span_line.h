// query/export/span_line.h
//
// A span in whole as a line of JSON, as decode/whole_span.h reads it back. Internal to query/export/.
#pragma once

#include <string>

#include "query/export/exported_span.h"

namespace pitot {

// With its line break. All pieces have their text, or a hash that stands for a text that is gone.
void AppendSpanLine(const ExportedSpan& exported, std::string& out);

}  // namespace pitot
