// pitot/context.h
//
// Where in a trace the work at hand stands: what a child span needs to know of its parent. A value:
// copy it into a thread's closure, a queue's item or a coroutine's frame, and make it current there.
//
//   std::thread worker([context = pitot::Context::current()] {
//     pitot::ContextScope here(context);
//     auto span = pitot::traced("work");      // A child of the span that was current there.
//   });
//
// A coroutine that may resume on another thread keeps a Context in its frame and passes it:
// traced_under(context, "step"). A scope (or a traced() span) that is held across a suspension would stay
// current on the thread that the coroutine left.
//
// Thread-safety: a Context is immutable and may be copied and read by any thread. What is current is a
// matter of each thread.
// Errors: the functions that make a context with something else, and copies of strings, may throw
// std::bad_alloc. Nothing else throws.
#pragma once

#include <array>
#include <bit>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "pitot/model/ids.h"
#include "pitot/tags.h"

namespace pitot {
inline namespace sdk {

// W3C Baggage: name and value, both as text, escapes undone.
using Baggage = std::vector<std::pair<std::string, std::string>>;

class Context {
 public:
  Context() = default;  // Of no trace: a span opened in it is a root.
  // As extracted from another process (propagation.h). Not valid unless both ids are set.
  Context(const TraceId& trace_id, const SpanId& span_id, bool sampled);

  // Of the calling thread: of the innermost scope that has not ended. A scope that was moved away and
  // ended by another thread has ended here too.
  static Context current();

  // Has both ids. By words: each span asks its parent, and a memcmp is a tenth of a span.
  bool valid() const {
    const auto trace = std::bit_cast<std::array<uint64_t, 2>>(trace_id_.bytes);
    return (trace[0] | trace[1]) != 0 && std::bit_cast<uint64_t>(span_id_.bytes) != 0;
  }
  const TraceId& trace_id() const { return trace_id_; }
  const SpanId& span_id() const { return span_id_; }
  std::string trace_id_hex() const;  // 32 digits, lower case.
  std::string span_id_hex() const;   // 16.
  // False: the trace is not recorded; ids still travel on.
  bool sampled() const { return sampled_; }

  // Empty where nothing was set. Views hold as long as this Context or a copy of it does.
  const Tags& tags() const;
  const Baggage& baggage() const;
  std::string_view trace_state() const;  // W3C tracestate, as it came.

  // This context with something else.
  Context with_tags(const Tags& tags) const;  // merged(tags(), tags)
  Context with_baggage(Baggage baggage) const;
  Context with_trace_state(std::string trace_state) const;
  Context with_span(const SpanId& span_id) const;

 private:
  friend struct ContextAccess;
  friend struct SpanFactory;
  struct Extras;
  // Those of this context, to be changed and put in.
  Extras copy_extras() const;
  Context with_extras(Extras extras) const;

  TraceId trace_id_;
  SpanId span_id_;
  bool sampled_ = true;
  std::shared_ptr<const Extras> extras_;  // Null: nothing set.
};

struct ScopeFrame;

// Makes a context current on this thread until the scope ends, then what was before. Scopes should end in
// reverse order; one that ends early, or on another thread, disturbs no other and is no longer current.
class ContextScope {
 public:
  explicit ContextScope(const Context& context);
  ~ContextScope();
  ContextScope(const ContextScope&) = delete;
  ContextScope& operator=(const ContextScope&) = delete;

 private:
  ScopeFrame* frame_;  // Of the thread that made it; null when memory was short.
};

// The current context with these tags: `TagScope here({.feature = "checkout", .user = user_id});`
class TagScope {
 public:
  explicit TagScope(const Tags& tags) : scope_(Context::current().with_tags(tags)) {}

 private:
  ContextScope scope_;
};

}  // namespace sdk
}  // namespace pitot
