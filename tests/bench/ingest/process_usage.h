// tests/bench/ingest/process_usage.h
//
// What another process has used so far, from /proc.
#pragma once

#include <cstdint>
#include <string>

namespace pitot {

// User and system time of all its threads in seconds; 0 when there is no such process.
double CpuSecondsOf(int pid);

// The most memory it ever held, in bytes (VmHWM); 0 when there is no such process.
uint64_t PeakMemoryOf(int pid);

}  // namespace pitot
