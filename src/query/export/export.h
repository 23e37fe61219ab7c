// query/export/export.h
//
// Spans as a file, for other programs and for another Pitot. What is exported is what was received,
// not what was made of it over its trace: own attribution, contents in full, attributes with their
// types. docs/formats.md describes the formats.
//
// Memory is bounded whatever the number of spans; with a window or a filter the ids of a day's
// matches are held by the engine (limits.query_memory_bytes).
#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include <optional>
#include <string>
#include <string_view>

#include "query/filter/filter.h"
#include "query/scope.h"

namespace pitot {

enum class ExportFormat { kJsonl, kOtlp, kParquet };

struct ExportRequest {
  std::string project;
  std::optional<Window> window;  // Spans that ended within; unset: everything stored.
  Filter filter;
};

// "jsonl", "otlp" or "parquet". kInvalidArgument names the three.
absl::StatusOr<ExportFormat> ParseExportFormat(std::string_view name);

// Hands the file on in pieces. On an error what the sink got is incomplete. Lines are in no order.
absl::Status Export(const QueryContext& context, ExportFormat format, const ExportRequest& request,
                    const ResultSink& sink);

}  // namespace pitot
