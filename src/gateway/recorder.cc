#include "gateway/recorder.h"

#include <algorithm>
#include <iterator>
#include <limits>
#include <map>
#include <vector>

#include "base/log.h"
#include "base/status.h"
#include "gateway/call_spans.h"

namespace pitot {
namespace {

constexpr size_t kBatchCalls = 1'024;
constexpr int64_t kBatchBytes = 16 << 20;
// Batches that ingest may work on at once; more would only move the queue.
constexpr int64_t kInFlightBytes = 64 << 20;
constexpr int64_t kInFlightCalls = 8 * kBatchCalls;

}  // namespace

void CallRecord::DropContent() {
  if (body == nullptr && result.message_json.empty()) return;
  request.messages.clear();
  request.system = {};
  request.tools = {};
  body.reset();
  result.message_json.clear();
  result.text.clear();
  result.reasoning.clear();
  for (SeenTool& tool : run.tools) {
    tool.arguments.clear();
    tool.result.clear();
  }
  drops.Add(Drop::kCaptureDropped);
}

// Calls of one project, on their way through ingest.
struct CallRecorder::Batch {
  std::string project;
  std::vector<std::unique_ptr<CallRecord>> calls;
  int64_t bytes = 0;
};

CallRecorder::CallRecorder(RecorderOptions options, Ingest& ingest)
    : options_(options), ingest_(ingest) {}

CallRecorder::~CallRecorder() { Stop(std::chrono::milliseconds(0)); }

void CallRecorder::Start() {
  thread_ = std::jthread([this] { Run(); });
}

void CallRecorder::Stop(std::chrono::milliseconds drain) {
  const auto until = std::chrono::steady_clock::now() + drain;
  {
    MutexLock lock(&mutex_);
    draining_ = true;
    changed_.NotifyAll();
    while (!waiting_.empty() || in_flight_ > 0) {
      if (!changed_.WaitUntil(mutex_, until)) break;
    }
    stopping_ = true;
    changed_.NotifyAll();
  }
  if (thread_.joinable()) thread_.join();
  MutexLock lock(&mutex_);
  if (!waiting_.empty()) {
    LogWarning("gateway: stopped with {} calls that are in no trace", waiting_.size());
    stats_.calls_dropped += waiting_.size();
    waiting_.clear();
  }
  // What ingest still works on refers to this object.
  while (in_flight_ > 0) changed_.Wait(mutex_);
}

void CallRecorder::Add(std::unique_ptr<CallRecord> call) {
  const auto bytes = static_cast<int64_t>(call->bytes());
  MutexLock lock(&mutex_);
  waiting_bytes_ += bytes;
  waiting_.push_back(std::move(call));
  if (waiting_bytes_ + in_flight_bytes_ > options_.queue_bytes ||
      waiting_.size() > options_.queue_calls) {
    MakeRoom();
  }
  if (waiting_.size() == 1) changed_.NotifyAll();
}

// The newest gives up its contents: older ones may be half way, and a loss now is a loss that is seen.
void CallRecorder::MakeRoom() {
  if (waiting_bytes_ + in_flight_bytes_ > options_.queue_bytes) {
    CallRecord& newest = *waiting_.back();
    const auto before = static_cast<int64_t>(newest.bytes());
    newest.DropContent();
    waiting_bytes_ -= before - static_cast<int64_t>(newest.bytes());
    ++stats_.contents_dropped;
  }
  if (waiting_.size() > options_.queue_calls) {
    waiting_bytes_ -= static_cast<int64_t>(waiting_.front()->bytes());
    waiting_.pop_front();
    ++stats_.calls_dropped;
  }
}

void CallRecorder::Run() {
  for (;;) {
    std::map<std::string, std::shared_ptr<Batch>> batches;
    {
      MutexLock lock(&mutex_);
      while (!stopping_ && (waiting_.empty() || in_flight_bytes_ > kInFlightBytes ||
                            in_flight_ > kInFlightCalls)) {
        changed_.Wait(mutex_);
      }
      if (stopping_) return;
      if (backing_off_) {
        Pause(options_.retry, std::numeric_limits<size_t>::max());
        backing_off_ = false;
        continue;
      }
      // A little company makes one record, and one fsync, of many calls.
      Pause(options_.gather, kBatchCalls);
      size_t taken = 0;
      int64_t bytes = 0;
      while (taken < waiting_.size() && taken < kBatchCalls && bytes < kBatchBytes) {
        std::unique_ptr<CallRecord> call = std::move(waiting_[taken++]);
        const auto size = static_cast<int64_t>(call->bytes());
        bytes += size;
        std::shared_ptr<Batch>& batch = batches[call->who.project];
        if (batch == nullptr) batch = std::make_shared<Batch>();
        batch->project = call->who.project;
        batch->bytes += size;
        batch->calls.push_back(std::move(call));
      }
      waiting_.erase(waiting_.begin(), waiting_.begin() + static_cast<ptrdiff_t>(taken));
      waiting_bytes_ -= bytes;
      in_flight_ += static_cast<int64_t>(taken);
      in_flight_bytes_ += bytes;
    }
    for (auto& [project, batch] : batches) Send(std::move(batch));
  }
}

// Until the time is over, `calls` wait, or it is stopping.
void CallRecorder::Pause(std::chrono::milliseconds time, size_t calls) {
  const auto until = std::chrono::steady_clock::now() + time;
  while (!stopping_ && !draining_ && waiting_.size() < calls) {
    if (!changed_.WaitUntil(mutex_, until)) return;
  }
}

void CallRecorder::Send(std::shared_ptr<Batch> batch) {
  IngestRequest request;
  request.source = Source::kGateway;
  request.project = batch->project;
  request.sender = "gateway";
  ingest_.AcceptMade(
      std::move(request),
      [batch] {
        MadeSpans made;
        for (const auto& call : batch->calls) MakeCallSpans(*call, made);
        return made;
      },
      [this, batch](const IngestReply& reply) { Done(batch, reply); });
}

void CallRecorder::Done(const std::shared_ptr<Batch>& batch, const IngestReply& reply) {
  MutexLock lock(&mutex_);
  in_flight_ -= static_cast<int64_t>(batch->calls.size());
  in_flight_bytes_ -= batch->bytes;
  if (reply.status.ok()) {
    stats_.recorded += batch->calls.size();
  } else if (!stopping_) {
    backing_off_ = true;
    waiting_bytes_ += batch->bytes;
    waiting_.insert(waiting_.begin(), std::make_move_iterator(batch->calls.begin()),
                    std::make_move_iterator(batch->calls.end()));
    batch->calls.clear();
  } else {
    stats_.calls_dropped += batch->calls.size();
  }
  changed_.NotifyAll();
}

RecorderStats CallRecorder::stats() const {
  MutexLock lock(&mutex_);
  RecorderStats stats = stats_;
  stats.queued = static_cast<int64_t>(waiting_.size()) + in_flight_;
  stats.queued_bytes = waiting_bytes_ + in_flight_bytes_;
  return stats;
}

}  // namespace pitot
