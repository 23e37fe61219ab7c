// One call's end: what it cost, its budgets, its spans.
#include <fmt/format.h>

#include <algorithm>

#include "base/hex.h"
#include "gateway/call.h"
#include "gateway/charge.h"

namespace pitot {
namespace {

// A stream that has said that it is complete and does not end is ended after this.
constexpr int64_t kTerminalGraceNanos = kNanosPerSecond;

}  // namespace

void GatewayCall::Tick(UnixNanos now) {
  if (finished_) return;
  if (!announced_ && has_run_ && now - start_ns_ >= core_.options.announce_after_ns) Announce();
  if (terminal_mono_ns_ != 0 && running_ != nullptr &&
      core_.deps.clock.MonotonicNanos() - terminal_mono_ns_ >= kTerminalGraceNanos) {
    AsyncEnd end;
    end.stage = CallStage::kBody;
    OnEnd(end);
    return;
  }
  if (streamed_ && reader_ && !holding_ && reservation_.holds()) {
    budget_checked_bytes_ =
        -1 << 20;  // Also when nothing new has come: a person may have switched off.
    CheckBudget(now);
  }
}

// The caller went away: nobody wants the rest, so the provider is told at once.
void GatewayCall::ClientGone() {
  if (finished_) return;
  running_.reset();
  const bool complete = reader_ && reader_->result().terminal;
  EndHealth(nullptr);
  if (reader_) reader_->Finish();
  const bool sent = attempts_total_ > 0;
  if (complete) {
    Finish({.worked = true});
    return;
  }
  Finish({.status = SpanStatus::kError,
          .type = "cancelled",
          .message = "the caller closed the connection before the answer was complete",
          .error = ErrorCategory::kCancelled,
          .worked = sent && (!head_ || head_->status < 400)});
}

void GatewayCall::Abandon() {
  if (finished_) return;
  running_.reset();
  if (reader_) reader_->Finish();
  Finish({.status = SpanStatus::kError,
          .type = "shutdown",
          .message = "Pitot stopped while the call ran",
          .error = ErrorCategory::kCancelled,
          .worked = attempts_total_ > 0 && (!head_ || head_->status < 400)});
}

void GatewayCall::Announce() {
  announced_ = true;
  auto announced = std::make_unique<CallRecord>();
  CallRecord& record = *announced;
  record.running = true;
  record.who = who_;
  record.run = run_;
  record.run.tools.clear();  // With the end.
  record.api = asked_.api;
  record.op = asked_.op;
  record.provider = target_ == nullptr ? upstream_->provider() : target_->provider();
  record.upstream = path_.upstream;
  record.model = wire_.model;
  record.start_ns = record.end_ns = start_ns_;
  record.request.valid = wire_.valid;
  record.request.streamed = wire_.streamed;
  // Should its end never come, it costs what was reserved.
  if (reservation_.holds()) {
    record.cost.cost = reservation_.amount();
    record.cost.source = PriceSource::kCatalogue;
    record.cost.estimated = true;
  }
  core_.recorder.Add(std::move(announced));
}

bool GatewayCall::RunsOnInBackground() const {
  return wire_.background && !result_.usage_final && !result_.response_id.empty();
}

CallCost GatewayCall::Cost(bool worked, UnixNanos now) {
  if (from_cache_) return {.cost = NanoUsd{0}};
  CallCost cost = ChargeOf(
      core_.Prices(thread_),
      {.provider = target_ == nullptr ? upstream_->provider() : target_->provider(),
       .model = pick_ && !pick_->model.empty() ? pick_->model : std::string_view(wire_.model),
       .at_ns = now,
       .request = wire_,
       .body_bytes = static_cast<int64_t>(body_->size()),
       .result = result_,
       // What runs on in the background is counted when its answer is fetched.
       .worked =
           worked && asked_.api != WireApi::kOther && !asked_.reads_only && !RunsOnInBackground()});
  if (abandoned_.value > 0) {
    cost.estimated = true;
    Note("pitot.abandoned_usd", UsdText(abandoned_));
    if (cost.cost) cost.cost->value += abandoned_.value;
  }
  return cost;
}

void GatewayCall::SettleBudget(const CallCost& cost, bool worked) {
  Budgets& budgets = core_.deps.budgets;
  if (worked && RunsOnInBackground()) {
    core_.background.Put(result_.response_id, std::move(reservation_));
    return;
  }
  if (!reservation_.holds()) return;
  if (!worked && !cost.has_usage) {
    budgets.Settle(std::move(reservation_), abandoned_);
  } else {
    budgets.Settle(std::move(reservation_), cost.cost);
  }
}

void GatewayCall::KeepAnswer(const CallCost& cost) {
  if (!keep_ || !cache_key_ || !head_ || route_ == nullptr) return;
  if (!MayCache(head_->status, result_, static_cast<int64_t>(kept_.size()),
                core_.cache.answer_bytes_max())) {
    return;
  }
  CachedAnswer answer;
  answer.status = head_->status;
  answer.headers = CacheableHeaders(ReplyHeaders(head_->headers, &target_->options.headers));
  answer.body = std::move(kept_);
  answer.streamed = streamed_;
  answer.made_at = core_.deps.clock.Now();
  answer.ttl_ns = *route_->cache_ttl_ns;
  answer.cost = cost.cost;
  core_.cache.Put(*cache_key_, std::move(answer));
}

void GatewayCall::Finish(Ending ending) {
  if (finished_) return;
  finished_ = true;
  running_.reset();
  timer_.reset();
  const UnixNanos now = std::max(core_.deps.clock.Now(), start_ns_);
  if (reader_) result_ = reader_->Take();
  const bool background_get = !asked_.response_id.empty();
  if (background_get && result_.usage_final) {
    // The run that began in the background has ended: its reservation is settled, once.
    auto reservation = core_.background.Take(result_.response_id);
    if (reservation) reservation_ = *std::move(reservation);
    asked_.reads_only = !reservation;
  }
  if (upstream_ != nullptr && body_ != nullptr) {
    const CallCost cost = Cost(ending.worked, now);
    SettleBudget(cost, ending.worked);
    KeepAnswer(cost);
    if (has_run_ && cost.has_usage && !result_.response_id.empty()) {
      core_.deps.ingest.NoteGatewayCall(
          {.project = who_.project,
           .response_id = result_.response_id,
           .model = result_.model.empty() ? std::string_view(wire_.model) : result_.model,
           .input_tokens = cost.usage.input_total(),
           .output_tokens = cost.usage.output_total(),
           .end_ns = now},
          run_.trace_id, run_.span_id);
    }
    if (has_run_) {
      core_.runs.End(run_, result_, cost.cost, now);
      if (!background_get || !asked_.reads_only) {
        std::unique_ptr<CallRecord> record = Record(std::move(ending), now);
        record->cost = cost;
        if (cost.estimated && cost.has_usage) record->drops.Add(Drop::kUsageEstimated);
        if (record->result.capture_cut) record->drops.Add(Drop::kCaptureCut);
        if (record->http_status == 200 && !cost.has_usage && asked_.api == WireApi::kOther) {
          record->drops.Add(Drop::kUnmeteredCall);
        }
        core_.recorder.Add(std::move(record));
      }
    }
  }
  // Last: it may be what kept this object alive.
  const auto self = shared_from_this();
  thread_.calls.erase(self);
  --core_.in_flight;
}

std::unique_ptr<CallRecord> GatewayCall::Record(Ending ending, UnixNanos now) {
  auto made = std::make_unique<CallRecord>();
  CallRecord& record = *made;
  record.who = std::move(who_);
  record.run = std::move(run_);
  record.api = asked_.api;
  record.op = asked_.op.empty() ? fmt::format("{} {}", request_.method,
                                              path_.target.substr(0, path_.target.find('?')))
                                : std::string(asked_.op);
  record.provider = target_ == nullptr ? upstream_->provider() : target_->provider();
  record.upstream = target_ == nullptr ? path_.upstream : target_->options.name;
  record.model = wire_.model;
  record.start_ns = start_ns_;
  record.end_ns = now;
  if (streamed_ && first_mono_ns_) record.ttft_ns = *first_mono_ns_ - start_mono_ns_;
  record.status = ending.status;
  record.error_type = std::move(ending.type);
  record.status_message = std::move(ending.message);
  record.error = ending.error;
  if (ending.error == ErrorCategory::kCancelled && result_.finish == FinishReason::kNone) {
    result_.finish = FinishReason::kCancelled;
  }
  if (head_) record.http_status = head_->status;
  if (attempts_total_ > 1) Note("pitot.attempts", std::to_string(attempts_total_));
  if (key_ == nullptr && !our_secret_.empty()) Note("pitot.key", "invalid");
  record.body = body_;
  record.request = std::move(wire_);
  record.result = std::move(result_);
  record.notes = std::move(notes_);
  return made;
}

}  // namespace pitot
