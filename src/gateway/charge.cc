#include "gateway/charge.h"

#include <algorithm>

#include "wire/estimate.h"

namespace pitot {
namespace {

// Server tools that one call may use when it names no bound of its own: Anthropic's max_uses is
// optional. Web searches of real answers stay far below.
constexpr int64_t kServerToolCalls = 20;

void AddUsage(const Usage& from, Usage& to) {
  for (size_t i = 0; i < kUsageBuckets; ++i) to.tokens[i] += from.tokens[i];
  to.web_searches += from.web_searches;
  to.file_searches += from.file_searches;
}

Price PriceOf(PriceCache& prices, const ChargeInput& input, std::string_view model,
              const Usage& usage) {
  return prices.PriceOf({.provider = input.provider,
                         .model = model,
                         .at_ns = input.at_ns,
                         .service_tier = input.result.service_tier,
                         .usage = usage});
}

// A call answered by several models costs the sum; unknown as soon as one of them is.
Price PriceOfIterations(PriceCache& prices, const ChargeInput& input, std::string_view model,
                        Usage& usage) {
  Price sum;
  sum.cost = NanoUsd{0};
  usage = Usage();
  for (const WireIteration& part : input.result.iterations) {
    AddUsage(part.usage, usage);
    const Price price = PriceOf(
        prices, input, part.model.empty() ? model : std::string_view(part.model), part.usage);
    if (!price.cost || !sum.cost) {
      sum.cost.reset();
    } else {
      sum.cost->value += price.cost->value;
      for (size_t i = 0; i < kUsageBuckets; ++i) sum.by_bucket[i] += price.by_bucket[i];
      sum.fees += price.fees;
    }
    if (sum.rule.empty()) {
      sum.rule = price.rule;
      sum.version = price.version;
      sum.source = price.source;
      sum.confidence = price.confidence;
    }
    if (price.confidence == PriceConfidence::kPrefix) sum.confidence = PriceConfidence::kPrefix;
    sum.estimated = sum.estimated || price.estimated;
  }
  if (!sum.cost) sum.by_bucket = {};
  return sum;
}

}  // namespace

CallCost ChargeOf(PriceCache& prices, const ChargeInput& input) {
  const WireResult& result = input.result;
  CallCost out;
  out.reported = result.cost_reported;
  out.has_usage = result.has_usage;
  out.usage = result.usage;
  out.usage_flags = result.usage_flags;
  if (input.worked && !result.usage_final) {
    const EstimatedUsage guess = EstimateUsage(input.request, input.body_bytes, result);
    out.usage = guess.usage;
    out.estimated = guess.estimated;
    out.has_usage = true;
  }
  if (!out.has_usage && !out.reported) return out;
  const std::string_view model =
      result.model.empty() ? input.model : std::string_view(result.model);
  Price price;
  if (!result.iterations.empty() && result.usage_final) {
    price = PriceOfIterations(prices, input, model, out.usage);
  } else {
    price = PriceOf(prices, input, model, out.usage);
    // Dated snapshots and aliases that only one of the two names: ask by the other.
    if (!price.cost && !input.model.empty() && model != input.model) {
      price = PriceOf(prices, input, input.model, out.usage);
    }
  }
  price = Settle(price, out.reported, out.usage);
  out.cost = price.cost;
  out.by_bucket = price.by_bucket;
  out.source = price.source;
  out.confidence = price.confidence;
  out.rule = price.rule;
  out.version = price.version;
  out.estimated = out.estimated || price.estimated;
  return out;
}

CallBound BoundOf(PriceCache& prices, const CallBoundInput& input) {
  const WireRequest& request = input.request;
  const std::optional<int64_t> context = prices.book().ContextTokens(input.provider, input.model);
  BoundInput bound;
  bound.provider = input.provider;
  bound.model = input.model;
  bound.input_tokens_max = InputUpperBound(request, input.body_bytes);
  if (bound.input_tokens_max && context) {
    bound.input_tokens_max = std::min(*bound.input_tokens_max, *context);
  }
  bound.output_tokens_max = request.max_tokens;
  if (!input.answers_in_tokens) {
    bound.output_tokens_max = 0;
  } else if (!bound.output_tokens_max && !context) {
    bound.output_tokens_max = input.output_tokens_unknown;
  } else if (bound.output_tokens_max && context) {
    bound.output_tokens_max = std::min(*bound.output_tokens_max, *context);
  }
  // Predicted output that is not taken is billed beyond max_tokens; a token is at least a byte.
  if (bound.output_tokens_max) *bound.output_tokens_max += request.prediction_bytes;
  bound.tier = request.service_tier;
  bound.choices = std::max<int64_t>(1, request.choices);
  bound.server_tool_calls = request.server_tools ? kServerToolCalls : 0;
  bound.at = input.at_ns;
  return WorstCase(prices, bound);
}

}  // namespace pitot
