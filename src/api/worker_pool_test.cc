#include "api/worker_pool.h"

#include <gtest/gtest.h>

#include <atomic>
#include <latch>

namespace pitot {
namespace {

TEST(WorkerPool, SaysNoWhenFullAndDrainsAtTheEnd) {
  std::latch started(1);
  std::latch go_on(1);
  std::atomic<int> done = 0;
  {
    WorkerPool pool(/*threads=*/1, /*queued_max=*/1);
    WorkerPool::Job busy = [&] {
      started.count_down();
      go_on.wait();
      ++done;
    };
    ASSERT_TRUE(pool.TryRun(busy));
    started.wait();
    WorkerPool::Job waiting = [&] { ++done; };
    EXPECT_TRUE(pool.TryRun(waiting));
    WorkerPool::Job refused = [&] { ++done; };
    EXPECT_FALSE(pool.TryRun(refused));
    EXPECT_TRUE(refused) << "left to its owner, who answers 503";
    go_on.count_down();
  }
  EXPECT_EQ(done, 2);
}

}  // namespace
}  // namespace pitot
