#include "sdk/export/outbox.h"

#include <pthread.h>
#include <signal.h>

#include <new>
#include <system_error>
#include <utility>

#include "sdk/export/outbox_state.h"

namespace pitot {
inline namespace sdk {
namespace {

using Clock = std::chrono::steady_clock;

// An interrupted request ends within a moment; a disk that hangs may never.
constexpr std::chrono::milliseconds kInterruptGrace{1'000};
// Kept for the next batch; larger ones are rare.
constexpr size_t kScratchBytesMax = size_t{8} << 20;

}  // namespace

Outbox::Outbox(OutboxOptions options, std::shared_ptr<SpanEncoder> encoder, Problems& problems)
    : options_(std::move(options)),
      encoder_(std::move(encoder)),
      problems_(problems),
      state_(std::make_shared<State>(options_, problems)) {}

Outbox::~Outbox() { Stop(Clock::now()); }

bool Outbox::wants_running() const {
  if (!options_.announces) return false;
  std::lock_guard lock(state_->mutex);
  return state_->takes_running.value_or(true);
}

void Outbox::Start() {
  std::lock_guard lock(state_->mutex);
  StartThread(*state_);
}

// Under the state's mutex. Where no thread can be had the next call tries again.
void Outbox::StartThread(State& state) {
  if (thread_.joinable() || state.abandon) return;
  // Signals are the program's. It also keeps SIGXFSZ from ending the program for a file at its limit.
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  try {
    thread_ = std::thread([state_of_thread = state_] { state_of_thread->Run(); });
  } catch (const std::system_error& error) {
    state.stats.last_error = error.what();
  }
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

void Outbox::Take(std::span<const SpanData> spans) {
  std::lock_guard lock(take_mutex_);
  scratch_.clear();
  ends_.clear();
  bool announcements = false;
  for (const SpanData& span : spans) {
    const bool announcement = span.status == SpanStatus::kRunning;
    if (announcement != announcements || scratch_.size() >= options_.request_bytes_max) {
      Push(announcements);
    }
    announcements = announcement;
    const size_t begin = scratch_.size();
    encoder_->Append(span, scratch_);
    if (scratch_.size() > options_.request_bytes_max && begin > 0) {
      // It goes alone or with what follows: what was there before goes without it.
      const std::string last = scratch_.substr(begin);
      scratch_.resize(begin);
      Push(announcements);
      scratch_ = last;
    }
    ends_.push_back(static_cast<uint32_t>(scratch_.size()));
  }
  Push(announcements);
  if (scratch_.capacity() > kScratchBytesMax) std::string().swap(scratch_);
}

// Queues what was encoded.
void Outbox::Push(bool announcements) {
  if (ends_.empty()) return;
  SpanBatch batch{.bytes = scratch_, .ends = ends_, .announcements = announcements};
  batch.taken = Clock::now();
  scratch_.clear();
  ends_.clear();
  std::unique_lock lock(state_->mutex);
  if (state_->stopping) return state_->Drop(lock, DropReason::kStopped, batch.counted());
  if (state_->queue_bytes + batch.memory() > options_.delivery.queue_bytes_max) {
    return state_->Drop(lock, DropReason::kQueueFull, batch.counted());
  }
  batch.number = ++state_->last_number;
  state_->Add(std::move(batch));
  StartThread(*state_);
  state_->work.notify_one();
}

bool Outbox::Flush(Deadline deadline) {
  const std::shared_ptr<State> state = state_;
  std::unique_lock lock(state->mutex);
  const uint64_t last = state->last_number;
  // And said, what there is to say of it.
  const auto done = [&] {
    return (state->queue.empty() || state->queue.front().number > last) && state->telling == 0;
  };
  if (done()) return true;
  StartThread(*state);
  state->hurry = true;
  state->work.notify_one();
  return state->changed.wait_until(lock, deadline, [&] { return done() || state->ended; }) &&
         done();
}

void Outbox::Stop(Deadline deadline) {
  State& state = *state_;
  std::unique_lock lock(state.mutex);
  state.stopping = true;
  state.hurry = true;
  state.work.notify_one();
  if (thread_.joinable()) {
    state.changed.wait_until(lock, deadline, [&] { return state.ended; });
    state.abandon = true;
    state.work.notify_one();
    state.transport->Interrupt();
    const auto ended = [&] { return state.ended; };
    if (state.changed.wait_for(lock, kInterruptGrace, ended)) {
      lock.unlock();
      thread_.join();
      lock.lock();
    } else {
      // It hangs in the system. It keeps what it needs and ends when the system lets it.
      state.changed.wait(lock, [&] { return state.telling == 0; });
      thread_.detach();
    }
  }
  state.abandon = true;
  const uint64_t left = state.queue_spans;
  state.queue.clear();
  state.queue_bytes = 0;
  state.queue_spans = 0;
  if (left > 0) state.stats.dropped[std::string(Name(DropReason::kStopped))] += left;
  state.problems = nullptr;
}

ExporterStats Outbox::Stats() const {
  std::lock_guard lock(state_->mutex);
  ExporterStats stats = state_->stats;
  stats.queued = state_->queue_spans;
  return stats;
}

void Outbox::PrepareFork() {
  take_mutex_.lock();
  state_->mutex.lock();
}

void Outbox::ParentAfterFork() {
  state_->mutex.unlock();
  take_mutex_.unlock();
}

void Outbox::ChildAfterFork() {
  // The thread is not here, and what it shared stays as it was at that moment, in use for ever: its
  // locks, its queue and the thread's handle are left alone, and others put in their place.
  const bool stopped = state_->abandon;
  state_->transport->AbandonInChild();
  new (&thread_) std::thread();
  new (&state_) std::shared_ptr<State>(std::make_shared<State>(options_, problems_));
  state_->abandon = stopped;
  state_->stopping = stopped;
  take_mutex_.unlock();
}

}  // namespace sdk
}  // namespace pitot
