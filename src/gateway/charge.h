// gateway/charge.h
//
// What a call cost, of what its provider reported and what had to be estimated; and what it may cost
// at most, for budgets.
// Pure but for the price cache, which belongs to one thread.
#pragma once

#include <cstdint>
#include <string_view>

#include "gateway/budget/bound.h"
#include "gateway/call_record.h"
#include "price/price.h"

namespace pitot {

struct ChargeInput {
  std::string_view provider;
  std::string_view model;  // As asked for; the answer's goes before it.
  UnixNanos at_ns = 0;
  const WireRequest& request;
  int64_t body_bytes = 0;
  const WireResult& result;
  // The provider took the call on: what it did not report is estimated. False: it refused, or never
  // got it; only what it reported counts.
  bool worked = true;
};

// usage.iterations are priced each by its own model, instead of the sum by the call's.
CallCost ChargeOf(PriceCache& prices, const ChargeInput& input);

struct CallBoundInput {
  std::string_view provider;
  std::string_view model;
  const WireRequest& request;
  int64_t body_bytes = 0;
  bool answers_in_tokens = true;      // False: embeddings.
  int64_t output_tokens_unknown = 0;  // GatewayOptions
  UnixNanos at_ns = 0;
};
CallBound BoundOf(PriceCache& prices, const CallBoundInput& input);

}  // namespace pitot
