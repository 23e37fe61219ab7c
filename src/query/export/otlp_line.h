// query/export/otlp_line.h
//
// A span as an OTLP/JSON ExportTraceServiceRequest of its own, one line, in the names of OpenTelemetry's
// conventions for generative AI, and in pitot.* where they have none.
// Source: opentelemetry-proto 1.11, docs/specification.md, "JSON Protobuf Encoding"; OpenTelemetry
// semantic conventions, gen-ai. Internal to query/export/.
#pragma once

#include <string>

#include "query/export/exported_span.h"

namespace pitot {

// With its line break. A span's own attributes come first: where it has one of the names already, that
// stays.
void AppendOtlpLine(const ExportedSpan& exported, std::string& out);

}  // namespace pitot
