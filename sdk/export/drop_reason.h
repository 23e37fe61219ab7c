// sdk/export/drop_reason.h
//
// Why an exporter did not deliver a span: the keys of ExporterStats::dropped. docs/sdk.md lists them.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace pitot {
inline namespace sdk {

enum class DropReason : uint8_t {
  kQueueFull,
  kRefused,
  kRejected,
  kTooLarge,
  kExpired,
  kStopped,
  kWriteFailed,
  kThrew,
  kEnd,
};

struct DropReasonRow {
  DropReason reason;
  std::string_view name;
  std::string_view meaning;  // As it follows "12 spans were dropped: " in a message.
  std::string_view remedy;
};

inline constexpr std::array<DropReasonRow, 8> kDropReasons = {{
    {DropReason::kQueueFull, "queue_full", "the exporter's queue is full",
     "The receiver is away or slower than the program. Raise Delivery::queue_bytes_max."},
    {DropReason::kRefused, "refused", "the receiver refused the request",
     "Its answer is in last_error: a wrong URL, a missing key, a receiver of another format."},
    {DropReason::kRejected, "rejected", "the receiver took the request, but not these spans",
     "Its reason is in last_error (OTLP partial success)."},
    {DropReason::kTooLarge, "too_large", "one span is larger than the receiver takes",
     "Lower CollectorOptions::attribute_bytes_max, or raise the receiver's limit."},
    {DropReason::kExpired, "expired", "the receiver could not be reached for too long",
     "Why is in last_error. Raise Delivery::give_up_after and queue_bytes_max for longer outages."},
    {DropReason::kStopped, "stopped", "the program ended before they could be sent",
     "Raise CollectorOptions::flush_timeout, or make the receiver reachable."},
    {DropReason::kWriteFailed, "write_failed", "the file could not be written",
     "The system's reason is in last_error: a full disk, a missing folder, no permission."},
    {DropReason::kThrew, "threw", "the SpanSink threw an exception",
     "What it threw is in last_error."},
}};
static_assert(kDropReasons.size() == static_cast<size_t>(DropReason::kEnd));

constexpr const DropReasonRow& RowOf(DropReason reason) {
  return kDropReasons[static_cast<size_t>(reason)];
}
inline std::string_view Name(DropReason reason) { return RowOf(reason).name; }

}  // namespace sdk
}  // namespace pitot
