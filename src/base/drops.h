// base/drops.h
//
// Every loss has a name, a severity and a remedy. Whatever is rejected, truncated, deduplicated,
// orphaned, quarantined or not counted is a row here and a counter at /api/v1/receipts, in /metrics
// and in the UI. A new loss reason is one row and one golden case.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace pitot {

enum class Drop : uint8_t {
  // Whole requests.
  kMalformedRequest,
  kRequestTooLarge,
  kUnsupportedEncoding,
  kDuplicateRequest,
  kOverloaded,
  kSpoolFull,
  // Records refused, named in partial_success.
  kSpanIdInvalid,
  kSpanMalformed,
  kSpanTooOld,
  kSpanTooNew,
  kLogMalformed,
  kPointMalformed,
  // Accepted, with something noted or mended.
  kParentIdInvalid,
  kEndBeforeStart,
  kAttrDuplicateKey,
  kAttrLimit,
  kAttrType,
  kAttrDepth,
  kEventLimit,
  kPayloadTruncated,
  kTextMended,
  kUsageAbsurd,
  kUsageInconsistent,
  kCostDisbelieved,
  kSecretRedacted,
  kNotInterpreted,
  // After the reply.
  kDuplicateSpan,
  kOrphanSpan,
  kUnfinishedSpan,
  kUnpricedCall,
  kQuarantined,
  kSpoolCorrupt,
  kErased,
  // The gateway.
  kUnmeteredCall,
  kUsageEstimated,
  kCaptureCut,
  kCaptureDropped,
  kEnd,
};
inline constexpr size_t kDropCount = static_cast<size_t>(Drop::kEnd);

enum class Severity : uint8_t { kInfo, kWarning, kDataLoss };

struct DropRow {
  Drop drop;
  std::string_view name;
  Severity severity;
  std::string_view remedy;
};

inline constexpr DropRow kDropRows[] = {
    {Drop::kMalformedRequest, "malformed_request", Severity::kDataLoss,
     "The body could not be decoded. The reply names the place; update or fix the exporter."},
    {Drop::kRequestTooLarge, "request_too_large", Severity::kDataLoss,
     "Send smaller batches, or raise limits.request_bytes."},
    {Drop::kUnsupportedEncoding, "unsupported_encoding", Severity::kDataLoss,
     "Send application/x-protobuf or application/json; identity, gzip, deflate or zstd."},
    {Drop::kDuplicateRequest, "duplicate_request", Severity::kInfo,
     "A sender repeated a request that was already stored; it was acknowledged once more."},
    {Drop::kOverloaded, "overloaded", Severity::kWarning,
     "The request queue was full and the sender was told to retry. Send larger batches, or give "
     "the server more cores."},
    {Drop::kSpoolFull, "spool_full", Severity::kWarning,
     "The spool reached spool.max_bytes, or its disk is full or fails, so senders are told to "
     "retry. "
     "The source's last_error and /readyz say why."},
    {Drop::kSpanIdInvalid, "span_id_invalid", Severity::kDataLoss,
     "trace_id must be 16 and span_id 8 bytes, not all zero. Logs sent to the traces path look "
     "like this too."},
    {Drop::kSpanMalformed, "span_malformed", Severity::kDataLoss,
     "A span had a field of the wrong form; the reply names it. Update the exporter."},
    {Drop::kSpanTooOld, "span_too_old", Severity::kDataLoss,
     "Older than limits.max_age. Use `pitot import` for history."},
    {Drop::kSpanTooNew, "span_too_new", Severity::kDataLoss,
     "Further in the future than limits.max_future. Set the sender's clock."},
    {Drop::kLogMalformed, "log_malformed", Severity::kDataLoss,
     "A log record had a field of the wrong form. Update the exporter."},
    {Drop::kPointMalformed, "point_malformed", Severity::kDataLoss,
     "A metric point had a field of the wrong form. Update the exporter."},
    {Drop::kParentIdInvalid, "parent_id_invalid", Severity::kWarning,
     "parent_span_id was not 8 bytes; the span was kept as a root. Fix the exporter."},
    {Drop::kEndBeforeStart, "end_before_start", Severity::kWarning,
     "The end was before the start and was set to it. Set the sender's clock."},
    {Drop::kAttrDuplicateKey, "attr_duplicate_key", Severity::kInfo,
     "An attribute key was given twice; the last value was kept."},
    {Drop::kAttrLimit, "attr_limit", Severity::kDataLoss,
     "A span had more than limits.attributes attributes; the rest were left out."},
    {Drop::kAttrType, "attr_type", Severity::kInfo,
     "A known attribute had an unexpected type and was kept as it came, not interpreted."},
    {Drop::kAttrDepth, "attr_depth", Severity::kDataLoss,
     "A value was nested deeper than limits.depth; the deeper part was replaced by null."},
    {Drop::kEventLimit, "event_limit", Severity::kDataLoss,
     "A span had more than limits.events events or links; the rest were left out."},
    {Drop::kPayloadTruncated, "payload_truncated", Severity::kDataLoss,
     "A value was longer than limits.payload_bytes and was cut; the cut is marked in the text."},
    {Drop::kTextMended, "text_mended", Severity::kWarning,
     "A text was not valid UTF-8; its bad bytes became U+FFFD. Fix the exporter."},
    {Drop::kUsageAbsurd, "usage_absurd", Severity::kDataLoss,
     "A token count was over limits.usage_tokens and was refused. Fix the emitter."},
    {Drop::kUsageInconsistent, "usage_inconsistent", Severity::kWarning,
     "Parts of a token count exceeded the whole; they were clamped."},
    {Drop::kCostDisbelieved, "cost_disbelieved", Severity::kWarning,
     "A reported cost was over 100 times the catalogue's figure; it is kept, not counted."},
    {Drop::kSecretRedacted, "secret_redacted", Severity::kInfo,
     "A secret was found in a text and replaced before it was stored. Keep it out of prompts."},
    {Drop::kNotInterpreted, "not_interpreted", Severity::kInfo,
     "Logs and metrics are stored, but not yet interpreted."},
    {Drop::kDuplicateSpan, "duplicate_span", Severity::kInfo,
     "A span was delivered again; it counts once."},
    {Drop::kOrphanSpan, "orphan_span", Severity::kWarning,
     "A span's parent has not arrived; it is shown as the root of a fragment."},
    {Drop::kUnfinishedSpan, "unfinished_span", Severity::kWarning,
     "A span was announced and its end never came. Did the agent crash?"},
    {Drop::kUnpricedCall, "unpriced_call", Severity::kWarning,
     "No price is known for the model: its cost is unknown, not zero. Give "
     "it one in a file of your own, set as prices.file."},
    {Drop::kQuarantined, "quarantined", Severity::kDataLoss,
     "The store refused a record for good; it is kept in the data folder under quarantine/."},
    {Drop::kSpoolCorrupt, "spool_corrupt", Severity::kDataLoss,
     "A spool record failed its checksum and was skipped. Check the disk."},
    {Drop::kErased, "erased", Severity::kInfo,
     "A span or log of a trace that was deleted came (again) and was left out. Stop its sender, or "
     "give the run a new trace id."},
    {Drop::kUnmeteredCall, "unmetered_call", Severity::kWarning,
     "A provider answered through the gateway, and its answer said nothing of usage. The span says "
     "which path; its cost is unknown."},
    {Drop::kUsageEstimated, "usage_estimated", Severity::kInfo,
     "A call ended before the provider reported its usage; tokens were estimated from what was "
     "sent "
     "and what arrived, and marked."},
    {Drop::kCaptureCut, "capture_cut", Severity::kWarning,
     "An answer was longer than limits.gateway_capture_bytes; the caller got all of it, the span "
     "only "
     "its beginning."},
    {Drop::kCaptureDropped, "capture_dropped", Severity::kDataLoss,
     "Finished calls waited above limits.gateway_queue_bytes, so a call's contents were left out; "
     "its "
     "figures were kept. Give the server more cores."},
};
static_assert(std::size(kDropRows) == kDropCount);

constexpr bool DropRowsInOrder() {
  for (size_t i = 0; i < kDropCount; ++i) {
    if (kDropRows[i].drop != static_cast<Drop>(i) || kDropRows[i].remedy.empty()) return false;
  }
  return true;
}
static_assert(DropRowsInOrder(), "one row a reason, in enum order, each with a remedy");

inline const DropRow& RowOf(Drop drop) { return kDropRows[static_cast<size_t>(drop)]; }

// Counts of one request. Plain: pure code fills it, ingest/ adds it to the receipts.
// The first refusal is kept in words, for partial_success.
struct DropCounts {
  std::array<uint32_t, kDropCount> counts = {};
  std::string first_refusal;

  void Add(Drop drop, uint32_t n = 1) { counts[static_cast<size_t>(drop)] += n; }
  // For refused records: also keeps the first one's words.
  void Refuse(Drop drop, std::string_view words) {
    Add(drop);
    if (first_refusal.empty()) first_refusal = words;
  }
  uint32_t operator[](Drop drop) const { return counts[static_cast<size_t>(drop)]; }
};

}  // namespace pitot
