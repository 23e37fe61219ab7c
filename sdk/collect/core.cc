#include "sdk/collect/core.h"

#include <pthread.h>
#include <signal.h>

#include <algorithm>
#include <new>
#include <system_error>
#include <utility>

#include "sdk/base/clock.h"
#include "sdk/collect/settings.h"

namespace pitot {
inline namespace sdk {

// Every core there is, for forks. Without a destructor: collectors may be static objects.
struct CoreRegistry {
  std::mutex mutex;
  std::vector<CollectorCore*>* cores = nullptr;  // Guarded by mutex.

  template <typename Do>
  void ForEach(Do each) {
    if (cores == nullptr) return;
    for (CollectorCore* core : *cores) each(*core);
  }
  void Add(CollectorCore* core);
  void Remove(CollectorCore* core) {
    std::lock_guard lock(mutex);
    std::erase(*cores, core);
  }
  static void PrepareFork();
  static void ParentAfterFork();
  static void ChildAfterFork();
};

namespace {

constinit CoreRegistry registry{};

// A thread that was told to end gets so long beyond the deadline to say that it has.
constexpr std::chrono::milliseconds kEndGrace{100};

int64_t MonotonicNanosOf(std::chrono::steady_clock::time_point time) {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(time.time_since_epoch()).count();
}

}  // namespace

void CoreRegistry::Add(CollectorCore* core) {
  // After the pools' handlers were registered, so that cores are locked before pools.
  static const int registered = pthread_atfork(
      &CoreRegistry::PrepareFork, &CoreRegistry::ParentAfterFork, &CoreRegistry::ChildAfterFork);
  static_cast<void>(registered);
  std::lock_guard lock(mutex);
  if (cores == nullptr) cores = new std::vector<CollectorCore*>;
  cores->push_back(core);
}
void CoreRegistry::PrepareFork() {
  registry.mutex.lock();
  registry.ForEach([](CollectorCore& core) { core.PrepareFork(); });
}
void CoreRegistry::ParentAfterFork() {
  registry.ForEach([](CollectorCore& core) { core.ParentAfterFork(); });
  registry.mutex.unlock();
}
void CoreRegistry::ChildAfterFork() {
  registry.ForEach([](CollectorCore& core) { core.ChildAfterFork(); });
  registry.mutex.unlock();
}

struct CollectorCore::Round {
  std::vector<SpanData> batch;
  Announcements announcements;
  std::chrono::steady_clock::time_point drained_at = std::chrono::steady_clock::now();
  uint64_t reported_full = 0;
  uint64_t reported_truncated = 0;
};

std::shared_ptr<CollectorCore> CollectorCore::Make(
    const CollectorOptions& options, std::vector<std::unique_ptr<Exporter>> exporters) {
  Validate(options);
  std::shared_ptr<CollectorCore> core(new CollectorCore(options));
  const ExportResource resource = ResourceOf(options);
  for (const ExporterOptions& exporter : ExportersOf(options)) {
    exporters.push_back(MakeExporter(exporter, resource, core->problems_));
  }
  for (std::unique_ptr<Exporter>& exporter : exporters) {
    core->targets_.push_back(std::make_unique<Target>());
    core->targets_.back()->exporter = std::move(exporter);
  }
  PoolOptions pool;
  pool.spans_max = options.queue_spans_max;
  pool.bytes_max = options.queue_bytes_max;
  pool.batch_spans_max = options.batch_spans_max;
  pool.sample_ratio = options.sample_ratio;
  pool.limits = {options.attribute_bytes_max, options.attributes_max, options.events_max};
  for (const std::unique_ptr<Target>& target : core->targets_) target->exporter->Start();
  core->pool_ = SpanPool::Attach(pool, [core = core.get()] { core->StartThread(); });
  core->pool_->SetAnnouncing(core->WantsRunning());
  registry.Add(core.get());
  core->pool_->Wake();  // Starts the thread.
  return core;
}

CollectorCore::CollectorCore(const CollectorOptions& options)
    : options_(options), problems_(options.on_problem) {}

CollectorCore::~CollectorCore() {
  if (pool_ != nullptr) registry.Remove(this);
}

// Under the pool's wake mutex. Where no thread can be had the next span tries again.
void CollectorCore::StartThread() {
  if (thread_.joinable()) return;
  // Signals are the program's: its handlers must not run on a thread it does not know.
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  try {
    thread_ = std::thread([self = shared_from_this()] { self->Run(); });
    started_.store(true);
  } catch (const std::system_error&) {
  }
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

bool CollectorCore::WantsRunning() const {
  return options_.announce_after.count() > 0 &&
         std::any_of(targets_.begin(), targets_.end(), [](const std::unique_ptr<Target>& target) {
           return target->exporter->wants_running();
         });
}

void CollectorCore::Run() {
  pthread_setname_np(pthread_self(), "pitot-spans");
  thread_id_.store(std::this_thread::get_id());
  Round round;
  bool woken = false;
  while (true) {
    bool stop = false;
    uint64_t flush = 0;
    {
      std::lock_guard lock(mutex_);
      stop = stop_;
      flush = flush_wanted_;
      woken |= flush != flush_done_;
    }
    Announce(round);
    const auto now = std::chrono::steady_clock::now();
    if (woken || stop || now - round.drained_at >= options_.batch_delay) ExportQueued(round);
    ReportLosses(round);
    {
      std::lock_guard lock(mutex_);
      flush_done_ = std::max(flush_done_, flush);
      if (stop) ended_ = true;
      changed_.notify_all();
    }
    if (stop) break;
    const SpanPool::Time next = NextWork(round);
    woken = pool_->Wait(next);
    // The first span after a pause waits for others.
    if (next == SpanPool::kNever) round.drained_at = std::chrono::steady_clock::now();
  }
  if (abandoned_.load()) pool_->Detach();
}

// When the thread must look again, whatever happens until then.
SpanPool::Time CollectorCore::NextWork(Round& round) {
  const bool announcing = WantsRunning();
  pool_->SetAnnouncing(announcing);
  const int64_t oldest_ns = announcing ? pool_->OldestUnannounced() : INT64_MAX;
  if (oldest_ns == INT64_MAX && !pool_->HasQueued()) return SpanPool::kNever;
  SpanPool::Time next = round.drained_at + options_.batch_delay;
  if (oldest_ns != INT64_MAX) {
    const SpanPool::Time opened{std::chrono::nanoseconds(oldest_ns)};
    next = std::min(next, opened + options_.announce_after);
  }
  return next;
}

void CollectorCore::Announce(Round& round) {
  if (!WantsRunning()) return;
  const int64_t opened_until_ns = MonotonicNanosOf(std::chrono::steady_clock::now()) -
                                  std::chrono::nanoseconds(options_.announce_after).count();
  while (!abandoned_.load()) {
    pool_->Announce(opened_until_ns, options_.batch_spans_max, round.announcements);
    const size_t spans = round.announcements.spans.size();
    if (spans == 0) return;
    for (const std::unique_ptr<Target>& target : targets_) {
      if (target->exporter->wants_running()) Hand(*target, round.announcements.spans);
    }
    round.announcements.Clear();
    if (spans < options_.batch_spans_max) return;
  }
}

void CollectorCore::ExportQueued(Round& round) {
  SpanRecord* list = pool_->Drain();
  uint64_t drained = 0;
  for (const SpanRecord* record = list; record != nullptr; record = record->next) ++drained;
  in_hand_.store(drained);
  while (list != nullptr && !abandoned_.load()) {
    SpanRecord* const first = list;
    SpanRecord* last = nullptr;
    round.batch.clear();
    while (list != nullptr && round.batch.size() < options_.batch_spans_max) {
      round.batch.push_back(list->Data());
      last = std::exchange(list, list->next);
    }
    last->next = nullptr;
    for (const std::unique_ptr<Target>& target : targets_) Hand(*target, round.batch);
    if (!abandoned_.load()) in_hand_.fetch_sub(round.batch.size());
    pool_->Return(first);
  }
  pool_->Return(list);
  round.drained_at = std::chrono::steady_clock::now();
}

void CollectorCore::Hand(Target& target, std::span<const SpanData> spans) {
  if (abandoned_.load()) return;
  try {
    target.exporter->Take(spans);
  } catch (...) {  // Memory is short: the other exporters go on.
    target.threw.fetch_add(spans.size());
    problems_.Report("threw", std::string(target.exporter->name()) + ": " +
                                  std::to_string(spans.size()) + " spans dropped (threw)");
  }
}

void CollectorCore::ReportLosses(Round& round) {
  const PoolStats stats = pool_->Stats();
  if (stats.queue_full > round.reported_full) {
    problems_.Report("queue_full",
                     std::to_string(stats.queue_full - round.reported_full) +
                         " spans were not recorded: queue_spans_max (" +
                         std::to_string(options_.queue_spans_max) + ") or queue_bytes_max (" +
                         std::to_string(options_.queue_bytes_max) +
                         ") was reached; raise them, or see whether an exporter is slow");
    round.reported_full = stats.queue_full;
  }
  if (stats.truncated > round.reported_truncated) {
    problems_.Report("truncated",
                     std::to_string(stats.truncated - round.reported_truncated) +
                         " values, attributes or events were cut or left out: beyond "
                         "attribute_bytes_max, attributes_max, events_max or queue_bytes_max of "
                         "CollectorOptions");
    round.reported_truncated = stats.truncated;
  }
}

bool CollectorCore::Flush(Deadline deadline) {
  // By a SpanSink: what it waits for would wait for it.
  if (thread_id_.load() == std::this_thread::get_id()) return false;
  uint64_t wanted = 0;
  {
    std::lock_guard lock(mutex_);
    wanted = ++flush_wanted_;
  }
  pool_->Wake();
  {
    std::unique_lock lock(mutex_);
    if (!changed_.wait_until(lock, deadline, [&] { return flush_done_ >= wanted; })) return false;
  }
  bool all = true;
  for (const std::unique_ptr<Target>& target : targets_) all &= target->exporter->Flush(deadline);
  return all;
}

void CollectorCore::Close() {
  const Deadline deadline = std::chrono::steady_clock::now() + options_.flush_timeout;
  pool_->Close();
  // A forked child may end without having traced: no thread is started for that.
  if (pool_->HasQueued() || started_.load()) Flush(deadline);
  pool_->ForgetStarter();
  const bool ended = StopThread(deadline);
  for (const std::unique_ptr<Target>& target : targets_) target->exporter->Stop(deadline);
  SayLastWords(ended);
  if (ended) pool_->Detach();
}

// False: it is somewhere in a SpanSink and was let go.
bool CollectorCore::StopThread(Deadline deadline) {
  if (!thread_.joinable()) return true;
  {
    std::lock_guard lock(mutex_);
    stop_ = true;
  }
  pool_->Wake();
  std::unique_lock lock(mutex_);
  const bool own_thread = thread_id_.load() == std::this_thread::get_id();
  if (!own_thread &&
      changed_.wait_until(lock, std::max(deadline, std::chrono::steady_clock::now()) + kEndGrace,
                          [this] { return ended_; })) {
    lock.unlock();
    thread_.join();
    return true;
  }
  abandoned_.store(true);
  lock.unlock();
  thread_.detach();
  return false;
}

void CollectorCore::SayLastWords(bool ended) {
  std::string words;
  const auto say = [&](uint64_t spans, std::string_view what) {
    if (spans == 0) return;
    if (!words.empty()) words += "; ";
    words += std::to_string(spans) + (spans == 1 ? " span " : " spans ") + std::string(what);
  };
  const CollectorStats stats = Stats();
  say(stats.open, "still open");
  if (const auto full = stats.dropped.find("queue_full"); full != stats.dropped.end()) {
    say(full->second, "not recorded (queue_full)");
  }
  say(stats.queued, ended ? "not handed to any exporter in time"
                          : "not handed to every exporter in time: a SpanSink did not return");
  for (const ExporterStats& exporter : stats.exporters) {
    uint64_t lost = exporter.queued;
    std::string reasons;
    const auto because = [&](uint64_t spans, std::string_view reason) {
      if (spans == 0) return;
      if (!reasons.empty()) reasons += ", ";
      reasons += std::to_string(spans) + " " + std::string(reason);
    };
    because(exporter.queued, "still queued");
    for (const auto& [reason, spans] : exporter.dropped) {
      lost += spans;
      because(spans, reason);
    }
    if (lost == 0) continue;
    say(lost, "not sent to " + exporter.name + " (" + reasons + ")");
    if (!exporter.last_error.empty()) words += ", last error: " + exporter.last_error;
  }
  if (!words.empty()) problems_.ReportNow("the trace collector ends with losses: " + words);
}

CollectorStats CollectorCore::Stats() {
  const PoolStats pool = pool_->Stats();
  CollectorStats stats;
  stats.started = pool.started;
  stats.ended = pool.ended;
  stats.unsampled = pool.unsampled;
  stats.open = pool.open;
  stats.queued = pool.queued + in_hand_.load();
  if (pool.queue_full > 0) stats.dropped["queue_full"] = pool.queue_full;
  if (pool.closed > 0) stats.dropped["closed"] = pool.closed;
  stats.truncated = pool.truncated;
  for (const std::unique_ptr<Target>& target : targets_) {
    stats.exporters.push_back(target->exporter->Stats());
    if (const uint64_t threw = target->threw.load(); threw > 0) {
      stats.exporters.back().dropped["threw"] += threw;
    }
  }
  return stats;
}

void CollectorCore::PrepareFork() {
  mutex_.lock();
  for (const std::unique_ptr<Target>& target : targets_) target->exporter->PrepareFork();
  problems_.PrepareFork();
}

void CollectorCore::ParentAfterFork() {
  problems_.ParentAfterFork();
  for (const std::unique_ptr<Target>& target : targets_) target->exporter->ParentAfterFork();
  mutex_.unlock();
}

void CollectorCore::ChildAfterFork() {
  problems_.ChildAfterFork();
  for (const std::unique_ptr<Target>& target : targets_) {
    target->exporter->ChildAfterFork();
    target->threw.store(0);
  }
  // The thread and whoever waited for it are not in this process: these must not remember them.
  new (&thread_) std::thread();
  new (&changed_) std::condition_variable();
  thread_id_.store({});
  started_.store(false);
  flush_wanted_ = flush_done_ = 0;
  in_hand_.store(0);
  mutex_.unlock();
}

}  // namespace sdk
}  // namespace pitot
