#include "gateway/runs/runs.h"

#include <algorithm>
#include <cstring>
#include <random>
#include <utility>

#include "base/mutex.h"
#include "base/status.h"
#include "gateway/runs/run_locator.h"

namespace pitot {
namespace {

constexpr size_t kToolsMax = 4096;  // Of one run, told apart.
constexpr size_t kKeptArgumentsBytes = 64 << 10;

bool HasMessages(WireApi api) {
  return api == WireApi::kAnthropicMessages || api == WireApi::kOpenAiChat ||
         api == WireApi::kOpenAiResponses || api == WireApi::kGeminiGenerate;
}

// The answer as it will come back in the next request.
std::string AsRequest(WireApi api, std::string_view message_json) {
  switch (api) {
    case WireApi::kOpenAiResponses:
      return "{\"input\":" + std::string(message_json) + "}";
    case WireApi::kGeminiGenerate:
      return "{\"contents\":[" + std::string(message_json) + "]}";
    default:
      return "{\"messages\":[" + std::string(message_json) + "]}";
  }
}

uint64_t RandomSeed() {
  std::random_device device;
  return static_cast<uint64_t>(device()) << 32 ^ device();
}

}  // namespace

absl::Status RunOptions::Validate() const {
  const std::string wrong = loops.Validate();
  if (!wrong.empty()) return InvalidArgument("{}", wrong);
  if (runs_max < 1) return InvalidArgument("runs_max is {}; it must be at least 1", runs_max);
  if (conversations_max < 1) {
    return InvalidArgument("conversations_max is {}; it must be at least 1", conversations_max);
  }
  if (idle_ns <= 0) {
    return InvalidArgument("idle is {} s; it must be more than 0", idle_ns / kNanosPerSecond);
  }
  if (person_ns < 0) {
    return InvalidArgument("person is {} ms; it must be 0 or more", person_ns / kNanosPerMilli);
  }
  return absl::OkStatus();
}

class Runs::Impl {
 public:
  explicit Impl(RunOptions options)
      : options_(std::move(options)),
        seed_(options_.seed != 0 ? options_.seed : RandomSeed()),
        hasher_(seed_),
        hashes_(options_.loops),
        locator_(options_, seed_) {}

  RunCall Begin(const RunCaller& caller, WireApi api, const WireRequest& request, UnixNanos now);
  void End(const RunCall& call, const WireResult& result, std::optional<NanoUsd> cost,
           UnixNanos now);
  bool Resume(const TraceId& trace);
  Totals totals() const;

 private:
  bool detects() const { return options_.mode != LoopMode::kOff; }

  void Feed(const RunCaller& caller, const RunPlan& plan, std::span<const RunTurn> turns,
            RunState& run, Conversation& conversation, UnixNanos now)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void GiveTools(const RunPlan& plan, std::span<const RunTurn> turns, RunState& run, UnixNanos now,
                 RunCall& call) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Check(std::optional<NanoUsd> p99, RunState& run, Conversation* conversation, UnixNanos now,
             RunCall& call) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const RunOptions options_;
  const uint64_t seed_;
  const MessageHasher hasher_;
  const LoopHashes hashes_;
  mutable Mutex mutex_;
  RunLocator locator_ ABSL_GUARDED_BY(mutex_);
  Totals totals_ ABSL_GUARDED_BY(mutex_);
};

// Hashing is done while nobody waits: the lock is taken to find the place, and to count.
RunCall Runs::Impl::Begin(const RunCaller& caller, WireApi api, const WireRequest& request,
                          UnixNanos now) {
  RunCall call;
  call.api = api;
  call.session = caller.session;
  call.agent = caller.agent;
  call.agent_id = caller.agent_id;
  std::optional<NanoUsd> p99;
  if (detects() && options_.spend_p99) p99 = options_.spend_p99(caller.project, caller.feature);
  const std::span<const WireMessage> messages =
      HasMessages(api) ? request.messages : std::span<const WireMessage>();

  const RunScope scope = RunLocator::Scope(caller, request, seed_);
  const std::vector<ChainLink> links = hasher_.Chain(scope.start, messages);
  RunPlan plan;
  {
    MutexLock lock(&mutex_);
    plan = locator_.Locate(caller, scope, messages, links, now, call);
    if (plan.run == nullptr) return call;
    const bool first = plan.from == 0 && !plan.has_last && messages.size() <= 1;
    if (plan.again || first) {
      Check(p99, *plan.run, plan.conversation, now, call);
      return call;
    }
  }

  const std::vector<RunTurn> turns = ReadTurns({.api = api,
                                                .messages = messages,
                                                .links = links,
                                                .from = plan.from,
                                                .pending = plan.has_last ? &plan.pending : nullptr,
                                                .said = plan.said},
                                               hasher_, hashes_);
  MutexLock lock(&mutex_);
  RunState* run = locator_.book().Find(call.run);
  if (run == nullptr) return call;  // Forgotten meanwhile.
  Conversation* conversation = RunBook::FindConversation(*run, call.conversation);
  if (conversation == nullptr) return call;
  GiveTools(plan, turns, *run, now, call);
  if (detects()) Feed(caller, plan, turns, *run, *conversation, now);
  Check(p99, *run, conversation, now, call);
  return call;
}

void Runs::Impl::Feed(const RunCaller& caller, const RunPlan& plan, std::span<const RunTurn> turns,
                      RunState& run, Conversation& conversation, UnixNanos now) {
  const bool counted = plan.goes_on;  // The steps before this call.
  if (conversation.detector == nullptr) {
    conversation.detector = std::make_unique<LoopDetector>(options_.loops);
    if (counted) conversation.detector->AddStep();
  }
  LoopDetector& detector = *conversation.detector;
  const bool person_could = now - plan.last_ns >= options_.person_ns;
  for (size_t i = 0; i < turns.size(); ++i) {
    const RunTurn& turn = turns[i];
    if (turn.answered && !(counted && i == 0)) detector.AddStep();
    if (!turn.tools.empty()) {
      std::vector<LoopTool> siblings;
      for (const CallWithResult& tool : turn.tools) siblings.push_back(tool.hashed);
      detector.AddTools(siblings);
    } else if (turn.answered && !turn.any_call && turn.reply != 0) {
      detector.AddText(turn.said, turn.reply);
    }
    if (!turn.user_text) continue;
    // Of the past nobody knows how fast it was.
    const bool now_said = i + 1 == turns.size() && (plan.goes_on || plan.branch);
    if (now_said && !person_could) continue;
    detector.AddUserTurn();
    if (now_said && caller.agent_id.empty()) run.StartTurn();
  }
  if (!plan.paused) detector.AddStep();
}

void Runs::Impl::GiveTools(const RunPlan& plan, std::span<const RunTurn> turns, RunState& run,
                           UnixNanos now, RunCall& call) {
  for (const RunTurn& turn : turns) {
    if (turn.begin < plan.give_from) continue;
    for (const CallWithResult& tool : turn.tools) {
      const bool tells = RunLocator::Tells(tool.id);
      SeenTool seen;
      seen.span_id = DerivedSpan(run.trace, "tool", tool.id, tells ? 0 : tool.place);
      uint64_t key;
      std::memcpy(&key, seen.span_id.bytes.data(), sizeof(key));
      if (run.tools.size() >= kToolsMax) run.tools.clear();
      if (!run.tools.insert(key).second) continue;
      seen.parent = call.parent_span_id;
      seen.call_id = tool.id;
      seen.name = tool.name;
      seen.arguments = tool.arguments;
      seen.result = tool.result;
      seen.is_error = tool.is_error;
      seen.start_ns = std::min(plan.last_ns, now);
      seen.end_ns = now;
      call.tools.push_back(std::move(seen));
    }
  }
}

void Runs::Impl::Check(std::optional<NanoUsd> p99, RunState& run, Conversation* conversation,
                       UnixNanos now, RunCall& call) {
  if (!detects()) return;
  if (conversation != nullptr && conversation->detector != nullptr) {
    conversation->detector->Check(call.step, call.findings);
  }
  CheckRun(options_.loops,
           {.step = call.step,
            .steps = run.counted_steps,
            .spent_turn = run.spent_turn,
            .spent = run.spent,
            .p99 = p99,
            .depth = call.depth,
            .fan_out = run.fan_out},
           run.warned, call.findings);
  for (const LoopFinding& finding : call.findings) {
    ++totals_.findings[static_cast<size_t>(finding.detector)][static_cast<size_t>(finding.level)];
    if (finding.level != LoopLevel::kBlock || options_.mode != LoopMode::kEnforce) continue;
    if (!call.blocked) call.blocked = finding;
  }
  if (!call.blocked) return;
  ++totals_.blocked;
  if (conversation == nullptr) return;
  // Refused, it is no step; the next request continues from here.
  conversation->in_flight = false;
  conversation->last_ns = now;
  if (conversation->counted) {
    --run.steps;
    --run.counted_steps;
    conversation->counted = false;
  }
}

void Runs::Impl::End(const RunCall& call, const WireResult& result, std::optional<NanoUsd> cost,
                     UnixNanos now) {
  if (call.run == 0 || call.blocked) return;
  const bool complete =
      result.terminal && !result.capture_cut && !result.error.any() && !result.message_json.empty();
  uint64_t tip = 0;
  if (complete && call.conversation != 0) {
    const std::string body = AsRequest(call.api, result.message_json);
    const WireRequest answer = ReadRequest(call.api, body, true);
    tip = hasher_.Chain({call.chain[0], call.chain[1]}, answer.messages).back().hash();
  }
  const bool keep_calls = call.api == WireApi::kOpenAiResponses;
  const uint64_t said = keep_calls ? LoopHashes::Text(result.text) : 0;
  const int64_t context = detects() && options_.context_tokens && result.has_usage
                              ? options_.context_tokens(result.model)
                              : 0;

  MutexLock lock(&mutex_);
  RunBook& book = locator_.book();
  RunState* run = book.Find(call.run);
  if (run == nullptr) return;
  book.Touch(*run, now);
  if (cost) {
    run->spent.value += cost->value;
    run->spent_turn.value += cost->value;
  }
  Conversation* conversation = RunBook::FindConversation(*run, call.conversation);
  if (conversation == nullptr || conversation->serial != call.serial) return;
  conversation->in_flight = false;
  conversation->last_ns = now;
  if (!complete) return;

  conversation->said = said;
  conversation->paused = result.finish_raw == "pause_turn";
  if (conversation->detector != nullptr && context > 0) {
    conversation->detector->AddInput(result.usage.input_total(), context);
  }
  std::vector<PendingCall> pending;
  size_t bytes = 0;
  for (const WireToolCall& tool : result.tool_calls) {
    PendingCall one;
    if (RunLocator::Tells(tool.id)) one.id_hash = RunLocator::IdKey(conversation->scope, tool.id);
    bytes += tool.arguments.size();
    if (keep_calls && bytes <= kKeptArgumentsBytes) {
      one.id = tool.id;
      one.name = tool.name;
      one.arguments = tool.arguments;
    }
    pending.push_back(std::move(one));
  }
  const uint64_t response = keep_calls && !result.response_id.empty()
                                ? RunLocator::IdKey(conversation->scope, result.response_id)
                                : 0;
  book.SetAnswer(*conversation, tip, response, std::move(pending));
}

bool Runs::Impl::Resume(const TraceId& trace) {
  MutexLock lock(&mutex_);
  const std::vector<RunState*> found = locator_.book().FindByTrace(trace);
  for (RunState* run : found) {
    run->StartTurn();
    run->spent = {};
    run->counted_steps = 0;
    for (const auto& conversation : run->conversations) {
      if (conversation->detector != nullptr) conversation->detector->AddUserTurn();
    }
  }
  return !found.empty();
}

Runs::Totals Runs::Impl::totals() const {
  MutexLock lock(&mutex_);
  Totals totals = totals_;
  totals.runs = locator_.book().runs();
  totals.conversations = locator_.book().conversations();
  totals.bytes = locator_.book().Bytes();
  return totals;
}

Runs::Runs(RunOptions options) : impl_(std::make_unique<Impl>(std::move(options))) {}
Runs::~Runs() = default;

RunCall Runs::Begin(const RunCaller& caller, WireApi api, const WireRequest& request,
                    UnixNanos now) {
  return impl_->Begin(caller, api, request, now);
}

void Runs::End(const RunCall& call, const WireResult& result, std::optional<NanoUsd> cost,
               UnixNanos now) {
  impl_->End(call, result, cost, now);
}

bool Runs::Resume(const TraceId& trace) { return impl_->Resume(trace); }

Runs::Totals Runs::totals() const { return impl_->totals(); }

}  // namespace pitot
