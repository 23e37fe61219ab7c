// sdk/trace/scopes.h
//
// What is current on each thread: a stack of frames, one for each Span of traced() and each ContextScope.
// A frame is made and taken off by its thread only. Its scope may end anywhere: out of order, or on
// another thread, which marks the frame as ended; its thread takes it off as soon as it is on top. So a
// scope that was moved away leaves nothing behind on the thread it came from, and disturbs nothing on
// the thread where it ends.
//
// Ownership: a frame is freed by the later of its scope's end and its thread's.
// Thread-safety: as said with each.
#pragma once

#include <atomic>
#include <cstdint>

#include "pitot/context.h"

namespace pitot {
inline namespace sdk {

struct ScopeFrame {
  enum State : uint8_t { kLive, kScopeEnded, kThreadEnded };

  Context context;  // Not changed while kLive.
  ScopeFrame* below = nullptr;
  uint64_t thread = 0;  // ThreadScopes::id.
  std::atomic<uint8_t> state{kLive};
};

// Of one thread. Plain memory without a destructor: spans may end while the thread's other thread_local
// objects, or the program's static ones, are destroyed.
struct ThreadScopes {
  ScopeFrame* top = nullptr;
  ScopeFrame* spare = nullptr;  // Frames to be used again.
  uint32_t spares = 0;
  uint32_t shard = 0;  // Which part of a collector's pool this thread opens its spans in.
  uint64_t id = 0;     // Never used again by another thread; 0: not yet given.
  bool ended = false;  // The thread is ending: keep nothing.
};

extern constinit thread_local ThreadScopes thread_scopes;

// Gives the calling thread its id.
void EnterThread(ThreadScopes& scopes);
inline ThreadScopes& OwnScopes() {
  ThreadScopes& scopes = thread_scopes;
  if (scopes.id == 0) [[unlikely]]
    EnterThread(scopes);
  return scopes;
}

// Of the calling thread. Holds until its next push or end of a scope.
const Context& CurrentContext();

// Makes `context` current on the calling thread. Null, and nothing is changed, when memory is short.
ScopeFrame* PushScope(Context context);

// From any thread, once. `keep`, where given, gets the frame's context.
void EndScope(ScopeFrame* frame, Context* keep);

}  // namespace sdk
}  // namespace pitot
