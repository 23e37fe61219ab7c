// store/store.h
//
// The store as the program sees it: an engine whose tables are in place, with health, a guard
// against a full disk, and retention.
#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "store/engine.h"
#include "store/engine/embedded_engine.h"
#include "store/engine/remote_engine.h"
#include "store/retention.h"

namespace pitot {

enum class StoreMode { kEmbedded, kRemote };

struct StoreOptions {
  StoreMode mode = StoreMode::kEmbedded;
  EmbeddedOptions embedded;  // Of that mode only.
  RemoteOptions remote;      // Of that mode only.

  // Embedded: with less than this free on the data folder's disk, inserts are refused
  // (kUnavailable) so that merges, the spool and the rest of the machine keep room.
  uint64_t disk_free_bytes_min = 1ULL << 30;
};

struct StoreHealth {
  absl::Status status;           // OK: a statement was just answered and inserts are accepted.
  std::string engine;            // Engine::Describe.
  uint32_t schema_version = 0;   // 0: not known yet.
  uint64_t disk_free_bytes = 0;  // Of the data folder; 0 when remote.
};

// Thread-safe.
class Store {
 public:
  // Opens the engine and migrates its tables. A remote store that is away is no error: it is
  // prepared by the first statement that reaches it, and says kUnavailable until then.
  // `clock` must outlive the store.
  // kFailedPrecondition: no library, a server too old, or tables of a newer pitot.
  static absl::StatusOr<std::unique_ptr<Store>> Open(const StoreOptions& options,
                                                     const Clock& clock);
  ~Store();

  // As Engine promises; valid as long as the store.
  Engine& engine();

  // From the next statement on, no query sees rows that do not satisfy these conditions (but those
  // with QueryOptions::with_hidden): what is being deleted. Replaces what was hidden before.
  void Hide(std::vector<TableFilter> filters);

  // Drops partitions whose days of keeping are over at `now`.
  RetentionPass DropExpired(UnixNanos now) { return pitot::DropExpired(engine(), now); }

  StoreHealth Health(std::chrono::milliseconds deadline);

 private:
  class GuardedEngine;
  explicit Store(std::unique_ptr<GuardedEngine> engine);

  std::unique_ptr<GuardedEngine> engine_;
};

}  // namespace pitot
