#include "gateway/runs/run_book.h"

#include <algorithm>
#include <utility>

#include "measure/hash.h"

namespace pitot {
namespace {

constexpr uint64_t kRequest = 3;
constexpr int kExpireMax = 16;  // Runs looked at for each call: more than one call can add.

}  // namespace

uint64_t RunBook::RequestKey(uint64_t hash) { return MixHashes(hash, kRequest); }

bool RunBook::Over(const RunState& run, UnixNanos now) const {
  return now - run.last_ns > idle_ns_;
}

RunState& RunBook::Add(const TraceId& trace, uint64_t key, UnixNanos now) {
  while (runs() >= runs_max_) Remove(*by_age_.front());
  auto owned = std::make_unique<RunState>();
  RunState& run = *owned;
  run.id = next_id_++;
  run.trace = trace;
  run.key = key;
  run.last_ns = now;
  run.place = by_age_.insert(by_age_.end(), &run);
  runs_.emplace(run.id, std::move(owned));
  if (key != 0) by_key_[key] = &run;
  return run;
}

RunState* RunBook::Find(uint64_t id) {
  const auto found = runs_.find(id);
  return found == runs_.end() ? nullptr : found->second.get();
}

RunState* RunBook::FindByKey(uint64_t key, UnixNanos now) {
  const auto found = by_key_.find(key);
  if (found == by_key_.end()) return nullptr;
  if (!Over(*found->second, now)) return found->second;
  Remove(*found->second);
  return nullptr;
}

std::vector<RunState*> RunBook::FindByTrace(const TraceId& trace) {
  std::vector<RunState*> found;
  for (RunState* run : by_age_) {
    if (run->trace == trace) found.push_back(run);
  }
  return found;
}

void RunBook::Touch(RunState& run, UnixNanos now) {
  run.last_ns = std::max(run.last_ns, now);
  by_age_.splice(by_age_.end(), by_age_, run.place);
}

void RunBook::Expire(UnixNanos now) {
  for (int i = 0; i < kExpireMax && !by_age_.empty() && Over(*by_age_.front(), now); ++i) {
    Remove(*by_age_.front());
  }
}

Conversation& RunBook::AddConversation(RunState& run, uint64_t scope) {
  auto& all = run.conversations;
  if (static_cast<int64_t>(all.size()) >= conversations_max_) {
    const auto idle = std::ranges::find_if(
        all, [](const auto& conversation) { return !conversation->in_flight; });
    const auto victim = idle == all.end() ? all.begin() : idle;
    Forget(**victim);
    all.erase(victim);
  }
  while (conversations_ >= kConversationsPerRun * runs_max_ && by_age_.front() != &run) {
    Remove(*by_age_.front());
  }
  all.push_back(std::make_unique<Conversation>());
  Conversation& conversation = *all.back();
  conversation.id = next_id_++;
  conversation.run = &run;
  conversation.scope = scope;
  ++conversations_;
  return conversation;
}

Conversation* RunBook::FindConversation(RunState& run, uint64_t id) {
  for (auto it = run.conversations.rbegin(); it != run.conversations.rend(); ++it) {
    if ((*it)->id == id) return it->get();
  }
  return nullptr;
}

Conversation* RunBook::Alive(Conversation* conversation, UnixNanos now) {
  if (!Over(*conversation->run, now)) return conversation;
  Remove(*conversation->run);
  return nullptr;
}

Conversation* RunBook::Best(uint64_t key, UnixNanos now,
                            absl::FunctionRef<int(const Conversation&)> rank) {
  const auto candidates = index_.find(key);
  if (candidates == index_.end()) return nullptr;
  Conversation* found = nullptr;
  int best = 0;
  for (Conversation* one : candidates->second) {
    const int value = rank(*one);
    if (value > 0 && value >= best) {
      found = one;
      best = value;
    }
  }
  return found == nullptr ? nullptr : Alive(found, now);
}

RunBook::Match RunBook::Find(std::span<const ChainLink> links, bool has_history, bool retry,
                             UnixNanos now) {
  const size_t whole = links.size() - 1;
  for (size_t at = whole; at > 0; --at) {
    const uint64_t hash = links[at].hash();
    if (hash == links[0].hash()) break;

    // What nothing has continued yet comes first: of two users who said the same so far each has one.
    Conversation* found = Best(hash, now, [hash](const Conversation& c) {
      return c.tip == hash ? 2 : c.tip_before == hash ? 1 : 0;
    });
    if (found != nullptr) {
      return {.conversation = found, .at = at, .answered = true, .branch = found->tip != hash};
    }
    found = Best(RequestKey(hash), now, [&](const Conversation& c) {
      const bool failed = c.tip == 0 && !c.in_flight;
      if (at == whole) return retry ? 1 + failed : has_history && failed ? 1 : 0;
      return c.tip == 0 ? 1 + failed : 0;
    });
    if (found != nullptr) return {.conversation = found, .at = at, .again = at == whole};
  }
  return {};
}

Conversation* RunBook::FindResponse(uint64_t key, UnixNanos now) {
  const auto found = responses_.find(key);
  return found == responses_.end() ? nullptr : Alive(found->second, now);
}

Conversation* RunBook::FindPending(uint64_t key, UnixNanos now) {
  const auto found = pending_.find(key);
  return found == pending_.end() ? nullptr : Alive(found->second, now);
}

void RunBook::Index(uint64_t key, Conversation* conversation) {
  Candidates& candidates = index_[key];
  if (candidates.size() >= kCandidatesMax) candidates.erase(candidates.begin());
  candidates.push_back(conversation);
}

void RunBook::Unindex(uint64_t key, Conversation* conversation) {
  const auto found = index_.find(key);
  if (found == index_.end()) return;
  Candidates& all = found->second;
  all.erase(std::remove(all.begin(), all.end(), conversation), all.end());
  if (all.empty()) index_.erase(found);
}

void RunBook::DropPending(Conversation& conversation) {
  for (const PendingCall& call : conversation.pending) {
    const auto found = pending_.find(call.id_hash);
    if (found != pending_.end() && found->second == &conversation) pending_.erase(found);
    pending_bytes_ -= call.Bytes();
  }
  conversation.pending = {};
}

void RunBook::SetRequest(Conversation& conversation, const ChainLink& request,
                         uint64_t tip_before) {
  if (conversation.serial > 0) Unindex(RequestKey(conversation.request.hash()), &conversation);
  if (conversation.tip_before != 0) Unindex(conversation.tip_before, &conversation);
  if (conversation.tip != 0) Unindex(conversation.tip, &conversation);
  conversation.request = request;
  conversation.tip = 0;
  conversation.tip_before = tip_before;
  ++conversation.serial;
  Index(RequestKey(request.hash()), &conversation);
  if (tip_before != 0) Index(tip_before, &conversation);
}

void RunBook::SetAnswer(Conversation& conversation, uint64_t tip, uint64_t response,
                        std::vector<PendingCall> pending) {
  conversation.continued = false;
  if (tip != 0) {
    conversation.tip = tip;
    Index(tip, &conversation);
  }
  if (response != 0) {
    const auto found = responses_.find(conversation.response);
    if (found != responses_.end() && found->second == &conversation) responses_.erase(found);
    conversation.response = response;
    responses_[response] = &conversation;
  }
  DropPending(conversation);
  conversation.pending = std::move(pending);
  for (PendingCall& call : conversation.pending) {
    if (call.id_hash != 0) pending_[call.id_hash] = &conversation;
    if (pending_bytes_ + call.Bytes() > kPendingBytesPerRun * runs_max_) {
      call = {.id_hash = call.id_hash};
    }
    pending_bytes_ += call.Bytes();
  }
}

void RunBook::Forget(Conversation& conversation) {
  if (conversation.serial > 0) Unindex(RequestKey(conversation.request.hash()), &conversation);
  if (conversation.tip_before != 0) Unindex(conversation.tip_before, &conversation);
  if (conversation.tip != 0) Unindex(conversation.tip, &conversation);
  DropPending(conversation);
  const auto found = responses_.find(conversation.response);
  if (found != responses_.end() && found->second == &conversation) responses_.erase(found);
  --conversations_;
}

void RunBook::Remove(RunState& run) {
  for (const auto& conversation : run.conversations) Forget(*conversation);
  if (run.key != 0) {
    const auto found = by_key_.find(run.key);
    if (found != by_key_.end() && found->second == &run) by_key_.erase(found);
  }
  by_age_.erase(run.place);
  runs_.erase(run.id);
}

int64_t RunBook::Bytes() const {
  int64_t bytes = 0;
  for (const RunState* run : by_age_) {
    bytes += static_cast<int64_t>(sizeof(RunState) + 64 + run->tools.capacity() * 9 +
                                  run->agents.capacity() * sizeof(AgentState));
    for (const auto& conversation : run->conversations) {
      bytes += static_cast<int64_t>(sizeof(Conversation) + 3 * sizeof(Candidates) + 48);
      for (const PendingCall& call : conversation->pending) {
        bytes += static_cast<int64_t>(sizeof(call)) + call.Bytes();
      }
      if (conversation->detector) bytes += conversation->detector->Bytes();
    }
  }
  return bytes;
}

}  // namespace pitot
