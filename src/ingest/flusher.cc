#include "ingest/flusher.h"

#include <algorithm>
#include <future>

#include "base/hex.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/status.h"
#include "store/erase.h"
#include "store/tables/facts_table.h"
#include "store/tables/logs_table.h"
#include "store/tables/payloads_table.h"
#include "store/tables/points_table.h"
#include "store/tables/spans_table.h"
#include "store/tables/traces_table.h"

namespace pitot {

struct Flusher::Blocks {
  SpansBlock spans;
  PayloadsBlock payloads;
  LogsBlock logs;
  PointsBlock points;
  FactsBlock facts;
  TracesBlock traces;
};

namespace {

// Batches of this size leave enough behind in the heap to be worth giving back.
constexpr size_t kLargeBatchBytes = 4 << 20;

// With more than this waiting, becoming queryable is more urgent than merging; but merges are put off
// no longer than kMergesHeld at a time, and then left alone as long. At the fastest that is some 100
// parts, which merges take at once.
constexpr uint64_t kBacklogBytes = 24 << 20;
constexpr int64_t kMergesHeld = 20 * kNanosPerSecond;

// Whether to stop, and whether somebody waits, is looked at this often while a batch waits for company.
constexpr std::chrono::milliseconds kLookAgain(200);

uint64_t RecvOf(const RecordHeader& header) { return static_cast<uint64_t>(header.recv_ns); }

}  // namespace

Flusher::Flusher(FlusherOptions options, Spool& spool, Engine& engine, TraceLoader& loader,
                 Receipts& receipts, SeenRequests& seen, ErasedRecords& erased, const Clock& clock)
    : options_(std::move(options)),
      spool_(spool),
      engine_(engine),
      receipts_(receipts),
      seen_(seen),
      erased_(erased),
      clock_(clock),
      quarantine_(options_.quarantine_folder, receipts),
      active_(options_.traces, loader),
      blocks_(std::make_unique<Blocks>()) {}

Flusher::~Flusher() { Stop(std::chrono::milliseconds(0)); }

void Flusher::Start() {
  written_seq_ = spool_.Stats().done_seq;
  reader_ = std::jthread([this] { ReadLoop(); });
  writer_ = std::jthread([this] { WriteLoop(); });
}

void Flusher::Stop(std::chrono::milliseconds drain) {
  {
    MutexLock lock(&mutex_);
    draining_ = true;
    const auto until = std::chrono::steady_clock::now() + drain;
    while (writer_.joinable() && !stopping_ && stopped_.WaitUntil(mutex_, until)) {
    }
    stopping_ = true;
    stopped_.NotifyAll();
  }
  batches_.Close();
  if (reader_.joinable()) reader_.join();
  if (writer_.joinable()) writer_.join();
  CancelTasks();
}

FlusherStats Flusher::Stats() const {
  MutexLock lock(&mutex_);
  return stats_;
}

void Flusher::ReadLoop() {
  while (true) {
    // Two batches in memory are enough: one being written, one waiting.
    if (!batches_.WaitForRoom()) return;
    std::unique_ptr<FlushBatch> batch = ReadBatch();
    if (batch == nullptr) break;
    {
      MutexLock lock(&mutex_);
      handed_seq_ = batch->last_seq();
    }
    // A wake-up may have taken the room.
    while (!batches_.TryPush(batch)) {
      if (!batches_.WaitForRoom()) return;
    }
  }
  batches_.Close();
}

// The next batch, or null when told to stop (when draining: once nothing is left).
std::unique_ptr<FlushBatch> Flusher::ReadBatch() {
  auto batch = std::make_unique<FlushBatch>();
  std::optional<uint64_t> replay_end;
  const int64_t delay_ns = options_.batch_delay.count() * kNanosPerMilli;
  int64_t deadline = 0;
  bool extended = false;
  while (true) {
    bool draining = false;
    bool hurry = false;  // Somebody waits for what is in the spool.
    {
      MutexLock lock(&mutex_);
      if (stopping_) return nullptr;
      draining = draining_;
      hurry = !tasks_.empty();
    }
    auto entry = spool_.ReadNext();
    if (!entry.ok()) {
      NoteError(Annotate(entry.status(), "read spool"));
      if (!Pause(options_.retry_max)) return nullptr;
      continue;
    }
    if (entry->has_value()) {
      idle_candidate_ = 0;
      const uint64_t seq = (*entry)->seq;
      if (batch->empty()) {
        deadline = clock_.MonotonicNanos() + delay_ns;
        const auto& ends = spool_.replay_ends();
        const auto end = std::lower_bound(ends.begin(), ends.end(), seq);
        if (end != ends.end()) replay_end = *end;
      }
      batch->Add(*std::move(*entry));
      const bool cut = replay_end ? seq >= *replay_end
                                  : batch->rows() >= options_.batch_rows ||
                                        batch->bytes() >= options_.batch_bytes;
      if (cut) break;
      continue;
    }
    if (batch->empty()) {
      NoteDamage();
      NoteIdle();
      if (draining) return nullptr;
      spool_.WaitReadable(kLookAgain);
      continue;
    }
    int64_t left = deadline - clock_.MonotonicNanos();
    if (left <= 0 && batch->rows() >= options_.busy_rows && !std::exchange(extended, true)) {
      deadline += delay_ns;
      left = deadline - clock_.MonotonicNanos();
    }
    if (left <= 0 || draining || hurry) break;
    spool_.WaitReadable(std::min(kLookAgain, std::chrono::milliseconds(left / kNanosPerMilli + 1)));
  }
  NoteDamage();
  batch->Sort();
  return batch;
}

// Nothing was found to read. What was durable the last time this was so has been read, or cannot be.
void Flusher::NoteIdle() {
  const uint64_t durable = spool_.Stats().durable_seq;
  MutexLock lock(&mutex_);
  idle_seq_ = std::max(idle_seq_, idle_candidate_);
  idle_candidate_ = durable;
}

// What the spool found unreadable is a loss like any other.
void Flusher::NoteDamage() {
  const uint64_t found = spool_.Stats().corrupt_records;
  if (found > damage_noted_) receipts_.AddLater(Drop::kSpoolCorrupt, found - damage_noted_);
  damage_noted_ = found;
}

void Flusher::WriteLoop() {
  // Knowing what is stored first spares the first batches a question about every trace.
  while (!Prime()) {
    if (!Pause(options_.retry_max)) return;
  }
  int64_t next_tick = 0;
  while (true) {
    std::optional<std::unique_ptr<FlushBatch>> batch = batches_.PopFor(options_.tick);
    {
      MutexLock lock(&mutex_);
      if (stopping_) return;
    }
    if (!batch.has_value() && batches_.closed()) break;
    ScheduleMerges();
    if (batch.has_value() && *batch != nullptr) {
      if (const size_t erased = (*batch)->Remove(erased_); erased > 0) {
        receipts_.AddLater(Drop::kErased, erased);
      }
      if (!WriteBatch(**batch).ok()) return;  // Stopping: it stays in the spool.
      const bool large = (*batch)->bytes() >= kLargeBatchBytes;
      batch->reset();
      if (large) ReturnFreeMemory();
    }
    RunTasks();
    if (const int64_t now = clock_.MonotonicNanos(); now >= next_tick) {
      Tick();
      next_tick = now + options_.tick.count() * kNanosPerMilli;
    }
  }
  if (merges_held_) engine_.HoldMerges(false);
  // Drained: large traces that wait for their turn are resolved now.
  if (WriteChanges(/*all=*/true).ok()) FinishResolved();
  MutexLock lock(&mutex_);
  stopping_ = true;
  stopped_.NotifyAll();
}

absl::Status Flusher::WriteBatch(const FlushBatch& batch) {
  for (const FlushBatch::Unreadable& entry : batch.unreadable()) {
    receipts_.AddLater(Drop::kSpoolCorrupt);
    quarantine_.Put("spool record", fmt::format("spool-{}", entry.seq), entry.status,
                    entry.payload);
  }
  while (true) {
    const absl::Status begun = spool_.BeginBatch(batch.first_seq(), batch.last_seq());
    if (begun.ok()) break;
    NoteError(begun);
    if (!Pause(options_.retry_max)) return begun;
  }
  NoteDuplicates(batch);
  RETURN_IF_ERROR(WriteReceived(batch));
  written_.push_back({batch.first_seq(), batch.last_seq(), batch.file_bytes()});
  written_seq_ = batch.last_seq();
  RETURN_IF_ERROR(WriteChanges(/*all=*/false));
  FinishResolved();
  MutexLock lock(&mutex_);
  stats_.batches += 1;
  stats_.spans += batch.spans().size();
  stats_.payloads += batch.payloads().size();
  stats_.last_flush_ns = clock_.Now();
  if (batch.oldest_recv_ns() > 0) stats_.lag_ns = stats_.last_flush_ns - batch.oldest_recv_ns();
  stats_.active = active_.stats();
  stats_.error.clear();
  return absl::OkStatus();
}

void Flusher::ScheduleMerges() {
  const int64_t now = clock_.MonotonicNanos();
  const bool backlog = spool_.Stats().pending_bytes > kBacklogBytes;
  if (merges_held_ ? backlog && now < merges_until_ns_ : !backlog || now < merges_until_ns_) return;
  merges_held_ = !merges_held_;
  merges_until_ns_ = now + kMergesHeld;
  engine_.HoldMerges(merges_held_);
}

// After a restart the spool remembers requests that memory forgot.
void Flusher::NoteDuplicates(const FlushBatch& batch) {
  for (const RecordHeader* header : batch.headers()) {
    if (header->request_hash.empty()) continue;
    seen_.Add(header->request_hash, {header->accepted, header->rejected}, header->recv_ns);
  }
}

// Appends a span to the block, decoding it on the way.
void Flusher::AppendSpan(const FlushBatch::SpanRef& ref) {
  row_arena_.Clear();
  if (const absl::Status status = ReadSpan(ref.item, row_arena_, &row_); !status.ok()) {
    receipts_.AddLater(Drop::kSpoolCorrupt);
    quarantine_.Put("span of the spool", fmt::format("spool-span-{}", ref.header->recv_ns), status,
                    ref.item);
    return;
  }
  blocks_->spans.Append({ref.header->project, ref.header->keep_days, RecvOf(*ref.header), row_});
}

absl::Status Flusher::WriteReceived(const FlushBatch& batch) {
  // Payloads beside spans: two connections, two cores.
  auto payloads = std::async(std::launch::async, [&] { return WritePayloads(batch); });
  std::vector<size_t> refused;
  const absl::Status spans = InsertRows(
      blocks_->spans, 0, batch.spans().size(), [&](size_t i) { AppendSpan(batch.spans()[i]); },
      [&](size_t i, const absl::Status& error) {
        refused.push_back(i);
        const std::string_view item = batch.spans()[i].item;
        SpanKey key;
        (void)ReadSpanKey(item, &key);
        quarantine_.Put(
            "spans row",
            fmt::format("span-{}-{}", ToHex(key.trace_id.view()), ToHex(key.span_id.view())), error,
            item);
      });
  // What the store refused is in no answer, so it is in no figure either.
  for (size_t i = 0; i < batch.spans().size(); ++i) {
    if (std::binary_search(refused.begin(), refused.end(), i)) continue;
    TrackSpan(batch.spans()[i], batch.first_seq());
  }
  RETURN_IF_ERROR(payloads.get());
  RETURN_IF_ERROR(spans);
  return WriteTelemetry(batch);
}

void Flusher::TrackSpan(const FlushBatch::SpanRef& ref, uint64_t batch) {
  row_arena_.Clear();
  if (!ReadSpan(ref.item, row_arena_, &row_).ok()) return;  // Counted when it was appended.
  const auto outcome = active_.Add(ref.header->project, ref.header->keep_days, row_,
                                   SpanVersion(row_.status, RecvOf(*ref.header)), batch);
  if (outcome == TraceSpans::Outcome::kReplaced || outcome == TraceSpans::Outcome::kOutdated) {
    receipts_.AddLater(Drop::kDuplicateSpan);
  }
}

absl::Status Flusher::WritePayloads(const FlushBatch& batch) {
  return InsertRows(
      blocks_->payloads, 0, batch.payloads().size(),
      [&](size_t i) {
        const auto& [header, payload] = batch.payloads()[i];
        blocks_->payloads.Append(
            {header->project, header->keep_days, payload->day, payload->hash, payload->content});
      },
      [&](size_t i, const absl::Status& error) {
        const PayloadRecord& payload = *batch.payloads()[i].payload;
        quarantine_.Put("payloads row", "payload-" + ToHex(payload.hash.view()), error,
                        payload.content);
      });
}

absl::Status Flusher::WriteTelemetry(const FlushBatch& batch) {
  RETURN_IF_ERROR(InsertRows(
      blocks_->logs, 0, batch.logs().size(),
      [&](size_t i) {
        const auto& [record, index] = batch.logs()[i];
        const RawLog& log = record->logs[index];
        blocks_->logs.Append({record->header.project, record->header.keep_days,
                              RecvOf(record->header), log, record->resources[log.resource],
                              record->scopes[log.scope]});
      },
      [&](size_t i, const absl::Status& error) {
        quarantine_.Put("logs row", fmt::format("log-{}-{}", batch.first_seq(), i), error, "");
      }));
  return InsertRows(
      blocks_->points, 0, batch.points().size(),
      [&](size_t i) {
        const auto& [record, index] = batch.points()[i];
        const RawPoint& point = record->points[index];
        blocks_->points.Append({record->header.project, record->header.keep_days,
                                RecvOf(record->header), point, record->resources[point.resource],
                                record->scopes[point.scope]});
      },
      [&](size_t i, const absl::Status& error) {
        quarantine_.Put("metric_points row", fmt::format("point-{}-{}", batch.first_seq(), i),
                        error, "");
      });
}

// Resolves the traces that changed and writes the rows that differ.
absl::Status Flusher::WriteChanges(bool all) {
  auto wait = options_.retry_min;
  while (true) {
    const absl::Status resolved = active_.Resolve(clock_.Now(), changes_, all);
    if (resolved.ok()) break;
    NoteError(Annotate(resolved, "resolve"));
    if (!Pause(wait)) return resolved;
    wait = std::min(wait * 2, options_.retry_max);
  }
  auto traces = std::async(std::launch::async, [&] {
    return InsertRows(
        blocks_->traces, 0, changes_.traces.size(),
        [&](size_t i) {
          const TraceChange& change = changes_.traces[i];
          blocks_->traces.Append(change.project, change.keep_days, change.row);
        },
        [&](size_t i, const absl::Status& error) {
          quarantine_.Put("traces row", "trace-" + ToHex(changes_.traces[i].row.trace_id.view()),
                          error, "");
        });
  });
  const absl::Status facts = InsertRows(
      blocks_->facts, 0, changes_.facts.size(),
      [&](size_t i) {
        const FactChange& change = changes_.facts[i];
        blocks_->facts.Append(change.project, change.keep_days, change.row);
      },
      [&](size_t i, const absl::Status& error) {
        quarantine_.Put("facts row", "fact-" + ToHex(changes_.facts[i].row.span_id.view()), error,
                        "");
      });
  RETURN_IF_ERROR(traces.get());
  RETURN_IF_ERROR(facts);
  MutexLock lock(&mutex_);
  if (changes_.unfinished > 0) receipts_.AddLater(Drop::kUnfinishedSpan, changes_.unfinished);
  stats_.facts += changes_.facts.size();
  stats_.traces += changes_.traces.size();
  return absl::OkStatus();
}

// Lets the spool forget every batch all of whose spans are resolved.
void Flusher::FinishResolved() {
  const std::optional<uint64_t> pending = active_.oldest_pending_batch();
  uint64_t last = 0;
  uint64_t bytes = 0;
  while (!written_.empty() && (!pending || written_.front().last_seq < *pending)) {
    last = written_.front().last_seq;
    bytes += written_.front().file_bytes;
    written_.pop_front();
  }
  if (last > 0) spool_.FinishBatch(last, bytes);
}

absl::Status Flusher::LoadErased() {
  return ReadErased(engine_, "", [this](const ErasedRow& row) {
    erased_.Add(row.project, row.trace_id, row.span_id, row.received_until);
    if (row.received_until == kErasedForGood) erased_.Refuse(row.project, row.trace_id);
  });
}

// True once all is known, or when stopping; false when the store does not answer.
bool Flusher::Prime() {
  if (const absl::Status erased = LoadErased(); !erased.ok()) {
    NoteError(Annotate(erased, "list what was erased"));
    return false;
  }
  while (true) {
    const absl::StatusOr<bool> primed = active_.Prime();
    if (!primed.ok()) {
      NoteError(Annotate(primed.status(), "list stored traces"));
      return false;
    }
    MutexLock lock(&mutex_);
    if (*primed || stopping_) return true;
  }
}

void Flusher::Tick() {
  active_.ExpireOpen(clock_.Now());
  if (!WriteChanges(/*all=*/false).ok()) return;
  FinishResolved();
  MutexLock lock(&mutex_);
  stats_.active = active_.stats();
  stats_.error.clear();
}

template <typename Block>
absl::Status Flusher::InsertRows(Block& block, size_t first, size_t last,
                                 const std::function<void(size_t)>& append,
                                 const std::function<void(size_t, const absl::Status&)>& refused) {
  if (first == last) return absl::OkStatus();
  block.Clear();
  for (size_t i = first; i < last; ++i) append(i);
  const absl::Status status = InsertBlock(Block::kTable, block.Finish());
  block.Clear();
  if (status.code() != absl::StatusCode::kInvalidArgument) return status;
  if (last - first == 1) {
    refused(first, status);
    return absl::OkStatus();
  }
  const size_t middle = first + (last - first) / 2;
  RETURN_IF_ERROR(InsertRows(block, first, middle, append, refused));
  return InsertRows(block, middle, last, append, refused);
}

absl::Status Flusher::InsertBlock(std::string_view table, std::string_view block) {
  auto wait = options_.retry_min;
  while (true) {
    const absl::Status status = engine_.Insert(table, block, options_.insert_deadline);
    if (status.ok() || status.code() == absl::StatusCode::kInvalidArgument) return status;
    NoteError(Annotate(status, fmt::format("insert into {}", table)));
    if (!Pause(wait)) return status;
    wait = std::min(wait * 2, options_.retry_max);
  }
}

bool Flusher::Pause(std::chrono::milliseconds wait) {
  const auto until = std::chrono::steady_clock::now() + wait;
  MutexLock lock(&mutex_);
  while (!stopping_ && stopped_.WaitUntil(mutex_, until)) {
  }
  return !stopping_;
}

void Flusher::NoteError(const absl::Status& status) {
  MutexLock lock(&mutex_);
  if (stats_.error.empty()) {
    stats_.error_since_ns = clock_.Now();
    LogError("store: {}: spans wait in the spool", Message(status));
  }
  stats_.error = std::string(Message(status));
}

}  // namespace pitot
