#include "ingest/history/erasure.h"

#include <algorithm>

#include "base/hex.h"
#include "base/log.h"
#include "base/status.h"

namespace pitot {
namespace {

// Each hides by a condition of its own in every query.
constexpr size_t kPendingMax = 64;
constexpr size_t kUserIdBytesMax = 4096;
constexpr std::chrono::milliseconds kRetryMin(500);
constexpr std::chrono::milliseconds kRetryMax(15'000);

}  // namespace

Eraser::Eraser(Store& store, StateLog& state, Ingest& ingest, uint16_t keep_days)
    : store_(store),
      engine_(store.engine()),
      state_(state),
      ingest_(ingest),
      keep_days_(keep_days) {
  Resume();
}

Eraser::~Eraser() { Stop(); }

void Eraser::Resume() {
  MutexLock lock(&mutex_);
  for (const StateEvent& event : state_.Latest(kErasureKind)) {
    std::optional<ErasureEvent> read = ParseErasureEvent(event);
    if (!read) {
      LogError("erasure {}: its event cannot be read: {}", event.id, event.body);
      continue;
    }
    auto job = std::make_shared<Job>();
    job->actor = event.actor;
    static_cast<ErasureEvent&>(*job) = *std::move(read);
    LogInfo("erasure {} of a {} goes on", event.id, NameOf(job->erasure.what));
    Refuse(job->erasure);
    jobs_.push_back(std::move(job));
  }
  HideAll();
}

// Senders are told from now on; the spool is asked once it has been written (Mark).
void Eraser::Refuse(const Erasure& erasure) {
  if (erasure.what != Erasure::What::kTrace) return;
  TraceId trace_id;
  if (FromHex(erasure.subject, reinterpret_cast<char*>(trace_id.bytes.data()), 16)) {
    ingest_.erased().Refuse(erasure.project, trace_id);
  }
}

void Eraser::HideAll() {
  std::vector<TableFilter> filters;
  for (const auto& job : jobs_) {
    if (!job->hides) continue;
    std::ranges::move(HiddenBy(job->erasure), std::back_inserter(filters));
  }
  store_.Hide(std::move(filters));
}

void Eraser::Start() {
  thread_ = std::jthread([this] { Run(); });
}

void Eraser::Stop() {
  {
    MutexLock lock(&mutex_);
    stopping_ = true;
    changed_.NotifyAll();
  }
  if (thread_.joinable()) thread_.join();
  MutexLock lock(&mutex_);
  for (const auto& job : jobs_) {
    if (auto watch = std::exchange(job->watch, nullptr)) {
      watch({.ended = true,
             .status = Unavailable("the server is stopping; the deletion is recorded and goes on "
                                   "when it starts again")});
    }
  }
}

size_t Eraser::pending() const {
  MutexLock lock(&mutex_);
  return jobs_.size();
}

absl::Status Eraser::Begin(Erasure::What what, std::string_view project, std::string_view subject,
                           std::string_view actor, ErasureWatcher watch) {
  TraceId trace_id;
  if (what == Erasure::What::kTrace &&
      !FromHex(subject, reinterpret_cast<char*>(trace_id.bytes.data()), 16)) {
    return InvalidArgument("trace_id \"{}\" is not 32 hex digits", subject);
  }
  if (what == Erasure::What::kUser && (subject.empty() || subject.size() > kUserIdBytesMax)) {
    return InvalidArgument("a user id has 1 to {} bytes; spans without one belong to nobody",
                           kUserIdBytesMax);
  }
  auto job = std::make_shared<Job>();
  job->erasure.what = what;
  job->erasure.project = project;
  job->erasure.subject =
      what == Erasure::What::kTrace ? ToHex(trace_id.view()) : std::string(subject);
  // Every request from now on is received later.
  job->erasure.at_ns = ingest_.NextReceiveTime();
  job->actor = actor;
  job->watch = std::move(watch);
  MutexLock lock(&mutex_);
  if (stopping_) return Unavailable("the server is stopping");
  if (jobs_.size() >= kPendingMax) {
    return Error(absl::StatusCode::kResourceExhausted,
                 "{} deletions are under way already; ask again", kPendingMax);
  }
  // Unique over restarts: receive times only rise.
  job->erasure.id = fmt::format("{:016x}", job->erasure.at_ns);
  RETURN_IF_ERROR(state_.Append(ToStateEvent(*job, actor)).status());
  Refuse(job->erasure);
  jobs_.push_back(std::move(job));
  HideAll();
  changed_.NotifyAll();
  return absl::OkStatus();
}

void Eraser::Run() {
  auto retry = kRetryMin;
  while (true) {
    std::shared_ptr<Job> job;
    {
      MutexLock lock(&mutex_);
      while (!stopping_ && jobs_.empty()) changed_.Wait(mutex_);
      if (stopping_) return;
      job = jobs_.front();
    }
    const absl::Status status = Execute(*job);
    if (status.ok()) {
      retry = kRetryMin;
      continue;
    }
    LogError("erasure {}: {}", job->erasure.id, Message(status));
    if (auto watch = std::exchange(job->watch, nullptr)) {
      watch({.ended = true,
             .status = Unavailable("{}. It is recorded, no answer shows it any more, and the "
                                   "deletion goes on by itself",
                                   Message(status))});
    }
    if (!Pause(retry)) return;
    retry = std::min(retry * 2, kRetryMax);
  }
}

absl::Status Eraser::Execute(Job& job) {
  ErasureProgress progress;
  if (job.watch) job.watch(progress);
  ingest_.SuspendKnownPayloads();
  absl::Status status = Mark(job);
  if (status.ok()) status = DeletePayloadsOf(job, progress);
  if (status.ok()) status = DeleteRowsOf(job, progress);
  if (status.ok()) {
    status = Alone([&] { return VerifyErased(engine_, job.erasure, job.mark); });
  }
  ingest_.ResumeKnownPayloads();
  RETURN_IF_ERROR(status);
  ASSIGN_OR_RETURN(progress.payloads, CountErasedPayloads(engine_, job.erasure));
  progress.traces = job.mark.traces;
  progress.spans = job.mark.spans;
  {
    // What came later for the same traces was hidden too, and must be seen to be resolved.
    MutexLock lock(&mutex_);
    job.hides = false;
    HideAll();
  }
  RETURN_IF_ERROR(ResolveRest(job));
  RETURN_IF_ERROR(state_.Append(AuditOf(job, job.actor, progress.payloads)).status());
  RETURN_IF_ERROR(state_.Append(EndOf(job, job.actor, progress.payloads)).status());
  {
    MutexLock lock(&mutex_);
    jobs_.pop_front();
  }
  progress.ended = true;
  if (job.watch) job.watch(progress);
  return absl::OkStatus();
}

absl::Status Eraser::Alone(const std::function<absl::Status()>& work) {
  return ingest_.RunAlone([&](ActiveTraces&) { return work(); });
}

absl::Status Eraser::Mark(Job& job) {
  RETURN_IF_ERROR(ingest_.WaitWritten());
  return ingest_.RunAlone([&](ActiveTraces& active) -> absl::Status {
    if (job.mark.at_ns == 0) {
      ErasureEvent listed = job;
      ASSIGN_OR_RETURN(listed.mark,
                       MarkErased(engine_, job.erasure, keep_days_, ingest_.NextReceiveTime()));
      RETURN_IF_ERROR(state_.Append(ToStateEvent(listed, job.actor)).status());
      job.mark = listed.mark;
    }
    return ReadErased(engine_, job.erasure.id, [&](const ErasedRow& row) {
      ingest_.erased().Add(row.project, row.trace_id, row.span_id, row.received_until);
      active.Forget(row.project, row.trace_id);
    });
  });
}

absl::Status Eraser::DeletePayloadsOf(Job& job, ErasureProgress& progress) {
  ASSIGN_OR_RETURN(const std::vector<std::string> partitions,
                   ErasedPartitions(engine_, job.erasure, job.mark, "spans"));
  progress.total = partitions.size();
  for (const std::string& partition : partitions) {
    RETURN_IF_ERROR(
        Alone([&] { return DeletePayloads(engine_, job.erasure, job.mark, partition); }));
    ++progress.done;
    if (job.watch) job.watch(progress);
  }
  return absl::OkStatus();
}

absl::Status Eraser::DeleteRowsOf(Job& job, ErasureProgress& progress) {
  std::vector<std::pair<std::string_view, std::string>> work;
  for (const std::string_view table : kErasableTables) {
    ASSIGN_OR_RETURN(std::vector<std::string> partitions,
                     ErasedPartitions(engine_, job.erasure, job.mark, table));
    for (std::string& partition : partitions) work.emplace_back(table, std::move(partition));
  }
  progress.total += work.size();
  for (const auto& one : work) {
    RETURN_IF_ERROR(
        Alone([&] { return DeleteRows(engine_, job.erasure, job.mark, one.first, one.second); }));
    ++progress.done;
    if (job.watch) job.watch(progress);
  }
  return absl::OkStatus();
}

absl::Status Eraser::ResolveRest(const Job& job) {
  ASSIGN_OR_RETURN(const std::vector<TraceId> traces, TracesLeft(engine_, job.erasure));
  for (size_t at = 0; at < traces.size(); at += TraceLoader::kLoadRefsMax) {
    const size_t count = std::min(traces.size() - at, TraceLoader::kLoadRefsMax);
    RETURN_IF_ERROR(ingest_.RunAlone([&](ActiveTraces& active) {
      for (size_t i = at; i < at + count; ++i) active.Reload(job.erasure.project, traces[i]);
      return absl::OkStatus();
    }));
  }
  return absl::OkStatus();
}

bool Eraser::Pause(std::chrono::milliseconds wait) {
  const auto until = std::chrono::steady_clock::now() + wait;
  MutexLock lock(&mutex_);
  while (!stopping_ && changed_.WaitUntil(mutex_, until)) {
  }
  return !stopping_;
}

}  // namespace pitot
