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
// Thread-safety: one thread at a time.
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

struct SpanRecord;

class Span {
 public:
  Span() = default;  // Records nothing and has no ids.
  Span(Span&& other) noexcept;
  Span& operator=(Span&& other) noexcept;
  ~Span();  // Ends it.

  // Replaces what the key had. Copies. Text beyond CollectorOptions::attribute_bytes_max is cut.
  Span& set(std::string_view key, AttributeValue value);
  Span& set(Attributes attributes);
  // Something that happened now.
  Span& event(std::string_view name, Attributes attributes = {});
  Span& link(const Context& other, Attributes attributes = {});
  Span& rename(std::string_view name);

  // Marks it as failed and records an `exception` event with type and message.
  Span& fail(const std::exception& error);
  Span& fail(std::exception_ptr error);
  Span& fail(std::string_view type, std::string_view message,
             ErrorCategory category = ErrorCategory::kNone);
  Span& status(SpanStatus status, std::string_view message = {});  // kOk, kError, kUnset.

  // Ends it now instead of at the end of the scope. Later calls do nothing.
  void end();

  // What a child, another thread or another process needs: also of a span that records nothing.
  Context context() const;
  // False: nothing that is set here is kept.
  bool recording() const { return record_ != nullptr; }

 private:
  friend struct SpanFactory;

  SpanRecord* record_ = nullptr;  // Of the collector; null: not recording.
  // ... (the tracing core completes this).
};

// A span that is current on this thread until it ends. Its parent: the current one.
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
