// Options and environment -> exporters.
#include <algorithm>
#include <optional>
#include <stdexcept>
#include <utility>

#include "sdk/base/problems.h"
#include "sdk/base/text.h"
#include "sdk/export/environment.h"
#include "sdk/export/exporter.h"
#include "sdk/export/file_transport.h"
#include "sdk/export/http_transport.h"
#include "sdk/export/jsonl_encoder.h"
#include "sdk/export/langfuse_attributes.h"
#include "sdk/export/otlp_encoder.h"
#include "sdk/export/outbox.h"
#include "sdk/export/sink_exporter.h"
#include "sdk/export/wire_span.h"
#include "sdk/export/zipkin_encoder.h"
#include "sdk/net/url.h"

namespace pitot {
inline namespace sdk {
namespace {

using std::chrono::milliseconds;

constexpr std::string_view kProtobuf = "application/x-protobuf";
constexpr std::string_view kJson = "application/json";
constexpr milliseconds kTimeMax = std::chrono::hours(24);
constexpr size_t kQueueBytesMin = size_t{64} << 10;
constexpr uint64_t kRotateBytesMin = 4096;
constexpr int kFilesMax = 1000;

[[noreturn]] void Refuse(std::string_view exporter, std::string_view option, std::string_view value,
                         std::string_view limit) {
  std::string message(exporter);
  message.append(1, '.').append(option).append(" is ").append(value).append("; it must be ");
  throw std::invalid_argument(message.append(limit));
}

void CheckTime(std::string_view exporter, std::string_view option, milliseconds value) {
  if (value.count() >= 1 && value <= kTimeMax) return;
  Refuse(exporter, option, std::to_string(value.count()) + " ms", "1 ms to 24 hours");
}

void Check(std::string_view exporter, const Delivery& delivery) {
  CheckTime(exporter, "delivery.timeout", delivery.timeout);
  CheckTime(exporter, "delivery.backoff_first", delivery.backoff_first);
  CheckTime(exporter, "delivery.backoff_max", delivery.backoff_max);
  CheckTime(exporter, "delivery.give_up_after", delivery.give_up_after);
  if (delivery.queue_bytes_max < kQueueBytesMin) {
    Refuse(exporter, "delivery.queue_bytes_max", std::to_string(delivery.queue_bytes_max),
           "at least 65536");
  }
}

void CheckHeaders(std::string_view exporter, const HeaderList& headers) {
  for (const auto& [name, value] : headers) {
    // Not the value: it may be a secret.
    if (!IsHeaderName(name)) Refuse(exporter, "headers", "\"" + name + "\"", "a header's name");
    if (!IsHeaderValue(value)) {
      Refuse(exporter, "headers", "of no use for " + name, "without line breaks");
    }
  }
}

// As it may be shown: without a password.
std::string CheckedUrl(std::string_view exporter, std::string_view option,
                       const std::string& text) {
  const std::optional<Url> url = ParseUrl(text);
  if (!url) Refuse(exporter, option, "\"" + text + "\"", "an http:// or https:// URL");
  return (url->tls ? "https://" : "http://") + url->Authority() + url->target;
}

std::unique_ptr<Exporter> MakeHttp(std::string name, const Delivery& delivery, bool announces,
                                   HttpTarget target, std::shared_ptr<SpanEncoder> encoder,
                                   Problems& problems) {
  target.timeout = delivery.timeout;
  OutboxOptions options{.name = std::move(name), .delivery = delivery, .announces = announces};
  options.make_transport = [target = std::move(target), encoder] {
    return std::make_unique<HttpTransport>(target, encoder);
  };
  return std::make_unique<Outbox>(std::move(options), encoder, problems);
}

void AddHeaders(HeaderList& headers, const HeaderList& more) {
  for (const auto& [name, value] : more) {
    std::erase_if(headers,
                  [&name = name](const auto& header) { return EqualNoCase(header.first, name); });
    headers.emplace_back(name, value);
  }
}

std::unique_ptr<Exporter> Make(const Otlp& otlp, const ExportResource& resource,
                               Problems& problems) {
  const OtlpEnvironment environment = ReadOtlpEnvironment();
  std::string endpoint = otlp.endpoint.empty() ? environment.endpoint : otlp.endpoint;
  if (endpoint.empty()) endpoint = "http://127.0.0.1:4318/v1/traces";
  const std::string name = "otlp " + CheckedUrl("Otlp", "endpoint", endpoint);
  CheckHeaders("Otlp", otlp.headers);
  Delivery delivery = otlp.delivery;
  if (environment.timeout && delivery.timeout == Delivery{}.timeout) {
    delivery.timeout = *environment.timeout;
  }
  Check("Otlp", delivery);
  if (!environment.protocol.empty() && environment.protocol != "http/protobuf") {
    problems.Report(name + " protocol",
                    name + ": OTEL_EXPORTER_OTLP_PROTOCOL is \"" + environment.protocol +
                        "\"; this SDK sends http/protobuf, usually to port 4318");
  }
  HeaderList headers = environment.headers;
  const std::string key = otlp.pitot_key.empty() ? Environment("PITOT_KEY") : otlp.pitot_key;
  if (!key.empty()) AddHeaders(headers, {{"x-pitot-key", key}});
  AddHeaders(headers, otlp.headers);
  CheckHeaders("Otlp", headers);
  AddHeaders(headers, {{"Content-Type", std::string(kProtobuf)}});
  auto encoder = std::make_shared<OtlpEncoder>(ResourceAttributes(resource),
                                               std::make_unique<WireAttributes>());
  return MakeHttp(name, delivery, true,
                  {.url = endpoint,
                   .headers = std::move(headers),
                   .answer = AnswerFormat::kOtlp,
                   .ca_file = environment.ca_file},
                  std::move(encoder), problems);
}

std::string OptionOr(const std::string& option, std::initializer_list<const char*> variables) {
  std::string value = option;
  for (const char* variable : variables) {
    if (value.empty()) value = Environment(variable);
  }
  return value;
}

std::unique_ptr<Exporter> Make(const Langfuse& langfuse, const ExportResource& resource,
                               Problems& problems) {
  std::string base = OptionOr(langfuse.base_url, {"LANGFUSE_BASE_URL", "LANGFUSE_HOST"});
  if (base.empty()) base = "https://cloud.langfuse.com";
  while (base.ends_with('/')) base.pop_back();
  const std::string endpoint = base + "/api/public/otel/v1/traces";
  const std::string name = "langfuse " + CheckedUrl("Langfuse", "base_url", endpoint);
  const std::string public_key = OptionOr(langfuse.public_key, {"LANGFUSE_PUBLIC_KEY"});
  const std::string secret_key = OptionOr(langfuse.secret_key, {"LANGFUSE_SECRET_KEY"});
  if (public_key.empty()) Refuse("Langfuse", "public_key", "empty", "set, or LANGFUSE_PUBLIC_KEY");
  if (secret_key.empty()) Refuse("Langfuse", "secret_key", "empty", "set, or LANGFUSE_SECRET_KEY");
  Check("Langfuse", langfuse.delivery);
  HeaderList headers = {
      {"Content-Type", std::string(kProtobuf)},
      {"Authorization", "Basic " + Base64(public_key + ":" + secret_key)},
  };
  auto encoder = std::make_shared<OtlpEncoder>(LangfuseResource(resource),
                                               std::make_unique<LangfuseAttributes>());
  return MakeHttp(name, langfuse.delivery, false,
                  {.url = endpoint, .headers = std::move(headers), .answer = AnswerFormat::kOtlp},
                  std::move(encoder), problems);
}

std::unique_ptr<Exporter> Make(const Zipkin& zipkin, const ExportResource& resource,
                               Problems& problems) {
  std::string endpoint = OptionOr(zipkin.endpoint, {"ZIPKIN_ENDPOINT"});
  if (endpoint.empty()) endpoint = "http://127.0.0.1:9411/api/v2/spans";
  const std::string name = "zipkin " + CheckedUrl("Zipkin", "endpoint", endpoint);
  Check("Zipkin", zipkin.delivery);
  return MakeHttp(name, zipkin.delivery, false,
                  {.url = endpoint, .headers = {{"Content-Type", std::string(kJson)}}},
                  std::make_shared<ZipkinEncoder>(resource), problems);
}

std::unique_ptr<Exporter> Make(const JsonLines& file, const ExportResource& resource,
                               Problems& problems) {
  if (file.path.empty()) Refuse("JsonLines", "path", "empty", "the path of a file");
  if (file.rotate_bytes != 0 && file.rotate_bytes < kRotateBytesMin) {
    Refuse("JsonLines", "rotate_bytes", std::to_string(file.rotate_bytes),
           "0 (never) or at least 4096");
  }
  if (file.files_max < 1 || file.files_max > kFilesMax) {
    Refuse("JsonLines", "files_max", std::to_string(file.files_max), "1 to 1000");
  }
  OutboxOptions options{.name = "jsonl " + file.path};
  if (file.rotate_bytes > 0) {
    options.request_bytes_max = std::min<uint64_t>(options.request_bytes_max, file.rotate_bytes);
  }
  options.make_transport = [target = FileTarget{.path = file.path,
                                                .rotate_bytes = file.rotate_bytes,
                                                .files_max = file.files_max}] {
    return std::make_unique<FileTransport>(target);
  };
  return std::make_unique<Outbox>(std::move(options), std::make_shared<JsonLinesEncoder>(resource),
                                  problems);
}

std::unique_ptr<Exporter> Make(const std::shared_ptr<SpanSink>& sink, const ExportResource&,
                               Problems& problems) {
  if (sink == nullptr) Refuse("SpanSink", "pointer", "null", "a sink");
  return std::make_unique<SinkExporter>(sink, problems);
}

}  // namespace

std::unique_ptr<Exporter> MakeExporter(const ExporterOptions& options,
                                       const ExportResource& resource, Problems& problems) {
  return std::visit([&](const auto& one) { return Make(one, resource, problems); }, options);
}

}  // namespace sdk
}  // namespace pitot
