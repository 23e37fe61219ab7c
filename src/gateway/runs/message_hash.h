// gateway/runs/message_hash.h
//
// What the messages of a request say, as a chain of hashes: equal chains are equal conversations, in
// whatever way their clients write them.
//
// Of an assistant's message only its text (without white space) and its tool calls count, and messages
// in a row are one: an answer comes back with fields added or left out, as one message or as several.
// System and developer messages do not count: they carry the time of day.
// Thread-safe.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "measure/json_hash.h"
#include "wire/request.h"

namespace pitot {

bool IsAssistant(std::string_view role);

// A conversation up to some message. What follows decides whether an assistant's message that ends it
// is whole: so it is kept apart.
struct ChainLink {
  uint64_t before = 0;     // Up to the assistant's messages that end it.
  uint64_t assistant = 0;  // Their sum; 0: none.

  uint64_t hash() const;
  bool operator==(const ChainLink&) const = default;
};

class MessageHasher {
 public:
  // `seed` is secret: strangers choose what is hashed.
  explicit MessageHasher(uint64_t seed);

  uint64_t seed() const { return seed_; }

  // links[0] is `start`, links[i] the conversation after messages[i - 1].
  std::vector<ChainLink> Chain(ChainLink start, std::span<const WireMessage> messages) const;

  // 0: the message does not count.
  uint64_t Of(const WireMessage& message) const;

 private:
  // A request resends what was said before: what a message's bytes came to is remembered. Entries are
  // overwritten by others, and by two threads at once: check ^ value tells whether both words belong
  // together.
  struct Known {
    std::atomic<uint64_t> check;
    std::atomic<uint64_t> value;
  };
  static constexpr size_t kKnown = 1 << 16;

  uint64_t Read(const WireMessage& message) const;

  const uint64_t seed_;
  const JsonHasher json_;
  const JsonHasher arguments_;
  const std::unique_ptr<Known[]> known_;
};

}  // namespace pitot
