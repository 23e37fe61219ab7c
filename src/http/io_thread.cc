#include "http/io_thread.h"

#include <pthread.h>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <utility>

#include "http/io_core.h"

namespace pitot {
namespace asio = boost::asio;

namespace {

thread_local IoThread* current = nullptr;

}  // namespace

void IoThread::Core::Run(IoThread& self) {
  current = &self;
  ::pthread_setname_np(::pthread_self(), "http_io");  // For profiles and top -H.
  const auto work = asio::make_work_guard(context_);
  context_.run();
  current = nullptr;
}

void IoThread::Core::Stop() {
  {
    MutexLock lock(&mutex_);
    stopped_ = true;
  }
  context_.stop();
}

void IoThread::Core::Clear() {
  std::vector<std::function<void()>> posted;
  {
    MutexLock lock(&mutex_);
    posted.swap(posted_);
  }
  posted.clear();
  for (const auto& [id, guest] : guests_) {
    if (guest != nullptr) guest->ThreadStopped();
  }
  guests_.clear();
}

void IoThread::Core::Post(std::function<void()> work) {
  MutexLock lock(&mutex_);
  if (stopped_) return;
  posted_.push_back(std::move(work));
  if (posted_.size() == 1) asio::post(context_, [this] { RunPosted(); });
}

void IoThread::Core::RunPosted() {
  std::vector<std::function<void()>> posted;
  {
    MutexLock lock(&mutex_);
    posted.swap(posted_);
  }
  for (std::function<void()>& work : posted) std::exchange(work, nullptr)();
}

IoThread::IoThread() : core_(std::make_unique<Core>()) {}
IoThread::~IoThread() = default;
IoThread* IoThread::Current() { return current; }
void IoThread::Post(std::function<void()> work) { core_->Post(std::move(work)); }

struct IoTimer::State {
  explicit State(asio::io_context& context) : timer(context) {}
  asio::steady_timer timer;
  std::function<void()> work;
  uint64_t round = 0;  // A completion of an earlier one, already queued, is not ours.
};

IoTimer::IoTimer(IoThread& thread) : state_(std::make_shared<State>(thread.core().context())) {}
IoTimer::~IoTimer() { Cancel(); }

void IoTimer::After(std::chrono::nanoseconds time, std::function<void()> work) {
  state_->work = std::move(work);
  state_->timer.expires_after(time);
  state_->timer.async_wait(
      [weak = std::weak_ptr<State>(state_), round = ++state_->round](const auto& error) {
        const std::shared_ptr<State> state = weak.lock();
        if (error || state == nullptr || state->round != round) return;
        std::exchange(state->work, nullptr)();
      });
}

void IoTimer::Cancel() {
  ++state_->round;
  state_->work = nullptr;
  state_->timer.cancel();
}

}  // namespace pitot
