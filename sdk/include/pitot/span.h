// pitot/span.h
//
// One step of an agent, from opening to the end of its scope.
//
//   auto turn = pitot::traced("answer", pitot::Kind::kAgent, {{"question", text}});
//   turn.set("documents", 3);
//
//   const Reply reply = pitot::traced("plan", pitot::Kind::kChain, [&] { return plan(text); });
//
// Spans nest by the current context (context.h): traced() makes its span current until it ends. Where
// scopes do not nest (callbacks, coroutines, another thread), open_span() gives one that is never current
// and may be moved and ended anywhere.
//
// Errors: nothing here throws, blocks or fails. Without a collector, or when its limits are reached, a
// span records nothing (the collector counts it) and still has ids, so that a tree stays whole.
// An exception that leaves the scope of a Span marks it as failed and goes on; its type and message are
// known to the form with a callable, which sees it pass, and to Span::fail.
// Limits: CollectorOptions; a name has at most 1,024 bytes. What goes beyond is cut or left out, counted.
// Cost: 100 to 200 ns for a span with three attributes; nothing is allocated while a span has at most 12
// attributes and 700 bytes of texts.
// Thread-safety: one thread at a time. A traced() span that is moved to another thread and ends there is
// from then on current on neither.
// Fork: spans open in the parent belong to the parent; their copies in the child record nothing and still
// give their context to children.
#pragma once

#include <concepts>
#include <exception>
#include <string_view>
#include <type_traits>
#include <utility>

#include "pitot/attribute.h"
#include "pitot/context.h"
#include "pitot/model/kinds.h"

namespace pitot {
inline namespace sdk {

struct ScopeFrame;
struct SpanRecord;

class Span {
 public:
  Span() = default;  // Records nothing and has no ids.
  Span(Span&& other) noexcept;
  Span& operator=(Span&& other) noexcept;
  ~Span();  // Ends it.

  // Replaces what the key had. Copies. Text beyond CollectorOptions::attribute_bytes_max is cut; an empty
  // key is left out.
  Span& set(std::string_view key, AttributeValue value);
  Span& set(Attributes attributes);
  // Something that happened now.
  Span& event(std::string_view name, Attributes attributes = {});
  // Another span it has to do with, of any trace. One without ids is left out.
  Span& link(const Context& other, Attributes attributes = {});
  Span& rename(std::string_view name);

  // Marks it as failed: status error with the message, error.type, pitot.error_category, and an
  // `exception` event with type (as in source code) and message; one more for each exception nested in
  // it (std::throw_with_nested), outermost first, at most 8. The first call decides status, error.type
  // and category; later ones add events. A category that is not said is told from the exception where
  // its type says it (std::system_error, std::bad_alloc), else unknown.
  Span& fail(const std::exception& error);
  Span& fail(std::exception_ptr error);  // Null: as failed, without an event.
  Span& fail(std::string_view type, std::string_view message,
             ErrorCategory category = ErrorCategory::kNone);
  // kOk, kError or kUnset; others are left out.
  Span& status(SpanStatus status, std::string_view message = {});

  // Ends it now instead of at the end of the scope. Later calls do nothing.
  void end();

  // What a child, another thread or another process needs: also of a span that records nothing, and
  // after its end.
  Context context() const;
  // False: nothing that is set here is kept.
  bool recording() const { return record_ != nullptr; }

 private:
  friend struct SpanFactory;

  void take(Span& other) noexcept;
  void fail_unwound() noexcept;

  SpanRecord* record_ = nullptr;  // Of the collector; null: not recording.
  ScopeFrame* frame_ = nullptr;   // Where it is current; null: nowhere.
  Context context_;               // Where frame_ is null.
  int exceptions_ = 0;            // In flight when it was opened or moved.
};

// A span that is current on this thread until it ends. Its parent: the current one. Without a parent it
// is the root of a new trace. `attributes` and `name` are copied.
[[nodiscard]] Span traced(std::string_view name, Kind kind = Kind::kSpan,
                          Attributes attributes = {});
// The same below a given parent.
[[nodiscard]] Span traced_under(const Context& parent, std::string_view name,
                                Kind kind = Kind::kSpan, Attributes attributes = {});
// Never current; may end on another thread.
[[nodiscard]] Span open_span(std::string_view name, Kind kind = Kind::kSpan,
                             Attributes attributes = {});
[[nodiscard]] Span open_span_under(const Context& parent, std::string_view name,
                                   Kind kind = Kind::kSpan, Attributes attributes = {});

// Calls `work` in a span and returns what it returns. What it throws is recorded and thrown on. `work`
// takes nothing, or the Span& to fill.
template <typename Work>
requires(std::invocable<Work> || std::invocable<Work, Span&>) decltype(auto)
    traced(std::string_view name, Kind kind, Attributes attributes, Work&& work) {
  Span span = traced(name, kind, attributes);
  try {
    if constexpr (std::invocable<Work, Span&>) {
      return std::forward<Work>(work)(span);
    } else {
      return std::forward<Work>(work)();
    }
  } catch (...) {
    span.fail(std::current_exception());
    throw;
  }
}
template <typename Work>
requires(std::invocable<Work> || std::invocable<Work, Span&>) decltype(auto)
    traced(std::string_view name, Kind kind, Work&& work) {
  return traced(name, kind, Attributes(), std::forward<Work>(work));
}

}  // namespace sdk
}  // namespace pitot
