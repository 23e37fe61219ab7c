#include "gateway/budget/bound.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <utility>

namespace pitot {
namespace {

// A call may end an hour after it was reserved, under the price of then.
constexpr int64_t kPriceHoldsNs = 60 * kNanosPerMinute;

// Both at least 0.
int64_t Multiply(int64_t a, int64_t b) {
  int64_t product = 0;
  return __builtin_mul_overflow(a, b, &product) ? std::numeric_limits<int64_t>::max() : product;
}

}  // namespace

CallBound WorstCase(PriceCache& prices, const BoundInput& input) {
  CallBound bound;
  const std::optional<int64_t> context =
      input.input_tokens_max && input.output_tokens_max
          ? std::nullopt
          : prices.book().ContextTokens(input.provider, input.model);
  const std::optional<int64_t> in = input.input_tokens_max ? input.input_tokens_max : context;
  const std::optional<int64_t> out = input.output_tokens_max ? input.output_tokens_max : context;
  if (!in || !out) {
    bound.input_known = false;
    bound.why_unknown =
        fmt::format("nothing bounds the call's {}: the context window of model \"{}\" is not known",
                    in ? "output (send max_tokens)" : "input", input.model);
  }
  WorstInput worst_input;
  worst_input.provider = input.provider;
  worst_input.model = input.model;
  worst_input.from_ns = input.at;
  worst_input.until_ns = input.at + kPriceHoldsNs;
  worst_input.service_tier = input.tier;
  worst_input.input_tokens = std::max<int64_t>(in.value_or(0), 0);
  worst_input.output_tokens =
      Multiply(std::max<int64_t>(out.value_or(0), 0), std::max<int64_t>(input.choices, 1));
  worst_input.server_tool_calls = std::max<int64_t>(input.server_tool_calls, 0);
  const WorstPrice worst = prices.WorstOf(worst_input);
  if (!worst.cost) {
    bound.why_unknown = fmt::format("the price of model \"{}\" of provider \"{}\" is not known",
                                    input.model, input.provider);
    return bound;
  }
  bound.worst = worst.cost;
  if (worst.confidence == PriceConfidence::kPrefix)
    bound.worst->value = Multiply(worst.cost->value, 2);
  return bound;
}

CallBound WorseOf(CallBound a, CallBound b) {
  CallBound worse;
  if (a.worst && b.worst) worse.worst = std::max(*a.worst, *b.worst);
  worse.input_known = a.input_known && b.input_known;
  // The reason of a price that is not known says more than that of an input that is not.
  const bool take_b = a.why_unknown.empty() || (a.worst && !b.worst);
  worse.why_unknown = std::move(take_b ? b : a).why_unknown;
  return worse;
}

}  // namespace pitot
