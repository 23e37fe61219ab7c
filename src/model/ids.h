// model/ids.h
//
// Identifiers as raw bytes. Hex is a matter of edges (base/hex.h); inside the program and in the
// store an id is 16 or 8 bytes. All-zero means absent, as in W3C Trace Context.
#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace pitot {

template <size_t N>
struct Id {
  std::array<uint8_t, N> bytes = {};

  // The id in `raw`; absent (all zero) unless raw has exactly N bytes.
  static Id FromBytes(std::string_view raw) {
    Id id;
    if (raw.size() == N) std::memcpy(id.bytes.data(), raw.data(), N);
    return id;
  }

  bool empty() const { return *this == Id{}; }
  std::string_view view() const {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
  }
  auto operator<=>(const Id&) const = default;
};

using TraceId = Id<16>;
using SpanId = Id<8>;
// First 16 bytes of a SHA-256: payload contents and request bodies. Agents' texts are chosen by
// strangers (tool results, web pages), so the hash must resist collisions made on purpose.
using Hash128 = Id<16>;

// For hash maps. The bytes of random ids are already well mixed, but ids may be hand-made, so mix.
template <size_t N>
struct IdHash {
  size_t operator()(const Id<N>& id) const {
    uint64_t low = 0;
    std::memcpy(&low, id.bytes.data() + N - 8, 8);
    uint64_t high = 0;
    std::memcpy(&high, id.bytes.data(), 8);
    uint64_t x = (low ^ (high * 0x9e3779b97f4a7c15ULL)) * 0xff51afd7ed558ccdULL;
    return x ^ (x >> 32);
  }
};

}  // namespace pitot
