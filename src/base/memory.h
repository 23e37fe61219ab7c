// base/memory.h
//
// Keeping the process as small as what it uses. Batches of tens of megabytes come and go on several
// threads; the C library keeps what they freed, in an arena a thread, and after a burst holds
// hundreds of megabytes of nothing.
#pragma once

namespace pitot {

// Few arenas, and no growing thresholds. Call once, before any thread starts.
void ConfigureAllocator();

// Gives free heap pages back to the system: about a millisecond. Any thread.
void ReturnFreeMemory();

}  // namespace pitot
