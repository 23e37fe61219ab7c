// ExportLogsServiceRequest in JSON.
#include <array>
#include <utility>

#include "base/hex.h"
#include "decode/decode.h"
#include "decode/otlp_json.h"

namespace pitot {
namespace {

constexpr std::array<std::string_view, 25> kSeverities = {
    "UNSPECIFIED", "TRACE",  "TRACE2", "TRACE3", "TRACE4", "DEBUG",  "DEBUG2", "DEBUG3", "DEBUG4",
    "INFO",        "INFO2",  "INFO3",  "INFO4",  "WARN",   "WARN2",  "WARN3",  "WARN4",  "ERROR",
    "ERROR2",      "ERROR3", "ERROR4", "FATAL",  "FATAL2", "FATAL3", "FATAL4"};

class LogReader {
 public:
  explicit LogReader(Intake& intake) : intake_(intake) {}

  void Read(JsonElement json) {
    RawLog log;
    attrs_.Clear();
    if (!Fields(json, log)) return intake_.RefuseFault(log.event_name);
    if (log.time_ns == 0) log.time_ns = log.observed_ns;
    log.attributes = attrs_.Take(intake_.arena());
    log.resource = intake_.UseResource();
    log.scope = intake_.UseScope();
    intake_.batch().logs.push_back(log);
  }

 private:
  bool Fields(JsonElement json, RawLog& log) {
    simdjson::dom::object object;
    if (!ReadJsonObject(intake_, json, "the log record", object)) return false;
    for (const auto& [key, value] : object) {
      if (!value.is_null() && !Field(key, value, log)) return false;
    }
    return true;
  }

  bool Field(std::string_view key, JsonElement json, RawLog& log) {
    if (key == "timeUnixNano") return ReadJsonTime(intake_, json, key, log.time_ns);
    if (key == "observedTimeUnixNano") return ReadJsonTime(intake_, json, key, log.observed_ns);
    if (key == "severityText") return KeepJsonText(intake_, json, key, log.severity_text);
    if (key == "eventName") return KeepJsonText(intake_, json, key, log.event_name);
    if (key == "body") return KeepJsonValue(intake_, json, key, log.body);
    if (key == "attributes") return KeepJsonAttrs(intake_, json, key, attrs_);
    if (key == "traceId") return ReadId(key, json, log.trace_id);
    if (key == "spanId") return ReadId(key, json, log.span_id);
    if (key != "severityNumber") return true;
    int64_t number = 0;
    if (!ReadJsonEnum(intake_, json, key, "SEVERITY_NUMBER_", kSeverities, number)) return false;
    log.severity = static_cast<int32_t>(number);
    return true;
  }

  // An id that is none means, as OTLP says, that the record belongs to no span.
  template <size_t N>
  bool ReadId(std::string_view field, JsonElement json, Id<N>& id) {
    std::string_view hex;
    if (!ReadJsonText(intake_, json, field, hex)) return false;
    Id<N> parsed;
    if (FromHex(hex, reinterpret_cast<char*>(parsed.bytes.data()), N)) id = parsed;
    return true;
  }

  Intake& intake_;
  AttrSet attrs_;
};

}  // namespace

absl::StatusOr<RawBatch> DecodeOtlpLogsJson(std::string body, const Limits& limits,
                                            DropCounts& drops) {
  DropCounts counted = drops;
  Intake intake(std::move(body), kJsonPadding, "log record", Drop::kLogMalformed, limits, counted);
  LogReader logs(intake);
  const auto read = [&](JsonElement log) { logs.Read(log); };
  const JsonEnvelope envelope{.resources = "resourceLogs",
                              .scopes = "scopeLogs",
                              .old_scopes = "instrumentationLibraryLogs",
                              .records = "logRecords",
                              .snake_case = "resource_logs",
                              .read = read};
  RETURN_IF_ERROR(DecodeJsonEnvelope(intake, envelope));
  drops = std::move(counted);
  return std::move(intake.batch());
}

}  // namespace pitot
