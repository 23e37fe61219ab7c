// GET /api/v1/settings: what holds on this server.
#include <vector>

#include "api/handlers.h"
#include "base/status.h"
#include "base/text.h"
#include "price/price.h"

namespace pitot {
namespace {

constexpr std::chrono::milliseconds kHealthDeadline{2'000};

std::string TextsJson(const std::vector<std::string>& texts) {
  std::string json;
  for (const std::string& text : texts) json += (json.empty() ? "" : ",") + QuoteJson(text);
  return "[" + json + "]";
}

std::string LimitsJson(const Limits& limits) {
  const Limits defaults;
  std::string json;
  for (const LimitRow& row : kLimitRows) {
    json += fmt::format("{}{{\"name\":{},\"value\":{},\"default\":{},\"unit\":{},\"at_limit\":{}}}",
                        json.empty() ? "\n" : ",\n", QuoteJson(row.name), limits.*row.value,
                        defaults.*row.value, QuoteJson(row.unit), QuoteJson(row.at_limit));
  }
  return "[" + json + "]";
}

std::string ValuesJson(const std::vector<SettingValue>& values) {
  std::string json;
  for (const SettingValue& value : values) {
    json += fmt::format("{}{{\"path\":{},\"value\":{},\"meaning\":{},\"is_default\":{}}}",
                        json.empty() ? "\n" : ",\n", QuoteJson(value.path), QuoteJson(value.value),
                        QuoteJson(value.meaning), value.is_default);
  }
  return "[" + json + "]";
}

// Where the server is reached, where it keeps things and whom it calls is for those who run it.
std::string OperatorsJson(const ServerSettings& settings, bool is_operator) {
  if (!is_operator) return R"("listen":null,"config":null,"settings":[])";
  return fmt::format("\"listen\":{{\"http\":{},\"grpc\":{}}},\"config\":{},\"settings\":{}",
                     QuoteJson(settings.http_address),
                     settings.grpc_address.empty() ? "null" : QuoteJson(settings.grpc_address),
                     QuoteJson(settings.config), ValuesJson(settings.values));
}

std::string Settings(const ApiCall& call) {
  const ApiDeps& deps = call.context.deps;
  const ServerSettings settings = deps.settings ? deps.settings() : ServerSettings();
  const auto book = deps.ingest.book();
  return fmt::format(
      "{{\"version\":{},\"started_at\":\"{}\",\"project\":{},\n"
      "\"store\":{{\"mode\":{},\"ready\":{}}},\n"
      "\"auth\":{{\"mode\":{},\"keys_required\":{}}},\n"
      "\"retention\":{{\"days\":{},\"import_days\":{}}},\n"
      "\"redaction\":{{\"secrets\":{},\"personal\":{},\"rules\":{}}},\n"
      "\"prices\":{{\"version\":{},\"overrides_version\":{},\"published\":{}}},\n"
      "\"export_targets\":[],\n\"limits\":{},\n{}}}",
      QuoteJson(PITOT_VERSION), FormatTimeNanos(call.context.started_ns), QuoteJson(call.Project()),
      QuoteJson(settings.store_mode), deps.store.Health(kHealthDeadline).status.ok(),
      QuoteJson(settings.auth_mode), deps.authorizer != nullptr && deps.authorizer->KeysRequired(),
      settings.retention_days, settings.retention_import_days, settings.redact_secrets,
      TextsJson(settings.redact_personal), TextsJson(settings.redact_rules),
      QuoteJson(book->version()), QuoteJson(book->override_version()), QuoteJson(book->published()),
      LimitsJson(deps.limits), OperatorsJson(settings, call.caller.SeesAll()));
}

}  // namespace

void GetSettings(ApiCall call) { SendJson(call, Settings(call)); }

}  // namespace pitot
