// ingest/prepare.h
//
// One request on its way to the spool: decoded, checked for age, normalised, redacted, priced, its
// payloads deduplicated, and encoded as records. No I/O and no clock: the time is an argument.
#pragma once

#include <absl/container/flat_hash_set.h>
#include <absl/status/statusor.h>

#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/drops.h"
#include "base/limits.h"
#include "ingest/gateway_calls.h"
#include "ingest/history/erased.h"
#include "ingest/live.h"
#include "ingest/request.h"
#include "ingest/seen.h"
#include "ingest/spool/record.h"
#include "normalize/normalize.h"
#include "normalize/redact.h"
#include "price/price.h"

namespace pitot {

struct PrepareOptions {
  Limits limits;
  uint16_t keep_days = 30;
  uint16_t import_keep_days = 0;  // 0: for ever.
};

struct Prepared {
  std::vector<std::string> records;   // Encoded (record.h), to be appended together.
  std::vector<Hash128> new_payloads;  // Keys to note as seen once the records are durable.
  std::vector<LiveSpans> live;        // When `watched`: to be published then.
  int64_t accepted = 0;
  int64_t rejected = 0;
  std::string message;  // The first refusal, or a warning.
};

// Thread-safety: one thread each; any number of preparers share book, redactor and seen payloads.
class Preparer {
 public:
  // `redactor` may be null: nothing is redacted. Borrows redactor, seen, erased and gateway, which must
  // outlive it.
  Preparer(const PrepareOptions& options, std::shared_ptr<const PriceBook> book,
           const Redactor* redactor, SeenPayloads& seen, const ErasedRecords& erased,
           const GatewayCalls& gateway);

  // The book for requests from now on.
  void SetBook(std::shared_ptr<const PriceBook> book) { prices_ = PriceCache(std::move(book)); }

  // Consumes request.body. Errors: the request as a whole is bad (kInvalidArgument, kOutOfRange);
  // single records that are bad are counted in `drops`, and the rest is prepared.
  absl::StatusOr<Prepared> Prepare(IngestRequest& request, const Hash128& request_hash,
                                   UnixNanos now_ns, bool watched, DropCounts& drops);

  // The same for spans that this program made: neither normalised nor priced again.
  Prepared PrepareMade(const IngestRequest& request, MadeSpans made, UnixNanos now_ns, bool watched,
                       DropCounts& drops);

 private:
  void Start(const IngestRequest& request, UnixNanos now_ns, bool watched);
  void Finish(const Hash128& request_hash, const DropCounts& drops, Prepared& out);
  void MarkGatewayCall(Span& span, Arena& arena) const;
  void AddSpan(Span& span, Prepared& out);
  absl::StatusOr<RawBatch> Decode(IngestRequest& request, DropCounts& drops);
  void PrepareSpans(const RawBatch& batch, Prepared& out, DropCounts& drops);
  bool TimesAllowed(const RawSpan& raw, size_t index, DropCounts& drops) const;
  bool Refused(const TraceId& trace_id, std::string_view name, size_t index,
               DropCounts& drops) const;
  void CountPrice(const Span& span, ReportedCost reported, DropCounts& drops) const;
  void AddPayloads(Span& span, Prepared& out);
  void AddPayload(Piece& piece, int32_t day, Prepared& out);
  void FinishRecord(Prepared& out);
  void AddLive(const Span& span, Prepared& out);

  const PrepareOptions options_;
  PriceCache prices_;
  const Redactor* const redactor_;
  SeenPayloads& seen_;
  const ErasedRecords& erased_;
  const GatewayCalls& gateway_;

  // Of the request being prepared.
  RecordHeader header_;
  bool import_ = false;
  bool watched_ = false;
  RecordWriter writer_;
  absl::flat_hash_set<Hash128, IdHash<16>> in_request_;
  int32_t scope_day_ = 0;
  Hash128 scope_;  // Payload key scope of scope_day_.
};

}  // namespace pitot
