// ingest/spool/spool.h
//
// The durable queue between the reply and the store: an append-only, checksummed log under
// DATA/spool. What Append() reported OK survives kill -9 and power loss; it is read back by the
// flusher, in order, until FinishBatch() says that the store has it.
//
// On disk:
//   DATA/spool/<first sequence, 16 hex digits>.spool   segments of about segment_bytes
//     segment = "PITSPOOL" u32 version u32 zero, then records
//     record  = u32 magic, u32 payload bytes, u32 crc32c of sequence and payload, u64 sequence,
//     payload
//   DATA/spool/journal                                 batch boundaries and how far the store is
//     line    = "B first last crc\n" a batch about to be written, "D last crc\n" done up to last
// All integers little-endian. A torn tail is cut at open. A damaged record in the middle is skipped
// to the next magic whose checksum holds, and counted: it never stops what comes after it.
//
// Group commit: appends that arrive while an fsync runs share the next one.
#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include <atomic>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "base/file.h"
#include "base/mutex.h"

namespace pitot {

struct SpoolOptions {
  std::string folder;
  // Records waiting for the store. At the limit Append says kUnavailable with retry-after.
  uint64_t max_bytes = 8ULL << 30;
  // Deleted as a whole once done; smaller returns disk sooner, larger makes fewer files.
  uint64_t segment_bytes = 64ULL << 20;
  // Appends are refused while the file system has less than this left, so that the store's own
  // merges can still finish.
  uint64_t disk_free_bytes_min = 256ULL << 20;
  // How long a refused sender is asked to wait.
  std::chrono::milliseconds retry_after{2000};
};

struct SpoolEntry {
  uint64_t seq = 0;
  uint64_t file_bytes = 0;  // With header, for FinishBatch.
  std::string payload;
};

struct SpoolStats {
  uint64_t pending_bytes = 0;
  uint64_t durable_seq = 0;  // Last acknowledged.
  uint64_t done_seq = 0;     // Last that the store has.
  uint64_t segments = 0;
  uint64_t corrupt_records = 0;
  uint64_t syncs = 0;
  uint64_t sync_ns = 0;  // Sum over syncs.
  std::string error;     // Why the last write failed, or the next would be refused; empty: neither.
};

// Thread-safe: Append and Stats from any thread; ReadNext and WaitReadable from one reader thread;
// BeginBatch and FinishBatch from one thread (another, if need be).
class Spool {
 public:
  using Done = std::function<void(absl::Status)>;

  // Recovers what is there. kFailedPrecondition for a segment of a newer version.
  static absl::StatusOr<std::unique_ptr<Spool>> Open(SpoolOptions options, const Clock& clock);
  ~Spool();

  void Start();
  // Takes no more appends, commits what is queued, joins. Safe to call twice.
  void Stop();

  // Appends `records` as consecutive entries and calls `done` once they are on disk, on the commit
  // thread: it must be quick. On an error none of them was acknowledged (they may still be read
  // back; writing twice is harmless downstream); it is kUnavailable with retry-after, whatever the
  // disk said. Never blocks.
  void Append(std::vector<std::string> records, Done done);

  // Next entry after those read before; starts after the last finished one. Empty: no durable entry
  // is waiting.
  absl::StatusOr<std::optional<SpoolEntry>> ReadNext();

  // Waits until ReadNext would find something; false after `wait` or when stopped.
  bool WaitReadable(std::chrono::milliseconds wait);

  // Where the batches ended that were begun and not finished before Open, rising: the first batches
  // must end there again, so that a replay writes the same blocks. Any thread.
  const std::vector<uint64_t>& replay_ends() const { return replay_ends_; }

  // Durably notes that entries [first, last] are written as one batch, before they are. Several may
  // be begun before the first is finished.
  absl::Status BeginBatch(uint64_t first, uint64_t last);
  // The store has everything up to `last`, `file_bytes` of entries. Deletes segments it can.
  void FinishBatch(uint64_t last, uint64_t file_bytes);

  SpoolStats Stats() const;

 private:
  struct Segment {
    uint64_t first_seq = 0;
    std::string path;
    std::shared_ptr<File> file;
    uint64_t durable_bytes = 0;  // Readers stop here.
    bool sealed = false;         // A write to it failed: never written again.
  };
  struct Pending {
    std::vector<std::string> records;
    Done done;
    uint64_t bytes = 0;
  };

  Spool(SpoolOptions options, const Clock& clock);

  absl::Status Recover();
  absl::Status RecoverJournal();
  absl::Status RecoverTail(Segment& segment, uint64_t* last_seq);
  absl::Status StartSegment(uint64_t first_seq) ABSL_LOCKS_EXCLUDED(mutex_);
  absl::Status RewriteJournal(uint64_t done);
  absl::Status AppendJournal(const std::string& line, bool sync);

  std::optional<Segment> ReadableSegment() ABSL_LOCKS_EXCLUDED(mutex_);
  absl::Status FillReadBuffer(const Segment& segment, size_t want);
  void CountDamage(const Segment& segment);

  void CommitLoop();
  absl::Status Commit(std::deque<Pending>& group, uint64_t* last_seq);
  absl::Status CheckRoom(uint64_t bytes) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::Status CheckDisk() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const SpoolOptions options_;
  const Clock& clock_;

  mutable Mutex mutex_;
  CondVar changed_;  // queue_, durable_seq_ or stopping_.
  std::deque<Pending> queue_ ABSL_GUARDED_BY(mutex_);
  std::deque<Segment> segments_ ABSL_GUARDED_BY(mutex_);  // Oldest first; the last is written to.
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  uint64_t queued_bytes_ ABSL_GUARDED_BY(mutex_) = 0;
  uint64_t pending_bytes_ ABSL_GUARDED_BY(mutex_) = 0;  // On disk, not done.
  uint64_t durable_seq_ ABSL_GUARDED_BY(mutex_) = 0;
  uint64_t done_seq_ ABSL_GUARDED_BY(mutex_) = 0;
  uint64_t syncs_ ABSL_GUARDED_BY(mutex_) = 0;
  uint64_t sync_ns_ ABSL_GUARDED_BY(mutex_) = 0;
  std::string error_ ABSL_GUARDED_BY(mutex_);
  mutable int64_t disk_checked_ns_ ABSL_GUARDED_BY(mutex_) = 0;
  mutable uint64_t disk_free_ ABSL_GUARDED_BY(mutex_) = ~0ULL;

  // Commit thread only.
  uint64_t next_seq_ = 1;

  // Reader thread only.
  uint64_t read_segment_ = 0;  // first_seq of the segment being read; 0: from the oldest.
  uint64_t read_offset_ = 0;
  uint64_t read_seq_ = 0;  // Last returned.
  std::string read_buffer_;
  uint64_t read_buffer_at_ = 0;  // Offset of read_buffer_[0] in the segment.
  uint64_t damage_segment_ = 0;  // Where damage was last counted.
  uint64_t damage_seq_ = 0;
  std::vector<uint64_t> batch_ends_;   // Of batches begun and not finished, rising.
  std::vector<uint64_t> replay_ends_;  // The same, as Open found it.
  File journal_;
  uint64_t journal_bytes_ = 0;
  std::atomic<uint64_t> corrupt_records_{0};

  std::jthread thread_;  // Last: joined before anything it uses is gone.
};

}  // namespace pitot
