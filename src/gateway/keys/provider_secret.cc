#include "gateway/keys/provider_secret.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>

#include "base/file.h"
#include "base/status.h"
#include "base/text.h"

namespace pitot {
namespace {

constexpr std::string_view kEnv = "env:";
constexpr std::string_view kFile = "file:";
constexpr int64_t kLookEveryNanos = kNanosPerSecond;
constexpr uint64_t kSecretBytesMax = 16 << 10;

template <typename... Args>
absl::Status Missing(fmt::format_string<Args...> format, Args&&... args) {
  return Error(absl::StatusCode::kFailedPrecondition, format, std::forward<Args>(args)...);
}

std::optional<std::string> ProcessVariable(const std::string& name) {
  const char* value = std::getenv(name.c_str());
  return value == nullptr ? std::nullopt : std::optional<std::string>(value);
}

// `text` as a header can carry it. Says nothing of its content.
absl::StatusOr<std::shared_ptr<const std::string>> Checked(std::string_view ref,
                                                           std::string_view text) {
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.remove_suffix(1);
  text = TrimText(text);
  if (text.empty()) return Missing("{} is empty", ref);
  if (text.size() > kSecretBytesMax) {
    return Missing("{} is longer than {} bytes: it is no key", ref, kSecretBytesMax);
  }
  if (!std::ranges::all_of(text, [](char c) { return c > 0x20 && c < 0x7f; })) {
    return Missing("{} holds blanks, line ends or other characters that no key has", ref);
  }
  return std::make_shared<const std::string>(text);
}

bool IsVariableName(std::string_view name) {
  return !name.empty() && (name[0] < '0' || name[0] > '9') && std::ranges::all_of(name, [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
  });
}

}  // namespace

absl::Status CheckSecretRef(std::string_view ref) {
  if (ref.starts_with(kEnv) && IsVariableName(ref.substr(kEnv.size()))) return absl::OkStatus();
  if (ref.starts_with(kFile) && ref.substr(kFile.size()).starts_with('/') &&
      ref.find('\0') == std::string_view::npos) {
    return absl::OkStatus();
  }
  // What stands there instead may be the key itself: not repeated.
  return InvalidArgument(
      "where a provider's key is must be env:NAME or file:/absolute/path; the key itself is never "
      "written down here");
}

ProviderSecrets::ProviderSecrets(const Clock& clock, GetEnv env)
    : clock_(clock), env_(env == nullptr ? ProcessVariable : std::move(env)) {}

ProviderSecrets::Result ProviderSecrets::ReadEnv(std::string_view ref) const {
  const auto value = env_(std::string(ref.substr(kEnv.size())));
  if (!value) return Missing("the environment has no variable {}", ref.substr(kEnv.size()));
  return Checked(ref, *value);
}

void ProviderSecrets::Look(const std::string& path, Cached& cached) const {
  const auto fail = [&](absl::Status error) {
    cached.secret = nullptr;
    cached.error = std::move(error);
    cached.inode = 0;
  };
  struct stat info = {};
  if (stat(path.c_str(), &info) != 0) {
    return fail(Missing("{}", Message(ErrnoStatus("file:" + path, errno))));
  }
  if (!S_ISREG(info.st_mode)) return fail(Missing("file:{} is not a file", path));
  const auto size = static_cast<uint64_t>(info.st_size);
  const int64_t changed_ns = info.st_mtim.tv_sec * kNanosPerSecond + info.st_mtim.tv_nsec;
  const bool same =
      cached.inode == info.st_ino && cached.size == size && cached.changed_ns == changed_ns;
  if (same) return;
  if (size > kSecretBytesMax) {
    return fail(Missing("file:{} is longer than {} bytes: it is no key", path, kSecretBytesMax));
  }
  const auto text = ReadFile(path);
  if (!text.ok()) return fail(Missing("file:{}: {}", path, Message(text.status())));
  auto secret = Checked("file:" + path, *text);
  if (!secret.ok()) return fail(secret.status());
  cached.secret = *std::move(secret);
  cached.error = absl::OkStatus();
  cached.inode = info.st_ino;
  cached.size = size;
  cached.changed_ns = changed_ns;
}

ProviderSecrets::Result ProviderSecrets::Get(std::string_view ref) const {
  RETURN_IF_ERROR(CheckSecretRef(ref));
  if (ref.starts_with(kEnv)) return ReadEnv(ref);
  const int64_t now = clock_.MonotonicNanos();
  const std::string path(ref.substr(kFile.size()));
  MutexLock lock(&mutex_);
  const auto [at, is_new] = cached_.try_emplace(path);
  Cached& cached = at->second;
  if (is_new || now - cached.looked_at >= kLookEveryNanos) {
    cached.looked_at = now;
    Look(path, cached);
  }
  if (!cached.error.ok()) return cached.error;
  return cached.secret;
}

}  // namespace pitot
