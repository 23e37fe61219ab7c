#include "gateway/outage/plan.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/status.h"
#include "base/text.h"

namespace pitot {
namespace {

constexpr size_t kTargetsMax = 16;
constexpr uint64_t kExploreOneIn = 32;

std::string NameOf(std::string_view upstream, std::string_view model) {
  return model.empty() ? std::string(upstream) : fmt::format("{}/{}", upstream, model);
}

}  // namespace

std::vector<PlanTarget> FallbackPlan::Targets() const {
  std::vector<PlanTarget> out = equal;
  out.insert(out.end(), fallback.begin(), fallback.end());
  return out;
}

absl::Status FallbackPlan::Validate() const {
  if (equal.empty()) return InvalidArgument("equal: a route needs at least one target");
  const std::vector<PlanTarget> all = Targets();
  if (all.size() > kTargetsMax) {
    return InvalidArgument("equal and fallback name {} targets; at most {} are allowed", all.size(),
                           kTargetsMax);
  }
  for (size_t i = 0; i < all.size(); ++i) {
    if (all[i].upstream.empty()) {
      return InvalidArgument("{}: a target without an upstream",
                             i < equal.size() ? "equal" : "fallback");
    }
    if (std::find(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(i), all[i]) !=
        all.begin() + static_cast<std::ptrdiff_t>(i)) {
      return InvalidArgument("{} stands in the route twice", NameOf(all[i].upstream, all[i].model));
    }
  }
  return absl::OkStatus();
}

PlanWalk::PlanWalk(const FallbackPlan& plan, ProviderHealth& health, std::string_view request_model,
                   bool streamed)
    : plan_(plan), health_(health), request_model_(request_model), streamed_(streamed) {
  equal_.reserve(plan.equal.size());
  for (const PlanTarget& target : plan.equal) equal_.push_back(&target);
}

std::string_view PlanWalk::ModelOf(const PlanTarget& target) const {
  return target.model.empty() ? std::string_view(request_model_) : target.model;
}

size_t PlanWalk::ChooseEqual(UnixNanos now, uint64_t random) const {
  const size_t count = equal_.size();
  if (count == 1) return 0;
  // Three independent draws out of one number.
  const size_t a = (random & 0xFFFF) % count;
  const size_t b = (a + 1 + ((random >> 16) & 0xFFFF) % (count - 1)) % count;
  if ((random >> 32) % kExploreOneIn == 0) return a;
  const auto score = [&](size_t i) {
    return health_.Score(equal_[i]->upstream, ModelOf(*equal_[i]), streamed_, now);
  };
  return score(b) < score(a) ? b : a;
}

std::optional<PlanWalk::Pick> PlanWalk::Next(UnixNanos now, uint64_t random) {
  while (true) {
    const PlanTarget* target = nullptr;
    if (!equal_.empty()) {
      const auto chosen = equal_.begin() + static_cast<std::ptrdiff_t>(ChooseEqual(now, random));
      target = *chosen;
      equal_.erase(chosen);
    } else if (next_fallback_ < plan_.fallback.size()) {
      target = &plan_.fallback[next_fallback_++];
    } else {
      return std::nullopt;
    }
    ProviderHealth::Admission admission = health_.Begin(target->upstream, ModelOf(*target), now);
    if (!admission.allowed) {
      steps_.push_back({.target = target, .open_until = admission.retry_at});
      if (retry_at_ == 0 || admission.retry_at < retry_at_) retry_at_ = admission.retry_at;
      continue;
    }
    const bool fallback = !steps_.empty();
    steps_.push_back({.target = target});
    ++picked_;
    return Pick{.target = target,
                .model = ModelOf(*target),
                .fallback = fallback,
                .call = std::move(admission.call)};
  }
}

void PlanWalk::Failed(std::string_view why) {
  if (!steps_.empty()) steps_.back().why = why;
}

std::string PlanWalk::Why(UnixNanos now) const {
  std::string out;
  for (const Step& step : steps_) {
    if (!out.empty()) out += "; ";
    out += NameOf(step.target->upstream, ModelOf(*step.target));
    if (step.open_until != 0) {
      out += fmt::format(": breaker open for another {}",
                         FormatDuration(std::max<int64_t>(step.open_until - now, 0)));
    } else {
      out += fmt::format(": {}", step.why.empty() ? "did not answer" : step.why);
    }
  }
  return out;
}

}  // namespace pitot
