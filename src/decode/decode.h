// decode/decode.h
//
// Bytes of a telemetry request -> RawBatch, one function for each wire format.
//
// Pure: no thread, clock, file or socket; any number of calls at once.
// Ownership: `body` is moved into the batch; views point into it or into the batch's arena, and
//   stay valid when the batch is moved.
// Text: every string view is valid UTF-8 (bad bytes become U+FFFD, counted as kTextMended) and at
//   most limits.payload_bytes long plus the mark of the cut. A longer array or map becomes a cut
//   kString: cut JSON is not JSON. Longer kBytes are cut without a mark.
// Losses: counted in `drops`. A record refused there is left out of the batch, the others stay:
//     spans refused  = kSpanIdInvalid + kSpanMalformed
//     logs refused   = kLogMalformed,  points refused = kPointMalformed
//   A field that cannot be read at all, a metric say, counts as one record.
// Errors: the request as a whole; `drops` is then unchanged.
//   kInvalidArgument  not this format; the message names the place.
//   kOutOfRange       it would take more than about 12 times its size in memory.
// An empty body is an empty batch.
// Memory: JSON takes up to 13 more bytes a byte of body while it is parsed (a body of nothing but
// short numbers; ordinary requests take one or two).
#pragma once

#include <absl/status/statusor.h>

#include <cstdint>
#include <string>

#include "base/drops.h"
#include "base/limits.h"
#include "model/raw.h"

namespace pitot {

// OTLP, Export{Trace,Logs,Metrics}ServiceRequest.
// Source: opentelemetry-proto 1.11 (.proto files; docs/specification.md, "JSON Protobuf Encoding").
absl::StatusOr<RawBatch> DecodeOtlpTracesProto(std::string body, const Limits& limits,
                                               DropCounts& drops);
absl::StatusOr<RawBatch> DecodeOtlpLogsProto(std::string body, const Limits& limits,
                                             DropCounts& drops);
absl::StatusOr<RawBatch> DecodeOtlpMetricsProto(std::string body, const Limits& limits,
                                                DropCounts& drops);
absl::StatusOr<RawBatch> DecodeOtlpTracesJson(std::string body, const Limits& limits,
                                              DropCounts& drops);
absl::StatusOr<RawBatch> DecodeOtlpLogsJson(std::string body, const Limits& limits,
                                            DropCounts& drops);
absl::StatusOr<RawBatch> DecodeOtlpMetricsJson(std::string body, const Limits& limits,
                                               DropCounts& drops);

enum class OtlpSignal : uint8_t { kTraces, kLogs, kMetrics };
enum class OtlpEncoding : uint8_t { kProto, kJson };

// One of the six above.
absl::StatusOr<RawBatch> DecodeOtlp(OtlpSignal signal, OtlpEncoding encoding, std::string body,
                                    const Limits& limits, DropCounts& drops);

// JSON Lines, one span a line:
//   {"span_id","parent_id","trace_id","name","kind","start","duration_ms" or "end","status",
//    "error","attrs"}
// ids      16 or 32 hex digits are the id itself. Any other text or integer is hashed (Sha128, its
//          first 8 or 16 bytes), so that equal texts stay equal ids.
// start,   RFC 3339 text (no zone: UTC), or a Unix time as a number or its text. Its magnitude
// end      tells the unit: below 1e11 seconds, below 1e14 milliseconds, below 1e17 microseconds,
//          else nanoseconds. Fractions are rounded to a microsecond.
// duration_ms  >= 0; wins over `end`. With neither, the span has no length.
// status   ok | error | unset | running. error: text, or {"type","message"}, or true; it makes the
//          status error, the status message, and the attribute error.type.
// kind     becomes RawSpan::kind_word.
// attrs    an object (also called `attributes`). Arrays and objects inside stay JSON. Any further
//          key of the line becomes an attribute too.
// events   [{"name","time","attrs"}], links [{"trace_id","span_id","attrs"}]; anything else under
//          these keys is an attribute.
// scope    {"name","version"} of what made the span, as OTLP's instrumentation scope.
// A line with "pitot": 1 gives a span in whole, every field by its own name (docs/formats.md): what
// `export` writes. It becomes RawSpan::whole.
//
// `chunk` holds whole lines; the last may lack its newline. LF or CRLF, blank lines and a leading
// BOM are fine. A bad line is refused alone and named by its number; the chunk's first line is
// number `first_line`.
absl::StatusOr<RawBatch> DecodeJsonLines(std::string chunk, const Limits& limits, DropCounts& drops,
                                         uint64_t first_line = 1);

}  // namespace pitot
