#include "alert/notify/figures.h"

#include <fmt/format.h>

#include <charconv>

#include "base/log.h"
#include "base/status.h"
#include "store/state.h"

namespace pitot {
namespace {

constexpr char kHealthKind[] = "channel_health";
constexpr int64_t kKeepEveryNs = 60 * kNanosPerMinute;
constexpr std::string_view kBodyHead = R"({"last_success_at":)";

std::string IdOf(const ChannelContext& context) {
  return fmt::format("{}/{}", context.receiver, context.name);
}

}  // namespace

ChannelFigures::ChannelFigures(const ChannelContext& context, std::string kind)
    : context_(context) {
  MutexLock lock(&mutex_);
  status_.receiver = context.receiver;
  status_.channel = context.name;
  status_.kind = std::move(kind);
  if (context.state == nullptr) return;
  const std::optional<StateEvent> event = context.state->Find(kHealthKind, IdOf(context));
  if (!event || !event->body.starts_with(kBodyHead)) return;
  std::from_chars(event->body.data() + kBodyHead.size(), event->body.data() + event->body.size(),
                  status_.last_success_at);
  kept_at_ = status_.last_success_at;
}

void ChannelFigures::Succeeded(int64_t took_ns) {
  const UnixNanos now = context_.clock->Now();
  bool keep = false;
  {
    MutexLock lock(&mutex_);
    ++status_.sent;
    status_.last_success_at = now;
    status_.last_latency_ns = took_ns;
    keep = context_.state != nullptr && (kept_at_ == 0 || now - kept_at_ >= kKeepEveryNs);
    if (keep) kept_at_ = now;
  }
  if (keep) Keep(now);
}

void ChannelFigures::Keep(UnixNanos at) {
  StateEvent event;
  event.kind = kHealthKind;
  event.id = IdOf(context_);
  event.actor = "pitot";
  event.body = fmt::format("{}{}}}", kBodyHead, at);
  if (const auto kept = context_.state->Append(event); !kept.ok()) {
    LogWarning("receiver {}: that {} works was not kept: {}", context_.receiver, context_.name,
               Message(kept.status()));
  }
}

void ChannelFigures::Retried(const absl::Status& why) {
  MutexLock lock(&mutex_);
  ++status_.retries;
  status_.last_error_at = context_.clock->Now();
  status_.last_error = Message(why);
}

void ChannelFigures::Failed(const absl::Status& why) {
  MutexLock lock(&mutex_);
  ++status_.failed;
  status_.last_error_at = context_.clock->Now();
  status_.last_error = Message(why);
}

ChannelStatus ChannelFigures::Get(std::string target, uint64_t queued) const {
  MutexLock lock(&mutex_);
  ChannelStatus status = status_;
  status.target = std::move(target);
  status.queued = queued;
  return status;
}

}  // namespace pitot
