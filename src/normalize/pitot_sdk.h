// normalize/pitot_sdk.h
//
// The dialect of Pitot's own SDK for C++ (sdk/): OpenTelemetry's GenAI conventions, and beside them, as
// pitot.*, what these cannot say: the kind, token counts in our buckets, words as we use them, and that
// a span is only announced.
#pragma once

#include <optional>
#include <span>

#include "base/drops.h"
#include "model/attr.h"
#include "model/usage.h"
#include "normalize/dialect.h"

namespace pitot {

extern const Dialect kPitotSdkDialect;

// The usage of a span that says `pitot.usage.exact`: pitot.usage.BUCKET for each bucket that is not
// zero, and web and file searches. Nothing when it does not say so, or a count cannot be read (counted in
// `drops`); sums as gen_ai.usage.* has them are taken apart then.
std::optional<Usage> ReadExactUsage(std::span<const Attr> attributes, DropCounts& drops);

}  // namespace pitot
