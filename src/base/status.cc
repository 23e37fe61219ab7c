#include "base/status.h"

#include <absl/strings/cord.h>
#include <absl/strings/numbers.h>

#include <cerrno>
#include <cstring>

namespace pitot {
namespace {
constexpr char kRetryAfterUrl[] = "pitot/retry-after-ms";
}  // namespace

const StatusRow& RowOf(absl::StatusCode code) {
  for (const StatusRow& row : kStatusRows) {
    if (row.code == code) return row;
  }
  return RowOf(absl::StatusCode::kInternal);
}

absl::Status WithRetryAfter(absl::Status status, std::chrono::milliseconds wait) {
  status.SetPayload(kRetryAfterUrl, absl::Cord(std::to_string(wait.count())));
  return status;
}

std::chrono::milliseconds RetryAfter(const absl::Status& status) {
  const auto payload = status.GetPayload(kRetryAfterUrl);
  int64_t ms = 0;
  if (payload && absl::SimpleAtoi(std::string(*payload), &ms)) return std::chrono::milliseconds(ms);
  return {};
}

absl::Status Annotate(const absl::Status& status, std::string_view context) {
  if (status.ok()) return status;
  absl::Status out(status.code(), fmt::format("{}: {}", context, Message(status)));
  status.ForEachPayload(
      [&](absl::string_view url, const absl::Cord& payload) { out.SetPayload(url, payload); });
  return out;
}

absl::Status ErrnoStatus(std::string_view what, int error) {
  const std::string message = fmt::format("{}: {}", what, std::strerror(error));
  switch (error) {
    case ENOENT:
      return absl::NotFoundError(message);
    case ENOSPC:
    case EDQUOT:
    case EAGAIN:
    case EMFILE:
    case ENFILE:
      return absl::UnavailableError(message);
    default:
      return absl::InternalError(message);
  }
}

}  // namespace pitot
