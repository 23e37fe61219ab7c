// tests/faults/crash_load.h
//
// Several senders that post the spans of agents' runs while the program is killed under them, and
// remember what was acknowledged. A run's spans come in any order, split over requests that carry
// other runs too; some come twice, in another request. A request is tried again, unchanged, until
// it is acknowledged; some are given up, and some are sent a first time without waiting for a reply.
#pragma once

#include <atomic>
#include <map>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "base/mutex.h"
#include "store/store.h"
#include "tests/faults/otlp_body.h"
#include "tests/faults/pitot_process.h"

namespace pitot {

class CrashLoad {
 public:
  struct Sent {
    std::string trace;
    int64_t cost = -1;  // Nano-USD; -1: no call.
    bool acknowledged = false;
  };

  CrashLoad(const PitotProcess& pitot, uint32_t seed) : pitot_(pitot), seed_(seed) {}
  ~CrashLoad() { Finish(); }

  void Start(int senders);
  // The senders end once their last request is acknowledged: the program must be running.
  void Finish();

  // Every span must be in the store's every table as often as it should: a failure of the test
  // names what is not. Only after Finish, and with everything flushed.
  void Check(Engine& engine) const;

  int64_t acknowledged_spans() const;
  int64_t requests() const { return requests_; }
  int64_t retries() const { return retries_; }

 private:
  void SendLoop(uint32_t sender);
  std::vector<OtlpSpan> MakeRun(uint64_t number, std::mt19937& random);
  void Post(HttpClient& client, const std::vector<OtlpSpan>& spans, std::mt19937& random);
  void Acknowledge(const std::vector<OtlpSpan>& spans);
  void CheckFacts(Engine& engine) const;
  void CheckTraces(Engine& engine) const;

  const PitotProcess& pitot_;
  const uint32_t seed_;
  std::atomic<bool> stopping_{false};
  std::atomic<int64_t> requests_{0};
  std::atomic<int64_t> retries_{0};

  mutable Mutex mutex_;
  std::map<std::string, Sent> sent_ ABSL_GUARDED_BY(mutex_);  // By trace and span id.

  std::vector<std::jthread> senders_;  // Last: joined before anything they use is gone.
};

}  // namespace pitot
