// base/log.h
//
// One line an event, to standard error: time, level, message. Messages are written for the person
// on call: what happened, to what, and what follows. Never a secret, never a payload.
#pragma once

#include <fmt/format.h>

#include <string_view>

namespace pitot {

enum class LogLevel { kDebug, kInfo, kWarning, kError };

// Thread-safe.
void Log(LogLevel level, std::string_view message);
void SetLogLevel(LogLevel level);

template <typename... Args>
void LogInfo(fmt::format_string<Args...> format, Args&&... args) {
  Log(LogLevel::kInfo, fmt::format(format, std::forward<Args>(args)...));
}
template <typename... Args>
void LogWarning(fmt::format_string<Args...> format, Args&&... args) {
  Log(LogLevel::kWarning, fmt::format(format, std::forward<Args>(args)...));
}
template <typename... Args>
void LogError(fmt::format_string<Args...> format, Args&&... args) {
  Log(LogLevel::kError, fmt::format(format, std::forward<Args>(args)...));
}

}  // namespace pitot
