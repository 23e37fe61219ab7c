// store/state.h
//
// What people and programs decided (budgets, keys, silences, views, deletions) and what they did
// (audit), as a log of events: of the events of one (kind, id) the newest is what holds.
//
// An event is durable when Append returns, whether the store is there or not: it goes to a journal
// in the data folder, and from there, by a thread of its own, to the table `state`
// (schema/006_state.sql). What holds is in memory, and in a snapshot beside the journal, so that it
// is known without the store.
//
//   FOLDER/snapshot   what holds, replaced atomically
//   FOLDER/journal    events since, appended and synced
//   both lines of     crc32c (8 hex digits) kind id at_ns seq is_deleted actor body, with a tab
//                     between, and \t \n \\ in texts escaped
//
// A torn last line of the journal was never acknowledged and is cut. One process owns the folder.
#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/file.h"
#include "base/mutex.h"
#include "store/engine.h"

namespace pitot {

// Of this kind each event has an id of its own and is never asked for again: it is not held in
// memory once the table has it. What an operator did, through whatever door.
inline constexpr std::string_view kAuditKind = "audit";

struct StateEvent {
  std::string kind;
  std::string id;
  UnixNanos at_ns = 0;  // Given by Append: never before an earlier event's.
  uint64_t seq = 0;     // Given by Append: orders events of the same nanosecond.
  std::string actor;    // Who: a key's name, an address.
  std::string body;     // JSON.
  bool is_deleted = false;

  bool operator==(const StateEvent&) const = default;
};

// Thread-safe.
class StateLog {
 public:
  // kFailedPrecondition: a file is damaged; the message says what to do.
  static absl::StatusOr<std::unique_ptr<StateLog>> Open(std::string folder, const Clock& clock);
  ~StateLog();

  // From now on events are written to the store's table, as soon as it takes them; first what it
  // holds and the folder does not (a lost folder) is read. Borrows the engine.
  void Start(Engine& engine);
  // Safe to call twice. What the table lacks is written at the next start.
  void Stop();

  // Durable on return; gives the event with its time and number. kUnavailable: the disk refuses it,
  // and it did not happen.
  absl::StatusOr<StateEvent> Append(StateEvent event);

  // The newest event, deleted or not, of an id. Not for kAuditKind.
  std::optional<StateEvent> Find(std::string_view kind, std::string_view id) const;
  // What holds of a kind, by id: without the deleted ones. Not for kAuditKind.
  std::vector<StateEvent> Latest(std::string_view kind) const;

  // All events of a kind, newest first, at most `limit`; `id` empty: of all ids. From the table, and
  // what it has not yet.
  absl::StatusOr<std::vector<StateEvent>> History(Engine& engine, std::string_view kind,
                                                  std::string_view id, size_t limit,
                                                  std::chrono::milliseconds deadline) const;

  // Events that the table has not confirmed yet.
  size_t unapplied() const;
  // Writes them; what the thread does.
  absl::Status Apply(Engine& engine);

 private:
  using Key = std::pair<std::string, std::string>;  // Kind, id.

  StateLog(std::string folder, const Clock& clock);
  absl::Status Load();
  absl::Status LoadJournal() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::Status WriteSnapshot() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::Status OpenJournal() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Take(StateEvent event) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::Status ReadTable(Engine& engine);
  void Run(Engine& engine);

  const std::string folder_;
  const Clock& clock_;

  mutable Mutex mutex_;
  CondVar changed_;  // unapplied_ or stopping_.
  std::map<Key, StateEvent> latest_ ABSL_GUARDED_BY(mutex_);
  std::vector<StateEvent> unapplied_ ABSL_GUARDED_BY(mutex_);  // In the journal, oldest first.
  File journal_ ABSL_GUARDED_BY(mutex_);
  uint64_t journal_bytes_ ABSL_GUARDED_BY(mutex_) = 0;
  // A write failed such that what is open may not be the folder's journal, or ends in half a line.
  bool journal_broken_ ABSL_GUARDED_BY(mutex_) = false;
  UnixNanos last_at_ns_ ABSL_GUARDED_BY(mutex_) = 0;
  uint64_t last_seq_ ABSL_GUARDED_BY(mutex_) = 0;
  bool table_read_ ABSL_GUARDED_BY(mutex_) = false;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;

  Mutex apply_mutex_;    // Held while events are written: one at a time.
  std::jthread thread_;  // Last: joined before anything it uses is gone.
};

}  // namespace pitot
