// decode/decode_test_util.h
//
// For tests and fuzzers of the decoders: a batch as text, and the rules that any batch keeps.
#pragma once

#include <string>
#include <string_view>

#include "base/drops.h"
#include "base/limits.h"
#include "decode/decode.h"

namespace pitot {

// Everything in the batch, one line a thing, in a stable form that people read in golden files.
std::string Dump(const RawBatch& batch);
// "attr_depth=1 span_malformed=2", then the first refusal. Empty: nothing was counted.
std::string Dump(const DropCounts& drops);
std::string Dump(const AttrValue& value);

// Reads every byte that the batch refers to and checks what decode.h promises of it: valid UTF-8,
// unique keys, limits kept, indexes in range, end not before start. Empty, or the first breach.
std::string FindBreach(const RawBatch& batch, const Limits& limits);

// Records refused, by whatever reason.
uint64_t Refused(const DropCounts& drops);

}  // namespace pitot
