// gateway/budget/journal.h
//
// Inside budget/: the ledger's files.
//
//   FOLDER/snapshot.N   the ledger when journal.N began, replaced atomically
//   FOLDER/journal.N    what happened since
//   FOLDER/lock         held by the process that owns the folder
//
// What holds is the snapshot of the highest number and the journals from that number on; older files
// are removed. Records (record.h) that were written survive the end of the process, those synced
// that of the machine.
// Thread-safety: none; the owner's mutex. Sync and Fold work on files, not on this object's state.
#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/file.h"
#include "gateway/budget/ledger.h"
#include "gateway/budget/record.h"

namespace pitot {

class BudgetJournal {
 public:
  // Makes the folder and locks it. kFailedPrecondition: in use.
  static absl::StatusOr<std::unique_ptr<BudgetJournal>> Open(std::string folder);

  struct Loaded {
    bool found = false;  // There were files.
    bool exact = true;   // All that was written was read. Else: what was leased may be spent.
    uint64_t records = 0;
  };
  // `boot_id`: of this run of the machine. kFailedPrecondition: damaged, and not by a power failure.
  absl::StatusOr<Loaded> Load(std::string_view boot_id, BudgetLedger& ledger);

  // Begins a journal that follows `snapshot`, and removes what is older. When it fails, nothing may
  // be appended until it succeeds.
  absl::Status Begin(std::string_view snapshot, std::string_view boot_id, UnixNanos at);

  // Whole or not at all. After an error nothing may be appended until Begin succeeds.
  absl::Status Append(std::string_view records);
  bool is_open() const { return file_ != nullptr; }
  // After a failed sync, what the file holds is not known.
  void Close() { file_ = nullptr; }
  uint64_t bytes() const { return bytes_; }

  // The open file; syncing it syncs all that was appended.
  std::shared_ptr<File> file() const { return file_; }

  // Folding a long journal: Next makes the file that comes after; Switch makes it the open one, from
  // when on the older do not change; Fold writes their snapshot, reading them, and removes them.
  struct NextFile {
    uint64_t number = 0;
    std::shared_ptr<File> file;
    uint64_t bytes = 0;
  };
  absl::StatusOr<NextFile> Next(std::string_view boot_id, UnixNanos at) const;
  void Switch(NextFile next);
  absl::Status Fold(uint64_t before, std::string_view boot_id, int64_t lifetime_idle_ns) const;

 private:
  explicit BudgetJournal(std::string folder) : folder_(std::move(folder)) {}
  std::string Path(std::string_view kind, uint64_t number) const;
  absl::StatusOr<Loaded> LoadFiles(uint64_t before, std::string_view boot_id,
                                   BudgetLedger& ledger) const;
  absl::StatusOr<NextFile> MakeJournal(uint64_t number, std::string_view boot_id,
                                       UnixNanos at) const;
  void RemoveBefore(uint64_t number) const;

  const std::string folder_;
  File lock_;
  uint64_t number_ = 0;
  uint64_t bytes_ = 0;
  std::shared_ptr<File> file_;  // Null: nothing can be appended.
};

// Of this run of the machine; empty where the kernel does not say.
std::string KernelBootId();

}  // namespace pitot
