#include "server/openslo_object.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/text.h"

namespace pitot {
namespace {

constexpr std::array<std::string_view, 7> kAnnotations = {
    "pitot/project",       "pitot/owner",       "pitot/runbook", "pitot/allowUnreachable",
    "pitot/builtinAlerts", "pitot/shortWindow", "pitot/op"};

std::string LabelName(std::string_view name) {
  std::string out(name);
  for (char& c : out) {
    if (!std::isalnum(static_cast<unsigned char>(c))) c = '_';
  }
  return out;
}

}  // namespace

YAML::Node Below(const YAML::Node& node, const std::string& key) {
  if (!node.IsDefined() || !node.IsMap()) return YAML::Node(YAML::NodeType::Undefined);
  const YAML::Node below = node[key];
  return below.IsDefined() ? below : YAML::Node(YAML::NodeType::Undefined);
}

std::string_view Metadata::Annotation(std::string_view annotation) const {
  const auto found = annotations.find(annotation);
  return found == annotations.end() ? std::string_view() : found->second;
}

Metadata ReadMetadata(ConfigSection& object, const YAML::Node& node) {
  Metadata out;
  const YAML::Node labels = Below(Below(node, "metadata"), "labels");
  object.Section("metadata", [&](ConfigSection& metadata) {
    metadata.Text("name", out.name);
    metadata.Text("displayName", out.display_name);
    metadata.Ignore("labels");
    std::vector<std::pair<std::string, std::string>> annotations;
    metadata.Pairs("annotations", annotations);
    for (auto& [name, value] : annotations) {
      const bool known = std::ranges::find(kAnnotations, name) != kAnnotations.end();
      if (name.starts_with("pitot/") && !known) {
        metadata.Fail("annotations",
                      fmt::format("\"{}\" is not one of {}{}", name, fmt::join(kAnnotations, ", "),
                                  DidYouMean(name, kAnnotations)));
      }
      out.annotations[name] = value;
    }
  });
  if (!labels.IsMap()) return out;
  for (const auto& pair : labels) {
    std::string value;
    if (pair.second.IsScalar()) value = pair.second.Scalar();
    for (const auto& item : pair.second.IsSequence() ? pair.second : YAML::Node()) {
      if (item.IsScalar()) value += (value.empty() ? "" : ",") + item.Scalar();
    }
    if (!value.empty()) out.labels[LabelName(pair.first.Scalar())] = value;
  }
  return out;
}

std::optional<int64_t> ParseShorthand(std::string_view text) {
  constexpr std::pair<char, int64_t> kUnits[] = {
      {'m', kNanosPerMinute},    {'h', 60 * kNanosPerMinute}, {'d', kNanosPerDay},
      {'w', 7 * kNanosPerDay},   {'M', 30 * kNanosPerDay},    {'Q', 90 * kNanosPerDay},
      {'Y', 365 * kNanosPerDay},
  };
  if (text.size() < 2) return std::nullopt;
  int64_t number = 0;
  const char* const last = text.data() + text.size() - 1;
  const auto [end, error] = std::from_chars(text.data(), last, number);
  if (error != std::errc() || end != last || number < 0 || number > 100'000) return std::nullopt;
  for (const auto& [letter, unit] : kUnits) {
    if (letter == *last) return number * unit;
  }
  return std::nullopt;
}

void ReadShorthand(ConfigSection& section, std::string_view key, int64_t& out) {
  std::string text;
  section.Text(key, text);
  if (text.empty()) return;
  const auto value = ParseShorthand(text);
  if (!value) {
    return section.Fail(key, fmt::format("\"{}\" is no duration: a number and one of m, h, d, w, M "
                                         "(30 days), Q (90 days), Y",
                                         text));
  }
  out = *value;
}

}  // namespace pitot
