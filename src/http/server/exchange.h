// http/server/exchange.h
//
// Internal to http/: one request's reply on its way from the handler (any thread) to the session
// (an I/O thread). Thread-safe.
#pragma once

#include <absl/status/status.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/mutex.h"
#include "http/memory_budget.h"
#include "http/message.h"

namespace pitot {

class Exchange {
 public:
  Exchange(std::shared_ptr<MemoryBudget> memory, size_t stream_bytes)
      : lease_(std::move(memory)), stream_bytes_(stream_bytes) {}

  // The handler's side; see Responder and ResponseStream.
  void Send(HttpResponse response);
  void Begin(HttpResponse head);
  bool TryWrite(std::string& chunk);
  absl::Status Write(std::string chunk);
  void OnWritable(std::function<void()> callback);
  void OnDisconnect(std::function<void()> callback);
  void End();
  void Abandon();
  bool connected() const;
  size_t queued_bytes() const;

  // The session's side. `wake` is called, from any thread, when something changed while the session
  // waits; it is dropped by Detach, after which the session may be gone.
  struct Work {
    std::optional<HttpResponse> head;  // Once: the whole reply, or the head of a stream.
    bool streamed = false;             // More follows.
    std::string bytes;                 // Of the stream.
    bool end = false;
    bool cut = false;    // The producer gave up: close without an end.
    bool watch = false;  // Somebody wants to know when the peer goes away.
    bool any() const { return head.has_value() || !bytes.empty() || end || cut; }
  };
  // Takes what is there. Nothing: `wake` will be called.
  Work Take(std::function<void()> wake);
  // The bytes of the last Work were written.
  void Written();
  // The peer or the session is gone; with `done` the reply was complete.
  void Detach(bool done);

  // Memory of the request's body, held until the reply is done and the handler let go. Used by the
  // session only.
  MemoryLease& lease() { return lease_; }

 private:
  bool RoomLocked() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    return detached_ || queue_.size() + writing_bytes_ < stream_bytes_;
  }
  // Runs `change` under the lock, then wakes the session if it waits.
  template <typename Change>
  void Update(Change change);

  MemoryLease lease_;
  const size_t stream_bytes_;
  mutable Mutex mutex_;
  CondVar room_;  // A blocked Write may look again.
  std::optional<HttpResponse> head_ ABSL_GUARDED_BY(mutex_);
  bool answered_ ABSL_GUARDED_BY(mutex_) = false;
  bool streamed_ ABSL_GUARDED_BY(mutex_) = false;
  bool ended_ ABSL_GUARDED_BY(mutex_) = false;
  bool cut_ ABSL_GUARDED_BY(mutex_) = false;
  bool detached_ ABSL_GUARDED_BY(mutex_) = false;
  std::string queue_ ABSL_GUARDED_BY(mutex_);
  size_t writing_bytes_ ABSL_GUARDED_BY(mutex_) = 0;
  std::function<void()> wake_ ABSL_GUARDED_BY(mutex_);
  std::function<void()> on_writable_ ABSL_GUARDED_BY(mutex_);
  std::function<void()> on_disconnect_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace pitot
