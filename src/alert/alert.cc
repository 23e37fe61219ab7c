#include "alert/alert.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "measure/fingerprint.h"

namespace pitot {

std::string_view Alert::Label(std::string_view name) const {
  const auto found = labels.find(name);
  return found == labels.end() ? std::string_view() : std::string_view(found->second);
}

AlertSeverity SeverityOf(const Alert& alert) {
  const std::string_view name = alert.Label(kSeverityLabel);
  for (size_t i = 0; i < kSeverityNames.size(); ++i) {
    if (kSeverityNames[i] == name) return static_cast<AlertSeverity>(i);
  }
  return AlertSeverity::kInfo;
}

std::string FingerprintText(uint64_t fingerprint) { return fmt::format("{:016x}", fingerprint); }

uint64_t FingerprintOf(const Labels& labels) { return LabelFingerprint(labels); }

std::optional<uint64_t> ParseFingerprint(std::string_view text) {
  uint64_t value = 0;
  if (text.size() != 16) return std::nullopt;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, 16);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

bool Notification::firing() const {
  return std::any_of(alerts.begin(), alerts.end(),
                     [](const Alert& alert) { return IsActive(alert.state); });
}

AlertSeverity Notification::severity() const {
  const bool any_firing = firing();
  AlertSeverity highest = AlertSeverity::kInfo;
  for (const Alert& alert : alerts) {
    if (any_firing && !IsActive(alert.state)) continue;
    highest = std::max(highest, SeverityOf(alert));
  }
  return highest;
}

}  // namespace pitot
