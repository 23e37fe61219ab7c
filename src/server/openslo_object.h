// server/openslo_object.h
//
// What all OpenSLO objects have: metadata and durations. For openslo.cc.
#pragma once

#include <yaml-cpp/yaml.h>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "server/config_section.h"

namespace pitot {

// What stands below `key`, or an undefined node: those of yaml-cpp that are nowhere throw when asked.
YAML::Node Below(const YAML::Node& node, const std::string& key);

struct Metadata {
  std::string name;
  std::string display_name;
  // Names as labels have them, several values separated by commas.
  std::map<std::string, std::string> labels;
  std::map<std::string, std::string, std::less<>> annotations;

  std::string_view Annotation(std::string_view annotation) const;  // Empty: there is none.
};

// Of any object; it need not have metadata. `node` is what `object` reads.
Metadata ReadMetadata(ConfigSection& object, const YAML::Node& node);

// "4w": a number and one of m, h, d, w, M (30 days), Q (90 days), Y (365 days).
std::optional<int64_t> ParseShorthand(std::string_view text);
void ReadShorthand(ConfigSection& section, std::string_view key, int64_t& out);

}  // namespace pitot
