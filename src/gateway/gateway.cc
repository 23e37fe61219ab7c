#include "gateway/gateway.h"

#include <algorithm>

#include "base/log.h"
#include "base/status.h"
#include "gateway/call.h"
#include "gateway/core.h"
#include "gateway/outage/refusal.h"
#include "gateway/route.h"

namespace pitot {
namespace {

constexpr std::chrono::milliseconds kTick(100);

RefusalReason ReasonOfStatus(int status) {
  switch (status) {
    case 401:
      return RefusalReason::kKeyMissing;
    case 403:
      return RefusalReason::kScopeDenied;
    case 413:
      return RefusalReason::kTooLarge;
    case 503:
      return RefusalReason::kTooManyCalls;
    default:
      return RefusalReason::kBadRequest;
  }
}

}  // namespace

void BackgroundCalls::Put(std::string response_id, Reservation reservation) {
  std::optional<Reservation> oldest;  // Let go outside the lock: it then stands as spent.
  MutexLock lock(&mutex_);
  if (order_.size() >= kMax) {
    const auto it = open_.find(order_.front());
    if (it != open_.end()) {
      oldest = std::move(it->second);
      open_.erase(it);
    }
    order_.pop_front();
  }
  order_.push_back(response_id);
  open_.insert_or_assign(std::move(response_id), std::move(reservation));
}

std::optional<Reservation> BackgroundCalls::Take(std::string_view response_id) {
  MutexLock lock(&mutex_);
  const auto it = open_.find(std::string(response_id));
  if (it == open_.end()) return std::nullopt;
  std::optional<Reservation> out = std::move(it->second);
  open_.erase(it);
  return out;
}

Gateway::Core::Core(GatewayOptions given, const GatewayDeps& parts,
                    std::unique_ptr<Upstreams> targets)
    : options(std::move(given)),
      deps(parts),
      upstreams(std::move(targets)),
      secrets(parts.clock),
      runs(options.runs),
      health(options.health),
      cache(options.limits.gateway_cache_bytes),
      recorder({.queue_bytes = options.limits.gateway_queue_bytes}, parts.ingest) {}

CallThread& Gateway::Core::Thread() {
  IoThread* io = IoThread::Current();
  MutexLock lock(&mutex);
  std::unique_ptr<CallThread>& thread = threads[io];
  if (thread == nullptr) {
    thread = std::make_unique<CallThread>();
    thread->io = io->shared_from_this();
    thread->random.seed(std::random_device()());
    thread->tick = std::make_unique<IoTimer>(*io);
  }
  return *thread;
}

PriceCache& Gateway::Core::Prices(CallThread& thread) {
  std::shared_ptr<const PriceBook> book = deps.ingest.book();
  if (thread.book != book) {
    thread.prices = std::make_unique<PriceCache>(book);
    thread.book = std::move(book);
  }
  return *thread.prices;
}

void Gateway::Core::KeepTicking(CallThread& thread) {
  if (thread.ticking || thread.calls.empty()) return;
  thread.ticking = true;
  thread.tick->After(kTick, [this, &thread] {
    thread.ticking = false;
    const UnixNanos now = deps.clock.Now();
    // A call may end in its tick and leave the set.
    const std::vector<std::shared_ptr<GatewayCall>> calls(thread.calls.begin(), thread.calls.end());
    for (const auto& call : calls) call->Tick(now);
    KeepTicking(thread);
  });
}

const RouteOptions* Gateway::Core::RouteOf(std::string_view upstream, std::string_view model,
                                           const Attribution& who) const {
  for (const RouteOptions& route : options.routes) {
    if (route.Matches(upstream, model, who.feature, who.key_name, who.key_id)) return &route;
  }
  return nullptr;
}

Gateway::Gateway(std::unique_ptr<Core> core) : core_(std::move(core)) {}
Gateway::~Gateway() { Stop(std::chrono::milliseconds(0)); }

absl::StatusOr<std::unique_ptr<Gateway>> Gateway::Open(GatewayOptions options,
                                                       const GatewayDeps& deps) {
  RETURN_IF_ERROR(options.Validate());
  ASSIGN_OR_RETURN(auto upstreams, Upstreams::Open(options.upstreams));
  return std::unique_ptr<Gateway>(
      new Gateway(std::make_unique<Core>(std::move(options), deps, std::move(upstreams))));
}

void Gateway::Start() { core_->recorder.Start(); }

void Gateway::Stop(std::chrono::milliseconds drain) {
  if (core_->stopping.exchange(true)) return;
  {
    MutexLock lock(&core_->mutex);
    for (auto& [io, thread] : core_->threads) {
      const std::vector<std::shared_ptr<GatewayCall>> calls(thread->calls.begin(),
                                                            thread->calls.end());
      for (const auto& call : calls) call->Abandon();
      thread->tick->Cancel();
    }
  }
  core_->recorder.Stop(drain);
}

void Gateway::Admit(const HttpRequest&, Admission& admission) const {
  admission.body_bytes = core_->options.limits.gateway_request_bytes;
}

void Gateway::Handle(HttpRequest request, Responder responder) {
  ++core_->calls;
  if (++core_->in_flight > core_->options.limits.gateway_calls) {
    --core_->in_flight;
    ++core_->refused;
    responder.Send(Refuse(request, 503,
                          fmt::format("{} calls are in flight already (limits.gateway_calls)",
                                      core_->options.limits.gateway_calls)));
    return;
  }
  CallThread& thread = core_->Thread();
  const auto call =
      std::make_shared<GatewayCall>(*core_, thread, std::move(request), std::move(responder));
  thread.calls.insert(call);
  call->Start();
  core_->KeepTicking(thread);
}

HttpResponse Gateway::Refuse(const HttpRequest& head, int status, std::string_view message) const {
  const auto path = SplitGatewayPath(head.target);
  const Upstream* upstream = path ? core_->upstreams->Find(path->upstream) : nullptr;
  const Dialect dialect = upstream == nullptr ? Dialect::kOpenAi : upstream->options.dialect;
  Refusal refusal{.reason = ReasonOfStatus(status), .message = std::string(message)};
  // Without a key, only web pages of others are forbidden anything.
  if (refusal.reason == RefusalReason::kScopeDenied && !KeyOf(head)) {
    refusal.reason = RefusalReason::kCrossSite;
  }
  if (refusal.reason == RefusalReason::kKeyMissing && KeyOf(head)) {
    refusal.reason = RefusalReason::kKeyInvalid;
  }
  if (status == 503) refusal.retry_after = std::chrono::milliseconds(1'000);
  HttpResponse response = pitot::Refuse(dialect, refusal);
  response.status = status;
  return response;
}

std::vector<ModelHealth> Gateway::Health() const {
  return core_->health.List(core_->deps.clock.Now());
}

std::string Gateway::HealthJson() const { return core_->health.Json(core_->deps.clock.Now()); }

bool Gateway::CloseBreaker(std::string_view upstream, std::string_view model) {
  return core_->health.Close(upstream, model, core_->deps.clock.Now());
}

bool Gateway::OpenBreaker(std::string_view upstream, std::string_view model, UnixNanos until,
                          std::string why) {
  return core_->health.Open(upstream, model, until, std::move(why), core_->deps.clock.Now());
}

std::string Gateway::UpstreamOf(std::string_view provider) const {
  if (core_->upstreams->Find(provider) != nullptr) return std::string(provider);
  for (const std::string_view name : core_->upstreams->Names()) {
    if (core_->upstreams->Find(name)->provider() == provider) return std::string(name);
  }
  return "";
}

GatewayOverrides& Gateway::overrides() { return core_->overrides; }

bool Gateway::ResumeRun(const TraceId& trace) { return core_->runs.Resume(trace); }

GatewayStats Gateway::stats() const {
  GatewayStats stats;
  stats.calls_in_flight = core_->in_flight;
  stats.calls = core_->calls;
  stats.refused = core_->refused;
  stats.cut = core_->cut;
  stats.recorder = core_->recorder.stats();
  stats.cache = core_->cache.stats();
  return stats;
}

}  // namespace pitot
