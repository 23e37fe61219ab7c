// ingest/ingest.h
//
// From a request's bytes to the store: decode -> normalise -> redact -> price -> spool (fsync, reply)
// -> flush -> resolve. One object, owned by the server.
//
// What an OK reply promises: every accepted record is on disk and will be in the store, once, in
// every answer, whatever is killed from then on.
#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include <atomic>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "base/bounded_queue.h"
#include "base/clock.h"
#include "base/mutex.h"
#include "ingest/flusher.h"
#include "ingest/gateway_calls.h"
#include "ingest/history/erased.h"
#include "ingest/history/gate.h"
#include "ingest/live.h"
#include "ingest/prepare.h"
#include "ingest/receipts.h"
#include "ingest/request.h"
#include "ingest/seen.h"
#include "ingest/spool/spool.h"
#include "store/engine.h"

namespace pitot {

struct IngestOptions {
  SpoolOptions spool;      // folder is set from data_dir.
  FlusherOptions flusher;  // quarantine_folder too.
  PrepareOptions prepare;
  std::string data_dir;
  size_t workers = 0;               // Threads that decode; 0: one a core.
  size_t queued_requests = 10'000;  // Waiting for a worker; beyond it senders are told to retry.
  // A request repeated within this is acknowledged and not stored again.
  int64_t duplicate_window_ns = 10 * kNanosPerMinute;
  size_t duplicate_requests = 1'000'000;
};

class Ingest {
 public:
  // Recovers the spool. Borrows engine, redactor (may be null) and clock, which must outlive it.
  static absl::StatusOr<std::unique_ptr<Ingest>> Open(IngestOptions options, Engine& engine,
                                                      std::shared_ptr<const PriceBook> book,
                                                      const Redactor* redactor, const Clock& clock);
  ~Ingest();

  void Start();
  // Answers what is queued, then writes what the spool holds, for up to `drain`; the rest stays in
  // the spool for the next start. Safe to call twice.
  void Stop(std::chrono::milliseconds drain);

  // Never blocks. `done` is called once: on the spool's thread after the fsync, on a worker, or in
  // this call when it is refused at once. It must be quick.
  void Accept(IngestRequest request, IngestDone done);

  // For spans made in this program: `make` runs on a worker; redaction, payloads and the promise of an
  // OK are those of a request. `request` says project, source and sender; its body is empty. Nothing is
  // taken for a repetition. As Accept otherwise.
  void AcceptMade(IngestRequest request, MakeSpansFn make, IngestDone done);

  // A call that ended in the gateway, before its caller has the end of the answer: reports of it from
  // elsewhere are then known as such.
  void NoteGatewayCall(const GatewayCallKey& call, const TraceId& trace, const SpanId& span) {
    gateway_calls_.Note(call, trace, span);
  }

  // For a request that was refused before it came here (too large, undecodable encoding).
  void CountRefused(const IngestRequest& request, Drop drop, const absl::Status& status);

  const Receipts& receipts() const { return receipts_; }
  // Spans as they become durable, for those who watch.
  LiveFeed& live() { return live_; }
  SpoolStats spool_stats() const { return spool_->Stats(); }
  FlusherStats flusher_stats() const { return flusher_->Stats(); }
  // OK, or why senders are being turned away or answers lag.
  absl::Status Health() const;

  // The prices in force. A new book holds for every request that is not under way yet.
  std::shared_ptr<const PriceBook> book() const;
  void SetBook(std::shared_ptr<const PriceBook> book);

  // For deletion and repricing. Any thread but ingest's own.
  //
  // Returns when whatever was received before is in the store and resolved. kUnavailable: stopping.
  absl::Status WaitWritten();
  // Flusher::Run, without waiting for what is in the spool.
  absl::Status RunAlone(const Flusher::Work& work);
  // Between the two every request brings all its payloads; what was known before is forgotten.
  void SuspendKnownPayloads() { seen_payloads_.Suspend(); }
  void ResumeKnownPayloads() { seen_payloads_.Resume(); }
  ErasedRecords& erased() { return erased_; }
  // Rising, kRecvStepNanos apart: it orders deliveries of one span. Requests that begin later have
  // a later one.
  UnixNanos NextReceiveTime();

 private:
  struct Job {
    IngestRequest request;
    IngestDone done;
    MakeSpansFn make;  // Instead of request.body.
  };

  Ingest(IngestOptions options, std::shared_ptr<const PriceBook> book, const Redactor* redactor,
         const Clock& clock);

  void WorkLoop();
  void UseNewestBook(Preparer& preparer, uint64_t& number);
  void Push(Job job);
  void Process(Preparer& preparer, Job job, Gate::Pass pass);
  void Finish(const IngestRequest& request, uint64_t bytes, const DropCounts& drops,
              IngestReply reply, const IngestDone& done);
  const IngestOptions options_;
  const Redactor* const redactor_;
  const Clock& clock_;

  mutable Mutex book_mutex_;
  std::shared_ptr<const PriceBook> book_ ABSL_GUARDED_BY(book_mutex_);
  std::atomic<uint64_t> book_number_{0};  // Counts books.

  Receipts receipts_;
  SeenRequests seen_requests_;
  SeenPayloads seen_payloads_;
  ErasedRecords erased_;
  GatewayCalls gateway_calls_;
  Gate gate_;  // Requests from their first look at the shared state until they are durable.
  LiveFeed live_;
  std::unique_ptr<TraceLoader> loader_;
  std::unique_ptr<Spool> spool_;
  std::unique_ptr<Flusher> flusher_;
  std::atomic<UnixNanos> last_receive_ns_{0};
  BoundedQueue<Job> jobs_;
  std::vector<std::jthread> workers_;  // Last: joined before anything they use is gone.
};

}  // namespace pitot
