// sdk/trace/extras.h
//
// What a context has beside its ids. Shared by all copies of the context and never changed.
#pragma once

#include <memory>
#include <string>

#include "pitot/context.h"

namespace pitot {
inline namespace sdk {

struct Context::Extras {
  Tags tags;
  bool has_tags = false;
  Baggage baggage;
  std::string trace_state;
};

// For the tracing core, which keeps the extras of a context without its ids.
struct ContextAccess {
  using Extras = std::shared_ptr<const Context::Extras>;

  static const Extras& ExtrasOf(const Context& context) { return context.extras_; }
  // Null where no tag is set.
  static const Tags* TagsOf(const Extras& extras) {
    return extras != nullptr && extras->has_tags ? &extras->tags : nullptr;
  }
  static std::string_view TraceStateOf(const Extras& extras) {
    return extras != nullptr ? std::string_view(extras->trace_state) : std::string_view();
  }
};

}  // namespace sdk
}  // namespace pitot
