// cmd/import_file.h
//
// Cuts a file of spans into requests, whatever format it has; the format is told by its content:
//   JSON Lines          one span a line (POST /api/v1/spans)
//   OTLP JSON lines     one Export...ServiceRequest a line, as the OpenTelemetry collector's file
//                       exporter writes: traces, logs and metrics
//   OTLP JSON           one such request, over any number of lines
//   OTLP protobuf       one ExportTraceServiceRequest
//   framed protobuf     such requests, each after its length as 4 bytes, little-endian
// Pure: bytes in, pieces out; nothing is copied.
#pragma once

#include <absl/status/statusor.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace pitot {

enum class ImportFormat { kJsonLines, kOtlpJsonLines, kOtlpJson, kOtlpProto, kFramedProto };

std::string_view Name(ImportFormat format);

// kInvalidArgument says what the file looks like instead.
absl::StatusOr<ImportFormat> DetectFormat(std::string_view content);

struct ImportPiece {
  std::string_view body;
  uint64_t line = 0;      // Of its first byte; 0: the format has no lines.
  std::string_view path;  // "/v1/traces"
  std::string_view type;  // Content-Type.
  uint64_t end = 0;       // Offset in the file after it.
};

class ImportCutter {
 public:
  ImportCutter(std::string_view content, ImportFormat format)
      : content_(content), format_(format) {}

  // The next request's body; empty `body` at the end. Pieces are at most about `bytes_max`, except
  // that a line or a request is never cut. kInvalidArgument: the file is cut off or damaged there.
  absl::StatusOr<ImportPiece> Next(size_t bytes_max);

 private:
  absl::StatusOr<ImportPiece> NextLines(size_t bytes_max);
  absl::StatusOr<ImportPiece> NextProto(size_t bytes_max);
  absl::StatusOr<ImportPiece> NextFrame();

  const std::string_view content_;
  const ImportFormat format_;
  size_t at_ = 0;
  uint64_t line_ = 1;
  uint64_t frames_ = 0;
};

// Spans (of any signal: records) in an OTLP body; 0 when it cannot be read.
uint64_t CountSpans(ImportFormat format, std::string_view body);

// rejected and message of an OTLP reply, in the request's own encoding.
struct OtlpReplyFigures {
  int64_t rejected = 0;
  std::string message;
};
OtlpReplyFigures ReadOtlpReply(std::string_view body, bool is_json);

}  // namespace pitot
