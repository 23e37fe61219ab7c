#include "sdk/export/outbox_state.h"

#include <pthread.h>

#include <algorithm>
#include <array>
#include <utility>

#include "sdk/base/random.h"

namespace pitot {
inline namespace sdk {
namespace {

using Clock = std::chrono::steady_clock;

std::string Spans(uint64_t count) {
  return std::to_string(count) + (count == 1 ? " span" : " spans");
}

// Full jitter: anything up to the step, so that programs that failed together do not come back
// together.
std::chrono::milliseconds Backoff(const Delivery& delivery, int failures) {
  std::chrono::milliseconds step = std::min(delivery.backoff_first, delivery.backoff_max);
  for (int i = 1; i < failures && step < delivery.backoff_max; ++i) {
    step = std::min(step * 2, delivery.backoff_max);
  }
  const auto wait = static_cast<int64_t>(static_cast<double>(step.count()) * RandomUnit());
  return std::chrono::milliseconds(std::max<int64_t>(1, wait));
}

// `from` to `to` of its spans, as a batch of their own.
SpanBatch Part(const SpanBatch& batch, size_t from, size_t to) {
  const uint32_t begin = from == 0 ? 0 : batch.ends[from - 1];
  SpanBatch part;
  part.bytes = batch.bytes.substr(begin, batch.ends[to - 1] - begin);
  for (size_t i = from; i < to; ++i) part.ends.push_back(batch.ends[i] - begin);
  part.announcements = batch.announcements;
  part.taken = batch.taken;
  part.number = batch.number;
  return part;
}

}  // namespace

void Outbox::State::Run() {
  pthread_setname_np(pthread_self(), "pitot-export");
  std::unique_lock lock(mutex);
  while (!abandon) {
    if (queue.empty()) {
      changed.notify_all();
      if (stopping) break;
      work.wait(lock, [&] { return abandon || stopping || !queue.empty(); });
    } else if (Due(lock)) {
      SendFirst(lock);
    }
  }
  ended = true;
  changed.notify_all();
}

// Whether the first batch may be sent now. Otherwise something has changed: time passed, or the batch
// is given up.
bool Outbox::State::Due(std::unique_lock<std::mutex>& lock) {
  const Clock::time_point now = Clock::now();
  const Clock::time_point expiry = queue.front().taken + options.delivery.give_up_after;
  // After a success each batch is tried, however long others took.
  if (now >= expiry && failures > 0) {
    const SpanBatch batch = Pop();
    Drop(lock, DropReason::kExpired, batch.counted());
    return false;
  }
  const bool may_hurry = !asked_to_wait;
  if (now >= not_before || (hurry && may_hurry)) {
    hurry = false;
    return true;
  }
  work.wait_until(lock, std::min(not_before, expiry),
                  [&] { return abandon || (hurry && may_hurry); });
  return false;
}

void Outbox::State::SendFirst(std::unique_lock<std::mutex>& lock) {
  SpanBatch& batch = queue.front();
  // A receiver that may not know what announcements are is asked first.
  const bool probe = batch.announcements && !takes_running.has_value();
  if (batch.announcements && takes_running == false) {
    Pop();
    return;
  }
  if (!probe && ++batch.attempts > 1) ++stats.retried;
  lock.unlock();
  Verdict verdict;
  try {
    verdict = transport->Send(probe ? SpanBatch() : batch);
  } catch (const std::exception& error) {  // Out of memory.
    verdict = {.kind = Verdict::Kind::kRetry, .error = error.what()};
  }
  lock.lock();
  if (!verdict.error.empty()) stats.last_error = verdict.error;
  if (abandon && verdict.kind != Verdict::Kind::kSent) return;  // Stop() counts it.
  if (verdict.kind == Verdict::Kind::kRetry) return Retry(lock, verdict);
  failures = 0;
  hurry = false;
  not_before = {};
  asked_to_wait = false;
  if (verdict.takes_running) takes_running = verdict.takes_running;
  if (probe) {
    takes_running = takes_running.value_or(false);
    return;
  }
  if (verdict.kind == Verdict::Kind::kTooLarge) return TooLarge(lock);
  const uint64_t spans = Pop().counted();
  if (verdict.kind == Verdict::Kind::kRefused) return Drop(lock, verdict.reason, spans);
  const uint64_t rejected = std::min(spans, verdict.rejected);
  stats.sent += spans - rejected;
  Drop(lock, DropReason::kRejected, rejected);
}

void Outbox::State::Retry(std::unique_lock<std::mutex>& lock, const Verdict& verdict) {
  ++failures;
  asked_to_wait = verdict.retry_after.has_value();
  // A wait beyond what any batch can live for would only overflow.
  const std::chrono::milliseconds wait =
      asked_to_wait
          ? std::min<std::chrono::milliseconds>(*verdict.retry_after, std::chrono::hours(24))
          : Backoff(options.delivery, failures);
  not_before = Clock::now() + wait;
  if (failures != 1) return;
  const auto give_up_s =
      std::chrono::duration_cast<std::chrono::seconds>(options.delivery.give_up_after);
  Tell(lock, options.name + " unreachable",
       options.name + ": " + verdict.error + "; " + Spans(queue_spans) +
           " waiting, each is tried for " + std::to_string(give_up_s.count()) + " s");
}

void Outbox::State::TooLarge(std::unique_lock<std::mutex>& lock) {
  const SpanBatch batch = Pop();
  const size_t spans = batch.ends.size();
  if (spans < 2) return Drop(lock, DropReason::kTooLarge, batch.counted());
  for (SpanBatch& half : std::array{Part(batch, spans / 2, spans), Part(batch, 0, spans / 2)}) {
    queue_bytes += half.memory();
    queue_spans += half.counted();
    queue.push_front(std::move(half));
  }
}

void Outbox::State::Drop(std::unique_lock<std::mutex>& lock, DropReason reason, uint64_t spans) {
  if (spans == 0) return;
  const DropReasonRow& row = RowOf(reason);
  stats.dropped[std::string(row.name)] += spans;
  std::string message = options.name + ": " + Spans(spans) + " dropped (" + std::string(row.name) +
                        "): " + std::string(row.meaning);
  // Of a full queue the reason lies further back, where the sending failed.
  if (!stats.last_error.empty()) message += ": " + stats.last_error;
  message += ". ";
  message += row.remedy;
  Tell(lock, options.name + " " + std::string(row.name), message);
}

void Outbox::State::Tell(std::unique_lock<std::mutex>& lock, std::string_view reason,
                         std::string_view message) {
  if (problems == nullptr) return;
  ++telling;
  Problems& listener = *problems;
  lock.unlock();
  listener.Report(reason, message);
  lock.lock();
  --telling;
  changed.notify_all();
}

void Outbox::State::Add(SpanBatch batch) {
  queue_bytes += batch.memory();
  queue_spans += batch.counted();
  queue.push_back(std::move(batch));
}

SpanBatch Outbox::State::Pop() {
  SpanBatch batch = std::move(queue.front());
  queue.pop_front();
  queue_bytes -= batch.memory();
  queue_spans -= batch.counted();
  changed.notify_all();
  return batch;
}

}  // namespace sdk
}  // namespace pitot
