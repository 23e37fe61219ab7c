// sdk/base/random.h
//
// Random ids and numbers. Each thread has its own generator (xoshiro256++), seeded by the kernel; after
// a fork the child seeds anew, so that parent and child never give the same id. Not for secrets.
//
// Thread-safety: all of it. Never blocks but for the first seed of a thread while the kernel's own pool
// is empty, early at boot.
#pragma once

#include <cstdint>

#include "pitot/model/ids.h"

namespace pitot {
inline namespace sdk {

uint64_t RandomBits();
// In [0, 1).
double RandomUnit();
// Never all zero.
TraceId NewTraceId();
SpanId NewSpanId();

// How often this process and its ancestors forked since the SDK was first used. What is kept for each
// thread compares it to see that it was copied.
uint32_t ForkGeneration();

}  // namespace sdk
}  // namespace pitot
