// gateway/budget/bound.h
//
// The most that a call can cost, before it is made: what a strict budget reserves.
// Thread-safety: pure; a PriceCache belongs to one thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "model/money.h"
#include "price/price.h"

namespace pitot {

struct CallBound {
  std::optional<NanoUsd> worst;  // Unset: the price is not known.
  bool input_known = true;       // False: nothing bounds the input; `worst` lacks it.
  std::string why_unknown;       // In words, when one of the two is not known.
};

struct BoundInput {
  std::string_view provider;  // As spans name it.
  std::string_view model;
  std::optional<int64_t> input_tokens_max;   // Unset: the model's context window.
  std::optional<int64_t> output_tokens_max;  // Of one choice, unset: the context window.
  std::string_view tier;                     // As asked for. Empty or "auto": the provider chooses.
  int64_t choices = 1;                       // Answers asked for; each may have output_tokens_max.
  int64_t server_tool_calls = 0;             // Web and file searches that the provider may make.
  UnixNanos at = 0;  // A price that changes is the highest of now and an hour later.
};

// Every input token at the dearest of its rates (plain, cache write, audio, image), every output
// token likewise, in the dearest band that an input of that size or less can fall into, and in the
// dearest tier that the provider may serve for what was asked. A price found by a name's prefix
// counts double. Past 64 bits: the largest figure there is.
CallBound WorstCase(PriceCache& prices, const BoundInput& input);

// The larger of both: for the targets of a fallback chain.
CallBound WorseOf(CallBound a, CallBound b);

}  // namespace pitot
