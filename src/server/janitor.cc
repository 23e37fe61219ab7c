#include "server/janitor.h"

#include "base/log.h"
#include "base/status.h"
#include "base/text.h"
#include "store/retention.h"

namespace pitot {
namespace {
constexpr absl::Duration kInterval = absl::Hours(1);
}  // namespace

void Janitor::Start() {
  thread_ = std::jthread([this] { Run(); });
}

void Janitor::Stop() {
  if (!stop_.HasBeenNotified()) stop_.Notify();
  if (thread_.joinable()) thread_.join();
}

void Janitor::Run() {
  do {
    const RetentionPass pass = DropExpired(engine_, clock_.Now());
    for (const DroppedPartition& partition : pass.dropped) {
      LogInfo("retention: dropped {} of {}: {} rows, {}", partition.table,
              FormatTime(partition.day * kNanosPerDay).substr(0, 10),
              FormatCount(partition.rows), FormatBytes(partition.bytes));
    }
    if (!pass.status.ok()) LogWarning("retention: {}", Message(pass.status));
  } while (!stop_.WaitForNotificationWithTimeout(kInterval));
}

}  // namespace pitot
