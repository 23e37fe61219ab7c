#include "ingest/receipts.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/status.h"

namespace pitot {

void Receipts::AddRequest(const IngestRequest& request, uint64_t body_bytes,
                          const IngestReply& reply, const DropCounts& drops, int64_t now_ns) {
  const auto key_of = [&](std::string_view sender) {
    return fmt::format("{}\n{}\n{}\n{}", request.project, Name(request.source),
                       static_cast<int>(request.signal), sender);
  };
  MutexLock lock(&mutex_);
  std::string key = key_of(request.sender);
  auto it = sources_.find(key);
  if (it == sources_.end()) {
    // Senders name themselves: their number must be bounded.
    const bool room = sources_.size() < sources_max_;
    if (!room) key = key_of("other");
    it = sources_.try_emplace(key).first;
    it->second.project = request.project;
    it->second.source = request.source;
    it->second.signal = request.signal;
    it->second.sender = room ? request.sender : "other";
  }
  SourceReceipt& receipt = it->second;
  receipt.requests += 1;
  receipt.bytes += body_bytes;
  receipt.last_ns = std::max(receipt.last_ns, now_ns);
  if (reply.status.ok()) {
    if (!reply.duplicate) receipt.accepted += static_cast<uint64_t>(reply.accepted);
    receipt.rejected += static_cast<uint64_t>(reply.rejected);
    if (reply.rejected > 0) receipt.last_error = reply.message;
  } else {
    receipt.failed_requests += 1;
    receipt.last_error = std::string(Message(reply.status));
  }
  for (size_t i = 0; i < kDropCount; ++i) receipt.drops[i] += drops.counts[i];
}

void Receipts::AddLater(Drop drop, uint64_t n) {
  MutexLock lock(&mutex_);
  later_[static_cast<size_t>(drop)] += n;
}

std::vector<SourceReceipt> Receipts::Sources() const {
  std::vector<SourceReceipt> out;
  {
    MutexLock lock(&mutex_);
    for (const auto& [key, receipt] : sources_) out.push_back(receipt);
  }
  std::sort(out.begin(), out.end(), [](const SourceReceipt& a, const SourceReceipt& b) {
    return std::tie(a.project, a.source, a.signal, a.sender) <
           std::tie(b.project, b.source, b.signal, b.sender);
  });
  return out;
}

std::array<uint64_t, kDropCount> Receipts::Totals() const {
  MutexLock lock(&mutex_);
  std::array<uint64_t, kDropCount> totals = later_;
  for (const auto& [key, receipt] : sources_) {
    for (size_t i = 0; i < kDropCount; ++i) totals[i] += receipt.drops[i];
  }
  return totals;
}

}  // namespace pitot
