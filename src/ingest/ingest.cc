#include "ingest/ingest.h"

#include <algorithm>

#include "base/hash.h"
#include "base/status.h"
#include "ingest/store_loader.h"
#include "store/repriced_spans.h"

namespace pitot {
namespace {

constexpr std::chrono::milliseconds kBusyRetryAfter(1000);
// A store that has been away this long makes the server not ready; the spool still takes spans.
constexpr int64_t kStoreAwayNanos = 30 * kNanosPerSecond;

// Of everything that makes the request: the same bytes for another project are another request.
Hash128 HashOf(const IngestRequest& request) {
  Hash128 hash{Sha128(request.body)};
  const Hash128 kind{
      Sha128(fmt::format("{}/{}/{}/{}", static_cast<int>(request.signal),
                         static_cast<int>(request.format), request.import, request.project))};
  for (size_t i = 0; i < hash.bytes.size(); ++i) hash.bytes[i] ^= kind.bytes[i];
  return hash;
}

Drop DropOf(const absl::Status& status) {
  switch (status.code()) {
    case absl::StatusCode::kOutOfRange:
      return Drop::kRequestTooLarge;
    case absl::StatusCode::kUnimplemented:
      return Drop::kUnsupportedEncoding;
    case absl::StatusCode::kUnavailable:
      return Drop::kSpoolFull;
    default:
      return Drop::kMalformedRequest;
  }
}

}  // namespace

Ingest::Ingest(IngestOptions options, std::shared_ptr<const PriceBook> book,
               const Redactor* redactor, const Clock& clock)
    : options_(std::move(options)),
      redactor_(redactor),
      clock_(clock),
      book_(std::move(book)),
      receipts_(static_cast<size_t>(options_.prepare.limits.receipt_sources)),
      seen_requests_(options_.duplicate_window_ns, options_.duplicate_requests),
      seen_payloads_(static_cast<size_t>(options_.prepare.limits.seen_payloads)),
      live_({.bytes = static_cast<size_t>(options_.prepare.limits.live_bytes)}, clock_),
      jobs_(options_.queued_requests) {}

absl::StatusOr<std::unique_ptr<Ingest>> Ingest::Open(IngestOptions options, Engine& engine,
                                                     std::shared_ptr<const PriceBook> book,
                                                     const Redactor* redactor, const Clock& clock) {
  options.spool.folder = options.data_dir + "/spool";
  options.flusher.quarantine_folder = options.data_dir + "/quarantine";
  std::unique_ptr<Ingest> ingest(new Ingest(std::move(options), std::move(book), redactor, clock));
  ASSIGN_OR_RETURN(ingest->spool_, Spool::Open(ingest->options_.spool, clock));
  ingest->loader_ = std::make_unique<StoreLoader>(engine);
  ingest->flusher_ =
      std::make_unique<Flusher>(ingest->options_.flusher, *ingest->spool_, engine, *ingest->loader_,
                                ingest->receipts_, ingest->seen_requests_, ingest->erased_, clock);
  return ingest;
}

Ingest::~Ingest() { Stop(std::chrono::milliseconds(0)); }

void Ingest::Start() {
  spool_->Start();
  flusher_->Start();
  size_t workers = options_.workers;
  if (workers == 0) workers = std::max(1u, std::thread::hardware_concurrency());
  for (size_t i = 0; i < workers; ++i) workers_.emplace_back([this] { WorkLoop(); });
}

void Ingest::Stop(std::chrono::milliseconds drain) {
  jobs_.Close();
  workers_.clear();
  if (spool_ != nullptr) spool_->Stop();
  if (flusher_ != nullptr) flusher_->Stop(drain);
}

void Ingest::Accept(IngestRequest request, IngestDone done) {
  Push({std::move(request), std::move(done), nullptr});
}

void Ingest::AcceptMade(IngestRequest request, MakeSpansFn make, IngestDone done) {
  Push({std::move(request), std::move(done), std::move(make)});
}

void Ingest::Push(Job job) {
  if (jobs_.TryPush(job)) return;
  DropCounts drops;
  drops.Add(Drop::kOverloaded);
  IngestReply reply;
  reply.status = WithRetryAfter(Unavailable("{} requests wait already", options_.queued_requests),
                                kBusyRetryAfter);
  Finish(job.request, job.request.body.size(), drops, std::move(reply), job.done);
}

void Ingest::CountRefused(const IngestRequest& request, Drop drop, const absl::Status& status) {
  DropCounts drops;
  drops.Add(drop);
  IngestReply reply;
  reply.status = status;
  receipts_.AddRequest(request, request.body.size(), reply, drops, clock_.Now());
}

void Ingest::WorkLoop() {
  uint64_t book_number = book_number_;
  Preparer preparer(options_.prepare, book(), redactor_, seen_payloads_, erased_, gateway_calls_);
  while (std::optional<Job> job = jobs_.Pop()) {
    Gate::Pass pass(gate_);
    UseNewestBook(preparer, book_number);
    Process(preparer, *std::move(job), std::move(pass));
  }
}

// A request that passes the gate after SetBook is priced by the new book.
void Ingest::UseNewestBook(Preparer& preparer, uint64_t& number) {
  const uint64_t newest = book_number_;
  if (newest == number) return;
  number = newest;
  preparer.SetBook(book());
}

std::shared_ptr<const PriceBook> Ingest::book() const {
  MutexLock lock(&book_mutex_);
  return book_;
}

void Ingest::SetBook(std::shared_ptr<const PriceBook> book) {
  MutexLock lock(&book_mutex_);
  book_ = std::move(book);
  ++book_number_;
}

absl::Status Ingest::WaitWritten() {
  gate_.Drain();
  return flusher_->Run(spool_->Stats().durable_seq, [](ActiveTraces&) { return absl::OkStatus(); });
}

absl::Status Ingest::RunAlone(const Flusher::Work& work) { return flusher_->Run(0, work); }

void Ingest::Process(Preparer& preparer, Job job, Gate::Pass pass) {
  const uint64_t bytes = job.request.body.size();
  const bool made = job.make != nullptr;
  const Hash128 hash = made ? Hash128() : HashOf(job.request);
  DropCounts drops;
  IngestReply reply;
  if (const auto seen = made ? std::nullopt : seen_requests_.Find(hash, clock_.Now())) {
    drops.Add(Drop::kDuplicateRequest);
    reply.accepted = seen->accepted;
    reply.rejected = seen->rejected;
    if (reply.rejected > 0) reply.message = "as said in the reply to the first such request";
    reply.duplicate = true;
    Finish(job.request, bytes, drops, std::move(reply), job.done);
    return;
  }
  const UnixNanos now = NextReceiveTime();
  const bool watched = !job.request.import && job.request.signal == Signal::kTraces &&
                       live_.Wants(job.request.project);
  absl::StatusOr<Prepared> prepared =
      made ? preparer.PrepareMade(job.request, job.make(), now, watched, drops)
           : preparer.Prepare(job.request, hash, now, watched, drops);
  if (!prepared.ok()) {
    drops.Add(DropOf(prepared.status()));
    reply.status = prepared.status();
    Finish(job.request, bytes, drops, std::move(reply), job.done);
    return;
  }
  reply.accepted = prepared->accepted;
  reply.rejected = prepared->rejected;
  reply.message = std::move(prepared->message);
  if (prepared->records.empty()) {
    Finish(job.request, bytes, drops, std::move(reply), job.done);
    return;
  }
  // Shared because std::function copies; the spool calls it once.
  struct Waiting {
    Job job;
    IngestReply reply;
    DropCounts drops;
    std::vector<Hash128> payloads;
    std::vector<LiveSpans> live;
    Gate::Pass pass;
  };
  auto waiting = std::make_shared<Waiting>(
      Waiting{std::move(job), std::move(reply), std::move(drops), std::move(prepared->new_payloads),
              std::move(prepared->live), std::move(pass)});
  spool_->Append(
      std::move(prepared->records), [this, waiting, bytes, hash, now](const absl::Status& status) {
        if (status.ok()) {
          for (const Hash128& key : waiting->payloads) seen_payloads_.Add(key);
          if (!hash.empty()) {
            seen_requests_.Add(hash, {waiting->reply.accepted, waiting->reply.rejected}, now);
          }
          if (!waiting->live.empty()) {
            live_.Publish(waiting->job.request.project, std::move(waiting->live));
          }
        } else {
          waiting->reply = IngestReply{.status = status};
          waiting->drops = DropCounts{};
          waiting->drops.Add(Drop::kSpoolFull);
        }
        Finish(waiting->job.request, bytes, waiting->drops, std::move(waiting->reply),
               waiting->job.done);
      });
}

void Ingest::Finish(const IngestRequest& request, uint64_t bytes, const DropCounts& drops,
                    IngestReply reply, const IngestDone& done) {
  receipts_.AddRequest(request, bytes, reply, drops, clock_.Now());
  done(std::move(reply));
}

UnixNanos Ingest::NextReceiveTime() {
  // Rounded up, so that the numbers between two are free for what is written again (repriced).
  const UnixNanos now = (clock_.Now() + kRecvStepNanos - 1) / kRecvStepNanos * kRecvStepNanos;
  UnixNanos last = last_receive_ns_.load();
  UnixNanos next = 0;
  do {
    next = std::max(now, last + kRecvStepNanos);
  } while (!last_receive_ns_.compare_exchange_weak(last, next));
  return next;
}

absl::Status Ingest::Health() const {
  const SpoolStats spool = spool_->Stats();
  if (spool.pending_bytes > options_.spool.max_bytes / 10 * 9) {
    return Unavailable("the spool is nearly full: {} of {} bytes", spool.pending_bytes,
                       options_.spool.max_bytes);
  }
  if (!spool.error.empty()) return Unavailable("{}", spool.error);
  const FlusherStats flusher = flusher_->Stats();
  if (!flusher.error.empty() && clock_.Now() - flusher.error_since_ns > kStoreAwayNanos) {
    return Unavailable("the store has not taken spans for {} s: {}",
                       (clock_.Now() - flusher.error_since_ns) / kNanosPerSecond, flusher.error);
  }
  return absl::OkStatus();
}

}  // namespace pitot
