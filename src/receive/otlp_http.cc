#include "receive/otlp_http.h"

#include <fmt/format.h>

#include <utility>

#include "base/status.h"
#include "receive/otlp_reply.h"

namespace pitot {
namespace {

constexpr std::string_view kProtobufType = "application/x-protobuf";
constexpr std::string_view kJsonType = "application/json";
// Set by `pitot import`: spans of any age are welcome and kept in the import retention class.
constexpr std::string_view kImportHeader = "x-pitot-import";
// Tells the SDK that spans may be announced while they run (pitot.running): elsewhere an announcement
// would show as a span of its own.
constexpr std::string_view kRunningHeader = "x-pitot-running";

// A sender that may retry should not do so at once, even when ingest names no time.
constexpr std::chrono::milliseconds kRetryDelay{1000};

std::optional<WireFormat> FormatOf(const HttpRequest& head) {
  const std::string_view type = head.headers.Get("content-type");
  const std::string_view name = TrimOws(type.substr(0, type.find(';')));
  if (EqualsIgnoreCase(name, kProtobufType)) return WireFormat::kProtobuf;
  if (EqualsIgnoreCase(name, kJsonType)) return WireFormat::kJson;
  return std::nullopt;
}

HttpResponse Reply(int status, WireFormat format, std::string body) {
  const std::string_view type = format == WireFormat::kProtobuf ? kProtobufType : kJsonType;
  return {.status = status, .headers = {{"Content-Type", type}}, .body = std::move(body)};
}

// A retry time only where the HTTP status lets the sender retry.
void AddRetryAfter(HttpResponse& response, std::chrono::milliseconds wait) {
  if (response.status != 429 && response.status != 503) return;
  if (wait.count() <= 0) wait = kRetryDelay;
  response.headers.Set("Retry-After", std::to_string((wait.count() + 999) / 1000));
}

int GrpcCodeOfHttp(int status) {
  for (const StatusRow& row : kStatusRows) {
    if (row.http == status) return row.grpc;
  }
  return status == 405 || status == 501 ? 12 : status == 408 ? 4 : status < 500 ? 3 : 13;
}

HttpResponse ErrorReply(WireFormat format, int status, std::string_view message) {
  HttpResponse response =
      Reply(status, format, EncodeRpcStatus(format, GrpcCodeOfHttp(status), message));
  AddRetryAfter(response, {});
  return response;
}

HttpResponse ReplyOf(Signal signal, WireFormat format, const IngestReply& reply) {
  if (reply.status.ok()) {
    HttpResponse response = Reply(200, format, EncodeOtlpReply(signal, format, reply));
    if (signal == Signal::kTraces) response.headers.Set(kRunningHeader, "1");
    return response;
  }
  const StatusRow& row = RowOf(reply.status.code());
  HttpResponse response =
      Reply(row.http, format, EncodeRpcStatus(format, row.grpc, Message(reply.status)));
  AddRetryAfter(response, RetryAfter(reply.status));
  return response;
}

IngestRequest Described(const HttpRequest& head, Signal signal, WireFormat format) {
  IngestRequest request{.signal = signal, .format = format, .source = Source::kOtlp};
  request.sender = head.headers.Get("user-agent");
  if (request.sender.empty()) request.sender = "otlp/http";
  request.import = head.headers.Get(kImportHeader) == "1";
  return request;
}

}  // namespace

bool OtlpHttp::IsOtlp(std::string_view path) { return OtlpSignalOfPath(path).has_value(); }

std::optional<HttpResponse> OtlpHttp::Admit(const HttpRequest& head) const {
  const std::optional<WireFormat> format = FormatOf(head);
  if (head.method != "POST") {
    HttpResponse response = ErrorReply(format.value_or(WireFormat::kJson), 405,
                                       fmt::format("{} takes POST only", QuoteJson(head.path)));
    response.headers.Add("Allow", "POST");
    return response;
  }
  if (!format.has_value()) {
    return Refuse(
        head, 415,
        fmt::format("content-type {} is not supported; send {} or {}",
                    QuoteJson(head.headers.Get("content-type")), kProtobufType, kJsonType));
  }
  return std::nullopt;
}

void OtlpHttp::Handle(HttpRequest request, Responder responder, std::string project) const {
  const Signal signal = OtlpSignalOfPath(request.path).value_or(Signal::kTraces);
  const WireFormat format = FormatOf(request).value_or(WireFormat::kProtobuf);
  if (request.body.empty()) {  // An empty envelope in protobuf; nothing in JSON. Both are fine.
    responder.Send(ReplyOf(signal, format, {}));
    return;
  }
  IngestRequest ingest = Described(request, signal, format);
  ingest.project = std::move(project);
  ingest.body = std::move(request.body);
  // Shared because std::function must be copyable; the callback runs once.
  auto answer = std::make_shared<Responder>(std::move(responder));
  ingest_(std::move(ingest), [signal, format, answer](IngestReply reply) {
    answer->Send(ReplyOf(signal, format, reply));
  });
}

HttpResponse OtlpHttp::Refuse(const HttpRequest& head, int status, std::string_view message) const {
  const WireFormat format = FormatOf(head).value_or(WireFormat::kJson);
  const Signal signal = OtlpSignalOfPath(head.path).value_or(Signal::kTraces);
  const Drop drop = status == 413   ? Drop::kRequestTooLarge
                    : status == 415 ? Drop::kUnsupportedEncoding
                    : status >= 500 ? Drop::kOverloaded
                                    : Drop::kMalformedRequest;
  if (count_refused_ != nullptr) {
    count_refused_(Described(head, signal, format), drop,
                   Error(absl::StatusCode::kInvalidArgument, "{}", message));
  }
  return ErrorReply(format, status, message);
}

}  // namespace pitot
