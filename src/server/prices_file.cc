#include "server/prices_file.h"

#include <yaml-cpp/yaml.h>

#include <utility>

#include "base/file.h"
#include "base/status.h"

namespace pitot {
namespace {

using Fields = std::vector<std::pair<std::string, std::string>>;

// Nested keys joined with '.', list items by their index.
void Flatten(const YAML::Node& node, const std::string& prefix, Fields& fields) {
  const auto child = [&prefix](const std::string& key) {
    return prefix.empty() ? key : prefix + "." + key;
  };
  if (node.IsMap()) {
    for (const auto& pair : node) Flatten(pair.second, child(pair.first.Scalar()), fields);
  } else if (node.IsSequence()) {
    for (size_t i = 0; i < node.size(); ++i) Flatten(node[i], child(std::to_string(i)), fields);
  } else {
    fields.emplace_back(prefix, node.IsScalar() ? node.Scalar() : "");
  }
}

absl::Status At(std::string_view file, const YAML::Node& node, std::string_view what) {
  return InvalidArgument("{}:{}: {}", file, node.Mark().line + 1, what);
}

absl::StatusOr<std::vector<PriceOverride>> ReadEntries(const YAML::Node& root,
                                                       std::string_view file) {
  std::vector<PriceOverride> overrides;
  if (!root.IsDefined() || root.IsNull()) return overrides;
  const YAML::Node entries = root.IsMap() ? root["prices"] : YAML::Node();
  if (!root.IsMap() || root.size() != 1 || !entries.IsDefined() || !entries.IsSequence()) {
    return At(file, root, "the file has one key, prices, with a list of entries");
  }
  for (const auto& entry : entries) {
    if (!entry.IsMap()) return At(file, entry, "an entry is a map of keys");
    Fields fields;
    Flatten(entry, "", fields);
    std::string error;
    std::optional<PriceOverride> override_ = ParseOverride(fields, &error);
    if (!override_) return At(file, entry, error);
    overrides.push_back(*std::move(override_));
  }
  return overrides;
}

}  // namespace

absl::StatusOr<std::vector<PriceOverride>> ParsePrices(std::string_view yaml,
                                                       std::string_view file) {
  try {
    return ReadEntries(YAML::Load(std::string(yaml)), file);
  } catch (const YAML::Exception& error) {
    return InvalidArgument("{}:{}: {}", file, error.mark.line + 1, error.msg);
  }
}

absl::StatusOr<std::vector<PriceOverride>> LoadPrices(const std::string& path) {
  if (path.empty()) return std::vector<PriceOverride>{};
  ASSIGN_OR_RETURN(const std::string yaml, ReadFile(path));
  return ParsePrices(yaml, path);
}

}  // namespace pitot
