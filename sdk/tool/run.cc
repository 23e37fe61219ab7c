#include <algorithm>
#include <cstdint>
#include <thread>

#include "pitot/tool.h"
#include "sdk/base/random.h"

namespace pitot {
inline namespace sdk {
namespace tooling {
namespace {

using std::chrono::milliseconds;

std::string SpanName(std::string_view tool) {
  std::string name = "execute_tool ";
  return name.append(tool);
}

bool TriedAgainByDefault(const ToolFailure& failure) {
  return failure.status == ToolStatus::kTimeout || failure.status == ToolStatus::kRateLimited ||
         failure.category == ErrorCategory::kNetwork ||
         failure.category == ErrorCategory::kOverloaded;
}

// Doubled with each attempt; between half and the whole of it, so that many callers do not come back
// at once.
milliseconds Backoff(const ToolRetry& retry, int retries) {
  constexpr int kDoublingsMax = 30;
  const double whole = static_cast<double>(std::max<int64_t>(retry.backoff_first.count(), 0)) *
                       static_cast<double>(int64_t{1} << std::min(retries, kDoublingsMax));
  const double most = static_cast<double>(retry.backoff_max.count());
  return milliseconds(static_cast<int64_t>(std::min(whole, most) * (0.5 + RandomUnit() / 2)));
}

}  // namespace

Run::Run(std::string_view name, std::string_view arguments, const ToolOptions& options)
    : name_(name),
      arguments_(arguments),
      options_(options),
      start_(std::chrono::steady_clock::now()),
      span_(traced(SpanName(name), Kind::kTool)) {
  if (!span_.recording()) return;
  span_.set("gen_ai.tool.name", name_);
  if (!options.call_id.empty()) span_.set("gen_ai.tool.call.id", options.call_id);
  if (options.capture_arguments && !arguments.empty()) {
    span_.set("gen_ai.tool.call.arguments", arguments);
  }
}

Run::~Run() = default;

void Run::check() const {
  if (!options_.schema) return;
  const bool nothing = arguments_.find_first_not_of(" \t\r\n") == std::string_view::npos;
  // Models write nothing at all for tools that take nothing.
  const std::vector<SchemaViolation> violations =
      options_.schema->validate(nothing ? "{}" : arguments_, 4);
  if (violations.empty()) return;
  std::string reason;
  for (const SchemaViolation& violation : violations) {
    const bool first = reason.empty();
    if (!first) reason += "; ";
    if (!first && !violation.path.empty()) reason.append(violation.path).append(": ");
    reason.append("expected ").append(violation.expected);
    // What must not be captured must not get out in a message either.
    if (options_.capture_arguments) reason.append(", got ").append(violation.actual);
  }
  throw InvalidArguments(violations[0].path, reason);
}

void Run::succeeded() noexcept { finish(ToolStatus::kSuccess); }

void Run::succeeded(AttributeValue result) noexcept {
  if (options_.capture_result) span_.set("gen_ai.tool.call.result", result);
  finish(ToolStatus::kSuccess);
}

void Run::finish(ToolStatus status) noexcept {
  span_.set("gen_ai.tool.status", Name(status));
  if (retries_ > 0) span_.set("pitot.retry_count", retries_);
  if (options_.stats == nullptr) return;
  try {
    options_.stats->record(name_, status, retries_);
  } catch (...) {  // Out of memory: one call is not counted.
  }
}

bool Run::again(std::exception_ptr error) noexcept {
  ToolFailure failure;
  try {
    failure = classify_tool_error(error);
    const auto spent =
        std::chrono::duration_cast<milliseconds>(std::chrono::steady_clock::now() - start_);
    const bool limited = options_.budget.count() > 0;
    const bool final =
        failure.status == ToolStatus::kInvalidArgs || failure.status == ToolStatus::kBlocked;
    if (limited && spent >= options_.budget && !final) {
      failure.status = ToolStatus::kTimeout;
      failure.category = ErrorCategory::kTimeout;
    } else if (!final && retries_ + 1 < options_.retry.attempts_max &&
               (options_.retry.again ? options_.retry.again(failure)
                                     : TriedAgainByDefault(failure))) {
      const milliseconds wait =
          failure.retry_after ? *failure.retry_after : Backoff(options_.retry, retries_);
      const bool too_long =
          wait > options_.retry.backoff_max || (limited && spent + wait >= options_.budget);
      if (!too_long) {
        ++retries_;
        span_.event("retry", {{"attempt", retries_},
                              {"error.type", failure.type},
                              {"exception.message", failure.message},
                              {"pitot.tool.status", Name(failure.status)},
                              {"wait_ms", wait.count()}});
        options_.retry.wait ? options_.retry.wait(wait) : std::this_thread::sleep_for(wait);
        return true;
      }
    }
  } catch (...) {  // Of the callers' own functions, or out of memory: then it is not tried again.
  }
  // Set before fail(), which leaves what is there.
  span_.set("pitot.error_category", Name(failure.category));
  span_.fail(std::move(error));
  finish(failure.status);
  return false;
}

}  // namespace tooling
}  // namespace sdk
}  // namespace pitot
