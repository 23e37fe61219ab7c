#include "ingest/gateway_calls.h"

#include <fmt/format.h>

#include <cstdlib>

namespace pitot {

std::string GatewayCalls::KeyOf(const GatewayCallKey& call) {
  return fmt::format("{}\n{}\n{}\n{}\n{}", call.project, call.response_id, call.model,
                     call.input_tokens, call.output_tokens);
}

void GatewayCalls::Note(const GatewayCallKey& call, const TraceId& trace, const SpanId& span) {
  std::string key = KeyOf(call);
  MutexLock lock(&mutex_);
  while (!order_.empty() &&
         (order_.size() >= kCallsMax || order_.front().second < call.end_ns - kKeptNanos)) {
    calls_.erase(order_.front().first);
    order_.pop_front();
  }
  order_.emplace_back(key, call.end_ns);
  calls_.insert_or_assign(std::move(key), Entry{{trace, span}, call.end_ns});
}

std::optional<GatewayCalls::Seen> GatewayCalls::Find(const GatewayCallKey& call) const {
  {
    MutexLock lock(&mutex_);
    if (calls_.empty()) return std::nullopt;
  }
  const std::string key = KeyOf(call);
  MutexLock lock(&mutex_);
  const auto found = calls_.find(key);
  if (found == calls_.end()) return std::nullopt;
  if (std::abs(found->second.end_ns - call.end_ns) > kEndsWithinNanos) return std::nullopt;
  return found->second.seen;
}

}  // namespace pitot
