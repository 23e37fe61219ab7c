#include "gateway/keys/sessions.h"

#include <algorithm>
#include <charconv>

#include "base/file.h"
#include "base/log.h"
#include "base/status.h"
#include "base/text.h"

namespace pitot {
namespace {

constexpr size_t kTokenChars = 43;
constexpr size_t kCsrfChars = 32;

// Whoever has the cookie can tell it; nobody can tell the cookie from it.
std::string CsrfOf(std::string_view token) {
  return DigestToHex(Sha256("csrf " + std::string(token))).substr(0, kCsrfChars);
}

}  // namespace

Sessions::Sessions(std::string file, const KeyRing& keys, const Clock& clock)
    : file_(std::move(file)), keys_(keys), clock_(clock) {
  Load();
}

// Lines of "token hash, secret hash, end in ns".
void Sessions::Load() {
  if (file_.empty()) return;
  const auto text = ReadFile(file_);
  if (!text.ok()) return;
  MutexLock lock(&mutex_);
  for (const std::string_view line : SplitText(*text, '\n')) {
    const std::vector<std::string_view> parts = SplitText(line, ' ');
    Sha256Digest token;
    Entry entry = {};
    if (parts.size() != 3 || !DigestFromHex(parts[0], token) ||
        !DigestFromHex(parts[1], entry.secret_hash)) {
      continue;
    }
    std::from_chars(parts[2].data(), parts[2].data() + parts[2].size(), entry.until_ns);
    sessions_[token] = entry;
  }
}

void Sessions::Save() const {
  if (file_.empty()) return;
  std::string text;
  for (const auto& [token, entry] : sessions_) {
    text += fmt::format("{} {} {}\n", DigestToHex(token), DigestToHex(entry.secret_hash),
                        entry.until_ns);
  }
  if (const absl::Status status = WriteFileAtomic(file_, text); !status.ok()) {
    LogWarning("sessions: people will have to log in again after a restart: {}", Message(status));
  }
}

absl::StatusOr<std::string> Sessions::Begin(std::string_view secret) {
  if (keys_.Find(secret) == nullptr) {
    return Error(absl::StatusCode::kUnauthenticated,
                 "this is no valid key: mistyped, revoked, or expired");
  }
  const UnixNanos now = clock_.Now();
  std::string token = RandomText(kTokenChars);
  MutexLock lock(&mutex_);
  std::erase_if(sessions_, [&](const auto& session) {
    return session.second.until_ns <= now ||
           keys_.FindByHash(session.second.secret_hash) == nullptr;
  });
  if (sessions_.size() >= kSessionsMax) {
    sessions_.erase(std::ranges::min_element(
        sessions_, {}, [](const auto& session) { return session.second.until_ns; }));
  }
  sessions_[Sha256(token)] = {Sha256(secret), now + kSessionNanos};
  Save();
  return token;
}

std::optional<Session> Sessions::Find(std::string_view token) const {
  if (token.size() != kTokenChars) return std::nullopt;
  Sha256Digest secret_hash;
  {
    MutexLock lock(&mutex_);
    const auto at = sessions_.find(Sha256(token));
    if (at == sessions_.end() || at->second.until_ns <= clock_.Now()) return std::nullopt;
    secret_hash = at->second.secret_hash;
  }
  std::shared_ptr<const ApiKey> key = keys_.FindByHash(secret_hash);
  if (key == nullptr) return std::nullopt;
  return Session{std::move(key), CsrfOf(token)};
}

void Sessions::End(std::string_view token) {
  MutexLock lock(&mutex_);
  if (sessions_.erase(Sha256(token)) != 0) Save();
}

}  // namespace pitot
