#include "sdk/export/http_transport.h"

#include <algorithm>
#include <ctime>
#include <optional>
#include <utility>

#include "sdk/export/otlp_encoder.h"
#include "sdk/export/utf8.h"
#include "sdk/net/retry_after.h"
#include "wire/json_read.h"

namespace pitot {
inline namespace sdk {
namespace {

constexpr size_t kAnswerBytesMax = size_t{1} << 20;
constexpr size_t kShownBytesMax = 300;
constexpr size_t kBodyKeptMax = size_t{8} << 20;
constexpr std::chrono::milliseconds kConnectMax{10'000};
// Pitot's word for: announcements of running spans are welcome.
constexpr std::string_view kRunningHeader = "x-pitot-running";

// One line of what the receiver wrote.
std::string Shown(std::string_view text) {
  std::string scratch;
  std::string line(Utf8(text.substr(0, kShownBytesMax), &scratch));
  for (char& c : line) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = ' ';
  }
  const size_t last = line.find_last_not_of(' ');
  line.resize(last == std::string::npos ? 0 : last + 1);
  return line;
}

bool IsType(const HttpOutcome& outcome, std::string_view type) {
  return outcome.header("content-type").starts_with(type);
}

std::string Described(const HttpOutcome& outcome) {
  std::string text = "HTTP " + std::to_string(outcome.status);
  std::string_view reason;
  if (IsType(outcome, "application/x-protobuf")) {
    reason = ReadRpcStatusMessage(outcome.body);
  } else if (outcome.status >= 300 && outcome.status < 400) {
    reason = outcome.header("location");
    if (!reason.empty()) text += ", moved to";
  } else if (!IsType(outcome, "text/html")) {
    reason = outcome.body;
  }
  const std::string shown = Shown(reason);
  if (shown.empty()) return text;
  return text + (text.ends_with("moved to") ? " " : ": ") + shown;
}

// The partial success of an ExportTraceServiceResponse in JSON.
OtlpAnswer ReadJsonAnswer(std::string_view body, std::string* message) {
  OtlpAnswer answer;
  if (!IsJson(body)) return answer;
  answer.readable = true;
  const std::string_view partial = Member(body, "partialSuccess");
  const int64_t rejected = Whole(Member(partial, "rejectedSpans")).value_or(0);
  answer.rejected = static_cast<uint64_t>(std::max<int64_t>(0, rejected));
  *message = Text(Member(partial, "errorMessage"));
  answer.message = *message;
  return answer;
}

Verdict Accepted(const HttpOutcome& outcome, AnswerFormat format) {
  Verdict verdict;
  if (IsType(outcome, "text/html")) {
    return {.kind = Verdict::Kind::kRefused,
            .error = "HTTP " + std::to_string(outcome.status) +
                     " with a web page: no receiver of spans is at this URL"};
  }
  if (format != AnswerFormat::kOtlp) return verdict;
  verdict.takes_running = !outcome.header(kRunningHeader).empty();
  std::string text;
  OtlpAnswer answer;
  if (IsType(outcome, "application/json")) {
    answer = ReadJsonAnswer(outcome.body, &text);
  } else if (IsType(outcome, "application/x-protobuf") || outcome.body.empty()) {
    answer = ReadOtlpAnswer(outcome.body);
  }
  if (!answer.readable) {
    verdict.error = "the answer is no OTLP response: " + Shown(outcome.body);
    return verdict;
  }
  verdict.rejected = answer.rejected;
  if (answer.rejected > 0 || !answer.message.empty()) {
    verdict.error = std::to_string(answer.rejected) + " spans rejected: " + Shown(answer.message);
  }
  return verdict;
}

// The call failed, but what there is of the answer may decide.
std::optional<Verdict> JudgeFailure(const HttpOutcome& outcome) {
  using Error = HttpOutcome::Error;
  if (outcome.error == Error::kUrl) {
    return Verdict{.kind = Verdict::Kind::kRefused, .error = outcome.message};
  }
  if (outcome.error == Error::kTooLarge && outcome.status != 0) return std::nullopt;
  return Verdict{.kind = Verdict::Kind::kRetry, .error = outcome.message};
}

}  // namespace

Verdict Judge(const HttpOutcome& outcome, AnswerFormat format, int64_t now_s) {
  if (!outcome.ok()) {
    if (std::optional<Verdict> verdict = JudgeFailure(outcome)) return *std::move(verdict);
  }
  switch (outcome.status) {
    case 413:
      return {.kind = Verdict::Kind::kTooLarge, .error = Described(outcome)};
    case 429:
    case 502:
    case 503:
    case 504:
      return {.kind = Verdict::Kind::kRetry,
              .retry_after = ReadRetryHints(outcome.headers, now_s).after,
              .error = Described(outcome)};
  }
  if (outcome.status >= 200 && outcome.status < 300) return Accepted(outcome, format);
  return {.kind = Verdict::Kind::kRefused, .error = Described(outcome)};
}

HttpTransport::HttpTransport(HttpTarget target, std::shared_ptr<const SpanEncoder> encoder)
    : target_(std::move(target)),
      encoder_(std::move(encoder)),
      http_({.ca_file = target_.ca_file, .idle_connections_max = 1}) {}

Verdict HttpTransport::Send(const SpanBatch& batch) {
  encoder_->Frame(batch.bytes, body_);
  const HttpOutcome outcome = http_.Call({.method = "POST",
                                          .url = target_.url,
                                          .headers = target_.headers,
                                          .body = body_,
                                          .cancel = &cancel_},
                                         {.connect = std::min(kConnectMax, target_.timeout),
                                          .total = target_.timeout,
                                          .idle = target_.timeout,
                                          .response_bytes_max = kAnswerBytesMax});
  if (body_.capacity() > kBodyKeptMax) std::string().swap(body_);
  return Judge(outcome, target_.answer, std::time(nullptr));
}

}  // namespace sdk
}  // namespace pitot
