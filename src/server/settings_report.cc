#include "server/settings_report.h"

#include "server/address.h"
#include "server/config.h"
#include "server/settings.h"

namespace pitot {

std::string HideUserInfo(std::string_view text) {
  constexpr std::string_view kScheme = "://";
  std::string shown;
  for (;;) {
    const size_t scheme = text.find(kScheme);
    if (scheme == std::string_view::npos) return shown.append(text);
    const size_t authority = scheme + kScheme.size();
    shown.append(text.substr(0, authority));
    text.remove_prefix(authority);
    // A password may hold what should have been escaped: the last @ before the path ends it.
    const std::string_view host = text.substr(0, text.find_first_of("/ \t\n\"',]}"));
    if (const size_t at = host.rfind('@'); at != std::string_view::npos) {
      shown.append("***");
      text.remove_prefix(at);
    }
  }
}

ServerSettings ReportSettings(const ServerOptions& options, uint16_t http_port,
                              std::optional<uint16_t> grpc_port) {
  ServerSettings report;
  report.http_address = AddressText(options.http_address, http_port);
  if (grpc_port) report.grpc_address = AddressText(options.grpc_address, *grpc_port);
  report.store_mode = options.store_mode;
  report.auth_mode = options.auth_mode;
  report.retention_days = options.retention_days;
  report.retention_import_days = options.retention_import_days;
  report.redact_secrets = options.redact_secrets;
  report.redact_personal = options.redact_personal;
  for (const RedactionRuleOption& rule : options.redact_rules) {
    report.redact_rules.push_back(rule.name);
  }
  const ServerOptions defaults;
  for (const Setting& setting : Settings()) {
    const std::string value = ToText(setting, options);
    report.values.push_back({.path = std::string(setting.path),
                             .value = HideUserInfo(value),
                             .meaning = std::string(setting.meaning),
                             .is_default = value == ToText(setting, defaults)});
  }
  report.config = HideUserInfo(PrintConfig(options));
  return report;
}

}  // namespace pitot
