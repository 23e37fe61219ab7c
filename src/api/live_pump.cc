#include "api/live_pump.h"

#include <algorithm>
#include <utility>

#include "api/live_event.h"
#include "base/status.h"
#include "http/sse.h"
#include "model/arena.h"

namespace pitot {
namespace {

using SteadyTime = std::chrono::steady_clock::time_point;

// Text made for a reader at once.
constexpr size_t kPieceBytes = 64 << 10;
// Readers come back after this.
constexpr std::string_view kOpening = "retry: 1000\n\n";

std::string GapJson(std::optional<uint64_t> lost, std::string_view reason) {
  return fmt::format("{{\"lost\":{},\"reason\":{}}}", lost ? fmt::to_string(*lost) : "null",
                     QuoteJson(reason));
}

}  // namespace

struct LivePump::Reader {
  LiveFeed::Cursor cursor;
  Filter filter;
  ResponseStream stream;
  std::string pending;   // Made and not yet taken by the stream.
  uint64_t told_id = 0;  // The last number the reader was sent.
  bool resumes = false;  // Nothing was pulled yet since it asked to be resumed.
  bool armed = false;    // The stream will wake us.
  SteadyTime beat_at;
};

// Spans are decoded, and made JSON of, once for all readers at the same batch.
struct LivePump::Decoded {
  std::shared_ptr<const LiveBatch> batch;
  Arena arena;
  std::vector<Span> spans;
  std::vector<std::string> json;

  explicit Decoded(std::shared_ptr<const LiveBatch> source) : batch(std::move(source)) {
    spans.resize(batch->spans.size());
    json.resize(spans.size());
    for (size_t n = 0; n < spans.size(); ++n) {
      if (!ReadLiveSpan(batch->spans, n, arena, &spans[n])) spans[n] = {};
    }
  }
  const std::string& Json(size_t n) {
    if (json[n].empty()) json[n] = LiveEventJson(spans[n]);
    return json[n];
  }
};

void LivePump::Wake::Notify() {
  MutexLock lock(&mutex);
  news = true;
  changed.NotifyOne();
}

LivePump::LivePump(LiveFeed& feed, const Limits& limits, std::chrono::milliseconds heartbeat)
    : feed_(feed), limits_(limits), heartbeat_(heartbeat) {
  feed_.OnNews([wake = wake_] { wake->Notify(); });
}

LivePump::~LivePump() {
  Stop();
  feed_.OnNews(nullptr);
}

absl::Status LivePump::Add(LiveRequest request, Responder& responder) {
  MutexLock lock(&mutex_);
  if (stopping_) return Unavailable("the server is stopping");
  if (readers_count_ >= limits_.live_subscribers) {
    return Unavailable("{} live streams are open already (limits.live_subscribers)",
                       readers_count_);
  }
  // Subscribed before the answer begins: what is sent after it was seen is shown.
  LiveFeed::Cursor cursor = feed_.Subscribe(request.project, request.last_id);
  HttpResponse head;
  head.headers.Set("Content-Type", "text/event-stream");
  head.headers.Set("Cache-Control", "no-store");
  head.headers.Set("X-Accel-Buffering", "no");
  head.body = kOpening;
  const uint64_t told_id = cursor.next_id - 1;
  fresh_.push_back(std::unique_ptr<Reader>(
      new Reader{.cursor = std::move(cursor),
                 .filter = std::move(request.filter),
                 .stream = responder.Begin(std::move(head)),
                 .told_id = told_id,
                 .resumes = request.last_id.has_value(),
                 .beat_at = std::chrono::steady_clock::now() + heartbeat_}));
  ++readers_count_;
  if (request.gone != nullptr) request.gone->OnCancel([wake = wake_] { wake->Notify(); });
  if (!thread_.joinable()) thread_ = std::jthread([this] { Run(); });
  wake_->Notify();
  return absl::OkStatus();
}

void LivePump::Stop() {
  {
    MutexLock lock(&mutex_);
    stopping_ = true;
  }
  wake_->Notify();
  if (thread_.joinable()) thread_.join();
}

bool LivePump::Await(SteadyTime until) {
  {
    MutexLock lock(&wake_->mutex);
    while (!wake_->news) {
      if (!wake_->changed.WaitUntil(wake_->mutex, until)) break;
    }
    wake_->news = false;
  }
  MutexLock lock(&mutex_);
  return !stopping_;
}

void LivePump::TakeFresh() {
  MutexLock lock(&mutex_);
  std::ranges::move(fresh_, std::back_inserter(readers_));
  fresh_.clear();
}

void LivePump::Run() {
  SteadyTime next = std::chrono::steady_clock::now() + heartbeat_;
  while (Await(next)) {
    TakeFresh();
    ServeAll();
    const SteadyTime now = std::chrono::steady_clock::now();
    if (now >= next) feed_.Expire();
    Beat(now);
    DropGone();
    next = now + heartbeat_;
    for (const auto& reader : readers_) next = std::min(next, reader->beat_at);
  }
  TakeFresh();
  for (const auto& reader : readers_) {
    feed_.Unsubscribe(reader->cursor.project);
    // What a slow reader has not taken yet it may ask for again.
    if (reader->stream.connected()) reader->stream.End();
  }
  readers_.clear();
}

void LivePump::ServeAll() {
  // Round by round, so that readers at the same batch share its decoding. Bounded, so that heartbeats
  // and newcomers have their turn under a flood.
  constexpr int kRoundsMax = 64;
  bool more = true;
  for (int round = 0; more && round < kRoundsMax; ++round) {
    more = false;
    for (const auto& reader : readers_) more |= Serve(*reader);
  }
  decoded_.reset();
  if (more) wake_->Notify();
}

bool LivePump::Serve(Reader& reader) {
  if (!Flush(reader)) return false;
  const LivePull pull = feed_.Pull(reader.cursor);
  const bool lost = !pull.lost.has_value() || *pull.lost > 0;
  if (pull.batch == nullptr && !lost) return false;
  Fill(reader, pull);
  return Flush(reader);
}

void LivePump::Fill(Reader& reader, const LivePull& pull) {
  LiveFeed::Cursor& cursor = reader.cursor;
  if (!pull.lost.has_value() || *pull.lost > 0) {
    cursor.next_id += pull.lost.value_or(0);
    const std::string_view reason =
        !pull.lost.has_value()
            ? "nobody watched the project for a minute, or the server was restarted"
        : reader.resumes ? "spans are held for 60 s, up to limits.live_bytes"
                         : "the reader was too slow: spans are held for 60 s, up to "
                           "limits.live_bytes";
    reader.told_id = cursor.next_id - 1;
    AppendSseEvent("gap", fmt::to_string(reader.told_id), GapJson(pull.lost, reason),
                   reader.pending);
    cursor.broken = false;
  }
  reader.resumes = false;
  if (pull.batch == nullptr) return;
  if (decoded_ == nullptr || decoded_->batch != pull.batch) {
    decoded_ = std::make_unique<Decoded>(pull.batch);
  }
  size_t n = pull.first;
  for (; n < decoded_->spans.size() && reader.pending.size() < kPieceBytes; ++n) {
    const Span& span = decoded_->spans[n];
    if (span.trace_id.empty() || !MatchesFilter(reader.filter, span)) continue;
    reader.told_id = pull.batch->first_id + n;
    AppendSseEvent("span", fmt::to_string(reader.told_id), decoded_->Json(n), reader.pending);
  }
  cursor.next_id = pull.batch->first_id + n;
}

// False while the stream takes nothing; it will wake us.
bool LivePump::Flush(Reader& reader) {
  if (reader.pending.empty()) return reader.stream.connected();
  if (reader.stream.TryWrite(reader.pending)) {
    reader.armed = false;
    return true;
  }
  if (!reader.armed) {
    reader.armed = true;
    reader.stream.OnWritable([wake = wake_] { wake->Notify(); });
  }
  return false;
}

void LivePump::Beat(SteadyTime now) {
  for (const auto& reader : readers_) {
    if (now < reader->beat_at) continue;
    reader->beat_at = now + heartbeat_;
    if (!reader->pending.empty()) continue;
    AppendSseComment("hb", reader->pending);
    // Without data it is no event; it moves the receiver's last id past spans its filter left out.
    if (reader->cursor.next_id - 1 > reader->told_id) {
      reader->told_id = reader->cursor.next_id - 1;
      reader->pending += fmt::format("id: {}\n\n", reader->told_id);
    }
    Flush(*reader);
  }
}

void LivePump::DropGone() {
  const size_t before = readers_.size();
  std::erase_if(readers_, [this](const std::unique_ptr<Reader>& reader) {
    if (reader->stream.connected()) return false;
    feed_.Unsubscribe(reader->cursor.project);
    return true;
  });
  MutexLock lock(&mutex_);
  readers_count_ -= static_cast<int64_t>(before - readers_.size());
}

}  // namespace pitot
