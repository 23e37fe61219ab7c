// ingest/flusher.h
//
// Moves what is durable in the spool into the store, and keeps the facts of every trace it touches
// up to date. One flush: note the batch's boundaries in the spool's journal, insert spans and
// payloads, resolve the traces, insert facts and traces, let the spool forget the batch. A crash
// anywhere repeats it, with the same rows.
//
// Two threads: one reads, decodes and sorts the next batch while the other writes this one.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <thread>

#include "base/bounded_queue.h"
#include "base/clock.h"
#include "base/mutex.h"
#include "ingest/flush_batch.h"
#include "ingest/history/erased.h"
#include "ingest/quarantine.h"
#include "ingest/receipts.h"
#include "ingest/resolve/active_traces.h"
#include "ingest/seen.h"
#include "ingest/spool/spool.h"
#include "store/engine.h"

namespace pitot {

struct FlusherOptions {
  // How long an entry may wait for company. Larger is cheaper to store; queries lag by as much.
  std::chrono::milliseconds batch_delay{500};
  // A batch of this many rows by then waits as long once more: under load each insert costs tens of
  // milliseconds of CPU and leaves a part to merge, which is worth half a second.
  size_t busy_rows = 4096;
  // A batch is cut after the entry that reaches either. Rows and their blocks are in memory, twice.
  size_t batch_rows = 32'768;
  size_t batch_bytes = 24 << 20;
  // One insert may take this long before it is tried again.
  std::chrono::milliseconds insert_deadline{120'000};
  // Between tries while the store is away; doubles up to the second.
  std::chrono::milliseconds retry_min{100};
  std::chrono::milliseconds retry_max{5'000};
  // How often open spans and large traces are looked at while nothing arrives.
  std::chrono::milliseconds tick{1000};
  std::string quarantine_folder;
  ActiveTracesOptions traces;
};

struct FlusherStats {
  uint64_t batches = 0;
  uint64_t spans = 0;  // Rows inserted, repeats included.
  uint64_t payloads = 0;
  uint64_t facts = 0;  // Rows written, tombstones included.
  uint64_t traces = 0;
  int64_t last_flush_ns = 0;  // Wall clock; 0: never.
  int64_t lag_ns = 0;         // From the oldest receipt in the last batch to queryable.
  std::string error;          // Why the store does not take what is waiting; empty: it does.
  int64_t error_since_ns = 0;
  ActiveTraces::Stats active;
};

class Flusher {
 public:
  // Borrows everything but the options; all must outlive it. `loader` reads back what `engine` holds.
  // `erased` is filled with what the store has of it, before anything is written.
  Flusher(FlusherOptions options, Spool& spool, Engine& engine, TraceLoader& loader,
          Receipts& receipts, SeenRequests& seen, ErasedRecords& erased, const Clock& clock);
  ~Flusher();

  void Start();
  // Writes what the spool has, for up to `drain`, then stops; the rest stays in the spool. Safe to
  // call twice.
  void Stop(std::chrono::milliseconds drain);

  // Runs `work` on the write thread, between two batches, once everything in the spool up to `seq`
  // is in the store and resolved; nothing else is written meanwhile. Traces that it reloads are
  // resolved and written before this returns. Blocks, for as long as the store is away too. Gives
  // what `work` gives; kUnavailable when the flusher stops before it ran. Any thread but its own.
  using Work = std::function<absl::Status(ActiveTraces&)>;
  absl::Status Run(uint64_t seq, const Work& work);

  // Thread-safe.
  FlusherStats Stats() const;

 private:
  struct Blocks;

  void ReadLoop();
  std::unique_ptr<FlushBatch> ReadBatch();
  void NoteDamage();
  void WriteLoop();
  absl::Status WriteBatch(const FlushBatch& batch);
  absl::Status WriteReceived(const FlushBatch& batch);
  void AppendSpan(const FlushBatch::SpanRef& ref);
  void TrackSpan(const FlushBatch::SpanRef& ref, uint64_t batch);
  absl::Status WritePayloads(const FlushBatch& batch);
  absl::Status WriteTelemetry(const FlushBatch& batch);
  absl::Status WriteChanges(bool all);
  void FinishResolved();
  bool Prime();
  void Tick();
  void NoteDuplicates(const FlushBatch& batch);
  absl::Status LoadErased();
  void RunTasks();
  absl::Status RunTask(const Work& work);
  void NoteIdle();
  void CancelTasks();
  void ScheduleMerges();

  // Builds and inserts rows [first, last) by `append`; halves what the store refuses until single
  // rows are left, and hands those to `refused`.
  template <typename Block>
  absl::Status InsertRows(Block& block, size_t first, size_t last,
                          const std::function<void(size_t)>& append,
                          const std::function<void(size_t, const absl::Status&)>& refused);
  // Until the store takes it, refuses it for good, or the flusher stops.
  absl::Status InsertBlock(std::string_view table, std::string_view block);
  // False once stopping.
  bool Pause(std::chrono::milliseconds wait);
  void NoteError(const absl::Status& status);

  const FlusherOptions options_;
  Spool& spool_;
  Engine& engine_;
  Receipts& receipts_;
  SeenRequests& seen_;
  ErasedRecords& erased_;
  const Clock& clock_;

  // Read thread only.
  uint64_t damage_noted_ = 0;
  uint64_t idle_candidate_ = 0;  // What was durable when last nothing was found to read.

  // Write thread only.
  Quarantine quarantine_;
  ActiveTraces active_;
  std::unique_ptr<Blocks> blocks_;
  Span row_;         // The span being appended or tracked,
  Arena row_arena_;  // and its arrays.
  struct Written {
    uint64_t first_seq;
    uint64_t last_seq;
    uint64_t file_bytes;
  };
  std::deque<Written> written_;  // In the store, not all resolved yet.
  TraceChanges changes_;
  bool merges_held_ = false;
  int64_t merges_until_ns_ = 0;  // Monotonic: when a hold must end, or another may begin.

  uint64_t written_seq_ = 0;  // Up to there entries are in the store.

  BoundedQueue<std::unique_ptr<FlushBatch>> batches_{1};  // A null one only wakes the writer.

  mutable Mutex mutex_;
  CondVar stopped_;                                // stopping_.
  bool draining_ ABSL_GUARDED_BY(mutex_) = false;  // Read what is there, then end.
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;  // End now.
  FlusherStats stats_ ABSL_GUARDED_BY(mutex_);
  struct Task {
    uint64_t seq = 0;
    const Work* work = nullptr;
    absl::Status status;
    bool done = false;
  };
  std::deque<Task*> tasks_ ABSL_GUARDED_BY(mutex_);  // Of the callers of Run, which wait.
  CondVar task_done_;
  bool ended_ ABSL_GUARDED_BY(mutex_) = false;       // No task will be run any more.
  uint64_t handed_seq_ ABSL_GUARDED_BY(mutex_) = 0;  // Last entry given to the writer.
  uint64_t idle_seq_ ABSL_GUARDED_BY(mutex_) = 0;    // There was nothing to read up to there.

  std::jthread reader_;  // Last: joined before anything they use is gone.
  std::jthread writer_;
};

}  // namespace pitot
