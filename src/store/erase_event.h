// store/erase_event.h
//
// A deletion as an event of the state log (store/state.h): enough to go on with it after a restart.
// Its body: {"what":"user","project":"p","subject":"u","received_until_ns":1,"phase":"begun"}, and once
// what is to be erased is listed: "phase":"listed", "resolved_until_ns", "traces", "spans", "min_day",
// "max_day". Of a finished one: what, project, subject and the counts.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "store/erase.h"
#include "store/state.h"

namespace pitot {

inline constexpr std::string_view kErasureKind = "erasure";

std::string_view NameOf(Erasure::What what);

struct ErasureEvent {
  Erasure erasure;
  ErasureMark mark;  // at_ns 0: not listed yet.
};

StateEvent ToStateEvent(const ErasureEvent& event, std::string_view actor);
// Nothing when it cannot be read.
std::optional<ErasureEvent> ParseErasureEvent(const StateEvent& event);

// The one that ends it, and the one that tells who did what.
StateEvent EndOf(const ErasureEvent& event, std::string_view actor, uint64_t payloads);
StateEvent AuditOf(const ErasureEvent& event, std::string_view actor, uint64_t payloads);

}  // namespace pitot
