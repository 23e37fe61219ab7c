#include "sdk/trace/scopes.h"

#include <new>
#include <utility>

namespace pitot {
inline namespace sdk {

constinit thread_local ThreadScopes thread_scopes{};

namespace {

constexpr uint32_t kSparesMax = 64;

std::atomic<uint64_t> threads{0};

// Never destroyed: static objects may trace in their destructors.
union NoContext {
  constexpr NoContext() : context() {}
  ~NoContext() {}
  Context context;
};
constinit NoContext no_context;

// Lets go of a thread's frames when it ends.
struct ThreadEnd {
  ThreadScopes* scopes = nullptr;

  ~ThreadEnd() {
    if (scopes == nullptr) return;
    scopes->ended = true;
    while (scopes->top != nullptr) {
      ScopeFrame* frame = std::exchange(scopes->top, scopes->top->below);
      // Its scope may end at this moment: who comes second frees it.
      const uint8_t before =
          frame->state.exchange(ScopeFrame::kThreadEnded, std::memory_order_acq_rel);
      if (before == ScopeFrame::kScopeEnded) delete frame;
    }
    while (scopes->spare != nullptr) delete std::exchange(scopes->spare, scopes->spare->below);
    scopes->spares = 0;
  }
};
thread_local ThreadEnd thread_end;

// REQUIRES: `frame` is on top of the calling thread's.
void TakeOff(ThreadScopes& scopes, ScopeFrame* frame) {
  scopes.top = frame->below;
  if (scopes.ended || scopes.spares >= kSparesMax) {
    delete frame;
    return;
  }
  frame->context = Context();
  frame->below = scopes.spare;
  scopes.spare = frame;
  ++scopes.spares;
}

}  // namespace

void EnterThread(ThreadScopes& scopes) {
  scopes.id = threads.fetch_add(1, std::memory_order_relaxed) + 1;
  scopes.shard = static_cast<uint32_t>(scopes.id);
  if (!scopes.ended) thread_end.scopes = &scopes;
}

const Context& CurrentContext() {
  ThreadScopes& scopes = thread_scopes;
  while (scopes.top != nullptr) {
    ScopeFrame* top = scopes.top;
    if (top->state.load(std::memory_order_acquire) == ScopeFrame::kLive) return top->context;
    TakeOff(scopes, top);
  }
  return no_context.context;
}

ScopeFrame* PushScope(Context context) {
  ThreadScopes& scopes = OwnScopes();
  ScopeFrame* frame = scopes.spare;
  if (frame != nullptr) {
    scopes.spare = frame->below;
    --scopes.spares;
    frame->state.store(ScopeFrame::kLive, std::memory_order_relaxed);
  } else {
    frame = new (std::nothrow) ScopeFrame;
    if (frame == nullptr) return nullptr;
    frame->thread = scopes.id;
  }
  frame->context = std::move(context);
  frame->below = scopes.top;
  scopes.top = frame;
  return frame;
}

void EndScope(ScopeFrame* frame, Context* keep) {
  ThreadScopes& scopes = thread_scopes;
  const bool own = frame->thread == scopes.id &&
                   frame->state.load(std::memory_order_relaxed) == ScopeFrame::kLive;
  if (own && frame == scopes.top) {
    if (keep != nullptr) *keep = std::move(frame->context);
    TakeOff(scopes, frame);
    return;
  }
  if (keep != nullptr) *keep = frame->context;
  if (own) {
    frame->state.store(ScopeFrame::kScopeEnded, std::memory_order_relaxed);
    return;
  }
  const uint8_t before = frame->state.exchange(ScopeFrame::kScopeEnded, std::memory_order_acq_rel);
  if (before == ScopeFrame::kThreadEnded) delete frame;
}

}  // namespace sdk
}  // namespace pitot
