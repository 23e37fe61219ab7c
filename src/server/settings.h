// server/settings.h
//
// The one table of configuration keys: read by the parser, the environment, `pitot config check`
// and its documentation. A new key is one row here (and a field in server/options.h).
#pragma once

#include <absl/status/status.h>

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "server/options.h"

namespace pitot {

enum class SettingUnit : uint8_t { kCount, kBytes, kDuration, kDays };

struct IntSetting {
  int64_t ServerOptions::*field;
  SettingUnit unit;
  int64_t min;
  int64_t max;
};
struct TextSetting {
  std::string ServerOptions::*field;
  std::string_view one_of;  // "a|b": the accepted values; empty: any.
};
struct BoolSetting {
  bool ServerOptions::*field;
};
struct ListSetting {
  std::vector<std::string> ServerOptions::*field;
  std::string_view one_of;
};

struct Setting {
  std::string_view path;  // "listen.http"
  std::variant<IntSetting, TextSetting, BoolSetting, ListSetting> value;
  std::string_view meaning;
};

// Every key but `limits.*`, which are rows of base/limits.h, and `redaction.rules`, a list of maps.
std::span<const Setting> Settings();

// Sets from text, as written in the file or the environment. The message names path, value and what
// is accepted.
absl::Status SetFromText(const Setting& setting, std::string_view text, ServerOptions& options);
// The value in the form SetFromText accepts (lists as YAML flow sequences).
std::string ToText(const Setting& setting, const ServerOptions& options);

}  // namespace pitot
