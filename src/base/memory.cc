#include "base/memory.h"

#include <malloc.h>

namespace pitot {

void ConfigureAllocator() {
  mallopt(M_ARENA_MAX, 4);
  // Setting any threshold also stops the library from raising them by what it sees freed.
  mallopt(M_MMAP_THRESHOLD, 4 << 20);
  mallopt(M_TRIM_THRESHOLD, 16 << 20);
}

void ReturnFreeMemory() { malloc_trim(0); }

}  // namespace pitot
