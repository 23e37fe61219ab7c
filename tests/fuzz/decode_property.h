// tests/fuzz/decode_property.h
//
// What every decoder's fuzzer asserts of one input. Aborts with the reason when it does not hold.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "decode/decode_test_util.h"

namespace pitot {

using DecodeFunction =
    std::function<absl::StatusOr<RawBatch>(std::string, const Limits&, DropCounts&)>;

// How many spans an input holds, found without the decoder.
using CountFunction = std::function<uint64_t(std::string_view)>;

// Small, so that a fuzzer's short inputs reach them.
Limits FuzzLimits();

// - A refused request has a message in UTF-8 and leaves the counts alone.
// - An accepted one keeps what decode.h promises, also after it was moved, and also decodes alike a
//   second time.
// - Spans accepted and refused are all there were, where `count` is given.
void CheckDecode(const DecodeFunction& decode, std::string_view input, const CountFunction& count);

}  // namespace pitot
