#include "server/config.h"

#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <set>

#include "base/file.h"
#include "base/status.h"
#include "base/text.h"
#include "gateway/key_budget.h"
#include "server/alerts_config.h"
#include "server/config_section.h"
#include "server/gateway_config.h"
#include "server/settings.h"
#include "server/slo_config.h"

namespace pitot {
namespace {

constexpr std::string_view kRulesPath = "redaction.rules";
// Read by gateway_config.h, not by the table of settings.
constexpr std::string_view kGatewayPath = "gateway";
constexpr std::string_view kKeysPath = "auth.keys";
// Read by alerts_config.h and slo_config.h.
constexpr std::string_view kAlertsPath = "alerts";
constexpr std::string_view kSlosPath = "slos";

std::string EnvName(std::string_view path) {
  std::string name = "PITOT_";
  for (const char c : path) {
    name += c == '.' ? '_' : static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  }
  return name;
}

std::string LimitPath(const LimitRow& row) { return fmt::format("limits.{}", row.name); }

// Every path a file may have, leaves and their parents.
std::set<std::string, std::less<>> KnownPaths() {
  std::set<std::string, std::less<>> paths{std::string(kRulesPath), std::string(kGatewayPath),
                                           std::string(kKeysPath), std::string(kAlertsPath),
                                           std::string(kSlosPath)};
  for (const Setting& setting : Settings()) paths.emplace(setting.path);
  for (const LimitRow& row : kLimitRows) paths.insert(LimitPath(row));
  for (const std::string& path : std::vector<std::string>(paths.begin(), paths.end())) {
    if (const size_t dot = path.find('.'); dot != std::string::npos) {
      paths.insert(path.substr(0, dot));
    }
  }
  return paths;
}

class ConfigReader {
 public:
  ConfigReader(std::string_view file, ServerOptions& options) : file_(file), options_(options) {}

  absl::Status Read(const YAML::Node& root) {
    if (!root.IsDefined() || root.IsNull()) return absl::OkStatus();
    if (!root.IsMap()) return At(root, "the file must be a map of keys");
    return ReadMap(root, "");
  }

 private:
  absl::Status At(const YAML::Node& node, std::string_view what) const {
    return InvalidArgument("{}:{}: {}", file_, node.Mark().line + 1, what);
  }

  absl::Status ReadMap(const YAML::Node& map, const std::string& prefix) {
    for (const auto& pair : map) {
      if (!pair.first.IsScalar()) return At(pair.first, "a key must be a word");
      const std::string path =
          prefix.empty() ? pair.first.Scalar() : prefix + "." + pair.first.Scalar();
      if (!known_.contains(path)) return Unknown(pair.first, path, prefix);
      if (!seen_.insert(path).second) return At(pair.first, path + " is given twice");
      RETURN_IF_ERROR(ReadValue(pair.second, path));
    }
    return absl::OkStatus();
  }

  absl::Status Unknown(const YAML::Node& key, const std::string& path,
                       const std::string& prefix) const {
    std::vector<std::string_view> siblings;
    for (const std::string& name : known_) {
      const bool top = name.find('.') == std::string::npos;
      if (prefix.empty() ? top : name.starts_with(prefix + ".")) siblings.push_back(name);
    }
    return At(key, fmt::format("unknown key \"{}\"{}", path, DidYouMean(path, siblings)));
  }

  absl::Status ReadValue(const YAML::Node& value, const std::string& path) {
    if (path == kRulesPath) return ReadRules(value);
    if (path == kGatewayPath || path == kKeysPath || path == kAlertsPath || path == kSlosPath) {
      return absl::OkStatus();
    }
    for (const LimitRow& row : kLimitRows) {
      if (LimitPath(row) == path) return ReadLimit(value, row);
    }
    for (const Setting& setting : Settings()) {
      if (setting.path == path) return ReadSetting(value, setting);
    }
    if (value.IsNull()) return absl::OkStatus();
    if (!value.IsMap()) return At(value, path + " must be a map of keys");
    return ReadMap(value, path);
  }

  absl::Status ReadSetting(const YAML::Node& value, const Setting& setting) {
    std::string text;
    if (value.IsSequence() && std::holds_alternative<ListSetting>(setting.value)) {
      for (const auto& item : value) {
        if (!item.IsScalar()) return At(item, fmt::format("{}: a list of words", setting.path));
        text += item.Scalar() + ",";
      }
    } else if (value.IsScalar()) {
      text = value.Scalar();
    } else if (!value.IsNull()) {
      return At(value, fmt::format("{} must be a single value", setting.path));
    }
    if (const absl::Status status = SetFromText(setting, text, options_); !status.ok()) {
      return At(value, Message(status));
    }
    return absl::OkStatus();
  }

  absl::Status ReadLimit(const YAML::Node& value, const LimitRow& row) {
    const auto number = ParseBytes(value.IsScalar() ? value.Scalar() : "");
    if (!number.ok())
      return At(value, fmt::format("{}: {}", LimitPath(row), Message(number.status())));
    if (*number < row.min || *number > row.max) {
      return At(value, fmt::format("{}: {} is out of range: {} to {} {}", LimitPath(row), *number,
                                   row.min, row.max, row.unit));
    }
    options_.limits.*row.value = *number;
    return absl::OkStatus();
  }

  absl::Status ReadRules(const YAML::Node& value) {
    if (!value.IsSequence()) return At(value, "redaction.rules must be a list of {name, pattern}");
    for (const auto& item : value) {
      const bool form = item.IsMap() && item.size() == 2 && item["name"].IsDefined() &&
                        item["pattern"].IsDefined();
      if (!form) return At(item, "a redaction rule has two keys: name and pattern");
      options_.redact_rules.push_back({item["name"].Scalar(), item["pattern"].Scalar()});
    }
    return absl::OkStatus();
  }

  const std::string_view file_;
  ServerOptions& options_;
  const std::set<std::string, std::less<>> known_ = KnownPaths();
  std::set<std::string> seen_;
};

absl::Status ApplyEnvironment(const GetEnv& env, ServerOptions& options) {
  for (const Setting& setting : Settings()) {
    const std::string name = EnvName(setting.path);
    if (const auto value = env(name)) {
      RETURN_IF_ERROR(Annotate(SetFromText(setting, *value, options), name));
    }
  }
  for (const LimitRow& row : kLimitRows) {
    const std::string name = EnvName(LimitPath(row));
    if (const auto value = env(name)) {
      const auto number = ParseBytes(*value);
      if (!number.ok()) return Annotate(number.status(), name);
      if (*number < row.min || *number > row.max) {
        return InvalidArgument("{}: {} is out of range: {} to {} {}", name, *number, row.min,
                               row.max, row.unit);
      }
      options.limits.*row.value = *number;
    }
  }
  return absl::OkStatus();
}

absl::Status ReadSections(const YAML::Node& root, std::string_view file, const GetEnv& env,
                          ServerOptions& options) {
  const bool map = root.IsDefined() && root.IsMap();
  const YAML::Node none(YAML::NodeType::Undefined);
  ConfigSection gateway(file, map ? root["gateway"] : none, "gateway", env);
  ReadGatewayConfig(gateway, options);
  RETURN_IF_ERROR(gateway.Done());
  RETURN_IF_ERROR(Annotate(options.gateway.Validate(), file.empty() ? "environment" : file));
  ConfigSection alerts(file, map ? root["alerts"] : none, "alerts", env);
  ReadAlertsConfig(alerts, options.alerts);
  RETURN_IF_ERROR(alerts.Done());
  ConfigSection slos(file, map ? root : none, "", nullptr);
  ReadSloConfig(slos, file, options.alerts.slos);
  RETURN_IF_ERROR(slos.first_error());
  RETURN_IF_ERROR(Annotate(options.alerts.Validate(), file.empty() ? "environment" : file));
  ConfigSection auth(file, map ? root["auth"] : none, "auth", nullptr);
  auth.EachItem("keys", [&](ConfigSection& item) { ReadKeyConfig(item, options); });
  return auth.first_error();
}

absl::Status CheckTogether(const ServerOptions& options) {
  if (options.store_mode == "remote" && options.store_urls.empty()) {
    return InvalidArgument("store.mode is remote, but store.urls names no server");
  }
  if (options.store_mode == "embedded" && !options.store_urls.empty()) {
    return InvalidArgument("store.urls is set, but store.mode is embedded: set store.mode: remote");
  }
  if (options.spool_segment_bytes > options.spool_max_bytes) {
    return InvalidArgument("spool.segment_bytes ({}) is larger than spool.max_bytes ({})",
                           options.spool_segment_bytes, options.spool_max_bytes);
  }
  return absl::OkStatus();
}

}  // namespace

std::optional<std::string> ProcessEnv(const std::string& name) {
  const char* value = std::getenv(name.c_str());
  return value == nullptr ? std::nullopt : std::optional<std::string>(value);
}

absl::StatusOr<ServerOptions> ParseConfig(std::string_view yaml, std::string_view file,
                                          const GetEnv& env) {
  ServerOptions options;
  try {
    const YAML::Node root = YAML::Load(std::string(yaml));
    RETURN_IF_ERROR(ConfigReader(file, options).Read(root));
    RETURN_IF_ERROR(ReadSections(root, file, env, options));
  } catch (const YAML::Exception& error) {
    return InvalidArgument("{}:{}: {}", file, error.mark.line + 1, error.msg);
  }
  RETURN_IF_ERROR(ApplyEnvironment(env, options));
  RETURN_IF_ERROR(Annotate(CheckTogether(options), file.empty() ? "configuration" : file));
  return options;
}

absl::StatusOr<ServerOptions> LoadConfig(const std::string& path, const GetEnv& env) {
  if (path.empty()) return ParseConfig("", "", env);
  ASSIGN_OR_RETURN(const std::string yaml, ReadFile(path));
  ASSIGN_OR_RETURN(ServerOptions options, ParseConfig(yaml, path, env));
  options.config_file = path;
  return options;
}

std::vector<std::string> ConfigWarnings(const ServerOptions& options) {
  std::vector<ApiKey> keys;
  for (const ConfigKey& each : options.keys) keys.push_back(each.key);
  return LooseBudgets(options.budgets, keys);
}

std::string PrintConfig(const ServerOptions& options) {
  std::string out;
  std::string section;
  const auto open_section = [&](std::string_view path) {
    const size_t dot = path.find('.');
    const std::string_view name = dot == std::string_view::npos ? "" : path.substr(0, dot);
    if (name != section) {
      section = name;
      if (!section.empty()) out += fmt::format("{}:\n", section);
    }
    return dot == std::string_view::npos ? path : path.substr(dot + 1);
  };
  for (const Setting& setting : Settings()) {
    const std::string_view key = open_section(setting.path);
    const std::string_view indent = section.empty() ? "" : "  ";
    out += fmt::format("{}# {}\n{}{}: {}\n", indent, setting.meaning, indent, key,
                       ToText(setting, options));
  }
  out += PrintGatewayConfig(options);
  out += PrintSloConfig(options.alerts.slos);
  out += PrintAlertsConfig(options.alerts);
  out += "limits:\n";
  for (const LimitRow& row : kLimitRows) {
    out += fmt::format("  {}: {}  # {}. {}\n", row.name, options.limits.*row.value, row.unit,
                       row.at_limit);
  }
  return out;
}

}  // namespace pitot
