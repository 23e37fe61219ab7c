// normalize/dialect.h
//
// A dialect is one way of naming things: a convention or a product. It is data: one file with
// tables and one line in dialects.cc.
//
// Attribute keys hardly collide between dialects, and real spans mix them (an instrumentation
// inside a framework inside an exporter), so all tables apply to every span; `Rule::only` fences
// off the few keys that mean something only in one emitter's mouth. For each field the present,
// readable source with the lowest rank wins, in whatever order attributes come. Ranks are the order
// of precedence across dialects with room between;
// equal ranks are alternatives of equal meaning, decided by the key's place in the alphabet.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "model/span.h"
#include "normalize/emitter.h"
#include "normalize/field.h"

namespace pitot {

enum class Unit : uint8_t {
  kNone,
  kSeconds,
  kMillis,
  kNanos,
  kUsd,
  kMicroUsd,
  kAttempts,  // One more than retries.
};

struct Rule {
  std::string_view key;
  Field field;
  uint16_t rank;  // Lower wins. Below kRankSource.
  Unit unit = Unit::kNone;
  Emitter only = Emitter::kAny;
  // A sum over descendants, not of one call.
  bool rollup = false;
};

// Added to a rule's rank by where the attribute stands: span, then the event that carries details
// of the call, then scope, then resource.
inline constexpr uint16_t kRankSource = 1000;

// What a dialect's word for a kind means. Lower case.
struct KindWord {
  std::string_view word;
  Kind kind;
};

// How a dialect's span events carry messages.
enum class EventRole : uint8_t {
  kMessage,  // One message; `role` unless the event says otherwise.
  kChoice,   // One answer, with finish_reason.
  kDetails,  // Attributes of the span, moved to an event.
  kException,
};
struct EventRule {
  std::string_view name;
  EventRole event_role;
  std::string_view role;
};

struct Dialect {
  std::string_view name;
  std::span<const Rule> rules;
  std::span<const KindWord> kind_words;
  std::span<const EventRule> events;
};

// All dialects, in no particular order.
std::span<const Dialect* const> Dialects();

// What the tables say about one key. `rules` may be empty when the key only marks an emitter.
struct KeyEntry {
  std::span<const Rule> rules;
  uint32_t emitters = 0;  // Bits of Emitter that the key's presence speaks for.
};

// The entry of `key`, or nullptr. Thread-safe; the tables are built on the first call.
const KeyEntry* FindKey(std::string_view key);

// The kind a word (lower case) stands for; nullptr when no dialect knows it.
const Kind* FindKindWord(std::string_view word);

const EventRule* FindEvent(std::string_view name);

}  // namespace pitot
