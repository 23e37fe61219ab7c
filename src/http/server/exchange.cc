#include "http/server/exchange.h"

#include <utility>

#include "base/log.h"
#include "base/status.h"
#include "http/server.h"
#include "http/server/session.h"

namespace pitot {

template <typename Change>
void Exchange::Update(Change change) {
  Session* session = nullptr;
  {
    MutexLock lock(&mutex_);
    if (!change()) return;
    if (OnThread()) {
      session = session_;
    } else if (!posted_) {
      // Under the lock: Detach waits for it, so the session is still there.
      posted_ = true;
      session_->PostPump();
    }
  }
  if (session != nullptr) session->Pump();
}

Exchange::Callbacks Exchange::Forget() {
  MutexLock lock(&mutex_);
  return {std::exchange(on_writable_, nullptr), std::exchange(on_disconnect_, nullptr)};
}

void Exchange::Send(HttpResponse response) {
  const Callbacks forgotten = Forget();
  Update([&]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    if (detached_ || answered_) return false;
    answered_ = true;
    ended_ = true;
    head_ = std::move(response);
    return true;
  });
}

void Exchange::Begin(HttpResponse head) {
  Update([&]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    if (detached_ || answered_) return false;
    answered_ = true;
    streamed_ = true;
    queue_ = std::move(head.body);
    head_ = std::move(head);
    // A head alone waits for the end of this turn: mostly the first piece is at hand, and one
    // write costs half of two.
    if (queue_.empty() && OnThread() && !posted_) {
      posted_ = true;
      session_->PostPump();
    }
    return !queue_.empty() || !OnThread();
  });
}

bool Exchange::TryWrite(std::string& chunk) {
  bool taken = false;
  Update([&]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    if (detached_ || ended_ || !RoomLocked()) return false;
    taken = true;
    if (queue_.empty()) {
      queue_ = std::move(chunk);
    } else {
      queue_ += chunk;
    }
    chunk.clear();
    return !queue_.empty();
  });
  return taken;
}

bool Exchange::TryForward(std::string_view piece) {
  if (!OnThread()) {
    std::string chunk(piece);
    return TryWrite(chunk);
  }
  Session* session = nullptr;
  {
    MutexLock lock(&mutex_);
    if (detached_ || ended_ || !RoomLocked()) return false;
    session = session_;
    if (head_.has_value() || !queue_.empty() || writing_bytes_ > 0 || session->busy()) {
      queue_ += piece;
      piece = {};
    }
  }
  if (!piece.empty()) {
    session->Forward(piece);
  } else {
    session->Pump();
  }
  return true;
}

absl::Status Exchange::Write(std::string chunk) {
  while (!TryWrite(chunk)) {
    MutexLock lock(&mutex_);
    while (!RoomLocked() && !ended_) room_.Wait(mutex_);
    if (detached_ || ended_) return Error(absl::StatusCode::kCancelled, "the peer has gone");
  }
  return absl::OkStatus();
}

void Exchange::OnWritable(std::function<void()> callback) {
  {
    MutexLock lock(&mutex_);
    if (!RoomLocked()) {
      on_writable_ = std::move(callback);
      return;
    }
  }
  callback();
}

void Exchange::OnDisconnect(std::function<void()> callback) {
  bool gone = false;
  Update([&]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    gone = detached_;
    if (!gone) on_disconnect_ = std::move(callback);
    return !gone;  // The session knows whether the peer has left already.
  });
  if (gone) callback();
}

void Exchange::End() {
  const Callbacks forgotten = Forget();
  Update([&]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    ended_ = true;
    return !detached_;
  });
}

void Exchange::Abandon() {
  const Callbacks forgotten = Forget();
  bool unanswered = false;
  Update([&]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    if (detached_ || ended_) return false;
    unanswered = !answered_;
    if (unanswered) {
      answered_ = true;
      head_ = ErrorResponse(500, "the request was dropped without an answer");
    } else {
      cut_ = true;
    }
    ended_ = true;
    return true;
  });
  if (unanswered) LogError("http: a handler dropped a request without answering it");
}

bool Exchange::connected() const {
  MutexLock lock(&mutex_);
  return !detached_;
}

size_t Exchange::queued_bytes() const {
  MutexLock lock(&mutex_);
  return queue_.size() + writing_bytes_;
}

bool Exchange::Take(Work& work) {
  MutexLock lock(&mutex_);
  posted_ = false;
  if (detached_ || (!head_.has_value() && queue_.empty() && (!ended_ || end_taken_))) return false;
  work.head = std::exchange(head_, std::nullopt);
  work.streamed = streamed_;
  work.bytes = std::exchange(queue_, {});
  writing_bytes_ = work.bytes.size();
  work.end = end_taken_ = ended_;
  work.cut = cut_;
  return true;
}

void Exchange::Written(size_t left) {
  std::function<void()> writable;
  {
    MutexLock lock(&mutex_);
    writing_bytes_ = left;
    if (!RoomLocked()) return;
    room_.NotifyAll();
    writable = std::exchange(on_writable_, nullptr);
  }
  if (writable != nullptr) writable();
}

bool Exchange::watched() const {
  MutexLock lock(&mutex_);
  return streamed_ || on_disconnect_ != nullptr;
}

void Exchange::Detach(bool done) {
  std::function<void()> writable;
  std::function<void()> disconnect;
  {
    MutexLock lock(&mutex_);
    if (detached_) return;
    detached_ = true;
    room_.NotifyAll();
    queue_ = {};
    head_.reset();
    writable = std::exchange(on_writable_, nullptr);
    disconnect = std::exchange(on_disconnect_, nullptr);
  }
  if (writable != nullptr) writable();
  if (disconnect != nullptr && !done) disconnect();
}

Responder::Responder(std::shared_ptr<Exchange> exchange) : exchange_(std::move(exchange)) {}
Responder::~Responder() {
  if (exchange_ != nullptr) exchange_->Abandon();
}
Responder& Responder::operator=(Responder&& other) noexcept {
  if (exchange_ != nullptr && this != &other) exchange_->Abandon();
  exchange_ = std::move(other.exchange_);
  return *this;
}
void Responder::Send(HttpResponse response) {
  std::exchange(exchange_, nullptr)->Send(std::move(response));
}
ResponseStream Responder::Begin(HttpResponse head) {
  exchange_->Begin(std::move(head));
  return ResponseStream(std::exchange(exchange_, nullptr));
}
void Responder::OnDisconnect(std::function<void()> callback) {
  exchange_->OnDisconnect(std::move(callback));
}
bool Responder::connected() const { return exchange_->connected(); }

ResponseStream::ResponseStream(std::shared_ptr<Exchange> exchange)
    : exchange_(std::move(exchange)) {}
ResponseStream::~ResponseStream() {
  if (exchange_ != nullptr) exchange_->Abandon();
}
ResponseStream& ResponseStream::operator=(ResponseStream&& other) noexcept {
  if (exchange_ != nullptr && this != &other) exchange_->Abandon();
  exchange_ = std::move(other.exchange_);
  return *this;
}
bool ResponseStream::TryWrite(std::string& chunk) { return exchange_->TryWrite(chunk); }
bool ResponseStream::TryForward(std::string_view piece) { return exchange_->TryForward(piece); }
absl::Status ResponseStream::Write(std::string chunk) { return exchange_->Write(std::move(chunk)); }
void ResponseStream::OnWritable(std::function<void()> callback) {
  exchange_->OnWritable(std::move(callback));
}
bool ResponseStream::connected() const { return exchange_->connected(); }
size_t ResponseStream::queued_bytes() const { return exchange_->queued_bytes(); }
void ResponseStream::End() { std::exchange(exchange_, nullptr)->End(); }

}  // namespace pitot
