#include "gateway/runs/turns.h"

#include <algorithm>

#include "measure/hash.h"
#include "wire/json_read.h"

namespace pitot {
namespace {

constexpr size_t kErrorTextBytesMax = 2000;  // A file that begins like one is longer.

class TurnReader {
 public:
  TurnReader(const TurnSource& source, const MessageHasher& hasher, const LoopHashes& hashes)
      : messages_(source.messages),
        links_(source.links),
        marks_errors_(source.api != WireApi::kOpenAiChat &&
                      source.api != WireApi::kOpenAiResponses),
        hasher_(hasher),
        hashes_(hashes) {
    turn_.begin = source.from;
  }

  void StartAfter(const std::vector<PendingCall>& pending, uint64_t said, uint64_t place) {
    turn_.answered = true;
    turn_.said = said;
    for (const PendingCall& call : pending) {
      calls_.push_back(
          {.id = call.id, .name = call.name, .arguments = call.arguments, .place = place});
    }
    taken_.resize(calls_.size());
    turn_.any_call = !calls_.empty();
  }

  void Read(size_t i) {
    const WireMessage& message = messages_[i];
    if (IsAssistant(message.role)) {
      if (i == 0 || !IsAssistant(messages_[i - 1].role) || !turn_.answered) Begin(i);
      Answer(message, links_[i].before);
      for (const WireToolResult& result : message.results)
        Result(result);  // Of the provider's tools.
      return;
    }
    for (const WireToolResult& result : message.results) Result(result);
    if (message.results.empty() && message.is_user_text) {
      // Any other reply of a program is worth as much as a person's.
      turn_.reply = MixHashes(turn_.reply, hasher_.Of(message));
    }
  }

  std::vector<RunTurn> Finish() {
    Begin(messages_.size());
    return std::move(turns_);
  }

 private:
  // Ends the turn before.
  void Begin(size_t at) {
    turn_.user_text = turn_.reply != 0 && turn_.tools.empty();
    if (turn_.answered || turn_.reply != 0 || !turn_.tools.empty()) {
      turns_.push_back(std::move(turn_));
    }
    turn_ = {.begin = at};
    calls_.clear();
    taken_.clear();
    texts_ = 0;
  }

  void Answer(const WireMessage& message, uint64_t place) {
    turn_.answered = true;
    const uint64_t text = LoopHashes::Text(message.text);
    if (text != 0) {
      texts_ = texts_ == 0 ? text : MixHashes(texts_, text);
      turn_.said = texts_;
    }
    for (const WireToolCall& call : message.calls) {
      calls_.push_back({.id = call.id,
                        .name = call.name,
                        .arguments = call.arguments,
                        .place = MixHashes(place, calls_.size())});
    }
    taken_.resize(calls_.size());
    turn_.any_call |= !message.calls.empty();
  }

  // By id; without one by name, else by order.
  size_t Find(const WireToolResult& result) const {
    for (size_t i = 0; i < calls_.size(); ++i) {
      if (taken_[i]) continue;
      if (!result.id.empty() ? calls_[i].id == result.id
                             : result.name.empty() || calls_[i].name == result.name) {
        return i;
      }
    }
    return calls_.size();
  }

  void Result(const WireToolResult& result) {
    const size_t i = Find(result);
    if (i == calls_.size()) return;
    taken_[i] = true;
    CallWithResult& tool = calls_[i];
    tool.result = result.result;
    tool.is_error = result.is_error || (!marks_errors_ && ReadsAsError(result.result));
    tool.hashed = {tool.name, hashes_.Key(tool.name, tool.arguments), hashes_.Result(tool.result),
                   tool.is_error};
    turn_.tools.push_back(tool);
  }

  const std::span<const WireMessage> messages_;
  const std::span<const ChainLink> links_;
  const bool marks_errors_;
  const MessageHasher& hasher_;
  const LoopHashes& hashes_;
  std::vector<RunTurn> turns_;
  RunTurn turn_;
  std::vector<CallWithResult> calls_;
  std::vector<bool> taken_;
  uint64_t texts_ = 0;
};

}  // namespace

std::vector<RunTurn> ReadTurns(const TurnSource& source, const MessageHasher& messages,
                               const LoopHashes& hashes) {
  TurnReader reader(source, messages, hashes);
  if (source.pending != nullptr) {
    reader.StartAfter(*source.pending, source.said, source.links[source.from].hash());
  }
  for (size_t i = source.from; i < source.messages.size(); ++i) reader.Read(i);
  return reader.Finish();
}

bool ReadsAsError(std::string_view result) {
  while (!result.empty() && (result.front() == ' ' || result.front() == '\n')) {
    result.remove_prefix(1);
  }
  if (result.starts_with('{')) {
    const std::string_view error = Member(result, "error");
    return !error.empty() && error != "false" && error != R"("")" && error != "{}" && error != "[]";
  }
  if (result.size() > kErrorTextBytesMax) return false;
  constexpr std::string_view kBeginnings[] = {"error:", "error -", "error executing",
                                              "exception:", "traceback (most recent call last)"};
  return std::ranges::any_of(kBeginnings, [result](std::string_view beginning) {
    return result.size() >= beginning.size() &&
           std::ranges::equal(result.substr(0, beginning.size()), beginning, {},
                              [](char c) { return c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c; });
  });
}

size_t LastUserTurn(std::span<const WireMessage> messages) {
  for (size_t i = messages.size(); i > 1; --i) {
    const WireMessage& message = messages[i - 1];
    const WireMessage& before = messages[i - 2];
    if (message.is_user_text && message.results.empty() && before.results.empty()) return i - 1;
  }
  return 0;
}

size_t AnswerBefore(std::span<const WireMessage> messages, size_t at) {
  while (at > 0 && IsAssistant(messages[at - 1].role)) --at;
  return at;
}

}  // namespace pitot
