#include "sdk/export/file_transport.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <system_error>
#include <thread>
#include <utility>

namespace pitot {
inline namespace sdk {
namespace {

// Others hold the lock for one write.
constexpr std::chrono::milliseconds kLockPatience{1'000};
constexpr std::chrono::milliseconds kLockPoll{2};
constexpr mode_t kMode = 0644;

std::string Failure(std::string_view doing, const std::string& path) {
  const int error = errno;
  return std::string(doing) + " " + path + ": " + std::generic_category().message(error);
}

// Whether nothing stands at the end of the file, or a whole line.
bool EndsWhole(int fd, off_t size) {
  char last = '\n';
  return size == 0 || (pread(fd, &last, 1, size - 1) == 1 && last == '\n');
}

}  // namespace

FileTransport::FileTransport(FileTarget target) : target_(std::move(target)) {}

FileTransport::~FileTransport() { Close(); }

// The lock belongs to what parent and child share: closing the child's end leaves it the parent's.
void FileTransport::AbandonInChild() { Close(); }

void FileTransport::Close() {
  if (fd_ >= 0) close(fd_);
  fd_ = -1;
}

Verdict FileTransport::Send(const SpanBatch& batch) {
  std::string error = Lock();
  if (error.empty()) error = Append(batch.bytes);
  if (fd_ >= 0) flock(fd_, LOCK_UN);
  if (error.empty()) return {};
  return {.kind = Verdict::Kind::kRefused,
          .reason = DropReason::kWriteFailed,
          .error = std::move(error)};
}

std::string FileTransport::Open() {
  if (fd_ >= 0) return {};
  // Read, too: to see how the file ends.
  fd_ = open(target_.path.c_str(), O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC, kMode);
  // Some files may be written only: a pipe, a device.
  if (fd_ < 0 && errno == EACCES) {
    fd_ = open(target_.path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, kMode);
  }
  return fd_ < 0 ? Failure("cannot open", target_.path) : "";
}

// Whether the open file is still the one the path names: another process may have rotated it, a person
// removed it.
bool FileTransport::IsCurrent() const {
  struct stat named = {};
  struct stat opened = {};
  return stat(target_.path.c_str(), &named) == 0 && fstat(fd_, &opened) == 0 &&
         named.st_ino == opened.st_ino && named.st_dev == opened.st_dev;
}

// The current file, open, and locked if it can be.
std::string FileTransport::Lock() {
  const auto until = std::chrono::steady_clock::now() + kLockPatience;
  while (true) {
    if (std::string error = Open(); !error.empty()) return error;
    locked_ = flock(fd_, LOCK_EX | LOCK_NB) == 0;
    const bool wait = !locked_ && (errno == EWOULDBLOCK || errno == EINTR) && !interrupted_ &&
                      std::chrono::steady_clock::now() < until;
    if (wait) {
      std::this_thread::sleep_for(kLockPoll);
      continue;
    }
    if (IsCurrent()) return {};
    Close();  // And locks the new one.
    if (std::chrono::steady_clock::now() >= until) {
      return "cannot open " + target_.path + ": it is replaced again and again";
    }
  }
}

std::string FileTransport::Append(const std::string& bytes) {
  struct stat status = {};
  if (fstat(fd_, &status) != 0) return Failure("cannot read the size of", target_.path);
  const bool regular = S_ISREG(status.st_mode);
  if (regular && locked_ && target_.rotate_bytes > 0 && status.st_size > 0 &&
      static_cast<uint64_t>(status.st_size) + bytes.size() > target_.rotate_bytes) {
    if (std::string error = Rotate(); !error.empty()) return error;
    if (fstat(fd_, &status) != 0) return Failure("cannot read the size of", target_.path);
  }
  std::string mended;
  if (regular && !EndsWhole(fd_, status.st_size)) mended = "\n" + bytes;
  std::string_view rest = mended.empty() ? bytes : mended;
  while (!rest.empty()) {
    const ssize_t written = write(fd_, rest.data(), rest.size());
    if (written > 0) {
      rest.remove_prefix(static_cast<size_t>(written));
      continue;
    }
    if (written < 0 && errno == EINTR) continue;
    const std::string error = Failure("cannot write to", target_.path);
    // A batch is all there or not at all. Where this fails the next write ends the line first.
    if (regular && locked_ && ftruncate(fd_, status.st_size) != 0) Close();
    return error;
  }
  return {};
}

// PATH.1 -> PATH.2, ..., PATH -> PATH.1, and a new PATH, locked.
std::string FileTransport::Rotate() {
  const std::string& path = target_.path;
  const auto numbered = [&](int n) { return n == 0 ? path : path + "." + std::to_string(n); };
  for (int n = target_.files_max - 1; n > 0; --n) {
    // What is not there need not be moved; what is there already is replaced.
    if (rename(numbered(n - 1).c_str(), numbered(n).c_str()) != 0 && errno != ENOENT) {
      return Failure("cannot rename", numbered(n - 1));
    }
  }
  if (target_.files_max == 1 && unlink(path.c_str()) != 0 && errno != ENOENT) {
    return Failure("cannot remove", path);
  }
  Close();
  return Lock();
}

}  // namespace sdk
}  // namespace pitot
