// Flusher::Run: work between two batches.
#include <algorithm>

#include "base/status.h"
#include "ingest/flusher.h"

namespace pitot {

absl::Status Flusher::Run(uint64_t seq, const Work& work) {
  Task task{.seq = seq, .work = &work};
  {
    MutexLock lock(&mutex_);
    if (ended_ || draining_) return Unavailable("the server is stopping");
    tasks_.push_back(&task);
  }
  // When there is no room, the writer has something to wake up for.
  std::unique_ptr<FlushBatch> wake;
  (void)batches_.TryPush(wake);
  MutexLock lock(&mutex_);
  while (!task.done) task_done_.Wait(mutex_);
  return task.status;
}

// Those whose entries are in the store. On the write thread.
void Flusher::RunTasks() {
  while (true) {
    Task* task = nullptr;
    {
      MutexLock lock(&mutex_);
      const auto ready =
          std::ranges::find_if(tasks_, [this](const Task* waiting) ABSL_NO_THREAD_SAFETY_ANALYSIS {
            return waiting->seq <= written_seq_ ||
                   (waiting->seq <= idle_seq_ && handed_seq_ <= written_seq_);
          });
      if (ready == tasks_.end() || stopping_) return;
      task = *ready;
      tasks_.erase(ready);
    }
    const absl::Status status = RunTask(*task->work);
    MutexLock lock(&mutex_);
    task->status = status;
    task->done = true;
    task_done_.NotifyAll();
  }
}

absl::Status Flusher::RunTask(const Work& work) {
  // Held merges hold deletions too.
  if (merges_held_) {
    engine_.HoldMerges(false);
    merges_held_ = false;
  }
  RETURN_IF_ERROR(WriteChanges(/*all=*/true));
  FinishResolved();
  const absl::Status status = work(active_);
  // Also when it failed half-way: what it reloaded is resolved.
  RETURN_IF_ERROR(WriteChanges(/*all=*/true));
  FinishResolved();
  return status;
}

void Flusher::CancelTasks() {
  MutexLock lock(&mutex_);
  ended_ = true;
  for (Task* task : tasks_) {
    task->status = Unavailable("the server is stopping");
    task->done = true;
  }
  tasks_.clear();
  task_done_.NotifyAll();
}

}  // namespace pitot
