#include "store/engine/statement_killer.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "base/log.h"
#include "base/status.h"
#include "store/engine/statement.h"

namespace pitot {
namespace {

// A statement that was not yet known to the engine when it was killed is killed again.
constexpr std::chrono::milliseconds kAgain{20};

}  // namespace

StatementKiller::~StatementKiller() {
  MutexLock lock(&shared_->mutex);
  shared_->stopping = true;
  shared_->changed.NotifyAll();
}

void StatementKiller::Start() {
  thread_ = std::jthread([this] { Run(); });
}

StatementKiller::Watch::Watch(StatementKiller& killer, CancelTokenPtr cancel)
    : killer_(killer), cancel_(std::move(cancel)) {
  if (cancel_ == nullptr) return;
  {
    MutexLock lock(&killer_.shared_->mutex);
    mark_ = fmt::format("pitot-{}", ++killer_.shared_->last_mark);
    killer_.shared_->watched.push_back(mark_);
  }
  callback_ = cancel_->OnCancel([shared = killer_.shared_, mark = mark_] {
    MutexLock lock(&shared->mutex);
    if (std::ranges::find(shared->watched, mark) == shared->watched.end()) return;
    shared->doomed.push_back(mark);
    shared->changed.NotifyAll();
  });
}

StatementKiller::Watch::~Watch() {
  if (cancel_ == nullptr) return;
  if (callback_ != 0) cancel_->Forget(callback_);
  Shared& shared = *killer_.shared_;
  MutexLock lock(&shared.mutex);
  std::erase(shared.watched, mark_);
  std::erase(shared.doomed, mark_);
  while (std::ranges::find(shared.killing, mark_) != shared.killing.end()) {
    shared.changed.Wait(shared.mutex);
  }
}

void StatementKiller::Run() {
  Shared& shared = *shared_;
  for (;;) {
    std::vector<std::string> marks;
    {
      MutexLock lock(&shared.mutex);
      while (shared.doomed.empty() && !shared.stopping) shared.changed.Wait(shared.mutex);
      if (shared.stopping) return;
      marks = shared.doomed;
      shared.killing = marks;
    }
    Kill(marks);
    const auto again = std::chrono::steady_clock::now() + kAgain;
    MutexLock lock(&shared.mutex);
    shared.killing.clear();
    shared.changed.NotifyAll();
    while (!shared.stopping && shared.changed.WaitUntil(shared.mutex, again)) {
    }
  }
}

void StatementKiller::Kill(const std::vector<std::string>& marks) {
  absl::Status status;
  if (session_ == nullptr) {
    auto session = connect_();
    status = session.status();
    if (status.ok()) session_ = *std::move(session);
  }
  if (status.ok()) {
    // ASYNC: waiting for the end of a statement of another connection never ends in libchdb.
    status = session_
                 ->Run(EngineVerb::kExecute,
                       "KILL QUERY WHERE has({marks:Array(String)}, Settings['log_comment']) ASYNC",
                       "TSV", {{"marks", QuoteArray(marks)}})
                 .status();
  }
  if (!status.ok()) LogWarning("store: a statement could not be stopped: {}", Message(status));
}

}  // namespace pitot
