#include "ingest/erasure.h"

#include <algorithm>
#include <boost/json.hpp>

#include "base/hash.h"
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

constexpr std::string_view kWhat[] = {"trace", "user"};

std::string_view NameOf(Erasure::What what) { return kWhat[static_cast<size_t>(what)]; }

std::string Text(const boost::json::object& object, std::string_view key) {
  const auto* value = object.if_contains(key);
  return value != nullptr && value->is_string() ? std::string(value->as_string()) : std::string();
}

uint64_t Number(const boost::json::object& object, std::string_view key) {
  const auto* value = object.if_contains(key);
  return value != nullptr && value->is_int64() && value->as_int64() > 0
             ? static_cast<uint64_t>(value->as_int64())
             : 0;
}

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
    boost::system::error_code error;
    const boost::json::value body = boost::json::parse(event.body, error);
    if (error || !body.is_object()) {
      LogError("erasure {}: its event cannot be read: {}", event.id, event.body);
      continue;
    }
    const boost::json::object& object = body.as_object();
    auto job = std::make_shared<Job>();
    job->actor = event.actor;
    job->erasure.id = event.id;
    job->erasure.what = Text(object, "what") == NameOf(Erasure::What::kUser)
                            ? Erasure::What::kUser
                            : Erasure::What::kTrace;
    job->erasure.project = Text(object, "project");
    job->erasure.subject = Text(object, "subject");
    job->erasure.at_ns = static_cast<UnixNanos>(Number(object, "received_until_ns"));
    job->marked = Text(object, "phase") == "listed";
    job->mark.traces = Number(object, "traces");
    job->mark.spans = Number(object, "spans");
    job->mark.min_day = static_cast<uint16_t>(Number(object, "min_day"));
    job->mark.max_day = static_cast<uint16_t>(Number(object, "max_day"));
    job->mark.at_ns = static_cast<UnixNanos>(Number(object, "resolved_until_ns"));
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
  RETURN_IF_ERROR(Record(*job, /*done=*/false, {}));
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
  RETURN_IF_ERROR(Record(job, /*done=*/true, progress));
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
    if (!job.marked) {
      ASSIGN_OR_RETURN(job.mark,
                       MarkErased(engine_, job.erasure, keep_days_, ingest_.NextReceiveTime()));
      RETURN_IF_ERROR(Record(job, /*done=*/false, {}));
      job.marked = true;
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

absl::Status Eraser::Record(const Job& job, bool done, const ErasureProgress& progress) {
  const Erasure& erasure = job.erasure;
  boost::json::object body = {
      {"what", NameOf(erasure.what)}, {"project", erasure.project}, {"subject", erasure.subject}};
  StateEvent event;
  event.kind = kErasureKind;
  event.id = erasure.id;
  event.actor = job.actor;
  event.is_deleted = done;
  if (done) {
    body["traces"] = progress.traces;
    body["spans"] = progress.spans;
    body["payloads"] = progress.payloads;
    StateEvent audit = event;
    audit.kind = kAuditKind;
    audit.is_deleted = false;
    body["action"] = "erase";
    audit.body = boost::json::serialize(body);
    RETURN_IF_ERROR(state_.Append(std::move(audit)).status());
    body.erase("action");
  } else {
    body["phase"] = job.mark.at_ns > 0 ? "listed" : "begun";
    body["resolved_until_ns"] = job.mark.at_ns;
    body["received_until_ns"] = erasure.at_ns;
    body["traces"] = job.mark.traces;
    body["spans"] = job.mark.spans;
    body["min_day"] = job.mark.min_day;
    body["max_day"] = job.mark.max_day;
  }
  event.body = boost::json::serialize(body);
  return state_.Append(std::move(event)).status();
}

bool Eraser::Pause(std::chrono::milliseconds wait) {
  const auto until = std::chrono::steady_clock::now() + wait;
  MutexLock lock(&mutex_);
  while (!stopping_ && changed_.WaitUntil(mutex_, until)) {
  }
  return !stopping_;
}

}  // namespace pitot
