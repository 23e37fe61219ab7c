// pitot/propagation.h
//
// One request, one tree, however many agents: takes a trace from one process into the next, in the
// headers of a request or in a child's environment.
//
//   std::map<std::string, std::string> headers;          // On this side.
//   pitot::inject(pitot::Context::current(), headers);
//
//   const auto incoming = pitot::extract(request_headers);   // On the other.
//   auto turn = pitot::traced_under(incoming.context, "sub-agent", pitot::Kind::kAgent);
//
//   const auto envp = pitot::child_environment(pitot::Context::current());   // execve, posix_spawn.
//   const auto incoming = pitot::extract_from_environment();
//
// What travels: traceparent and tracestate (W3C Trace Context, level 1; of level 2 what readers need),
// and baggage (W3C Baggage) with the context's baggage and its tags, as pitot.feature, pitot.user,
// pitot.session, pitot.workflow, pitot.agent, pitot.prompt and pitot.prompt_version: the names that
// Pitot's gateway reads too. Tags go wherever the headers go: who must not learn a user's id must not
// be sent baggage (InjectOptions).
//
// Strict about what comes in: a traceparent that is malformed, given twice or all zero is no trace; a
// malformed tracestate is left out as a whole and never costs the traceparent; malformed entries of
// baggage are left out one by one, and properties of entries (";ttl=3") are not kept. What was wrong is
// said in words. What comes in is no proof of who sent it.
//
// Limits: tracestate 32 members and 512 characters, baggage 64 entries and 8,192 bytes; beyond them whole
// members are left out.
//
// Errors: nothing here throws but std::bad_alloc. Thread-safety: functions of their arguments;
// extract_from_environment and child_environment read the environment, which no thread may change
// meanwhile (setenv, putenv).
#pragma once

#include <algorithm>
#include <concepts>
#include <iterator>
#include <memory>
#include <optional>
#include <ranges>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "pitot/context.h"

namespace pitot {
inline namespace sdk {

struct InjectOptions {
  bool baggage = true;  // False: ids only, for those who must not learn what tags say.
};

// What a peer said of the trace its request belongs to.
struct Extracted {
  // To open spans below. Without a (valid) traceparent: valid() is false, spans open a new trace; tags
  // and baggage are there all the same.
  Context context;
  // What was left out, and why, each in words; empty: all was well. Bounded.
  std::vector<std::string> problems;

  bool ok() const { return problems.empty(); }
  operator const Context&() const { return context; }  // traced_under(extract(headers), "turn")
};

// The names to look for. Header names are compared without case.
inline constexpr std::string_view kPropagationHeaders[] = {"traceparent", "tracestate", "baggage"};

namespace propagation {

struct Field {
  std::string name;  // Lower case.
  std::string value;
};

// The headers a context is sent as; those that it has nothing to say in are missing.
std::vector<Field> fields_of(const Context& context, const InjectOptions& options);
// `fields` by name as they came; others than kPropagationHeaders are not looked at.
Extracted read(const std::vector<std::pair<std::string_view, std::string_view>>& fields);

bool same_name(std::string_view a, std::string_view b);  // Without case.
bool wanted(std::string_view name);                      // One of kPropagationHeaders.

}  // namespace propagation

// std::map, std::unordered_map, std::multimap, std::vector<std::pair>> ... of text.
template <typename Carrier>
concept HeaderCarrier = std::ranges::input_range<const Carrier> &&
    requires(const std::ranges::range_value_t<Carrier>& field) {
  { field.first } -> std::convertible_to<std::string_view>;
  { field.second } -> std::convertible_to<std::string_view>;
};

// Puts the context into headers. What a header of that name said before is replaced; a tracestate that
// belongs to another traceparent is removed. Headers that the context has nothing to say in (no trace,
// no baggage) stay as they are.
template <HeaderCarrier Carrier>
void inject(const Context& context, Carrier& headers, const InjectOptions& options = {}) {
  std::vector<propagation::Field> fields = propagation::fields_of(context, options);
  const bool has_parent =
      std::ranges::any_of(fields, [](const auto& field) { return field.name == "traceparent"; });
  const auto stale = [&](std::string_view name) {
    if (has_parent && propagation::same_name(name, "tracestate")) return true;
    return std::ranges::any_of(fields, [name](const propagation::Field& field) {
      return propagation::same_name(name, field.name);
    });
  };
  for (auto header = headers.begin(); header != headers.end();) {
    header = stale(header->first) ? headers.erase(header) : std::next(header);
  }
  for (propagation::Field& field : fields) {
    headers.insert(headers.end(), std::ranges::range_value_t<Carrier>(std::move(field.name),
                                                                      std::move(field.value)));
  }
}

// For any other carrier: `set(name, value)` is called for each header.
//   pitot::inject(context, [&](std::string_view name, std::string_view value) { req.set(name, value); });
template <typename Set>
requires(std::invocable<Set&, std::string_view, std::string_view> &&
         !HeaderCarrier<Set>) void inject(const Context& context, Set&& set,
                                          const InjectOptions& options = {}) {
  for (const propagation::Field& field : propagation::fields_of(context, options)) {
    set(std::string_view(field.name), std::string_view(field.value));
  }
}

// Of the current context.
template <HeaderCarrier Carrier>
void inject(Carrier& headers) {
  inject(Context::current(), headers);
}

template <HeaderCarrier Carrier>
[[nodiscard]] Extracted extract(const Carrier& headers) {
  std::vector<std::pair<std::string_view, std::string_view>> fields;
  for (const auto& header : headers) {
    if (propagation::wanted(header.first)) fields.emplace_back(header.first, header.second);
  }
  return propagation::read(fields);
}

// For any other carrier: `get(name)` gives what the header says, as std::optional of text; without
// case. It cannot tell of a header that is there twice.
template <typename Get>
requires(!HeaderCarrier<Get> && requires(Get & get, std::string_view name) {
  { get(name) } -> std::convertible_to<std::optional<std::string>>;
}) [[nodiscard]] Extracted extract(Get&& get) {
  std::vector<propagation::Field> found;
  for (const std::string_view name : kPropagationHeaders) {
    std::optional<std::string> value = get(name);
    if (value) found.push_back({std::string(name), *std::move(value)});
  }
  std::vector<std::pair<std::string_view, std::string_view>> fields;
  for (const propagation::Field& field : found) fields.emplace_back(field.name, field.value);
  return propagation::read(fields);
}

// TRACEPARENT, TRACESTATE and BAGGAGE of this process.
[[nodiscard]] Extracted extract_from_environment();

// An environment for a child process: this process's (or `base`, "NAME=value" each), with TRACEPARENT,
// TRACESTATE and BAGGAGE as the context says. Unlike setenv it changes nothing here, so that any thread
// may start children. Of a context without a trace no TRACEPARENT is passed on, not even this process's
// own.
class ChildEnvironment {
 public:
  explicit ChildEnvironment(std::vector<std::string> variables);

  // For execve and posix_spawn: null-terminated; borrowed from this object.
  char* const* envp() const { return const_cast<char* const*>(pointers_.data()); }
  const std::vector<std::string>& variables() const { return *variables_; }

 private:
  // Behind a pointer, so that a move leaves the texts where pointers_ says.
  std::unique_ptr<std::vector<std::string>> variables_;
  std::vector<char*> pointers_;
};
[[nodiscard]] ChildEnvironment child_environment(const Context& context,
                                                 const InjectOptions& options = {});
[[nodiscard]] ChildEnvironment child_environment(const Context& context,
                                                 std::vector<std::string> base,
                                                 const InjectOptions& options = {});

}  // namespace sdk
}  // namespace pitot
