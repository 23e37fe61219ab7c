#include <fmt/format.h>

#include <map>
#include <string>

#include "measure/fingerprint.h"
#include "tests/stat_vectors/vectors.h"

namespace pitot {
namespace {

namespace json = boost::json;

json::object Fingerprints(const json::object& input, const json::object&) {
  json::array decimal;
  json::array hex;
  for (const json::value& value : input.at("labels").as_array()) {
    std::map<std::string, std::string> labels;
    for (const auto& label : value.as_object()) {
      const json::string& text = label.value().as_string();
      labels.emplace(std::string(label.key().data(), label.key().size()),
                     std::string(text.data(), text.size()));
    }
    const uint64_t fingerprint = LabelFingerprint(labels);
    decimal.push_back(json::string(fmt::to_string(fingerprint)));
    hex.push_back(json::string(fmt::format("{:016x}", fingerprint)));
  }
  return {{"decimal", std::move(decimal)}, {"hex", std::move(hex)}};
}

}  // namespace

std::vector<VectorKind> AlertKinds() {
  return {
      {"alert_fingerprint", Fingerprints},
  };
}

}  // namespace pitot
