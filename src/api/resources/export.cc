// GET /api/v1/export
#include "query/export/export.h"

#include "api/handlers.h"
#include "api/streamed_reply.h"
#include "base/status.h"
#include "base/text.h"

namespace pitot {
namespace {

struct FormatRow {
  ExportFormat format;
  std::string_view content_type;
  std::string_view extension;
};
constexpr FormatRow kFormats[] = {
    {ExportFormat::kJsonl, "application/x-ndjson", "jsonl"},
    {ExportFormat::kOtlp, "application/x-ndjson", "otlp.jsonl"},
    {ExportFormat::kParquet, "application/vnd.apache.parquet", "parquet"},
};

absl::StatusOr<ExportRequest> ReadRequest(const ApiCall& call, UnixNanos now) {
  ExportRequest request;
  request.project = call.Project();
  const std::string_view since = call.request.Param("since");
  const std::string_view until = call.request.Param("until");
  if (!since.empty() || !until.empty()) {
    // Without a beginning: from the first span on.
    ASSIGN_OR_RETURN(request.window, ParseWindow(since, until, now, now));
  }
  ASSIGN_OR_RETURN(request.filter, ReadFilter(call));
  return request;
}

// "pitot-default-20261120T120000Z.jsonl"
std::string FileName(std::string_view project, UnixNanos now, std::string_view extension) {
  const std::string whole = FormatTime(now);
  std::string time;
  for (const char c : std::string_view(whole).substr(0, 19)) {
    if (c != '-' && c != ':') time += c;
  }
  return fmt::format("pitot-{}-{}Z.{}", project, time, extension);
}

}  // namespace

void GetExport(ApiCall call) {
  const std::string_view name = call.request.Param("format");
  const auto format = ParseExportFormat(name.empty() ? "jsonl" : name);
  if (!format.ok()) return call.responder.Send(StatusResponse(format.status()));
  const QueryContext context = call.Query();
  const auto request = ReadRequest(call, context.now);
  if (!request.ok()) return call.responder.Send(StatusResponse(request.status()));
  const FormatRow& row = kFormats[static_cast<size_t>(*format)];
  StreamedReply reply(call, row.content_type);
  // IsProjectName lets nothing into the name that would need quoting.
  reply.AddHeader("Content-Disposition",
                  fmt::format("attachment; filename=\"{}\"",
                              FileName(request->project, context.now, row.extension)));
  reply.Finish(Export(context, *format, *request, reply.sink()));
}

}  // namespace pitot
