// decode/whole_span.h
//
// Lines of JSON that give a span as Pitot keeps it, every field by its own name: what `export` writes
// and importing takes back unchanged. docs/formats.md describes the form; query/export/span_line.cc
// writes it. Internal to decode/.
#pragma once

#include "decode/otlp_json.h"
#include "model/span.h"

namespace pitot {

inline constexpr std::string_view kWholeSpanKey = "pitot";
inline constexpr int64_t kWholeSpanVersion = 1;

// Fills `span`, kept in the batch. False after Intake::Fault: a field has a wrong type or value, or
// is not known to this version.
bool ReadWholeSpan(Intake& intake, JsonElement line, Span& span);

}  // namespace pitot
