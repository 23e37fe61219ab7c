// measure/hash.h
//
// Fast hashes for tables and for recognising what was seen before: 64x64 to 128 bit multiplications,
// several bytes a cycle. Not against collisions made on purpose unless `seed` is secret; the same on
// every machine of one byte order. Pure.
#pragma once

#include <cstdint>
#include <string_view>

namespace pitot {

uint64_t HashBytes(std::string_view bytes, uint64_t seed = 0);

// Of two hashes, order counting.
uint64_t MixHashes(uint64_t a, uint64_t b);

}  // namespace pitot
