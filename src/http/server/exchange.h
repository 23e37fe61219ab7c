// http/server/exchange.h
//
// Internal to http/: one request's reply on its way from the handler (any thread) to the session
// (an I/O thread). Thread-safe. On the session's own thread a change goes out inside the call that
// made it; from elsewhere it is posted.
#pragma once

#include <absl/status/status.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/mutex.h"
#include "http/io_thread.h"
#include "http/memory_budget.h"
#include "http/message.h"

namespace pitot {

class Session;

class Exchange {
 public:
  // `session` calls Detach before it ends.
  Exchange(Session& session, const IoThread& thread, std::shared_ptr<MemoryBudget> memory,
           size_t stream_bytes)
      : lease_(std::move(memory)),
        stream_bytes_(stream_bytes),
        thread_(&thread),
        session_(&session) {}

  // The handler's side; see Responder and ResponseStream.
  void Send(HttpResponse response);
  void Begin(HttpResponse head);
  bool TryWrite(std::string& chunk);
  bool TryForward(std::string_view piece);
  absl::Status Write(std::string chunk);
  void OnWritable(std::function<void()> callback);
  void OnDisconnect(std::function<void()> callback);
  void End();
  void Abandon();
  bool connected() const;
  size_t queued_bytes() const;

  // The session's side, on its thread.
  struct Work {
    std::optional<HttpResponse> head;  // Once: the whole reply, or the head of a stream.
    bool streamed = false;             // More follows.
    std::string bytes;                 // Of the stream.
    bool end = false;
    bool cut = false;  // The producer gave up: close without an end.
  };
  // False: there is nothing to do now.
  bool Take(Work& work);
  // Of the bytes handed over, `left` still wait for the socket.
  void Written(size_t left);
  // Somebody wants to know when the peer goes away, or writes to it piece by piece.
  bool watched() const;
  // The peer or the session is gone; with `done` the reply was complete.
  void Detach(bool done);

  // Memory of the request's body, held until the reply is done and the handler let go. Used by the
  // session only.
  MemoryLease& lease() { return lease_; }

 private:
  bool RoomLocked() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    return detached_ || queue_.size() + writing_bytes_ < stream_bytes_;
  }
  // What the handler wanted to hear of while it was at it. It is destroyed without the lock: it may
  // hold the last reference to somebody who holds us.
  struct Callbacks {
    std::function<void()> writable;
    std::function<void()> disconnect;
  };
  Callbacks Forget();
  bool OnThread() const { return IoThread::Current() == thread_; }
  // Runs `change` under the lock, then lets the session look if it says true.
  template <typename Change>
  void Update(Change change);

  MemoryLease lease_;
  const size_t stream_bytes_;
  const IoThread* const thread_;  // Compared only.
  mutable Mutex mutex_;
  CondVar room_;                                 // A blocked Write may look again.
  Session* session_ ABSL_GUARDED_BY(mutex_);     // Valid until detached_.
  bool posted_ ABSL_GUARDED_BY(mutex_) = false;  // The session will look.
  std::optional<HttpResponse> head_ ABSL_GUARDED_BY(mutex_);
  bool answered_ ABSL_GUARDED_BY(mutex_) = false;
  bool streamed_ ABSL_GUARDED_BY(mutex_) = false;
  bool ended_ ABSL_GUARDED_BY(mutex_) = false;
  bool end_taken_ ABSL_GUARDED_BY(mutex_) = false;
  bool cut_ ABSL_GUARDED_BY(mutex_) = false;
  bool detached_ ABSL_GUARDED_BY(mutex_) = false;
  std::string queue_ ABSL_GUARDED_BY(mutex_);
  size_t writing_bytes_ ABSL_GUARDED_BY(mutex_) = 0;
  std::function<void()> on_writable_ ABSL_GUARDED_BY(mutex_);
  std::function<void()> on_disconnect_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace pitot
