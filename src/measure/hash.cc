#include "measure/hash.h"

#include <cstddef>
#include <cstring>

namespace pitot {
namespace {

// Odd, with about as many ones as zeros: digits of pi.
constexpr uint64_t kA = 0x243f6a8885a308d3ULL;
constexpr uint64_t kB = 0x13198a2e03707345ULL;
constexpr uint64_t kC = 0xa4093822299f31d1ULL;
constexpr uint64_t kD = 0x082efa98ec4e6c89ULL;

// The two halves of a product: every bit of both factors reaches every bit of the result.
inline uint64_t Fold(uint64_t a, uint64_t b) {
  const auto product = static_cast<unsigned __int128>(a) * b;
  return static_cast<uint64_t>(product) ^ static_cast<uint64_t>(product >> 64);
}

inline uint64_t Load8(const char* p) {
  uint64_t value;
  std::memcpy(&value, p, 8);
  return value;
}

inline uint64_t Load4(const char* p) {
  uint32_t value;
  std::memcpy(&value, p, 4);
  return value;
}

}  // namespace

uint64_t HashBytes(std::string_view bytes, uint64_t seed) {
  const char* p = bytes.data();
  size_t left = bytes.size();
  // In every factor: who does not know the seed cannot choose bytes that make one zero.
  const uint64_t key = Fold(seed ^ kA, kD);
  uint64_t state = key ^ Fold(seed ^ kC, bytes.size() ^ kB);

  if (left > 64) {
    // Three chains that do not wait for each other.
    uint64_t second = state;
    uint64_t third = state;
    do {
      state = Fold(Load8(p) ^ kA ^ key, Load8(p + 8) ^ state);
      second = Fold(Load8(p + 16) ^ kB ^ key, Load8(p + 24) ^ second);
      third = Fold(Load8(p + 32) ^ kC ^ key, Load8(p + 40) ^ third);
      p += 48;
      left -= 48;
    } while (left > 48);
    state ^= Fold(second ^ kD, third ^ kA);
  }
  while (left > 16) {
    state = Fold(Load8(p) ^ kB ^ key, Load8(p + 8) ^ state);
    p += 16;
    left -= 16;
  }

  uint64_t a = 0;
  uint64_t b = 0;
  if (left >= 8) {
    a = Load8(p);
    b = Load8(p + left - 8);
  } else if (left >= 4) {
    a = Load4(p);
    b = Load4(p + left - 4);
  } else if (left > 0) {
    a = static_cast<unsigned char>(p[0]) |
        static_cast<uint64_t>(static_cast<unsigned char>(p[left / 2])) << 8 |
        static_cast<uint64_t>(static_cast<unsigned char>(p[left - 1])) << 16;
  }
  return Fold(kC ^ Fold(a ^ kB ^ key, b ^ state), kD ^ left);
}

uint64_t MixHashes(uint64_t a, uint64_t b) { return Fold(a ^ kA, Fold(b ^ kC, kB) ^ kD); }

}  // namespace pitot
