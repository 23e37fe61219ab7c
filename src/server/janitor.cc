#include "server/janitor.h"

#include "base/log.h"
#include "base/status.h"
#include "base/text.h"
#include "store/retention.h"

namespace pitot {
namespace {
constexpr std::chrono::hours kInterval(1);
}  // namespace

void Janitor::Start() {
  thread_ = std::jthread([this] { Run(); });
}

void Janitor::Stop() {
  {
    MutexLock lock(&mutex_);
    stopping_ = true;
    stopped_.NotifyAll();
  }
  if (thread_.joinable()) thread_.join();
}

void Janitor::Run() {
  do {
    const RetentionPass pass = DropExpired(engine_, clock_.Now());
    for (const DroppedPartition& partition : pass.dropped) {
      LogInfo("retention: dropped {} of {}: {} rows, {}", partition.table,
              FormatTime(partition.day * kNanosPerDay).substr(0, 10), FormatCount(partition.rows),
              FormatBytes(partition.bytes));
    }
    if (!pass.status.ok()) LogWarning("retention: {}", Message(pass.status));
    also_();
  } while (Pause(kInterval));
}

bool Janitor::Pause(std::chrono::seconds wait) {
  const auto until = std::chrono::steady_clock::now() + wait;
  MutexLock lock(&mutex_);
  while (!stopping_ && stopped_.WaitUntil(mutex_, until)) {
  }
  return !stopping_;
}

}  // namespace pitot
