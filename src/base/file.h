// base/file.h
//
// Files with statuses instead of errno, and durability spelled out.
#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace pitot {

// Owns a file descriptor. Movable. Closing never fails loudly: whoever needs durability syncs.
class File {
 public:
  File() = default;
  explicit File(int fd) : fd_(fd) {}
  File(File&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  File& operator=(File&& other) noexcept;
  ~File();

  // Flags and mode as open(2); O_CLOEXEC is added.
  static absl::StatusOr<File> Open(const std::string& path, int flags, int mode = 0640);

  int fd() const { return fd_; }
  bool is_open() const { return fd_ >= 0; }

  absl::Status WriteAll(std::string_view data);  // At the file's position.
  absl::StatusOr<size_t> ReadAt(uint64_t offset, char* to,
                                size_t bytes) const;  // Short at the end.
  absl::Status SyncData();                            // fdatasync
  absl::StatusOr<uint64_t> Size() const;
  absl::Status Truncate(uint64_t bytes);

 private:
  int fd_ = -1;
};

absl::StatusOr<std::string> ReadFile(const std::string& path);
// Replaces `path` atomically and durably: temporary file, fsync, rename, fsync of the folder.
absl::Status WriteFileAtomic(const std::string& path, std::string_view content);
absl::Status SyncFolder(const std::string& path);
absl::Status MakeFolders(const std::string& path, int mode = 0750);
// Names (not paths) of the entries, sorted; an absent folder has none.
absl::StatusOr<std::vector<std::string>> ListFolder(const std::string& path);
// Free bytes of the file system that holds `path`.
absl::StatusOr<uint64_t> FreeBytes(const std::string& path);

// Exclusive lock on PATH for the life of the object (flock), so that two servers never share a data
// folder. kFailedPrecondition when another process holds it.
absl::StatusOr<File> LockFile(const std::string& path);

}  // namespace pitot
