#include "ingest/live.h"

#include <algorithm>

#include "ingest/spool/record.h"
#include "ingest/spool/record_items.h"

namespace pitot {
namespace {

// Of projects that are held for watchers who may come back; who watches more of them in a minute
// finds a gap.
constexpr size_t kIdleChannelsMax = 256;

}  // namespace

void LiveSpans::Add(const Span& span) {
  Span bare = span;
  for (const auto field : kContentFields) bare.*field = {};
  bare.events = {};
  bare.links = {};
  PutSpan(bare, items);
  ends.push_back(static_cast<uint32_t>(items.size()));
}

bool ReadLiveSpan(const LiveSpans& spans, size_t n, Arena& arena, Span* span) {
  const uint32_t begin = n == 0 ? 0 : spans.ends[n - 1];
  const std::string_view item = std::string_view(spans.items).substr(begin, spans.ends[n] - begin);
  return ReadSpan(item, arena, span).ok();
}

bool LiveFeed::WantsSlow(const std::string& project) {
  MutexLock lock(&mutex_);
  return channels_.contains(project);
}

void LiveFeed::Publish(const std::string& project, std::vector<LiveSpans> spans) {
  {
    MutexLock lock(&mutex_);
    const UnixNanos now = clock_.Now();
    ExpireLocked(now);
    const auto found = channels_.find(project);
    if (found == channels_.end()) return;
    Channel& channel = found->second;
    for (LiveSpans& part : spans) {
      if (part.size() == 0) continue;
      part.items.shrink_to_fit();
      auto batch = std::make_shared<LiveBatch>();
      batch->first_id = channel.next_id;
      batch->at_ns = now;
      batch->spans = std::move(part);
      channel.next_id = batch->end_id();
      last_id_ = std::max(last_id_, channel.next_id);
      bytes_ += batch->spans.bytes();
      channel.batches.push_back(std::move(batch));
    }
    while (bytes_ > options_.bytes) DropOldest();
  }
  MutexLock lock(&news_mutex_);
  if (on_news_ != nullptr) on_news_();
}

void LiveFeed::PopFront(Channel& channel) {
  bytes_ -= channel.batches.front()->spans.bytes();
  channel.batches.pop_front();
}

void LiveFeed::DropOldest() {
  Channel* oldest = nullptr;
  for (auto& [project, channel] : channels_) {
    if (channel.batches.empty()) continue;
    if (oldest == nullptr || channel.batches.front()->at_ns < oldest->batches.front()->at_ns) {
      oldest = &channel;
    }
  }
  dropped_ += oldest->batches.front()->spans.size();
  PopFront(*oldest);
}

void LiveFeed::ExpireLocked(UnixNanos now) {
  for (auto it = channels_.begin(); it != channels_.end();) {
    Channel& channel = it->second;
    while (!channel.batches.empty() && channel.batches.front()->at_ns < now - options_.keep_ns) {
      PopFront(channel);
    }
    const bool forgotten = channel.subscribers == 0 && channel.left_ns < now - options_.keep_ns;
    if (forgotten) {
      while (!channel.batches.empty()) PopFront(channel);
      channels_.erase(it++);
    } else {
      ++it;
    }
  }
  watched_.store(channels_.size(), std::memory_order_relaxed);
}

void LiveFeed::Expire() {
  MutexLock lock(&mutex_);
  ExpireLocked(clock_.Now());
}

LiveFeed::Cursor LiveFeed::Subscribe(const std::string& project, std::optional<uint64_t> last_id) {
  MutexLock lock(&mutex_);
  const UnixNanos now = clock_.Now();
  ExpireLocked(now);
  auto [it, is_new] = channels_.try_emplace(project);
  Channel& channel = it->second;
  if (is_new) {
    channel.first_id = std::max<uint64_t>(static_cast<uint64_t>(now / 1000), last_id_ + 1);
    channel.next_id = channel.first_id;
    last_id_ = channel.next_id;
  }
  ++channel.subscribers;
  watched_.store(channels_.size(), std::memory_order_relaxed);

  Cursor cursor{.project = project, .next_id = channel.next_id};
  if (!last_id.has_value()) return cursor;
  cursor.next_id = *last_id + 1;
  if (cursor.next_id < channel.first_id || cursor.next_id > channel.next_id) {
    cursor.broken = true;
    cursor.next_id = cursor.next_id < channel.first_id ? channel.first_id : channel.next_id;
  }
  return cursor;
}

void LiveFeed::Unsubscribe(const std::string& project) {
  MutexLock lock(&mutex_);
  const auto found = channels_.find(project);
  if (found == channels_.end()) return;
  found->second.left_ns = clock_.Now();
  --found->second.subscribers;

  size_t idle = 0;
  auto oldest = channels_.end();
  for (auto it = channels_.begin(); it != channels_.end(); ++it) {
    if (it->second.subscribers > 0) continue;
    ++idle;
    if (oldest == channels_.end() || it->second.left_ns < oldest->second.left_ns) oldest = it;
  }
  if (idle <= kIdleChannelsMax) return;
  while (!oldest->second.batches.empty()) PopFront(oldest->second);
  channels_.erase(oldest);
  watched_.store(channels_.size(), std::memory_order_relaxed);
}

LivePull LiveFeed::Pull(const Cursor& cursor) const {
  MutexLock lock(&mutex_);
  LivePull pull;
  const auto found = channels_.find(cursor.project);
  if (found == channels_.end()) return pull;
  const Channel& channel = found->second;
  // Batches follow each other without holes.
  const auto at = std::ranges::partition_point(channel.batches,
                                               [&](const std::shared_ptr<const LiveBatch>& batch) {
                                                 return batch->end_id() <= cursor.next_id;
                                               });
  const uint64_t held = at == channel.batches.end() ? channel.next_id : (*at)->first_id;
  if (held > cursor.next_id) pull.lost = held - cursor.next_id;
  if (cursor.broken) pull.lost = std::nullopt;
  if (at == channel.batches.end()) return pull;
  pull.batch = *at;
  pull.first = held < cursor.next_id ? static_cast<size_t>(cursor.next_id - held) : 0;
  return pull;
}

void LiveFeed::OnNews(std::function<void()> callback) {
  MutexLock lock(&news_mutex_);
  on_news_ = std::move(callback);
}

LiveFeed::Stats LiveFeed::stats() const {
  MutexLock lock(&mutex_);
  return {.bytes = bytes_, .projects = channels_.size(), .dropped = dropped_};
}

}  // namespace pitot
