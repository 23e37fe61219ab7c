// sdk/export/file_transport.h
//
// Batches of whole lines, appended to a file that is rotated by its size: PATH, PATH.1 (the one before),
// PATH.2, ... Several processes may write to one PATH, a fork's parent and child say.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>

#include "sdk/export/outbox.h"

namespace pitot {
inline namespace sdk {

struct FileTarget {
  std::string path;
  uint64_t rotate_bytes = 0;  // 0: never.
  int files_max = 1;          // With the current one.
};

// Each batch is one write at the end of the file, under the file's lock (flock): lines of several
// writers do not mix, and rotation happens once. Where there are no locks lines are still whole, as a
// write to the end of a file is one step, but the file is not rotated. A line that was cut short, by a full disk or by a
// program that was killed while it wrote, is taken back, or else ended before anything follows it.
// What cannot be written is refused as kWriteFailed; the next batch is tried anew.
class FileTransport : public Transport {
 public:
  explicit FileTransport(FileTarget target);
  ~FileTransport() override;
  FileTransport(const FileTransport&) = delete;
  FileTransport& operator=(const FileTransport&) = delete;

  Verdict Send(const SpanBatch& batch) override;
  void Interrupt() override { interrupted_ = true; }
  void AbandonInChild() override;

 private:
  // Each returns "" or what went wrong.
  std::string Open();
  std::string Lock();
  std::string Append(const std::string& bytes);
  std::string Rotate();

  bool IsCurrent() const;
  void Close();

  const FileTarget target_;
  std::atomic<bool> interrupted_ = false;
  int fd_ = -1;
  bool locked_ = false;
};

}  // namespace sdk
}  // namespace pitot
