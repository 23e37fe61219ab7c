#include "sdk/base/random.h"

#include <pthread.h>
#include <sys/random.h>
#include <unistd.h>

#include <atomic>
#include <cstring>

#include "sdk/base/clock.h"

namespace pitot {
inline namespace sdk {
namespace {

std::atomic<uint32_t> fork_generation{0};

void CountForks() {
  static const int registered = pthread_atfork(
      nullptr, nullptr, [] { fork_generation.fetch_add(1, std::memory_order_relaxed); });
  static_cast<void>(registered);
}

// Blackman and Vigna's xoshiro256++.
struct Generator {
  uint64_t state[4];
  uint32_t generation;  // Of forks, when it was seeded.
  bool seeded;
};
constinit thread_local Generator generator{};

uint64_t RotateLeft(uint64_t x, int by) { return (x << by) | (x >> (64 - by)); }

[[gnu::noinline]] void Seed(Generator& g) {
  CountForks();
  if (getrandom(g.state, sizeof(g.state), 0) != static_cast<ssize_t>(sizeof(g.state))) {
    // A sandbox without the call: process, thread and time still tell generators apart.
    uint64_t mix = static_cast<uint64_t>(MonotonicNanos()) ^
                   (static_cast<uint64_t>(getpid()) << 40) ^ reinterpret_cast<uintptr_t>(&g);
    for (uint64_t& word : g.state) {  // splitmix64.
      mix += 0x9e3779b97f4a7c15ULL;
      uint64_t z = (mix ^ (mix >> 30)) * 0xbf58476d1ce4e5b9ULL;
      z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
      word = z ^ (z >> 31);
    }
  }
  g.state[0] |= 1;  // All zero would stay zero.
  g.generation = fork_generation.load(std::memory_order_relaxed);
  g.seeded = true;
}

template <typename Id>
Id NewId() {
  Id id;
  uint64_t any = 0;
  while (any == 0) {
    for (size_t at = 0; at < id.bytes.size(); at += 8) {
      const uint64_t bits = RandomBits();
      std::memcpy(id.bytes.data() + at, &bits, 8);
      any |= bits;
    }
  }
  return id;
}

}  // namespace

uint32_t ForkGeneration() {
  CountForks();
  return fork_generation.load(std::memory_order_relaxed);
}

uint64_t RandomBits() {
  Generator& g = generator;
  if (!g.seeded || g.generation != fork_generation.load(std::memory_order_relaxed)) [[unlikely]] {
    Seed(g);
  }
  uint64_t* s = g.state;
  const uint64_t bits = RotateLeft(s[0] + s[3], 23) + s[0];
  const uint64_t shifted = s[1] << 17;
  s[2] ^= s[0];
  s[3] ^= s[1];
  s[1] ^= s[2];
  s[0] ^= s[3];
  s[2] ^= shifted;
  s[3] = RotateLeft(s[3], 45);
  return bits;
}

double RandomUnit() { return static_cast<double>(RandomBits() >> 11) * 0x1.0p-53; }

TraceId NewTraceId() { return NewId<TraceId>(); }
SpanId NewSpanId() { return NewId<SpanId>(); }

}  // namespace sdk
}  // namespace pitot
