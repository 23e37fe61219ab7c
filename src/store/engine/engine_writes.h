// store/engine/engine_writes.h
//
// libchdb ignores a write() that fails: a full disk leaves files cut short under inserts and merges
// that it calls successful (found by failing writes with ENOSPC, EIO and EFBIG; clickhouse-server
// throws instead). So its writes are made not to fail: this program's write() takes the place of the
// C library's, and where libchdb is the caller and the disk refuses, it waits and tries again until
// the disk takes it. Inserts, merges and what waits for them then pause, and spans wait in the spool.
// Killed meanwhile, nothing is lost: the insert was not answered.
#pragma once

#include <string>

namespace pitot {

// Any address inside libchdb, once it is loaded: calls from there are guarded from then on.
void GuardEngineWrites(const void* library_address);

// What keeps the engine from writing now, in words; empty: nothing. Thread-safe.
std::string EngineWriteTrouble();

}  // namespace pitot
