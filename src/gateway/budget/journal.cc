#include "gateway/budget/journal.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <limits>
#include <optional>
#include <utility>
#include <vector>

#include "base/log.h"
#include "base/status.h"
#include "base/text.h"

namespace pitot {
namespace {

constexpr std::string_view kSnapshot = "snapshot";
constexpr std::string_view kJournal = "journal";
constexpr uint64_t kAll = std::numeric_limits<uint64_t>::max();

// The number of "KIND.N"; absent: another name.
std::optional<uint64_t> NumberOf(std::string_view name, std::string_view kind) {
  if (!name.starts_with(kind) || name.size() < kind.size() + 2 || name[kind.size()] != '.') {
    return std::nullopt;
  }
  uint64_t number = 0;
  const auto [end, error] =
      std::from_chars(name.data() + kind.size() + 1, name.data() + name.size(), number);
  if (error != std::errc() || end != name.data() + name.size()) return std::nullopt;
  return number;
}

}  // namespace

std::string KernelBootId() {
  // A file of the kernel says its size is 0.
  const auto file = File::Open("/proc/sys/kernel/random/boot_id", O_RDONLY);
  if (!file.ok()) return {};
  char text[64];
  const auto size = file->ReadAt(0, text, sizeof(text));
  if (!size.ok()) return {};
  return std::string(TrimText({text, *size}));
}

absl::StatusOr<std::unique_ptr<BudgetJournal>> BudgetJournal::Open(std::string folder) {
  RETURN_IF_ERROR(MakeFolders(folder));
  std::unique_ptr<BudgetJournal> journal(new BudgetJournal(std::move(folder)));
  ASSIGN_OR_RETURN(journal->lock_, LockFile(journal->folder_ + "/lock"));
  return journal;
}

std::string BudgetJournal::Path(std::string_view kind, uint64_t number) const {
  return fmt::format("{}/{}.{}", folder_, kind, number);
}

absl::StatusOr<BudgetJournal::Loaded> BudgetJournal::Load(std::string_view boot_id,
                                                          BudgetLedger& ledger) {
  ASSIGN_OR_RETURN(const std::vector<std::string> names, ListFolder(folder_));
  for (const std::string& name : names) {
    number_ = std::max(
        {number_, NumberOf(name, kSnapshot).value_or(0), NumberOf(name, kJournal).value_or(0)});
  }
  return LoadFiles(kAll, boot_id, ledger);
}

absl::StatusOr<BudgetJournal::Loaded> BudgetJournal::LoadFiles(uint64_t before,
                                                               std::string_view boot_id,
                                                               BudgetLedger& ledger) const {
  ASSIGN_OR_RETURN(const std::vector<std::string> names, ListFolder(folder_));
  std::optional<uint64_t> first;
  std::vector<uint64_t> journals;
  for (const std::string& name : names) {
    const std::optional<uint64_t> snapshot = NumberOf(name, kSnapshot);
    if (snapshot && *snapshot < before) first = std::max(first.value_or(0), *snapshot);
    const std::optional<uint64_t> journal = NumberOf(name, kJournal);
    if (journal && *journal < before) journals.push_back(*journal);
  }
  std::ranges::sort(journals);
  std::erase_if(journals, [&](uint64_t number) { return first && number < *first; });

  Loaded loaded;
  bool clean = false;
  const auto read = [&](const std::string& path, bool may_be_torn) -> absl::Status {
    ASSIGN_OR_RETURN(const std::string bytes, ReadFile(path));
    LedgerReplay replay;
    if (!ReplayRecords(bytes, ledger, replay)) {
      return Error(absl::StatusCode::kFailedPrecondition,
                   "{} was written by a newer pitot; start that one", path);
    }
    loaded.found = true;
    loaded.records += replay.records;
    clean = replay.clean;
    const bool same_boot = !boot_id.empty() && replay.boot_id == boot_id;
    loaded.exact = loaded.exact && same_boot;
    // The end of the last one may be half a record, of a call that never was. A power failure leaves
    // holes anywhere behind what was synced. Nothing else does; a snapshot is synced whole.
    const bool is_snapshot = first && path == Path(kSnapshot, *first);
    if ((same_boot || is_snapshot) && (replay.damaged || (replay.torn && !may_be_torn))) {
      return Error(absl::StatusCode::kFailedPrecondition,
                   "{} is damaged after byte {}: what budgets have spent is not known. Restore the "
                   "file, or move {} away, and all budgets start with nothing spent",
                   path, replay.bytes, folder_);
    }
    return absl::OkStatus();
  };
  if (first) RETURN_IF_ERROR(read(Path(kSnapshot, *first), false));
  for (const uint64_t number : journals) {
    RETURN_IF_ERROR(read(Path(kJournal, number), number == journals.back()));
  }
  // Ended as it should: everything was synced then.
  loaded.exact |= clean || !loaded.found;
  return loaded;
}

absl::Status BudgetJournal::Begin(std::string_view snapshot, std::string_view boot_id,
                                  UnixNanos at) {
  file_ = nullptr;
  const uint64_t number = number_ + 1;
  RETURN_IF_ERROR(WriteFileAtomic(Path(kSnapshot, number), snapshot));
  number_ = number;  // Whatever follows, what is older no longer holds.
  ASSIGN_OR_RETURN(NextFile next, MakeJournal(number, boot_id, at));
  Switch(std::move(next));
  RemoveBefore(number);
  return absl::OkStatus();
}

absl::Status BudgetJournal::Append(std::string_view records) {
  if (file_ == nullptr) return Unavailable("{}: the journal is not open", folder_);
  if (absl::Status status = file_->WriteAll(records); !status.ok()) {
    // What was written of it must not be read as a call that was.
    if (!file_->Truncate(bytes_).ok()) LogWarning("{}: cannot cut a torn record off", folder_);
    file_ = nullptr;
    return Annotate(status, Path(kJournal, number_));
  }
  bytes_ += records.size();
  return absl::OkStatus();
}

absl::StatusOr<BudgetJournal::NextFile> BudgetJournal::MakeJournal(uint64_t number,
                                                                   std::string_view boot_id,
                                                                   UnixNanos at) const {
  NextFile made;
  made.number = number;
  std::string header;
  BudgetRecords(header).Header(boot_id, at);
  ASSIGN_OR_RETURN(File file,
                   File::Open(Path(kJournal, number), O_WRONLY | O_CREAT | O_TRUNC | O_APPEND));
  RETURN_IF_ERROR(file.WriteAll(header));
  RETURN_IF_ERROR(file.SyncData());
  RETURN_IF_ERROR(SyncFolder(folder_));
  made.file = std::make_shared<File>(std::move(file));
  made.bytes = header.size();
  return made;
}

absl::StatusOr<BudgetJournal::NextFile> BudgetJournal::Next(std::string_view boot_id,
                                                            UnixNanos at) const {
  return MakeJournal(number_ + 1, boot_id, at);
}

void BudgetJournal::Switch(NextFile next) {
  number_ = next.number;
  file_ = std::move(next.file);
  bytes_ = next.bytes;
}

absl::Status BudgetJournal::Fold(uint64_t before, std::string_view boot_id,
                                 int64_t lifetime_idle_ns) const {
  BudgetLedger ledger;
  RETURN_IF_ERROR(LoadFiles(before, boot_id, ledger).status());
  RETURN_IF_ERROR(
      WriteFileAtomic(Path(kSnapshot, before), EncodeLedger(ledger, boot_id, lifetime_idle_ns)));
  RemoveBefore(before);
  return absl::OkStatus();
}

void BudgetJournal::RemoveBefore(uint64_t number) const {
  const auto names = ListFolder(folder_);
  if (!names.ok()) return;
  for (const std::string& name : *names) {
    std::optional<uint64_t> of = NumberOf(name, kSnapshot);
    if (!of) of = NumberOf(name, kJournal);
    // Left behind, it is removed the next time: it no longer counts.
    if (of && *of < number) ::unlink(fmt::format("{}/{}", folder_, name).c_str());
  }
}

}  // namespace pitot
