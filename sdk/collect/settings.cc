#include "sdk/collect/settings.h"

#include <errno.h>

#include <stdexcept>
#include <string>
#include <string_view>

#include "sdk/base/random.h"
#include "sdk/base/text.h"
#include "sdk/export/environment.h"

namespace pitot {
inline namespace sdk {
namespace {

void Refuse(std::string_view option, const std::string& value, std::string_view limit) {
  throw std::invalid_argument("CollectorOptions::" + std::string(option) + " is " + value + ": " +
                              std::string(limit));
}

void CheckRange(std::string_view option, uint64_t value, uint64_t least, uint64_t most) {
  if (value >= least && value <= most) return;
  Refuse(option, std::to_string(value),
         "from " + std::to_string(least) + " to " + std::to_string(most));
}

void CheckTime(std::string_view option, std::chrono::milliseconds value, int64_t least_ms,
               int64_t most_ms) {
  if (value.count() >= least_ms && value.count() <= most_ms) return;
  Refuse(option, std::to_string(value.count()) + " ms",
         "from " + std::to_string(least_ms) + " to " + std::to_string(most_ms) + " ms");
}

// `visit(item)` for what stands between commas, without white space around it.
template <typename Visit>
void VisitList(std::string_view list, Visit visit) {
  while (!list.empty()) {
    const size_t comma = list.find(',');
    const std::string_view item = TrimBlanks(list.substr(0, comma));
    if (!item.empty()) visit(item);
    list.remove_prefix(comma == std::string_view::npos ? list.size() : comma + 1);
  }
}

std::string RandomInstance() {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  for (const uint8_t byte : NewTraceId().bytes) {
    text.push_back(kDigits[byte >> 4]);
    text.push_back(kDigits[byte & 15]);
  }
  return text;
}

}  // namespace

void Validate(const CollectorOptions& options) {
  CheckRange("queue_spans_max", options.queue_spans_max, 1, 1 << 20);
  CheckRange("queue_bytes_max", options.queue_bytes_max, 1 << 16, uint64_t{1} << 40);
  CheckRange("attribute_bytes_max", options.attribute_bytes_max, 16, 1 << 30);
  CheckRange("attributes_max", options.attributes_max, 1, 1 << 16);
  CheckRange("events_max", options.events_max, 1, 1 << 16);
  CheckRange("batch_spans_max", options.batch_spans_max, 1, 1 << 16);
  CheckTime("batch_delay", options.batch_delay, 1, 60'000);
  CheckTime("announce_after", options.announce_after, 0, 3'600'000);
  CheckTime("flush_timeout", options.flush_timeout, 0, 3'600'000);
  if (!(options.sample_ratio >= 0 && options.sample_ratio <= 1)) {
    Refuse("sample_ratio", std::to_string(options.sample_ratio), "from 0 to 1");
  }
  for (const ExporterOptions& exporter : options.exporters) {
    const auto* sink = std::get_if<std::shared_ptr<SpanSink>>(&exporter);
    if (sink != nullptr && *sink == nullptr) Refuse("exporters", "a null SpanSink", "give one");
  }
}

ExportResource ResourceOf(const CollectorOptions& options) {
  ExportResource resource;
  VisitList(Environment("OTEL_RESOURCE_ATTRIBUTES"), [&](std::string_view item) {
    const size_t equals = item.find('=');
    if (equals == std::string_view::npos) return;
    const std::string_view key = TrimBlanks(item.substr(0, equals));
    std::string value = PercentDecoded(TrimBlanks(item.substr(equals + 1)));
    if (key.empty()) return;
    if (key == "service.name") {
      resource.service = std::move(value);
    } else if (key == "service.version") {
      resource.release = std::move(value);
    } else if (key == "service.instance.id") {
      resource.instance = std::move(value);
    } else if (key == "deployment.environment.name" || key == "deployment.environment") {
      resource.environment = std::move(value);
    } else {
      resource.attributes.emplace_back(key, std::move(value));
    }
  });
  if (std::string name = Environment("OTEL_SERVICE_NAME"); !name.empty()) {
    resource.service = std::move(name);
  }
  if (!options.service.empty()) resource.service = options.service;
  if (!options.environment.empty()) resource.environment = options.environment;
  if (!options.release.empty()) resource.release = options.release;
  if (resource.service.empty()) resource.service = program_invocation_short_name;
  if (resource.service.empty()) resource.service = "unknown_service";
  if (resource.instance.empty()) resource.instance = RandomInstance();
  return resource;
}

std::vector<ExporterOptions> ExportersOf(const CollectorOptions& options) {
  if (!options.exporters.empty()) return options.exporters;
  std::vector<ExporterOptions> exporters;
  bool said = false;
  VisitList(Environment("PITOT_EXPORTERS"), [&](std::string_view name) {
    said = true;
    if (name == "otlp") {
      exporters.emplace_back(Otlp{});
    } else if (name == "langfuse") {
      exporters.emplace_back(Langfuse{});
    } else if (name == "zipkin") {
      exporters.emplace_back(Zipkin{});
    } else if (name == "jsonl") {
      exporters.emplace_back(JsonLines{});
    } else if (name != "none") {
      throw std::invalid_argument("PITOT_EXPORTERS names \"" + std::string(name) +
                                  "\": one of otlp, langfuse, zipkin, jsonl, none");
    }
  });
  if (!said) exporters.emplace_back(Otlp{});
  return exporters;
}

}  // namespace sdk
}  // namespace pitot
