#include "gateway/runs/run_locator.h"

#include <algorithm>
#include <cstring>
#include <string>

#include "measure/hash.h"

namespace pitot {
namespace {

constexpr size_t kAgentsMax = 512;  // Of one run; calls of further ones count as the first's.
constexpr size_t kTellingIdBytesMin = 12;

constexpr uint64_t kTrace = 11;
constexpr uint64_t kRunId = 12;
constexpr uint64_t kResponse = 13;

template <size_t N>
Id<N> IdOf(uint64_t first, uint64_t second) {
  Id<N> id;
  if (first == 0) first = 1;  // All zero means absent.
  std::memcpy(id.bytes.data(), &first, 8);
  if constexpr (N > 8) std::memcpy(id.bytes.data() + 8, &second, N - 8);
  return id;
}

bool HasHistory(std::span<const WireMessage> messages) {
  return std::ranges::any_of(messages, [](const WireMessage& m) { return IsAssistant(m.role); });
}

size_t AgentById(const RunState& run, std::string_view id) {
  const auto found = std::ranges::find(run.agents, id, &AgentState::id);
  return static_cast<size_t>(found - run.agents.begin());
}

size_t AddAgent(RunState& run, std::string_view id, std::string_view name, size_t parent,
                UnixNanos now) {
  AgentState agent;
  agent.id = id;
  agent.name = !name.empty() ? name : id;
  agent.span_id = DerivedSpan(run.trace, "agent", id);
  agent.parent = parent;
  agent.start_ns = now;
  if (!run.agents.empty()) {
    AgentState& above = run.agents[parent];
    agent.depth = above.depth + 1;
    run.fan_out = std::max(run.fan_out, ++above.children);
  }
  run.agents.push_back(std::move(agent));
  return run.agents.size() - 1;
}

// The calling agent, made with those above it when it is new.
size_t AgentOf(RunState& run, const RunCaller& caller, UnixNanos now) {
  if (run.agents.empty()) {
    const bool outermost = caller.agent_id.empty() && !caller.agent.empty();
    const std::string_view name = outermost               ? caller.agent
                                  : caller.run_id.empty() ? std::string_view("conversation")
                                                          : std::string_view("session");
    AddAgent(run, "", name, 0, now);
  }
  if (caller.agent_id.empty()) return 0;
  const size_t known = AgentById(run, caller.agent_id);
  if (known < run.agents.size()) return known;
  if (run.agents.size() >= kAgentsMax) return 0;
  size_t parent = 0;
  if (!caller.parent_agent_id.empty() && caller.parent_agent_id != caller.agent_id) {
    parent = AgentById(run, caller.parent_agent_id);
    if (parent == run.agents.size()) parent = AddAgent(run, caller.parent_agent_id, "", 0, now);
  }
  return AddAgent(run, caller.agent_id, caller.agent, parent, now);
}

}  // namespace

SpanId DerivedSpan(const TraceId& trace, std::string_view kind, std::string_view name,
                   uint64_t place) {
  const uint64_t hash = MixHashes(HashBytes(trace.view(), HashBytes(kind)), HashBytes(name, place));
  return IdOf<8>(hash, 0);
}

RunScope RunLocator::Scope(const RunCaller& caller, const WireRequest& request, uint64_t seed) {
  RunScope scope;
  const uint64_t project = HashBytes(caller.project, seed);
  scope.key = MixHashes(project, HashBytes(caller.key));
  if (!caller.trace_id.empty()) {
    scope.run = MixHashes(project, HashBytes(caller.trace_id.view(), kTrace));
  } else if (!caller.run_id.empty()) {
    scope.run = MixHashes(scope.key, HashBytes(caller.run_id, kRunId));
  }
  uint64_t start = scope.run;
  if (start == 0) {
    start = MixHashes(scope.key, MixHashes(HashBytes(caller.user), HashBytes(caller.session)));
  }
  scope.start.before = MixHashes(start, HashBytes(caller.agent_id));
  if (!request.previous_response_id.empty()) {
    scope.response = IdKey(scope.key, request.previous_response_id);
    scope.start.before = MixHashes(scope.response, kResponse);
  }
  return scope;
}

uint64_t RunLocator::IdKey(uint64_t key_scope, std::string_view id) {
  const uint64_t key = MixHashes(key_scope, HashBytes(id));
  return key == 0 ? 1 : key;
}

bool RunLocator::Tells(std::string_view call_id) { return call_id.size() >= kTellingIdBytesMin; }

TraceId RunLocator::NewTrace() {
  const uint64_t first = random_();
  return IdOf<16>(first, random_());
}

SpanId RunLocator::NewSpan() { return IdOf<8>(random_(), 0); }

RunBook::Match RunLocator::Match(const RunCaller& caller, const RunScope& scope,
                                 std::span<const WireMessage> messages,
                                 std::span<const ChainLink> links, UnixNanos now) {
  const bool retry = caller.sdk_retry_count > 0;
  if (scope.response != 0) {
    Conversation* found = book_.FindResponse(scope.response, now);
    if (found == nullptr) return {};
    RunBook::Match match = {.conversation = found, .answered = true};
    if (messages.empty() || !found->continued) return match;
    // It was sent on before: the same again, with more behind it, or as a branch.
    const bool failed = found->tip == 0 && !found->in_flight;
    const auto sent = std::ranges::find(links, found->request);
    const bool same = sent + 1 == links.end();
    match.again = same && (retry || failed);
    match.branch = !match.again && (!failed || sent == links.end());
    if (match.again || match.branch) return match;
    return {.conversation = found, .at = static_cast<size_t>(sent - links.begin())};
  }
  if (messages.empty()) return {};
  const bool has_history = HasHistory(messages);
  RunBook::Match match = book_.Find(links, has_history, retry, now);
  if (match.conversation != nullptr || !has_history) return match;
  for (size_t i = messages.size(); i > 0 && !IsAssistant(messages[i - 1].role); --i) {
    for (const WireToolResult& result : messages[i - 1].results) {
      if (!Tells(result.id)) continue;
      Conversation* found = book_.FindPending(IdKey(scope.key, result.id), now);
      if (found == nullptr) continue;
      size_t at = i;
      while (at > 0 && !IsAssistant(messages[at - 1].role)) --at;
      const bool again = found->continued && !found->in_flight;
      return {.conversation = found,
              .at = at,
              .answered = true,
              .again = again,
              .branch = found->continued && !again};
    }
  }
  return {};
}

RunState& RunLocator::RunOf(const RunCaller& caller, const RunScope& scope,
                            const RunBook::Match& match, UnixNanos now, RunCall& call) {
  RunState* run = nullptr;
  if (scope.run != 0) {
    run = book_.FindByKey(scope.run, now);
  } else if (match.conversation != nullptr) {
    run = match.conversation->run;
  }
  if (run != nullptr) return *run;
  const bool given = !caller.trace_id.empty();
  call.new_trace = !given;
  RunState& made = book_.Add(given ? caller.trace_id : NewTrace(), scope.run, now);
  made.given_trace = given;
  return made;
}

void RunLocator::PlaceCall(const RunCaller& caller, RunState& run, UnixNanos now, RunCall& call) {
  const size_t agent = AgentOf(run, caller, now);
  call.trace_id = run.trace;
  call.span_id = NewSpan();
  call.run = run.id;
  call.depth = std::max(caller.depth, run.agents[agent].depth);
  if (run.given_trace) {
    call.parent_span_id = caller.parent_span_id;
    return;
  }
  call.parent_span_id = run.agents[agent].span_id;
  for (size_t i = agent;; i = run.agents[i].parent) {
    AgentState& state = run.agents[i];
    RunAgent above;
    above.span_id = state.span_id;
    if (i != 0) above.parent_span_id = run.agents[state.parent].span_id;
    above.name = state.name;
    above.agent = state.name;
    above.agent_id = state.id;
    above.start_ns = state.start_ns;
    above.opened = !state.announced;
    state.announced = true;
    call.agents.push_back(std::move(above));
    if (i == 0) break;
  }
  std::ranges::reverse(call.agents);
}

void RunLocator::Continue(const RunScope& scope, const RunBook::Match& match,
                          std::span<const WireMessage> messages, std::span<const ChainLink> links,
                          RunPlan& plan) {
  Conversation& known = *match.conversation;
  plan.last_ns = known.last_ns;
  plan.again = match.again && known.run == plan.run;
  plan.branch = match.branch || known.run != plan.run;
  plan.goes_on = !plan.branch;
  if (plan.again) {
    plan.conversation = &known;
    book_.SetRequest(known, links.back(), known.tip_before);
    return;
  }
  plan.paused = known.paused;
  plan.said = known.said;
  plan.has_last = scope.response != 0 && match.answered;
  if (plan.has_last) plan.pending = known.pending;
  plan.from = match.answered ? AnswerBefore(messages, match.at) : match.at;
  plan.give_from = plan.from;
  if (plan.branch) {
    // Its detector starts anew, from where a person last spoke.
    plan.from = std::min(plan.from, LastUserTurn(messages));
    known.continued = true;
    return;
  }
  plan.conversation = &known;
  const uint64_t tip_before = !match.answered       ? known.tip_before
                              : scope.response != 0 ? known.tip
                                                    : links[match.at].hash();
  book_.SetRequest(known, links.back(), tip_before);
  known.continued = true;
}

RunPlan RunLocator::Locate(const RunCaller& caller, const RunScope& scope,
                           std::span<const WireMessage> messages, std::span<const ChainLink> links,
                           UnixNanos now, RunCall& call) {
  book_.Expire(now);
  RunPlan plan;
  const RunBook::Match match = Match(caller, scope, messages, links, now);
  if (match.conversation == nullptr && messages.empty() && scope.run == 0) {
    // Nothing that could be continued: nothing is kept.
    call.trace_id = NewTrace();
    call.span_id = NewSpan();
    call.new_trace = true;
    return plan;
  }
  RunState& run = RunOf(caller, scope, match, now, call);
  plan.run = &run;
  book_.Touch(run, now);
  PlaceCall(caller, run, now, call);
  if (messages.empty()) {
    call.step = run.steps;
    return plan;
  }

  if (match.conversation != nullptr) {
    Continue(scope, match, messages, links, plan);
  } else {
    plan.from = LastUserTurn(messages);
  }
  if (plan.conversation == nullptr) {
    plan.conversation = &book_.AddConversation(run, scope.key);
    book_.SetRequest(*plan.conversation, links.back(), 0);
  }
  Conversation& conversation = *plan.conversation;
  conversation.in_flight = true;
  conversation.last_ns = now;
  if (!plan.again || !conversation.counted) {
    conversation.step = ++run.steps;
    ++run.counted_steps;
    conversation.counted = true;
  }
  call.retry = plan.again;
  call.step = conversation.step;
  call.conversation = conversation.id;
  call.serial = conversation.serial;
  call.chain[0] = conversation.request.before;
  call.chain[1] = conversation.request.assistant;
  return plan;
}

}  // namespace pitot
