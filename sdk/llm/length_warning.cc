#include "sdk/llm/length_warning.h"

#include <cstdio>

namespace pitot {
inline namespace sdk {
namespace {

constexpr std::chrono::hours kInterval{1};
// Features that are made up call by call must not fill the memory.
constexpr size_t kSaidMax = 1'000;

}  // namespace

std::string LengthWarning::Line(const LlmCallMetrics& call, Time now) {
  const std::string& model = call.model.empty() ? call.model_requested : call.model;
  const std::lock_guard lock(mutex_);
  if (said_.size() >= kSaidMax) said_.clear();
  const auto [it, fresh] = said_.try_emplace({call.tags.feature, model}, now);
  if (!fresh && now - it->second < kInterval) return {};
  it->second = now;
  std::string line = "pitot: an answer of " + model;
  if (!call.tags.feature.empty()) line += " for '" + call.tags.feature + "'";
  return line + " was cut off at its token limit after " +
         std::to_string(call.usage.output_total()) +
         " output tokens: raise max_tokens, or ask for less. Said once an hour.";
}

void LengthWarning::Tell(const LlmCallMetrics& call, Time now) {
  if (listener_) {
    // The answer is there and must not be lost to a listener's trouble.
    try {
      listener_(call);
    } catch (...) {
      return;
    }
    return;
  }
  const std::string line = Line(call, now);
  if (!line.empty()) std::fprintf(stderr, "%s\n", line.c_str());
}

}  // namespace sdk
}  // namespace pitot
