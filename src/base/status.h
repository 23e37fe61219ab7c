// base/status.h
//
// Errors are absl::Status. The code decides behaviour (HTTP and gRPC code, whether a sender should
// retry), in one table; the message is for a person and names the input and the limit.
// No exception crosses a folder: code that calls a throwing library catches there.
#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>
#include <fmt/format.h>

#include <chrono>
#include <string>
#include <string_view>

namespace pitot {

// A status with a formatted message. Debian's Abseil has a string_view type of its own that mixes
// badly with std::string_view; messages are made with fmt, here.
template <typename... Args>
absl::Status Error(absl::StatusCode code, fmt::format_string<Args...> format, Args&&... args) {
  return absl::Status(code, fmt::format(format, std::forward<Args>(args)...));
}
template <typename... Args>
absl::Status InvalidArgument(fmt::format_string<Args...> format, Args&&... args) {
  return absl::InvalidArgumentError(fmt::format(format, std::forward<Args>(args)...));
}
template <typename... Args>
absl::Status Unavailable(fmt::format_string<Args...> format, Args&&... args) {
  return absl::UnavailableError(fmt::format(format, std::forward<Args>(args)...));
}
template <typename... Args>
absl::Status Internal(fmt::format_string<Args...> format, Args&&... args) {
  return absl::InternalError(fmt::format(format, std::forward<Args>(args)...));
}

// The message as a std::string_view; valid as long as the status.
inline std::string_view Message(const absl::Status& status) {
  return {status.message().data(), status.message().size()};
}

struct StatusRow {
  absl::StatusCode code;
  int http;
  int grpc;
  bool retry;  // May the sender try the same request again?
};

// Senders retry HTTP 429, 502, 503, 504 and gRPC UNAVAILABLE only; 500 is final, so a passing fault
// must be kUnavailable. Source: OTLP specification, "Failures".
inline constexpr StatusRow kStatusRows[] = {
    {absl::StatusCode::kOk, 200, 0, false},
    {absl::StatusCode::kInvalidArgument, 400, 3, false},
    {absl::StatusCode::kUnauthenticated, 401, 16, false},
    {absl::StatusCode::kPermissionDenied, 403, 7, false},
    {absl::StatusCode::kNotFound, 404, 5, false},
    {absl::StatusCode::kAlreadyExists, 409, 6, false},
    {absl::StatusCode::kFailedPrecondition, 409, 9, false},
    {absl::StatusCode::kOutOfRange, 413, 8, false},  // Over a size limit: final.
    {absl::StatusCode::kUnimplemented, 415, 12, false},
    {absl::StatusCode::kResourceExhausted, 429, 14, true},  // Over a rate: later.
    {absl::StatusCode::kUnavailable, 503, 14, true},
    {absl::StatusCode::kDeadlineExceeded, 504, 4, true},
    {absl::StatusCode::kCancelled, 499, 1, false},
    {absl::StatusCode::kInternal, 500, 13, false},
};

// The row of a code; codes without a row behave as kInternal.
const StatusRow& RowOf(absl::StatusCode code);

// How long the sender should wait; zero: it chooses. Carried inside the status.
absl::Status WithRetryAfter(absl::Status status, std::chrono::milliseconds wait);
std::chrono::milliseconds RetryAfter(const absl::Status& status);

// `status` with "context: " before its message; code and payloads stay.
absl::Status Annotate(const absl::Status& status, std::string_view context);

// Errno as a status: "open /x: No such file or directory". ENOSPC and EDQUOT are kUnavailable.
absl::Status ErrnoStatus(std::string_view what, int error);

}  // namespace pitot

#define PITOT_CONCAT_INNER(a, b) a##b
#define PITOT_CONCAT(a, b) PITOT_CONCAT_INNER(a, b)

#define RETURN_IF_ERROR(expr)                          \
  do {                                                 \
    if (absl::Status _s = (expr); !_s.ok()) return _s; \
  } while (0)

#define ASSIGN_OR_RETURN(lhs, expr) \
  ASSIGN_OR_RETURN_IMPL(PITOT_CONCAT(_status_or_, __LINE__), lhs, expr)
#define ASSIGN_OR_RETURN_IMPL(tmp, lhs, expr) \
  auto tmp = (expr);                          \
  if (!tmp.ok()) return tmp.status();         \
  lhs = std::move(tmp).value()
