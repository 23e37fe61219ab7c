// pitot/tool.h
//
// Tool calls: a span each, with how it came out.
//
//   std::string weather = pitot::tool("weather", call.arguments, [&] { return look_up(city); });
//
//   pitot::tool("refund", call.arguments,
//               {.schema = kRefundSchema, .call_id = call.id, .retry = {.attempts_max = 3}},
//               [&](const pitot::ToolArguments& arguments) { return refund(arguments.text("order")); });
//
// What is thrown is classified, recorded and thrown on: nothing is swallowed. See toolbox.h for the
// tools of an agent.
//
// Thread-safety: tool() may be called by any threads; ToolStats, from any thread.
#pragma once

#include <chrono>
#include <concepts>
#include <cstdint>
#include <exception>
#include <functional>
#include <future>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "pitot/json_schema.h"
#include "pitot/model/kinds.h"
#include "pitot/span.h"

namespace pitot {
inline namespace sdk {

// The brief's name for it: success, error, timeout, rate_limited, invalid_args, blocked.
using ToolCallStatus = ToolStatus;

// How a tool says what went wrong. Any other exception is an `error`, but std::system_error with
// timed_out (timeout), ECANCELED or network errors, and LlmError by its category.
class ToolError : public std::runtime_error {
 public:
  explicit ToolError(const std::string& message, ToolStatus status = ToolStatus::kError,
                     ErrorCategory category = ErrorCategory::kTool)
      : std::runtime_error(message), status_(status), category_(category) {}

  ToolStatus status() const { return status_; }
  ErrorCategory category() const { return category_; }

 private:
  ToolStatus status_;
  ErrorCategory category_;
};

class ToolTimeout : public ToolError {
 public:
  explicit ToolTimeout(const std::string& message)
      : ToolError(message, ToolStatus::kTimeout, ErrorCategory::kTimeout) {}
};

class ToolRateLimited : public ToolError {
 public:
  // `retry_after`: as the service said; tool() waits for so long before it tries again.
  explicit ToolRateLimited(const std::string& message,
                           std::optional<std::chrono::milliseconds> retry_after = {})
      : ToolError(message, ToolStatus::kRateLimited, ErrorCategory::kRateLimit),
        retry_after_(retry_after) {}

  const std::optional<std::chrono::milliseconds>& retry_after() const { return retry_after_; }

 private:
  std::optional<std::chrono::milliseconds> retry_after_;
};

// Not executed: a guardrail, a policy or a person said no.
class ToolBlocked : public ToolError {
 public:
  explicit ToolBlocked(const std::string& message)
      : ToolError(message, ToolStatus::kBlocked, ErrorCategory::kTool) {}
};

// The model passed what the tool does not take.
class InvalidArguments : public ToolError {
 public:
  // `path`: JSON Pointer into the arguments; empty: the whole.
  InvalidArguments(const std::string& path, const std::string& reason)
      : ToolError((path.empty() ? "arguments" : path) + ": " + reason, ToolStatus::kInvalidArgs,
                  ErrorCategory::kInvalidArgs),
        path_(path),
        reason_(reason) {}

  const std::string& path() const { return path_; }
  const std::string& reason() const { return reason_; }

 private:
  std::string path_;
  std::string reason_;
};

struct ToolFailure {
  ToolStatus status = ToolStatus::kError;
  ErrorCategory category = ErrorCategory::kTool;
  std::string type;     // Of the exception, as written in C++.
  std::string message;  // Its what().
  std::optional<std::chrono::milliseconds> retry_after;
};

ToolFailure classify_tool_error(std::exception_ptr error);

// The result of `future` if it comes within `timeout`; else throws ToolTimeout. (The destructor of a
// future of std::async waits all the same.)
template <typename Result>
Result get_within(std::future<Result>& future, std::chrono::milliseconds timeout) {
  if (future.wait_for(timeout) == std::future_status::timeout) {
    throw ToolTimeout("no result within " + std::to_string(timeout.count()) + " ms");
  }
  return future.get();
}

// Members of a JSON object, for tools that have no JSON library at hand. What is missing or of another
// type throws InvalidArguments; the forms with a second argument give that where it is missing or null.
// Copies nothing: borrows the text.
class ToolArguments {
 public:
  // Throws InvalidArguments when `json` is no JSON object. Empty text: an object without members, as
  // models write it for tools that take nothing.
  explicit ToolArguments(std::string_view json);

  bool has(std::string_view key) const;  // And it is not null.
  std::string text(std::string_view key) const;
  std::string text(std::string_view key, std::string_view otherwise) const;
  int64_t integer(std::string_view key) const;
  int64_t integer(std::string_view key, int64_t otherwise) const;
  double number(std::string_view key) const;
  double number(std::string_view key, double otherwise) const;
  bool boolean(std::string_view key) const;
  bool boolean(std::string_view key, bool otherwise) const;
  std::string_view json(std::string_view key) const;  // The member's text, of any type.
  std::string_view json() const { return json_; }     // The whole.

 private:
  std::string_view json_;
};

struct ToolRetry {
  int attempts_max = 1;  // With the first. Never again after invalid_args or blocked.
  std::chrono::milliseconds backoff_first{200};  // Doubled each time, with jitter.
  std::chrono::milliseconds backoff_max{
      10'000};  // Also the longest Retry-After that is waited for.
  // Unset: timeouts, rate limits, and errors of the network.
  std::function<bool(const ToolFailure&)> again = {};
  // Unset: the calling thread sleeps.
  std::function<void(std::chrono::milliseconds)> wait = {};
};

class ToolStats;

struct ToolOptions {
  std::optional<JsonSchema> schema =
      {};                    // Arguments that do not fit: InvalidArguments, not executed.
  std::string call_id = {};  // The model's: LlmToolCall::id.
  ToolRetry retry = {};
  // What the call may take, retries included. It cannot be ended from here; but what it throws later
  // than this counts as timeout, and it is not tried again. 0: no limit.
  std::chrono::milliseconds budget{0};
  bool capture_arguments = true;  // On the span.
  bool capture_result = true;     // Results that are text, numbers or bool.
  ToolStats* stats = nullptr;     // Told of the call. Borrowed.
};

struct ToolStatsRow {
  std::string tool;
  uint64_t calls = 0;
  uint64_t success = 0;
  uint64_t error = 0;
  uint64_t timeout = 0;
  uint64_t rate_limited = 0;
  uint64_t invalid_args = 0;
  uint64_t blocked = 0;
  uint64_t retries = 0;
  // Empty: nothing to say. Else that, and since which prompt version, the model's arguments are refused
  // more often: the tool's schema, or its description, drifted from what the prompt makes of it.
  std::string drift;

  double invalid_args_share() const {
    return calls == 0 ? 0.0 : static_cast<double>(invalid_args) / static_cast<double>(calls);
  }
};

// Counts of calls by tool and outcome, so that a program without a server sees drift too. Prompt and
// version are those of the current context's tags.
// Memory: bounded by Options::tools_max; calls of further tools count under "(other)".
class ToolStats {
 public:
  struct Options {
    size_t tools_max = 1'000;
    // Told once a tool and prompt version when drift shows. Unset: a line on stderr.
    std::function<void(std::string_view message)> on_drift = {};
  };

  ToolStats();
  explicit ToolStats(Options options);
  ~ToolStats();
  ToolStats(const ToolStats&) = delete;
  ToolStats& operator=(const ToolStats&) = delete;

  void record(std::string_view tool, ToolStatus status, int retries = 0);

  std::vector<ToolStatsRow> rows() const;  // Most calls first.
  std::string report() const;              // A table for people, then what drifted.

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

namespace tooling {

// One call of tool(): what does not depend on the type of the work.
class Run {
 public:
  Run(std::string_view name, std::string_view arguments, const ToolOptions& options);
  ~Run();
  Run(const Run&) = delete;
  Run& operator=(const Run&) = delete;

  Span& span() { return span_; }
  std::string_view arguments() const { return arguments_; }
  // Throws InvalidArguments.
  void check() const;
  void succeeded() noexcept;
  void succeeded(AttributeValue result) noexcept;
  // In a handler of the exception. True: it has waited, try again. False: it is recorded, throw it on.
  bool again(std::exception_ptr error) noexcept;

 private:
  void finish(ToolStatus status) noexcept;

  const std::string name_;
  const std::string_view arguments_;
  const ToolOptions& options_;
  const std::chrono::steady_clock::time_point start_;
  Span span_;
  int retries_ = 0;
};

template <typename Work>
decltype(auto) call(Work& work, Run& run) {
  if constexpr (std::invocable<Work&, const ToolArguments&, Span&>) {
    return work(ToolArguments(run.arguments()), run.span());
  } else if constexpr (std::invocable<Work&, const ToolArguments&>) {
    return work(ToolArguments(run.arguments()));
  } else if constexpr (std::invocable<Work&, Span&>) {
    return work(run.span());
  } else {
    return work();
  }
}

}  // namespace tooling

template <typename Work>
concept ToolWork = std::invocable<Work&> || std::invocable<Work&, Span&> ||
    std::invocable<Work&, const ToolArguments&> ||
    std::invocable<Work&, const ToolArguments&, Span&>;

// Calls `work` in a span of kind tool and returns what it returns. `work` takes nothing, the Span& to
// fill, the arguments, or both: work(const ToolArguments&, Span&). It is called again as options.retry
// says. `arguments` is JSON as the model wrote it; without a schema it is looked at only where `work`
// takes it.
template <ToolWork Work>
decltype(auto) tool(std::string_view name, std::string_view arguments, const ToolOptions& options,
                    Work&& work) {
  tooling::Run run(name, arguments, options);
  for (;;) {
    try {
      run.check();
      using Result = decltype(tooling::call(work, run));
      if constexpr (std::is_void_v<Result>) {
        tooling::call(work, run);
        run.succeeded();
        return;
      } else {
        decltype(auto) result = tooling::call(work, run);
        using Plain = std::remove_cvref_t<Result>;
        if constexpr (std::is_arithmetic_v<Plain> || std::convertible_to<Plain, std::string_view>) {
          run.succeeded(AttributeValue(result));
        } else {
          run.succeeded();
        }
        if constexpr (std::is_reference_v<Result>) {
          return static_cast<Result>(result);
        } else {
          return result;
        }
      }
    } catch (...) {
      if (!run.again(std::current_exception())) throw;
    }
  }
}
template <ToolWork Work>
decltype(auto) tool(std::string_view name, std::string_view arguments, Work&& work) {
  return tool(name, arguments, ToolOptions(), std::forward<Work>(work));
}

}  // namespace sdk
}  // namespace pitot
