// wire/estimate.h
//
// Tokens where no provider counted them: before a call, the most it can be; after a stream that was
// cut, about what it was. Arithmetic on sizes only: a tokenizer over megabytes would stall every other
// call of the thread. Pure.
#pragma once

#include <cstdint>
#include <optional>

#include "model/usage.h"
#include "wire/request.h"
#include "wire/response.h"

namespace pitot {

// About how many tokens `text_bytes` of UTF-8 are: two for seven bytes, rounded up. English prose has
// 4 to 4.5 bytes a token, code and JSON about 3.3, Chinese and Japanese 2 to 3.
int64_t EstimateTokens(int64_t text_bytes);

// The most input tokens that a body of `body_bytes` can be billed for; nothing when its size says
// nothing (WireRequest::input_unbounded): then the model's context window is the bound, and also where
// it is the smaller one. A token of text stands for at least one byte of it, and JSON only makes text
// longer; what a body stands for without spelling it out (images, schemas of predefined tools, the
// provider's framing) is WireRequest::hidden_tokens_max.
std::optional<int64_t> InputUpperBound(const WireRequest& request, int64_t body_bytes);

struct EstimatedUsage {
  Usage usage;
  bool estimated = false;  // False: all of it as the provider reported.
};

// What a call used whose answer may be incomplete. A final report stands as it is. Otherwise the
// reported input stands and the output is at least what the seen bytes come to; without any report the
// input is estimated from the body too. Reasoning may be hidden or summarised: then this is too low.
// REQUIRES: the request went out and nobody refused it; a refused call used nothing.
EstimatedUsage EstimateUsage(const WireRequest& request, int64_t body_bytes,
                             const WireResult& result);

}  // namespace pitot
