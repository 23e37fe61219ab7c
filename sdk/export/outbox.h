// sdk/export/outbox.h
//
// An exporter with a thread of its own: encodes what the collector hands over, queues it in bytes, and
// makes one request after another, in the order the spans came, trying again what may yet succeed.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "pitot/exporters.h"
#include "sdk/export/drop_reason.h"
#include "sdk/export/exporter.h"
#include "sdk/export/span_encoder.h"

namespace pitot {
inline namespace sdk {

// What one request carries.
struct SpanBatch {
  std::string bytes;           // Spans as SpanEncoder::Append gave them.
  std::vector<uint32_t> ends;  // Of each span in `bytes`.
  bool announcements = false;  // Of spans that run; they count nowhere.
  std::chrono::steady_clock::time_point taken;
  uint64_t number = 0;  // In the order they came; halves of one batch have the same.
  int attempts = 0;

  uint64_t counted() const { return announcements ? 0 : ends.size(); }
  size_t memory() const {
    return sizeof(*this) + bytes.capacity() + ends.capacity() * sizeof(uint32_t);
  }
};

// How a request came out.
struct Verdict {
  enum class Kind : uint8_t {
    kSent,
    kRetry,     // Not now.
    kRefused,   // Never: dropped as `reason`.
    kTooLarge,  // Perhaps in halves.
  };

  Kind kind = Kind::kSent;
  DropReason reason = DropReason::kRefused;
  uint64_t rejected = 0;  // Of kSent: spans the receiver did not keep.
  std::optional<std::chrono::milliseconds> retry_after = {};
  std::optional<bool> takes_running = {};  // Whether the receiver wants announcements, if it said.
  std::string error = {};                  // For people; empty: all is well.
};

// Where an outbox sends to. Send is called by the outbox's thread only.
class Transport {
 public:
  virtual ~Transport() = default;
  // An empty batch asks whether the receiver takes announcements.
  virtual Verdict Send(const SpanBatch& batch) = 0;
  // From another thread: Send ends soon, this one and later ones.
  virtual void Interrupt() {}
  // In a child process: closes what was the parent's. Nothing else is called then, not even the
  // destructor.
  virtual void AbandonInChild() {}
};

struct OutboxOptions {
  std::string name;
  Delivery delivery = {};
  bool announces = false;  // See Exporter::wants_running.
  size_t request_bytes_max = size_t{4} << 20;
  std::function<std::unique_ptr<Transport>()> make_transport;
};

class Outbox : public Exporter {
 public:
  Outbox(OutboxOptions options, std::shared_ptr<SpanEncoder> encoder, Problems& problems);
  ~Outbox() override;

  std::string_view name() const override { return options_.name; }
  bool wants_running() const override;
  void Start() override;
  void Take(std::span<const SpanData> spans) override;
  bool Flush(Deadline deadline) override;
  void Stop(Deadline deadline) override;
  ExporterStats Stats() const override;
  void PrepareFork() override;
  void ParentAfterFork() override;
  void ChildAfterFork() override;

 private:
  struct State;

  void StartThread(State& state);
  void Push(bool announcements);

  const OutboxOptions options_;
  const std::shared_ptr<SpanEncoder> encoder_;
  Problems& problems_;

  std::mutex take_mutex_;  // Held while encoding, so that a fork finds nothing half done.
  std::string scratch_;    // Guarded by take_mutex_; as `ends_`: the batch that is being made.
  std::vector<uint32_t> ends_;

  std::shared_ptr<State> state_;  // Also the thread's. Another one in a child process.
  std::thread thread_;
};

}  // namespace sdk
}  // namespace pitot
