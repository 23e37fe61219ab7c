#include "store/engine/engine_writes.h"

#include <dlfcn.h>
#include <fmt/format.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <thread>

#include "base/log.h"

// libchdb is not instrumented, so no sanitized program loads it; and sanitizers bring a write() too.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define PITOT_SANITIZED
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define PITOT_SANITIZED
#endif
#endif

namespace pitot {
namespace {

std::atomic<const void*> library_base{nullptr};
std::atomic<int> waiting{0};     // Writes that are being tried again.
std::atomic<int> last_error{0};  // Of any of them.

#ifndef PITOT_SANITIZED
constexpr std::chrono::milliseconds kTryAgain{200};

// Conditions of a disk, which pass. Pipes and sockets do not have them.
bool IsDiskError(int error) {
  return error == ENOSPC || error == EDQUOT || error == EFBIG || error == EIO;
}

bool IsInLibrary(const void* address) {
  const void* base = library_base;
  Dl_info info = {};
  return base != nullptr && dladdr(address, &info) != 0 && info.dli_fbase == base;
}

ssize_t TryAgain(int fd, const void* bytes, size_t count, int error) {
  last_error = error;
  if (waiting.fetch_add(1) == 0) {
    LogError("store: write: {}: inserts and merges wait until it is possible",
             std::strerror(error));
  }
  long written = -1;
  do {
    std::this_thread::sleep_for(kTryAgain);
    written = syscall(SYS_write, fd, bytes, count);
  } while (written < 0 && IsDiskError(errno));
  const int result = errno;
  waiting.fetch_sub(1);
  errno = result;
  return written;
}
#endif

}  // namespace

void GuardEngineWrites(const void* library_address) {
  Dl_info info = {};
  if (dladdr(library_address, &info) != 0) library_base = info.dli_fbase;
}

std::string EngineWriteTrouble() {
  if (waiting == 0) return "";
  return fmt::format("the disk of the store refuses writes: {}", std::strerror(last_error));
}

}  // namespace pitot

#ifndef PITOT_SANITIZED
extern "C" ssize_t write(int fd, const void* bytes, size_t count) {
  const long written = syscall(SYS_write, fd, bytes, count);
  if (written >= 0 || !pitot::IsDiskError(errno) ||
      !pitot::IsInLibrary(__builtin_return_address(0))) {
    return written;
  }
  return pitot::TryAgain(fd, bytes, count, errno);
}
#endif
