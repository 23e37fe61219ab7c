#include "sdk/export/environment.h"

#include <charconv>
#include <cstdlib>
#include <stdexcept>

#include "sdk/base/text.h"
#include "sdk/net/url.h"

namespace pitot {
inline namespace sdk {
namespace {

constexpr std::string_view kTracesPath = "/v1/traces";

// A setting for traces is OTEL_EXPORTER_OTLP_TRACES_X, else OTEL_EXPORTER_OTLP_X.
std::string ForTraces(std::string_view what) {
  const std::string own = Environment(("OTEL_EXPORTER_OTLP_TRACES_" + std::string(what)).c_str());
  if (!own.empty()) return own;
  return Environment(("OTEL_EXPORTER_OTLP_" + std::string(what)).c_str());
}

void SetHeader(HeaderList& headers, const std::string& name, std::string value) {
  for (auto& [key, old] : headers) {
    if (!EqualNoCase(key, name)) continue;
    old = std::move(value);
    return;
  }
  headers.emplace_back(name, std::move(value));
}

}  // namespace

std::string Environment(const char* name) {
  const char* value = std::getenv(name);
  return std::string(TrimBlanks(value == nullptr ? "" : value));
}

HeaderList ParseHeaderList(std::string_view variable, std::string_view text) {
  HeaderList headers;
  while (!text.empty()) {
    const size_t comma = text.find(',');
    const std::string_view item = TrimBlanks(text.substr(0, comma));
    text = comma == std::string_view::npos ? std::string_view() : text.substr(comma + 1);
    if (item.empty()) continue;
    const size_t equals = item.find('=');
    const std::string name(TrimBlanks(item.substr(0, equals)));
    std::string value;
    if (equals != std::string_view::npos) {
      value = PercentDecoded(TrimBlanks(item.substr(equals + 1)));
    }
    if (equals == std::string_view::npos || !IsHeaderName(name) || !IsHeaderValue(value)) {
      // Not the value: it may be a secret.
      throw std::invalid_argument(std::string(variable) + ": \"" + name +
                                  "\" is not the name of a header with a value; expected "
                                  "name=value,name2=value2, values percent-encoded");
    }
    SetHeader(headers, name, std::move(value));
  }
  return headers;
}

OtlpEnvironment ReadOtlpEnvironment() {
  OtlpEnvironment found;
  found.endpoint = Environment("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT");
  if (found.endpoint.empty()) {
    found.endpoint = Environment("OTEL_EXPORTER_OTLP_ENDPOINT");
    while (found.endpoint.ends_with('/')) found.endpoint.pop_back();
    if (!found.endpoint.empty()) found.endpoint += kTracesPath;
  }
  for (const char* variable : {"OTEL_EXPORTER_OTLP_HEADERS", "OTEL_EXPORTER_OTLP_TRACES_HEADERS"}) {
    for (auto& [name, value] : ParseHeaderList(variable, Environment(variable))) {
      SetHeader(found.headers, name, std::move(value));
    }
  }
  if (const std::string timeout = ForTraces("TIMEOUT"); !timeout.empty()) {
    int64_t milliseconds = 0;
    const char* end = timeout.data() + timeout.size();
    if (std::from_chars(timeout.data(), end, milliseconds).ptr != end || milliseconds < 1) {
      throw std::invalid_argument("OTEL_EXPORTER_OTLP_TIMEOUT: \"" + timeout +
                                  "\" is not a whole number of milliseconds above 0");
    }
    found.timeout = std::chrono::milliseconds(milliseconds);
  }
  found.ca_file = ForTraces("CERTIFICATE");
  found.protocol = ForTraces("PROTOCOL");
  return found;
}

}  // namespace sdk
}  // namespace pitot
