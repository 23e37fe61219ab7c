#include "server/settings.h"

#include <fmt/ranges.h>

#include <charconv>

#include "base/clock.h"
#include "base/status.h"
#include "base/text.h"

namespace pitot {
namespace {

constexpr int64_t kMaxBytes = 1LL << 50;
using O = ServerOptions;

constexpr Setting kSettings[] = {
    {"listen.http", TextSetting{&O::http_address, ""},
     "Address and port of OTLP/HTTP, the API and the web UI; port 0 takes a free one."},
    {"listen.grpc", TextSetting{&O::grpc_address, ""},
     "Address and port of OTLP/gRPC; \"off\" does not listen."},
    {"listen.cors_origins", ListSetting{&O::cors_origins, ""},
     "Web origins that may call this server from a browser."},
    {"data_dir", TextSetting{&O::data_dir, ""}, "Folder of the spool and the embedded store."},

    {"store.mode", TextSetting{&O::store_mode, "embedded|remote"},
     "embedded: in this process. remote: a ClickHouse server."},
    {"store.engine_path", TextSetting{&O::engine_path, ""},
     "libchdb.so; empty: beside the program or in lib/pitot."},
    {"store.urls", ListSetting{&O::store_urls, ""},
     "With mode remote: ClickHouse HTTP addresses, tried in order."},
    {"store.database", TextSetting{&O::store_database, ""}, "With mode remote: the database."},
    {"store.user", TextSetting{&O::store_user, ""}, "With mode remote."},
    {"store.password_env", TextSetting{&O::store_password_env, ""},
     "Name of the environment variable with the password."},
    {"store.memory_bytes", IntSetting{&O::store_memory_bytes, SettingUnit::kBytes, 0, kMaxBytes},
     "Bound on the embedded store's memory; 0 chooses by the machine."},

    {"spool.max_bytes", IntSetting{&O::spool_max_bytes, SettingUnit::kBytes, 1 << 20, kMaxBytes},
     "Records waiting for the store; beyond it senders get 503 with Retry-After."},
    {"spool.segment_bytes",
     IntSetting{&O::spool_segment_bytes, SettingUnit::kBytes, 1 << 12, 1 << 30},
     "Size of one spool file."},
    {"spool.disk_free_bytes",
     IntSetting{&O::spool_disk_free_bytes, SettingUnit::kBytes, 0, kMaxBytes},
     "Requests are refused while the disk has less left."},

    {"ingest.workers", IntSetting{&O::ingest_workers, SettingUnit::kCount, 0, 256},
     "Threads that decode; 0: one a core."},
    {"ingest.batch_delay",
     IntSetting{&O::ingest_batch_delay_ns, SettingUnit::kDuration, kNanosPerMilli,
                60 * kNanosPerSecond},
     "How long a span may wait for company before it is written to the store."},
    {"ingest.batch_rows", IntSetting{&O::ingest_batch_rows, SettingUnit::kCount, 1, 1 << 20},
     "Spans in one write to the store."},
    {"ingest.batch_bytes",
     IntSetting{&O::ingest_batch_bytes, SettingUnit::kBytes, 1 << 16, 1LL << 30},
     "Bytes in one write to the store."},
    {"ingest.open_timeout",
     IntSetting{&O::ingest_open_timeout_ns, SettingUnit::kDuration, kNanosPerSecond,
                30 * kNanosPerDay},
     "A span that was announced and did not end within this is shown as unfinished."},

    {"retention.days", IntSetting{&O::retention_days, SettingUnit::kDays, 1, 65'000},
     "Days that telemetry is kept."},
    {"retention.import_days", IntSetting{&O::retention_import_days, SettingUnit::kDays, 0, 65'000},
     "Days that imported history is kept, from the day of the span; 0: for ever."},

    {"redaction.secrets", BoolSetting{&O::redact_secrets},
     "Replace API keys, tokens and passwords before anything reaches the disk."},
    {"redaction.personal", ListSetting{&O::redact_personal, "email|phone|credit_card|iban"},
     "Also replace personal data of these kinds."},

    {"auth.mode", TextSetting{&O::auth_mode, "auto|keys|none"},
     "auto: calls need a key as soon as there is one, or another address than loopback is listened "
     "on. keys: always. none: anyone who can connect may do anything."},
    {"prices.file", TextSetting{&O::prices_file, ""},
     "Your own prices (YAML); they come before the built-in catalogue."},
};

absl::Status CheckOneOf(std::string_view path, std::string_view value, std::string_view one_of) {
  if (one_of.empty()) return absl::OkStatus();
  const std::vector<std::string_view> known = SplitText(one_of, '|');
  for (const std::string_view name : known) {
    if (name == value) return absl::OkStatus();
  }
  return InvalidArgument("{}: \"{}\" is not one of {}{}", path, value, fmt::join(known, ", "),
                         DidYouMean(value, known));
}

absl::StatusOr<int64_t> ParseInt(const IntSetting& setting, std::string_view text) {
  switch (setting.unit) {
    case SettingUnit::kBytes:
      return ParseBytes(text);
    case SettingUnit::kDuration:
      return ParseDurationNs(text, kNanosPerMilli);
    case SettingUnit::kCount:
    case SettingUnit::kDays:
      break;
  }
  int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) {
    return InvalidArgument("\"{}\" is not a whole number", text);
  }
  return value;
}

std::string IntText(const IntSetting& setting, int64_t value) {
  switch (setting.unit) {
    case SettingUnit::kBytes:
      for (const auto& [factor, name] : {std::pair<int64_t, std::string_view>{1LL << 30, "GiB"},
                                         {1LL << 20, "MiB"},
                                         {1LL << 10, "KiB"}}) {
        if (value > 0 && value % factor == 0) return fmt::format("{}{}", value / factor, name);
      }
      return std::to_string(value);
    case SettingUnit::kDuration:
      if (value % kNanosPerMinute == 0) return fmt::format("{}m", value / kNanosPerMinute);
      if (value % kNanosPerSecond == 0) return fmt::format("{}s", value / kNanosPerSecond);
      return fmt::format("{}ms", value / kNanosPerMilli);
    case SettingUnit::kCount:
    case SettingUnit::kDays:
      break;
  }
  return std::to_string(value);
}

struct Setter {
  const Setting& setting;
  std::string_view text;
  ServerOptions& options;

  absl::Status operator()(const IntSetting& s) const {
    const auto value = ParseInt(s, text);
    if (!value.ok()) return Annotate(value.status(), setting.path);
    if (*value < s.min || *value > s.max) {
      return InvalidArgument("{}: {} is out of range: {} to {}", setting.path, text,
                             IntText(s, s.min), IntText(s, s.max));
    }
    options.*s.field = *value;
    return absl::OkStatus();
  }
  absl::Status operator()(const TextSetting& s) const {
    RETURN_IF_ERROR(CheckOneOf(setting.path, text, s.one_of));
    options.*s.field = std::string(text);
    return absl::OkStatus();
  }
  absl::Status operator()(const BoolSetting& s) const {
    if (text != "true" && text != "false") {
      return InvalidArgument("{}: \"{}\" is neither true nor false", setting.path, text);
    }
    options.*s.field = text == "true";
    return absl::OkStatus();
  }
  absl::Status operator()(const ListSetting& s) const {
    std::vector<std::string> items;
    for (const std::string_view part : SplitText(text, ',')) {
      const std::string_view item = TrimText(part);
      if (item.empty()) continue;
      RETURN_IF_ERROR(CheckOneOf(setting.path, item, s.one_of));
      items.emplace_back(item);
    }
    options.*s.field = std::move(items);
    return absl::OkStatus();
  }
};

struct Printer {
  const ServerOptions& options;

  std::string operator()(const IntSetting& s) const { return IntText(s, options.*s.field); }
  std::string operator()(const TextSetting& s) const {
    return fmt::format("\"{}\"", options.*s.field);
  }
  std::string operator()(const BoolSetting& s) const { return options.*s.field ? "true" : "false"; }
  std::string operator()(const ListSetting& s) const {
    return fmt::format("[{}]", fmt::join(options.*s.field, ", "));
  }
};

}  // namespace

std::span<const Setting> Settings() { return kSettings; }

absl::Status SetFromText(const Setting& setting, std::string_view text, ServerOptions& options) {
  return std::visit(Setter{setting, text, options}, setting.value);
}

std::string ToText(const Setting& setting, const ServerOptions& options) {
  return std::visit(Printer{options}, setting.value);
}

}  // namespace pitot
