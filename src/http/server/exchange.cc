#include "http/server/exchange.h"

#include <utility>

#include "base/log.h"
#include "base/status.h"
#include "http/server.h"

namespace pitot {

template <typename Change>
void Exchange::Update(Change change) {
  MutexLock lock(&mutex_);
  if (!change()) return;
  // Called under the lock: Detach waits for it, so the session is still there. It only posts.
  if (wake_ != nullptr) std::exchange(wake_, nullptr)();
}

void Exchange::Send(HttpResponse response) {
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
    return true;
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
    return !gone;  // The session starts to watch.
  });
  if (gone) callback();
}

void Exchange::End() {
  Update([&]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    ended_ = true;
    return !detached_;
  });
}

void Exchange::Abandon() {
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

Exchange::Work Exchange::Take(std::function<void()> wake) {
  MutexLock lock(&mutex_);
  Work work;
  if (head_.has_value()) {
    work.head = std::move(head_);
    head_.reset();
  }
  work.streamed = streamed_;
  work.bytes = std::exchange(queue_, {});
  writing_bytes_ = work.bytes.size();
  work.end = ended_;
  work.cut = cut_;
  work.watch = streamed_ || on_disconnect_ != nullptr;
  wake_ = work.any() ? nullptr : std::move(wake);
  return work;
}

void Exchange::Written() {
  std::function<void()> writable;
  {
    MutexLock lock(&mutex_);
    writing_bytes_ = 0;
    room_.NotifyAll();
    if (RoomLocked()) writable = std::exchange(on_writable_, nullptr);
  }
  if (writable != nullptr) writable();
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
    wake_ = nullptr;
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
bool ResponseStream::TryForward(std::string_view piece) {
  std::string chunk(piece);
  return exchange_->TryWrite(chunk);
}
absl::Status ResponseStream::Write(std::string chunk) { return exchange_->Write(std::move(chunk)); }
void ResponseStream::OnWritable(std::function<void()> callback) {
  exchange_->OnWritable(std::move(callback));
}
bool ResponseStream::connected() const { return exchange_->connected(); }
size_t ResponseStream::queued_bytes() const { return exchange_->queued_bytes(); }
void ResponseStream::End() { std::exchange(exchange_, nullptr)->End(); }

}  // namespace pitot
