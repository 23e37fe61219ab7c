#include "gateway/call.h"

#include <fmt/ranges.h>

#include "base/hex.h"
#include "base/status.h"
#include "base/text.h"
#include "gateway/charge.h"
#include "gateway/keys/secret.h"
#include "measure/glob.h"

namespace pitot {
namespace {

RefusalReason ReasonOf(BudgetRefusal::Why why) {
  switch (why) {
    case BudgetRefusal::Why::kUnknownPrice:
      return RefusalReason::kUnknownPrice;
    case BudgetRefusal::Why::kUnboundedInput:
      return RefusalReason::kInputUnbounded;
    case BudgetRefusal::Why::kTooLarge:
      return RefusalReason::kBudgetTooSmall;
    case BudgetRefusal::Why::kCounters:
    case BudgetRefusal::Why::kUnavailable:
      return RefusalReason::kBudgetUnavailable;
    case BudgetRefusal::Why::kExhausted:
    case BudgetRefusal::Why::kDisabled:
      break;
  }
  return RefusalReason::kBudgetExceeded;
}

}  // namespace

GatewayCall::GatewayCall(Gateway::Core& core, CallThread& thread, HttpRequest request,
                         Responder responder)
    : core_(core),
      thread_(thread),
      request_(std::move(request)),
      reply_(std::move(responder), thread.io) {}

GatewayCall::~GatewayCall() = default;

void GatewayCall::Start() {
  start_ns_ = core_.deps.clock.Now();
  start_mono_ns_ = core_.deps.clock.MonotonicNanos();
  if (!ReadTarget() || !CheckKey()) return;
  reply_.OnGone(Weakly([](GatewayCall& call) { call.ClientGone(); }));
  FindRun();
  if (!CheckLoops()) return;
  route_ = core_.RouteOf(path_.upstream, wire_.model, who_);
  deadlines_ =
      route_ != nullptr && route_->deadlines ? *route_->deadlines : core_.options.deadlines;
  if (route_ != nullptr) {
    plan_.equal = route_->equal;
    plan_.fallback = route_->fallback;
  }
  if (plan_.equal.empty()) plan_.equal.push_back({std::string(path_.upstream), ""});
  if (!ApplyOverrides()) return;
  if (ServeCached(/*stale=*/false, "")) return;
  Reserve();
}

// Which provider, which of its APIs, what the body says.
bool GatewayCall::ReadTarget() {
  const auto path = SplitGatewayPath(request_.target);
  if (path) upstream_ = core_.upstreams->Find(path->upstream);
  if (upstream_ == nullptr) {
    Refuse({.reason = RefusalReason::kUpstreamUnknown,
            .message = path ? fmt::format("No upstream is named \"{}\"; known are {}.",
                                          path->upstream, fmt::join(core_.upstreams->Names(), ", "))
                            : fmt::format("{} names no upstream: /up/NAME/...", request_.path)},
           ErrorCategory::kUnknown);
    return false;
  }
  path_ = *path;
  dialect_ = upstream_->options.dialect;
  asked_ = ReadProviderCall(dialect_, request_.method, path_.target);
  body_ = asked_body_ = std::make_shared<const std::string>(std::move(request_.body));
  if (asked_.api != WireApi::kOther && asked_.response_id.empty()) {
    wire_ = ReadRequest(asked_.api, *body_, /*want_messages=*/true);
  }
  if (!asked_.model.empty()) wire_.model = asked_.model;
  if (asked_.streams_by_path) wire_.streamed = true;
  return true;
}

bool GatewayCall::CheckKey() {
  if (const auto secret = KeyOf(request_)) {
    our_secret_ = *secret;
    key_ = core_.deps.keys.Find(our_secret_);
    if (key_ == nullptr) {
      Refuse({.reason = RefusalReason::kKeyInvalid,
              .message = "This Pitot key is unknown, revoked or expired."},
             ErrorCategory::kAuth);
      return false;
    }
  }
  who_ = ReadAttribution(request_.headers, wire_, key_.get());
  if (key_ == nullptr) return true;
  if (!key_->models.empty() && !asked_.reads_only) {
    if (!MatchesAnyGlob(key_->models, wire_.model)) {
      Refuse(
          {.reason = RefusalReason::kModelNotAllowed,
           .message = fmt::format("The key \"{}\" may not call the model \"{}\"; it may call {}.",
                                  key_->name, wire_.model, fmt::join(key_->models, ", "))},
          ErrorCategory::kAuth);
      return false;
    }
  }
  const std::vector<std::string_view> missing = MissingAttribution(*key_, who_);
  if (missing.empty() || asked_.reads_only) return true;
  Refuse({.reason = RefusalReason::kMissingAttribution,
          .message = fmt::format(
              "The key \"{}\" requires {}, which the request does not say: send the header {}{}.",
              key_->name, fmt::join(missing, ", "), missing[0] == "traceparent" ? "" : "x-pitot-",
              missing[0]),
          .details = {{"missing", QuoteJson(fmt::format("{}", fmt::join(missing, ",")))}}},
         ErrorCategory::kUnknown);
  return false;
}

void GatewayCall::FindRun() {
  if (asked_.reads_only && asked_.response_id.empty()) return;
  RunCaller caller;
  caller.project = who_.project;
  caller.key = who_.key_id;
  if (who_.parent) {
    caller.trace_id.bytes = who_.parent->trace_id;
    caller.parent_span_id.bytes = who_.parent->parent_id;
  }
  caller.run_id = who_.run_id;
  caller.session = who_.session;
  caller.user = who_.user;
  caller.feature = who_.feature;
  caller.agent = who_.agent;
  caller.agent_id = who_.agent_id;
  caller.parent_agent_id = who_.parent_agent_id;
  caller.depth = who_.depth;
  caller.sdk_retry_count = ClientRetries(request_.headers);
  run_ = core_.runs.Begin(caller, asked_.api, wire_, start_ns_);
  has_run_ = true;
}

bool GatewayCall::CheckLoops() {
  if (!run_.blocked) return true;
  const LoopFinding& finding = *run_.blocked;
  Refuse({.reason = RefusalReason::kLoopDetected,
          .message = fmt::format("Pitot stopped this run before model call {}: {} ({}).",
                                 finding.step, finding.reason, Name(finding.detector)),
          .details = {{"detector", QuoteJson(Name(finding.detector))},
                      {"step", std::to_string(finding.step)},
                      {"count", std::to_string(finding.count)},
                      {"threshold", std::to_string(finding.threshold)}}},
         ErrorCategory::kUnknown);
  return false;
}

// A fresh answer before anything is spent; a stale one when the provider is down.
bool GatewayCall::ServeCached(bool stale, std::string_view why) {
  const bool may = route_ != nullptr && route_->cache_ttl_ns && asked_.api != WireApi::kOther &&
                   !asked_.reads_only && (key_ == nullptr || key_->cache.value_or(true));
  if (!may) return false;
  if (!cache_key_) {
    const std::string target = WithoutKeyParam(path_.target);
    std::string credential;
    if (our_secret_.empty()) {
      for (const std::string_view name : {"authorization", "x-api-key", "x-goog-api-key"}) {
        credential += request_.headers.Get(name);
      }
      credential += KeyParam(path_.target);
    }
    cache_key_ = CacheKeyOf({.project = who_.project,
                             .upstream = path_.upstream,
                             .credential = credential,
                             .method = request_.method,
                             .target = target,
                             .body = *body_,
                             .headers = &request_.headers});
  }
  const auto answer = stale ? core_.cache.Stale(*cache_key_, start_ns_, route_->cache_stale_ns)
                            : core_.cache.Fresh(*cache_key_, start_ns_);
  if (answer == nullptr) return false;
  HttpResponse response{.status = answer->status, .headers = answer->headers, .body = answer->body};
  response.headers.Set("x-pitot-cache", stale ? "stale" : "hit");
  if (stale) response.headers.Set("x-pitot-degraded", why);
  AddMarks(response.headers);
  reply_.Send(std::move(response));
  from_cache_ = true;
  Note("pitot.cache", stale ? "stale" : "hit");
  if (stale) Note("pitot.degraded", std::string(why));
  if (answer->cost) Note("pitot.cache.saved_usd", UsdText(*answer->cost));
  // What the answer says, without what making it once used.
  ResponseReader reader(asked_.api, {.streamed = answer->streamed});
  reader.Put(answer->body);
  reader.Finish();
  result_ = reader.Take();
  result_.has_usage = result_.usage_final = false;
  result_.usage = Usage();
  result_.iterations.clear();
  result_.cost_reported.reset();
  Finish({});
  return true;
}

CallBound GatewayCall::Bound() {
  if (asked_.reads_only) return {.worst = NanoUsd{0}};
  PriceCache& prices = core_.Prices(thread_);
  if (asked_.api == WireApi::kOther) {
    return {.input_known = false,
            .why_unknown = fmt::format("{} {} is not a path whose cost can be bounded",
                                       request_.method, request_.path)};
  }
  std::optional<CallBound> worst;
  for (const PlanTarget& target : plan_.Targets()) {
    const Upstream* upstream = core_.upstreams->Find(target.upstream);
    if (upstream == nullptr) continue;
    CallBound bound = BoundOf(
        prices, {.provider = upstream->provider(),
                 .model = target.model.empty() ? std::string_view(wire_.model) : target.model,
                 .request = wire_,
                 .body_bytes = static_cast<int64_t>(body_->size()),
                 .answers_in_tokens = asked_.op != "embeddings",
                 .output_tokens_unknown = core_.options.output_tokens_unknown,
                 .at_ns = start_ns_});
    worst = worst ? WorseOf(*std::move(worst), std::move(bound)) : std::move(bound);
  }
  return worst.value_or(CallBound());
}

void GatewayCall::Reserve() {
  if (core_.deps.budgets.empty() || asked_.reads_only) {
    Reserved({.allowed = true});
    return;
  }
  const std::string trace = ToHex(run_.trace_id.view());
  const std::string call = ToHex(run_.span_id.view());
  const CallScope scope{.project = who_.project,
                        .key = who_.key_id,
                        .feature = who_.feature,
                        .workflow = who_.workflow,
                        .user = who_.user,
                        .model = wire_.model,
                        .session = who_.session.empty() ? run_.session : who_.session,
                        .trace = trace,
                        .call = call};
  // The decision may come later and from another thread; a call that is gone by then gives back what
  // it got. Shared, because functions are copied.
  core_.deps.budgets.Reserve(scope, Bound(),
                             [weak = weak_from_this(), io = thread_.io,
                              &budgets = core_.deps.budgets](BudgetDecision decision) {
                               if (IoThread::Current() == io.get()) {
                                 if (const auto self = weak.lock())
                                   self->Reserved(std::move(decision));
                                 return;
                               }
                               const auto shared =
                                   std::make_shared<BudgetDecision>(std::move(decision));
                               io->Post([weak, shared, &budgets] {
                                 const auto self = weak.lock();
                                 if (self != nullptr && !self->finished_) {
                                   self->Reserved(std::move(*shared));
                                 } else {
                                   budgets.Settle(std::move(shared->reservation), NanoUsd{0});
                                 }
                               });
                             });
}

void GatewayCall::Reserved(BudgetDecision decision) {
  if (!decision.allowed) {
    RefuseBudget(*decision.refusal);
    return;
  }
  reservation_ = std::move(decision.reservation);
  soft_ = std::move(decision.soft);
  walk_.emplace(plan_, core_.health, wire_.model, wire_.streamed);
  NextTarget();
}

void GatewayCall::RefuseBudget(const BudgetRefusal& refusal) {
  Refusal out;
  out.reason = ReasonOf(refusal.why);
  out.message = refusal.message;
  out.details = {
      {"budget", QuoteJson(refusal.budget)},       {"scope", QuoteJson(Name(refusal.scope))},
      {"counter", QuoteJson(refusal.counter_key)}, {"why", QuoteJson(Name(refusal.why))},
      {"limit_usd", UsdText(refusal.limit)},       {"spent_usd", UsdText(refusal.spent)},
      {"reserved_usd", UsdText(refusal.reserved)}, {"needed_usd", UsdText(refusal.needed)}};
  if (refusal.resets_at != 0) {
    out.details.emplace_back("resets_at", QuoteJson(FormatTime(refusal.resets_at)));
  }
  Note("pitot.budget", fmt::format("{} {}", refusal.budget, Name(refusal.why)));
  Refuse(std::move(out), ErrorCategory::kQuota);
}

void GatewayCall::Refuse(Refusal refusal, ErrorCategory error) {
  ++core_.refused;
  const std::string reason(Name(refusal.reason));
  const std::string message = refusal.message;
  if (has_run_) refusal.request_id = ToHex(run_.trace_id.view());
  AddMarks(refusal.headers);
  reply_.Send(pitot::Refuse(DialectOf(asked_.api, dialect_), refusal));
  Finish({.status = SpanStatus::kError, .type = reason, .message = message, .error = error});
}

void GatewayCall::AddMarks(HttpHeaders& headers) const {
  if (!has_run_) return;
  headers.Set("x-pitot-trace-id", ToHex(run_.trace_id.view()));
  headers.Set("x-pitot-span-id", ToHex(run_.span_id.view()));
  for (const SoftNotice& notice : soft_) {
    headers.Add("x-pitot-budget-warning",
                fmt::format("{}: {} of {} USD", notice.budget, UsdText(notice.spent),
                            UsdText(notice.limit)));
  }
  for (const LoopFinding& finding : run_.findings) {
    headers.Add("x-pitot-loop-warning",
                fmt::format("{}: {}", Name(finding.detector), finding.reason));
  }
}

}  // namespace pitot
