// tests/faults/pitot_process.h
//
// The real program in a child process: started, killed, stopped, measured. Ends with the test.
// `pitot` of $PITOT_BUILD_DIR, else of the folder above the test's; $PITOT_PROGRAM names another.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "http/client.h"
#include "tests/faults/poll.h"

namespace pitot {

// Not thread-safe, except for url() and port().
class PitotProcess {
 public:
  // Data, log and all else in `folder`. Listens on one free port for all of its life.
  explicit PitotProcess(std::string folder);
  ~PitotProcess() { Kill(); }
  PitotProcess(const PitotProcess&) = delete;
  PitotProcess& operator=(const PitotProcess&) = delete;

  // A setting for the next start: "ingest.batch_delay", "50ms".
  void Set(std::string_view setting, std::string value);
  void Unset(std::string_view setting);

  // Returns when /healthz answers. A failure of the test when it does not, with what it said.
  void Start();
  // SIGKILL, as the kernel out of memory would.
  void Kill();
  // SIGTERM. True when it ended well within a minute.
  bool Stop();
  bool Runs();

  std::string url(std::string_view path = "") const;
  uint16_t port() const { return port_; }
  std::string data_folder() const { return folder_ + "/data"; }

  // From /proc, of the process that runs: the largest resident size so far; its sockets.
  int64_t PeakBytes() const;
  size_t OpenSockets() const;
  // Every write beyond `bytes` of a file fails with EFBIG from now on; none: -1.
  void LimitFileSize(int64_t bytes);

  // What it wrote to standard error since the beginning, shortened.
  std::string Log() const;

 private:
  const std::string folder_;
  const uint16_t port_;
  std::map<std::string, std::string> environment_;
  pid_t pid_ = 0;
};

// The answer's body; a failure of the test when there is none or it is no 200.
std::string GetText(const PitotProcess& pitot, std::string_view path);
// Rows of POST /api/v1/sql as it writes them: "[1,2]", separated by ",\n".
std::string SqlRows(const PitotProcess& pitot, std::string_view sql);

// The number after the first `"key":` in `json` after `after`; -1 when there is none.
int64_t JsonNumber(std::string_view json, std::string_view key, std::string_view after = "");
// totals of /api/v1/receipts for one reason; 0 when it did not occur.
int64_t DropTotal(const PitotProcess& pitot, std::string_view name);

// Polls /api/v1/receipts until the store has all that was acknowledged. False after `wait`.
bool WaitForStore(const PitotProcess& pitot, std::chrono::seconds wait = std::chrono::seconds(60));

}  // namespace pitot
