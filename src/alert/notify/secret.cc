#include "alert/notify/secret.h"

#include <cstdlib>

#include "base/file.h"
#include "base/status.h"
#include "base/text.h"
#include "http/url.h"

namespace pitot {
namespace {

constexpr std::string_view kEnv = "env:";
constexpr std::string_view kFile = "file:";

absl::StatusOr<std::string> ReadRaw(std::string_view ref) {
  if (ref.starts_with(kEnv)) {
    const std::string name(ref.substr(kEnv.size()));
    const char* const value = std::getenv(name.c_str());
    if (value == nullptr) {
      return Error(absl::StatusCode::kFailedPrecondition,
                   "the environment variable {} is not set: set it where Pitot is started", name);
    }
    return std::string(value);
  }
  if (ref.starts_with(kFile)) {
    const std::string path(ref.substr(kFile.size()));
    absl::StatusOr<std::string> text = ReadFile(path);
    if (!text.ok()) {
      return Error(absl::StatusCode::kFailedPrecondition, "{}", Message(text.status()));
    }
    return text;
  }
  return std::string(ref);
}

}  // namespace

std::string_view SecretPlace(std::string_view ref) {
  return ref.starts_with(kEnv) || ref.starts_with(kFile) ? ref : std::string_view();
}

absl::StatusOr<std::string> ReadSecret(std::string_view ref) {
  ASSIGN_OR_RETURN(const std::string raw, ReadRaw(ref));
  const std::string_view value = TrimText(raw);
  if (value.empty()) {
    return Error(absl::StatusCode::kFailedPrecondition, "{} is empty", SecretPlace(ref));
  }
  if (value.find_first_of("\r\n") != std::string_view::npos) {
    return Error(absl::StatusCode::kFailedPrecondition, "{} holds more than one line",
                 SecretPlace(ref));
  }
  return std::string(value);
}

std::string HostOf(std::string_view url) {
  const absl::StatusOr<Url> parsed = ParseUrl(url);
  return parsed.ok() ? parsed->HostHeader() : "?";
}

}  // namespace pitot
