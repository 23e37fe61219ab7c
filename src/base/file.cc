#include "base/file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <utility>

#include "base/status.h"

namespace pitot {

File& File::operator=(File&& other) noexcept {
  if (this != &other) {
    if (fd_ >= 0) ::close(fd_);
    fd_ = std::exchange(other.fd_, -1);
  }
  return *this;
}

File::~File() {
  if (fd_ >= 0) ::close(fd_);
}

absl::StatusOr<File> File::Open(const std::string& path, int flags, int mode) {
  const int fd = ::open(path.c_str(), flags | O_CLOEXEC, mode);
  if (fd < 0) return ErrnoStatus("open " + path, errno);
  return File(fd);
}

absl::Status File::WriteAll(std::string_view data) {
  while (!data.empty()) {
    const ssize_t n = ::write(fd_, data.data(), data.size());
    if (n < 0) {
      if (errno == EINTR) continue;
      return ErrnoStatus("write", errno);
    }
    data.remove_prefix(static_cast<size_t>(n));
  }
  return absl::OkStatus();
}

absl::StatusOr<size_t> File::ReadAt(uint64_t offset, char* to, size_t bytes) const {
  size_t done = 0;
  while (done < bytes) {
    const ssize_t n = ::pread(fd_, to + done, bytes - done, static_cast<off_t>(offset + done));
    if (n < 0) {
      if (errno == EINTR) continue;
      return ErrnoStatus("read", errno);
    }
    if (n == 0) break;
    done += static_cast<size_t>(n);
  }
  return done;
}

absl::Status File::SyncData() {
  if (::fdatasync(fd_) != 0) return ErrnoStatus("fdatasync", errno);
  return absl::OkStatus();
}

absl::StatusOr<uint64_t> File::Size() const {
  struct stat info {};
  if (::fstat(fd_, &info) != 0) return ErrnoStatus("fstat", errno);
  return static_cast<uint64_t>(info.st_size);
}

absl::Status File::Truncate(uint64_t bytes) {
  if (::ftruncate(fd_, static_cast<off_t>(bytes)) != 0) return ErrnoStatus("ftruncate", errno);
  return absl::OkStatus();
}

absl::StatusOr<std::string> ReadFile(const std::string& path) {
  auto file = File::Open(path, O_RDONLY);
  if (!file.ok()) return file.status();
  const auto size = file->Size();
  if (!size.ok()) return size.status();
  std::string content(*size, '\0');
  const auto read = file->ReadAt(0, content.data(), content.size());
  if (!read.ok()) return Annotate(read.status(), path);
  content.resize(*read);
  return content;
}

absl::Status WriteFileAtomic(const std::string& path, std::string_view content) {
  const std::string temporary = path + ".tmp";
  {
    ASSIGN_OR_RETURN(File file, File::Open(temporary, O_WRONLY | O_CREAT | O_TRUNC));
    RETURN_IF_ERROR(Annotate(file.WriteAll(content), temporary));
    RETURN_IF_ERROR(Annotate(file.SyncData(), temporary));
  }
  if (::rename(temporary.c_str(), path.c_str()) != 0) {
    return ErrnoStatus("rename to " + path, errno);
  }
  return SyncFolder(std::filesystem::path(path).parent_path().string());
}

absl::Status SyncFolder(const std::string& path) {
  ASSIGN_OR_RETURN(File folder, File::Open(path.empty() ? "." : path, O_RDONLY | O_DIRECTORY));
  if (::fsync(folder.fd()) != 0) return ErrnoStatus("fsync " + path, errno);
  return absl::OkStatus();
}

absl::Status MakeFolders(const std::string& path, int mode) {
  std::string prefix;
  for (const auto& part : std::filesystem::path(path)) {
    prefix = prefix.empty() ? part.string() : (std::filesystem::path(prefix) / part).string();
    if (prefix.empty() || prefix == "/") continue;
    if (::mkdir(prefix.c_str(), mode) != 0 && errno != EEXIST) {
      return ErrnoStatus("mkdir " + prefix, errno);
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<std::vector<std::string>> ListFolder(const std::string& path) {
  std::vector<std::string> names;
  std::error_code error;
  for (std::filesystem::directory_iterator it(path, error), end; !error && it != end;
       it.increment(error)) {
    names.push_back(it->path().filename().string());
  }
  if (error && error != std::errc::no_such_file_or_directory) {
    return ErrnoStatus("list " + path, error.value());
  }
  std::sort(names.begin(), names.end());
  return names;
}

absl::StatusOr<uint64_t> FreeBytes(const std::string& path) {
  struct statvfs info {};
  if (::statvfs(path.c_str(), &info) != 0) return ErrnoStatus("statvfs " + path, errno);
  return static_cast<uint64_t>(info.f_bavail) * info.f_frsize;
}

absl::StatusOr<File> LockFile(const std::string& path) {
  ASSIGN_OR_RETURN(File file, File::Open(path, O_RDWR | O_CREAT));
  if (::flock(file.fd(), LOCK_EX | LOCK_NB) != 0) {
    if (errno == EWOULDBLOCK) {
      return absl::FailedPreconditionError(path +
                                           " is locked: another pitot uses this data folder");
    }
    return ErrnoStatus("lock " + path, errno);
  }
  return file;
}

}  // namespace pitot
