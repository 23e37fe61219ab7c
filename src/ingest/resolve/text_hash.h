// ingest/resolve/text_hash.h
//
// A fast 64-bit hash for tables and for telling rows apart. Not against adversaries: content that
// strangers choose is keyed by base/hash.h. Never stored: it may change between versions.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace pitot {

// Folds the 128-bit product: every bit of both arguments reaches every bit of the result.
inline uint64_t Mix(uint64_t a, uint64_t b) {
  const unsigned __int128 product =
      static_cast<unsigned __int128>(a ^ 0x9e3779b97f4a7c15ULL) * (b ^ 0xd6e8feb86659fd93ULL);
  return static_cast<uint64_t>(product) ^ static_cast<uint64_t>(product >> 64);
}

inline uint64_t HashText(std::string_view text, uint64_t seed = 0) {
  uint64_t hash = Mix(seed, text.size());
  const char* at = text.data();
  size_t left = text.size();
  uint64_t word = 0;
  for (; left >= 8; at += 8, left -= 8) {
    std::memcpy(&word, at, 8);
    hash = Mix(hash, word);
  }
  if (left != 0) {
    word = 0;
    std::memcpy(&word, at, left);
    hash = Mix(hash, word);
  }
  return hash;
}

}  // namespace pitot
