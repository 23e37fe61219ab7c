// store/engine/embedded_engine.h
//
// ClickHouse inside this process, through libchdb. Data lies in one folder that no other process may
// use meanwhile (the caller holds a lock on it).
//
// Only one embedded engine may be open in a process at a time: libchdb has one data folder.
// Inserted blocks are on the disk, synced, when Insert returns OK, as far as their table says so
// (fsync_after_insert, see schema/).
#pragma once

#include <absl/status/statusor.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

#include "store/engine.h"

namespace pitot {

struct EmbeddedOptions {
  std::string data_path;           // Made when absent.
  std::string library_path;        // Of libchdb.so or its folder; empty: see ChdbLibrary::Load.
  std::string database = "pitot";  // Made when absent.

  // Statements that run at once; further ones wait within their deadline. A connection costs about
  // 100 KB; each statement uses up to one thread a core.
  int connections = 8;

  // Above it statements fail (kUnavailable) instead of the kernel ending the process: all of the
  // process counts. 0: half of the machine's memory, at most 4 GiB.
  int64_t memory_bytes = 0;

  // Each cache grows to this and no further; the engine's own defaults are 1 to 5 GiB each. Marks
  // of a 100 M span store take about 60 MB.
  int64_t cache_bytes = 64 << 20;

  // Merges at once. Two keep up with 20,000 spans/s on two cores and leave CPU for queries.
  int merge_threads = 2;
};

// kFailedPrecondition: no library. kInvalidArgument: options. kUnavailable: the folder cannot be
// used (message says what is known: libchdb itself gives no reason).
absl::StatusOr<std::unique_ptr<Engine>> OpenEmbeddedEngine(const EmbeddedOptions& options);

}  // namespace pitot
