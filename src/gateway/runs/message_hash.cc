#include "gateway/runs/message_hash.h"

#include <string>

#include "measure/hash.h"
#include "measure/loops.h"

namespace pitot {
namespace {

// Shorter messages are read again as fast as they are found.
constexpr size_t kRememberBytesMin = 96;

constexpr uint64_t kAssistantTurn = 1;
constexpr uint64_t kAssistantText = 2;

bool IsInstruction(std::string_view role) { return role == "system" || role == "developer"; }

}  // namespace

bool IsAssistant(std::string_view role) { return role == "assistant" || role == "model"; }

uint64_t ChainLink::hash() const {
  return assistant == 0 ? before : MixHashes(before, MixHashes(assistant, kAssistantTurn));
}

MessageHasher::MessageHasher(uint64_t seed)
    : seed_(seed),
      json_({.message = true, .seed = seed}),
      arguments_({.seed = seed}),
      known_(std::make_unique<Known[]>(kKnown)) {}

uint64_t MessageHasher::Read(const WireMessage& message) const {
  if (IsInstruction(message.role)) return 0;
  if (!IsAssistant(message.role)) {
    // A text alone, as Responses takes it, comes back as a message.
    if (message.raw.starts_with('"')) {
      return json_("{\"role\":\"user\",\"content\":" + std::string(message.raw) + "}");
    }
    return json_(message.raw);
  }
  uint64_t sum = 0;
  const uint64_t text = LoopHashes::Text(message.text);
  if (text != 0) sum += MixHashes(text ^ seed_, kAssistantText);
  for (const WireToolCall& call : message.calls) {
    const bool none = call.arguments.empty();
    sum += MixHashes(MixHashes(HashBytes(call.id, seed_), HashBytes(call.name, seed_)),
                     arguments_(none ? "{}" : std::string_view(call.arguments)));
  }
  return sum;
}

uint64_t MessageHasher::Of(const WireMessage& message) const {
  if (message.raw.size() < kRememberBytesMin) return Read(message);
  const uint64_t bytes = HashBytes(message.raw, seed_);
  Known& known = known_[bytes % kKnown];
  const uint64_t value = known.value.load(std::memory_order_relaxed);
  if ((known.check.load(std::memory_order_relaxed) ^ value) == bytes) return value;
  const uint64_t hash = Read(message);
  known.value.store(hash, std::memory_order_relaxed);
  known.check.store(bytes ^ hash, std::memory_order_relaxed);
  return hash;
}

std::vector<ChainLink> MessageHasher::Chain(ChainLink start,
                                            std::span<const WireMessage> messages) const {
  std::vector<ChainLink> links;
  links.reserve(messages.size() + 1);
  links.push_back(start);
  for (const WireMessage& message : messages) {
    ChainLink link = links.back();
    const uint64_t hash = Of(message);
    if (IsAssistant(message.role)) {
      link.assistant += hash;
    } else if (hash != 0) {
      link = {MixHashes(link.hash(), hash), 0};
    }
    links.push_back(link);
  }
  return links;
}

}  // namespace pitot
