// One call's attempts: a target, its answer, retries and fallbacks.
#include <algorithm>

#include "base/hex.h"
#include "base/status.h"
#include "gateway/attempt_body.h"
#include "gateway/call.h"
#include "gateway/charge.h"
#include "gateway/keys/secret.h"
#include "gateway/outage/degraded.h"

namespace pitot {
namespace {

// Of an answer that is held back: an error's body, or what comes before the first meaningful byte. More
// than this is not an error envelope, and is forwarded.
constexpr size_t kHeldBytesMax = 256 << 10;
// Budgets look at a stream again after as many bytes of output.
constexpr int64_t kBudgetCheckBytes = 2 << 10;

ErrorCategory CategoryOfTransport(const absl::Status& status) {
  return status.code() == absl::StatusCode::kDeadlineExceeded ? ErrorCategory::kTimeout
                                                              : ErrorCategory::kNetwork;
}

RefusalReason ReasonOfTransport(const AsyncEnd& end) {
  if (end.status.code() == absl::StatusCode::kDeadlineExceeded) {
    return RefusalReason::kUpstreamTimeout;
  }
  if (end.stage == CallStage::kConnect) return RefusalReason::kUpstreamConnect;
  if (end.status.code() == absl::StatusCode::kDataLoss ||
      end.status.code() == absl::StatusCode::kOutOfRange) {
    return RefusalReason::kUpstreamInvalid;
  }
  return RefusalReason::kUpstreamReset;
}

// Whether the caller brings a provider's key (or a subscription's token), wherever it stands.
bool HasOwnCredential(const HttpRequest& request, std::string_view our_secret) {
  for (const std::string_view name : {"authorization", "x-api-key", "x-goog-api-key", "api-key"}) {
    std::string_view value = request.headers.Get(name);
    if (value.size() > 7 && EqualsIgnoreCase(value.substr(0, 7), "bearer ")) {
      value = TrimOws(value.substr(7));
    }
    if (!value.empty() && value != our_secret) return true;
  }
  const std::string param = KeyParam(request.target);
  return !param.empty() && param != our_secret;
}

bool IsIdempotent(std::string_view method) {
  return method == "GET" || method == "HEAD" || method == "OPTIONS";
}

}  // namespace

void GatewayCall::NextTarget() {
  for (;;) {
    pick_ = walk_->Next(core_.deps.clock.Now(), thread_.random());
    if (!pick_) {
      AsyncEnd nothing;
      nothing.status = Unavailable("every target is passed over");
      GiveUp({}, nothing);
      return;
    }
    target_ = core_.upstreams->Find(pick_->target->upstream);
    if (target_ != nullptr && target_->options.dialect == dialect_) break;
    walk_->Failed("speaks another API");
    EndHealth(nullptr);
  }
  attempts_ = 0;
  Attempt();
}

void GatewayCall::Attempt() {
  ++attempts_;
  ++attempts_total_;
  head_.reset();
  reader_.reset();
  decoder_.reset();
  filter_.reset();
  held_.clear();
  holding_ = false;
  first_mono_ns_.reset();
  terminal_mono_ns_ = 0;
  attempt_mono_ns_ = core_.deps.clock.MonotonicNanos();
  AsyncCall call;
  if (!BuildAttempt(call)) return;
  running_ = target_->client->Start(std::move(call), *this);
}

// False: the call was refused.
bool GatewayCall::BuildAttempt(AsyncCall& call) {
  call.method = request_.method;
  call.url = target_->base;
  std::string target(path_.target);
  if (const absl::Status status = SetHeaders(*target_, call); !status.ok()) {
    EndHealth(nullptr);
    Refuse({.reason = RefusalReason::kUpstreamKeyMissing,
            .message = std::string(Message(status)),
            .details = {{"upstream", QuoteJson(target_->options.name)}}},
           ErrorCategory::kAuth);
    return false;
  }
  if (!our_secret_.empty() && IsSecret(KeyParam(target))) target = WithoutKeyParam(target);
  std::shared_ptr<const std::string> body = body_;
  if (!pick_->target->model.empty() && pick_->target->model != wire_.model) {
    if (dialect_ == Dialect::kGemini && !asked_.model.empty()) {
      target = WithModelInPath(target, pick_->target->model).value_or(target);
    } else if (auto changed = WithModel(*body, pick_->target->model)) {
      body = std::make_shared<const std::string>(*std::move(changed));
    }
  }
  const bool counts_on_request =
      asked_.api == WireApi::kOpenAiChat || asked_.api == WireApi::kOpenAiCompletions;
  asked_usage_ = false;
  if (counts_on_request && wire_.streamed && !wire_.include_usage &&
      target_->options.include_usage) {
    if (auto changed = AskForUsage(*body)) {
      body = std::make_shared<const std::string>(*std::move(changed));
      asked_usage_ = true;
    }
  }
  call.url.target += target;
  if (!body->empty() || !IsIdempotent(request_.method)) call.body = std::move(body);
  const auto passed = std::chrono::nanoseconds(attempt_mono_ns_ - start_mono_ns_);
  const auto left =
      deadlines_.total - std::chrono::duration_cast<std::chrono::milliseconds>(passed);
  call.total_timeout = std::max(left, std::chrono::milliseconds(1));
  call.connect_timeout = std::min(deadlines_.connect, call.total_timeout);
  call.first_byte_timeout = std::min(deadlines_.first_byte, call.total_timeout);
  call.idle_timeout = deadlines_.idle;
  return true;
}

absl::Status GatewayCall::SetHeaders(const Upstream& upstream, AsyncCall& call) {
  RequestHeaderPlan plan;
  plan.rules = &upstream.options.headers;
  plan.our_key = our_secret_;
  plan.body_decoded = request_.headers.Has("content-encoding");
  std::string_view ref = upstream.options.key;
  if (key_ != nullptr) {
    const auto own = key_->provider_keys.find(upstream.options.name);
    if (own != key_->provider_keys.end()) ref = own->second;
  }
  std::string credential;
  // The key of a configured upstream is for callers that bring none of their own.
  if (!ref.empty() && !HasOwnCredential(request_, our_secret_)) {
    ASSIGN_OR_RETURN(const auto secret, core_.secrets.Get(ref));
    credential = upstream.CredentialValue(*secret);
    plan.credential_name = upstream.credential_header;
    plan.credential_value = credential;
  }
  call.headers = RequestHeaders(request_.headers, plan);
  return absl::OkStatus();
}

void GatewayCall::OnHead(AsyncHead head) {
  head_ = std::move(head);
  const std::string_view type = head_->headers.Get("content-type");
  const bool sse = type.find("event-stream") != std::string_view::npos;
  const bool good = head_->status < 400;
  streamed_ = good && (sse || (wire_.streamed && asked_.api == WireApi::kGeminiGenerate));
  reader_ = std::make_unique<ResponseReader>(
      asked_.api,
      ResponseReader::Options{.streamed = streamed_,
                              .status = head_->status,
                              .capture_bytes = core_.options.limits.gateway_capture_bytes,
                              .cache_ttl = wire_.cache_ttl});
  const std::string_view coding_name = head_->headers.Get("content-encoding");
  if (const auto coding = ParseCoding(coding_name); coding && *coding != Coding::kIdentity) {
    decoder_ = MakeDecoder(*coding);
    Note("pitot.content_encoding", std::string(coding_name));
  }
  // Compressed events cannot be taken out one by one.
  if (asked_usage_ && streamed_ && sse && decoder_ == nullptr) filter_.emplace();
  keep_ = good && cache_key_.has_value();
  holding_ = !good || (streamed_ && plan_.equal.size() + plan_.fallback.size() > 1);
  if (!holding_) {
    reply_.Head(ReplyHead(*head_));
    FlushHeadSoon();
  }
}

// After what came with it in the same read: a small answer goes out in one piece.
void GatewayCall::FlushHeadSoon() {
  thread_.io->Post(Weakly([](GatewayCall& call) { call.reply_.FlushHead(); }));
}

void GatewayCall::OnData(std::string_view piece) {
  if (!holding_) {
    Forward(piece);
    Meter(piece);
    if (streamed_ && reservation_.holds()) CheckBudget(core_.deps.clock.Now());
    return;
  }
  held_ += piece;
  Meter(piece);
  const bool good = head_->status < 400;
  const bool error_inside = good && reader_->result().error.any();
  if (error_inside) return;  // Its end decides: another target may answer.
  if (held_.size() > kHeldBytesMax || (good && reader_->meaningful())) CommitHeld();
}

// From here on this answer is the call's.
void GatewayCall::CommitHeld() {
  holding_ = false;
  reply_.Head(ReplyHead(*head_));
  const std::string held = std::exchange(held_, {});
  if (held.empty()) {
    FlushHeadSoon();
  } else {
    Forward(held);
  }
}

void GatewayCall::Forward(std::string_view piece) {
  std::string filtered;
  if (filter_) {
    filter_->Put(piece, filtered);
    piece = filtered;
  }
  if (keep_) {
    if (kept_.size() + piece.size() > static_cast<size_t>(core_.cache.answer_bytes_max())) {
      keep_ = false;
      kept_ = {};
    } else {
      kept_ += piece;
    }
  }
  const bool room = reply_.Write(piece, Weakly([](GatewayCall& call) {
                                   if (call.running_ != nullptr) call.running_->Resume();
                                 }));
  if (!room && running_ != nullptr) running_->Pause();
}

void GatewayCall::Meter(std::string_view piece) {
  if (decoder_ == nullptr) {
    reader_->Put(piece);
  } else {
    char plain[16 << 10];
    for (;;) {
      const auto bytes = decoder_->Decode(piece, plain);
      if (!bytes.ok()) {
        Note("pitot.content_encoding.error", std::string(Message(bytes.status())));
        decoder_.reset();
        break;
      }
      reader_->Put({plain, *bytes});
      if (*bytes < sizeof plain && piece.empty()) break;
    }
  }
  if (!first_mono_ns_ && reader_->meaningful()) {
    first_mono_ns_ = core_.deps.clock.MonotonicNanos();
    core_.health.Answered(pick_->call, core_.deps.clock.Now());
  }
  // From the last word, not from the last byte: signs of life after the end are none.
  const WireResult& result = reader_->result();
  if (streamed_ && result.terminal &&
      (terminal_mono_ns_ == 0 || result.output_bytes != terminal_bytes_ ||
       result.usage != terminal_usage_)) {
    terminal_mono_ns_ = core_.deps.clock.MonotonicNanos();
    terminal_bytes_ = result.output_bytes;
    terminal_usage_ = result.usage;
  }
}

// Of the attempt under way, as far as its answer has come.
CallCost GatewayCall::CostSoFar(UnixNanos now) {
  return ChargeOf(core_.Prices(thread_), {.provider = target_->provider(),
                                          .model = pick_->model,
                                          .at_ns = now,
                                          .request = wire_,
                                          .body_bytes = static_cast<int64_t>(body_->size()),
                                          .result = reader_->result()});
}

// Ends a stream whose budget is used up, or was switched off by a person.
void GatewayCall::CheckBudget(UnixNanos now) {
  const WireResult& result = reader_->result();
  if (result.terminal || result.output_bytes - budget_checked_bytes_ < kBudgetCheckBytes) return;
  budget_checked_bytes_ = result.output_bytes;
  const CallCost cost = CostSoFar(now);
  std::string why;
  std::string budget;
  if (!cost.cost || !core_.deps.budgets.MustCut(reservation_, *cost.cost, &why, &budget)) return;
  ++core_.cut;
  if (!budget.empty()) Note("pitot.budget", budget + " cut");
  Refusal refusal{.reason = RefusalReason::kBudgetExceeded,
                  .message = fmt::format("Pitot ended this answer: {}.", why)};
  const std::string event =
      decoder_ == nullptr ? RefuseInStream(asked_.api, asked_.sse, refusal) : std::string();
  running_.reset();
  EndHealth(nullptr);
  if (event.empty()) {
    reply_.Cut();
  } else {
    reply_.Write(event, nullptr);
    reply_.End();
  }
  Finish({.status = SpanStatus::kError,
          .type = std::string(Name(RefusalReason::kBudgetExceeded)),
          .message = refusal.message,
          .error = ErrorCategory::kQuota,
          .worked = true});
}

void GatewayCall::OnEnd(const AsyncEnd& end) {
  running_.reset();
  if (!head_) {
    AttemptFailed(end);
    return;
  }
  reader_->Finish();
  const bool failed = head_->status >= 400 || reader_->result().error.any() || !end.status.ok();
  if (holding_ && failed) {
    AttemptFailed(end);
    return;
  }
  if (holding_) CommitHeld();
  AnswerComplete(end);
}

// The attempt's outcome, told to the circuit breaker; null: it says nothing of the provider.
void GatewayCall::EndHealth(const AsyncEnd* end) {
  if (!pick_) return;
  const int64_t now = core_.deps.clock.MonotonicNanos();
  CallOutcome outcome;
  outcome.streamed = streamed_;
  outcome.duration_ns = now - attempt_mono_ns_;
  if (first_mono_ns_) outcome.first_ns = *first_mono_ns_ - attempt_mono_ns_;
  if (end == nullptr) {
    outcome.error = ErrorCategory::kCancelled;
  } else if (reader_ && reader_->result().error.any()) {
    outcome.error = reader_->result().error.category;
  } else if (head_ && head_->status >= 400) {
    outcome.error = CategoryOf(dialect_, head_->status, "", "", "");
  } else if (!end->status.ok()) {
    outcome.error = CategoryOfTransport(end->status);
    outcome.connect_failed = end->stage == CallStage::kConnect;
  }
  core_.health.End(std::move(pick_->call), outcome, core_.deps.clock.Now());
  pick_->call = ProviderHealth::Call();
}

void GatewayCall::AttemptFailed(const AsyncEnd& end) {
  EndHealth(&end);
  AttemptOutcome outcome;
  outcome.idempotent = IsIdempotent(request_.method) || asked_.reads_only;
  outcome.forwarded = reply_.started();
  const int64_t passed = core_.deps.clock.MonotonicNanos() - start_mono_ns_;
  outcome.time_left = deadlines_.total - std::chrono::duration_cast<std::chrono::milliseconds>(
                                             std::chrono::nanoseconds(passed));
  std::string why;
  if (head_) {
    const WireError& error = reader_->result().error;
    outcome.status = head_->status;
    outcome.hints = ReadRetryHints(head_->headers, core_.deps.clock.Now());
    outcome.error_type = error.type;
    outcome.error_code = error.code;
    why = head_->status < 400 && !error.any()
              ? Message(end.status)
              : fmt::format("HTTP {} {}", head_->status, error.type);
  } else {
    outcome.nothing_sent = end.stage == CallStage::kConnect;
    outcome.timed_out = end.status.code() == absl::StatusCode::kDeadlineExceeded;
    why = Message(end.status);
  }
  Note("pitot.attempt", fmt::format("{}/{}: {}", target_->options.name, pick_->model, why));
  const RetryDecision decision = DecideRetry(core_.options.retry, outcome, attempts_,
                                             ClientRetries(request_.headers), thread_.random());
  if (decision.retry) {
    timer_.emplace(*thread_.io);
    timer_->After(decision.wait, Weakly([why](GatewayCall& call) {
                    auto again = call.core_.health.Begin(
                        call.target_->options.name, call.pick_->model, call.core_.deps.clock.Now());
                    if (!again.allowed) {
                      call.walk_->Failed(why + "; then its breaker opened");
                      call.NextTarget();
                      return;
                    }
                    call.pick_->call = std::move(again.call);
                    call.Attempt();
                  }));
    return;
  }
  walk_->Failed(why);
  if (MayFallBack(outcome)) {
    // What a stream had used when it was given up is paid all the same.
    if (head_ && head_->status < 400) {
      const CallCost cost = CostSoFar(core_.deps.clock.Now());
      if (cost.cost) abandoned_.value += cost.cost->value;
    }
    // The last answer is kept, in case nobody does better.
    auto answer = std::move(head_);
    auto reader = std::move(reader_);
    std::string held = std::move(held_);
    pick_ = walk_->Next(core_.deps.clock.Now(), thread_.random());
    if (pick_) {
      target_ = core_.upstreams->Find(pick_->target->upstream);
      Note("pitot.fallback", fmt::format("{}/{}", pick_->target->upstream, pick_->model));
      attempts_ = 0;
      Attempt();
      return;
    }
    head_ = std::move(answer);
    reader_ = std::move(reader);
    held_ = std::move(held);
  }
  GiveUp(outcome, end);
}

// Nobody else will answer: an answer that is there is forwarded as it is, else a stale or degraded one
// stands in, else an error says why.
void GatewayCall::GiveUp(const AttemptOutcome& outcome, const AsyncEnd& end) {
  const bool asked_too_much = head_ && head_->status >= 400 && !MayFallBack(outcome);
  if (!asked_too_much) {
    const std::string_view why = head_                  ? "upstream_error"
                                 : attempts_total_ == 0 ? "breaker_open"
                                                        : Name(ReasonOfTransport(end));
    if (ServeCached(/*stale=*/true, why) || ServeDegraded(why)) return;
  }
  if (head_) {
    CommitHeld();
    AnswerComplete(end);
    return;
  }
  RefuseUpstream(end);
}

bool GatewayCall::ServeDegraded(std::string_view why) {
  if (route_ == nullptr || route_->degraded_text.empty()) return false;
  auto answer = DegradedAnswer(asked_.api, {.streamed = wire_.streamed,
                                            .sse = asked_.sse,
                                            .include_usage = wire_.include_usage,
                                            .model = wire_.model,
                                            .text = route_->degraded_text,
                                            .reason = why,
                                            .id = ToHex(run_.span_id.view()),
                                            .now = core_.deps.clock.Now()});
  if (!answer) return false;
  AddMarks(answer->headers);
  reply_.Send(*std::move(answer));
  Note("pitot.degraded", std::string(why));
  head_.reset();
  reader_.reset();
  Finish({.status = SpanStatus::kError,
          .type = std::string(why),
          .message =
              fmt::format("a degraded answer was given: {}", walk_->Why(core_.deps.clock.Now())),
          .error = ErrorCategory::kOverloaded});
  return true;
}

void GatewayCall::RefuseUpstream(const AsyncEnd& end) {
  const UnixNanos now = core_.deps.clock.Now();
  Refusal refusal;
  const bool open = attempts_total_ == 0;
  refusal.reason = open ? RefusalReason::kBreakerOpen : ReasonOfTransport(end);
  refusal.message = fmt::format("No provider answered: {}.", walk_->Why(now));
  refusal.details = {{"targets", QuoteJson(walk_->Why(now))}};
  if (open && walk_->retry_at() > now) {
    refusal.retry_after = std::chrono::milliseconds((walk_->retry_at() - now) / kNanosPerMilli + 1);
  }
  // Sent whole and not answered: the provider may have done the work.
  const bool worked = !open && end.stage == CallStage::kHead;
  refusal.request_id = ToHex(run_.trace_id.view());
  AddMarks(refusal.headers);
  reply_.Send(pitot::Refuse(DialectOf(asked_.api, dialect_), refusal));
  Finish({.status = SpanStatus::kError,
          .type = std::string(Name(refusal.reason)),
          .message = refusal.message,
          .error = open ? ErrorCategory::kOverloaded : CategoryOfTransport(end.status),
          .worked = worked});
}

// The provider's answer has been forwarded, as far as it came.
void GatewayCall::AnswerComplete(const AsyncEnd& end) {
  EndHealth(&end);
  if (filter_) {
    std::string rest;
    filter_->Finish(rest);
    filter_.reset();
    Forward(rest);
  }
  const WireResult& result = reader_->result();
  Ending ending;
  ending.worked = head_->status < 400;
  if (result.error.any()) {
    ending.status = SpanStatus::kError;
    ending.type = result.error.type;
    ending.message = result.error.message;
    ending.error = result.error.category;
  } else if (head_->status >= 400) {
    ending.status = SpanStatus::kError;
    ending.type = std::to_string(head_->status);
    ending.error = CategoryOf(dialect_, head_->status, "", "", "");
    ending.message = fmt::format("HTTP {}", head_->status);
  }
  if (end.status.ok() || result.terminal) {
    reply_.End();
  } else {
    // As a direct caller would see it: the connection ends.
    reply_.Cut();
    ending.status = SpanStatus::kError;
    ending.type = std::string(Name(ReasonOfTransport(end)));
    ending.message = Message(end.status);
    ending.error = CategoryOfTransport(end.status);
  }
  Finish(std::move(ending));
}

HttpResponse GatewayCall::ReplyHead(const AsyncHead& head) const {
  HttpResponse out;
  out.status = head.status;
  out.reason = head.reason;
  out.headers = ReplyHeaders(head.headers, &target_->options.headers);
  if (!filter_) out.content_length = head.content_length;
  AddMarks(out.headers);
  if (pick_->fallback) {
    out.headers.Set("x-pitot-fallback", fmt::format("{}/{}", target_->options.name, pick_->model));
  }
  return out;
}

}  // namespace pitot
