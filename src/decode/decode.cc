#include "decode/decode.h"

#include <utility>

namespace pitot {

absl::StatusOr<RawBatch> DecodeOtlp(OtlpSignal signal, OtlpEncoding encoding, std::string body,
                                    const Limits& limits, DropCounts& drops) {
  const bool json = encoding == OtlpEncoding::kJson;
  switch (signal) {
    case OtlpSignal::kTraces:
      return json ? DecodeOtlpTracesJson(std::move(body), limits, drops)
                  : DecodeOtlpTracesProto(std::move(body), limits, drops);
    case OtlpSignal::kLogs:
      return json ? DecodeOtlpLogsJson(std::move(body), limits, drops)
                  : DecodeOtlpLogsProto(std::move(body), limits, drops);
    case OtlpSignal::kMetrics:
      break;
  }
  return json ? DecodeOtlpMetricsJson(std::move(body), limits, drops)
              : DecodeOtlpMetricsProto(std::move(body), limits, drops);
}

}  // namespace pitot
