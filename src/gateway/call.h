// gateway/call.h
//
// Internal to gateway/: one call, from its request to its spans. Lives on one I/O thread; keeps itself
// alive in its thread's set of calls until it is done.
//
//   Start    read, attribute, check the key, find the run      call.cc
//            what an operator changed for a while               call_override.cc
//   Reserve  cache, budgets
//   Attempt  a target, its answer, retries and fallbacks       call_attempt.cc
//   Finish   settle, record                                    call_finish.cc
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/call_record.h"
#include "gateway/client_reply.h"
#include "gateway/core.h"
#include "gateway/outage/plan.h"
#include "gateway/outage/refusal.h"
#include "gateway/outage/retry.h"
#include "gateway/route.h"
#include "http/async_client.h"
#include "http/compress.h"
#include "wire/include_usage.h"
#include "wire/response.h"

namespace pitot {

class GatewayCall final : public AsyncHandler, public std::enable_shared_from_this<GatewayCall> {
 public:
  GatewayCall(Gateway::Core& core, CallThread& thread, HttpRequest request, Responder responder);
  ~GatewayCall() override;

  void Start();
  // Some ten times a second: announces, notices budgets that were disabled, ends what is over.
  void Tick(UnixNanos now);
  // The server has stopped: settle and record what there is.
  void Abandon();

  void OnHead(AsyncHead head) override;
  void OnData(std::string_view piece) override;
  void OnEnd(const AsyncEnd& end) override;

 private:
  // How the call ended, for its span.
  struct Ending {
    SpanStatus status = SpanStatus::kUnset;
    std::string type;
    std::string message;
    ErrorCategory error = ErrorCategory::kNone;
    bool worked = false;  // The provider took it on: what it did not report is estimated.
  };

  // call.cc
  bool ReadTarget();
  bool CheckKey();
  void FindRun();
  bool CheckLoops();
  bool ApplyOverrides();  // call_override.cc
  bool ServeCached(bool stale, std::string_view why);
  void Reserve();
  void Reserved(BudgetDecision decision);
  CallBound Bound();
  void RefuseBudget(const BudgetRefusal& refusal);
  void Refuse(Refusal refusal, ErrorCategory error);

  // call_attempt.cc
  void NextTarget();
  void Attempt();
  bool BuildAttempt(AsyncCall& call);
  absl::Status SetHeaders(const Upstream& upstream, AsyncCall& call);
  void AttemptFailed(const AsyncEnd& end);
  void EndHealth(const AsyncEnd* end);
  void GiveUp(const AttemptOutcome& outcome, const AsyncEnd& end);
  bool ServeDegraded(std::string_view why);
  void CommitHeld();
  void Forward(std::string_view piece);
  void Meter(std::string_view piece);
  CallCost CostSoFar(UnixNanos now);
  void CheckBudget(UnixNanos now);
  void AnswerComplete(const AsyncEnd& end);
  void RefuseUpstream(const AsyncEnd& end);
  HttpResponse ReplyHead(const AsyncHead& head) const;
  void AddMarks(HttpHeaders& headers) const;
  void FlushHeadSoon();

  // call_finish.cc
  void ClientGone();
  void Announce();
  void Finish(Ending ending);
  std::unique_ptr<CallRecord> Record(Ending ending, UnixNanos now);
  bool RunsOnInBackground() const;  // An OpenAI response whose usage comes with a later GET.
  CallCost Cost(bool worked, UnixNanos now);
  void SettleBudget(const CallCost& cost, bool worked);
  void KeepAnswer(const CallCost& cost);
  void Note(std::string_view key, std::string value) { notes_.emplace_back(key, std::move(value)); }

  // Runs `work` on this call if it still lives.
  template <typename Work>
  std::function<void()> Weakly(Work work) {
    return [weak = weak_from_this(), work] {
      if (const auto self = weak.lock(); self != nullptr && !self->finished_) work(*self);
    };
  }

  Gateway::Core& core_;
  CallThread& thread_;
  HttpRequest request_;
  ClientReply reply_;
  std::optional<IoTimer> timer_;  // Between attempts.

  UnixNanos start_ns_ = 0;
  int64_t start_mono_ns_ = 0;

  // Who asks for what.
  GatewayPath path_;
  ProviderCall asked_;
  const Upstream* upstream_ = nullptr;  // That the path names.
  Dialect dialect_ = Dialect::kOpenAi;
  std::shared_ptr<const std::string> body_;
  std::shared_ptr<const std::string> asked_body_;  // As it came: wire_ has views into it.
  WireRequest wire_;
  std::string_view our_secret_;  // In request_.
  std::shared_ptr<const ApiKey> key_;
  Attribution who_;
  RunCall run_;
  bool has_run_ = false;
  const RouteOptions* route_ = nullptr;
  FallbackPlan plan_;
  GatewayDeadlines deadlines_;
  std::optional<CacheKey> cache_key_;

  Reservation reservation_;
  std::vector<SoftNotice> soft_;

  // The attempt under way.
  std::optional<PlanWalk> walk_;
  std::optional<PlanWalk::Pick> pick_;
  const Upstream* target_ = nullptr;
  int attempts_ = 0;  // At this target.
  int attempts_total_ = 0;
  int64_t attempt_mono_ns_ = 0;
  std::unique_ptr<RunningCall> running_;
  std::optional<AsyncHead> head_;
  std::unique_ptr<ResponseReader> reader_;
  std::unique_ptr<Decoder> decoder_;  // The provider compressed, though asked not to.
  std::optional<UsageEventFilter> filter_;
  bool asked_usage_ = false;
  std::string held_;  // Of the answer, not yet forwarded.
  bool holding_ = false;
  bool streamed_ = false;  // The answer under way.
  std::optional<int64_t> first_mono_ns_;
  int64_t terminal_mono_ns_ = 0;  // When the answer, complete by its own word, last said anything.
  int64_t terminal_bytes_ = 0;
  Usage terminal_usage_;
  int64_t budget_checked_bytes_ = 0;
  std::string kept_;  // For the cache.
  bool keep_ = false;
  bool from_cache_ = false;  // Answered without a provider: it costs nothing.

  NanoUsd abandoned_;  // What attempts cost that were given up for another target.
  WireResult result_;  // Of the attempt that counts.
  std::vector<std::pair<std::string_view, std::string>> notes_;
  bool announced_ = false;
  bool finished_ = false;
};

}  // namespace pitot
