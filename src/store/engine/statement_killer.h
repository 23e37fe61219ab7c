// store/engine/statement_killer.h
//
// Stops statements of the embedded store that nobody waits for any more. libchdb's own functions do
// not interrupt a statement, and give it no id; KILL QUERY does, by a setting that the statement
// bears.
#pragma once

#include <absl/status/statusor.h>

#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "base/cancel.h"
#include "base/mutex.h"
#include "store/engine/chdb_connection.h"

namespace pitot {

// Thread-safe. A thread and, from the first cancellation on, a connection of its own: those of the
// pool may all be busy.
class StatementKiller {
 public:
  using Connect = std::function<absl::StatusOr<std::unique_ptr<ChdbSession>>()>;

  explicit StatementKiller(Connect connect) : connect_(std::move(connect)) {}
  ~StatementKiller();  // No Watch may be left.

  void Start();

  // While it lives, the statement that has `log_comment = mark()` is stopped when `cancel` is. It must be
  // gone before its connection serves another statement: the engine stops what runs there, and its end
  // waits until nobody is being stopped on its behalf any more.
  class Watch {
   public:
    Watch(StatementKiller& killer, CancelTokenPtr cancel);
    ~Watch();
    Watch(const Watch&) = delete;
    Watch& operator=(const Watch&) = delete;

    const std::string& mark() const { return mark_; }

   private:
    StatementKiller& killer_;
    const CancelTokenPtr cancel_;  // May be null.
    std::string mark_;
    uint64_t callback_ = 0;
  };

 private:
  // What a cancellation touches, on the thread that cancels: it may outlive us.
  struct Shared {
    Mutex mutex;
    CondVar changed;
    uint64_t last_mark ABSL_GUARDED_BY(mutex) = 0;
    std::vector<std::string> watched ABSL_GUARDED_BY(mutex);
    std::vector<std::string> doomed ABSL_GUARDED_BY(mutex);   // Of those watched.
    std::vector<std::string> killing ABSL_GUARDED_BY(mutex);  // In the statement that runs now.
    bool stopping ABSL_GUARDED_BY(mutex) = false;
  };

  void Run();
  void Kill(const std::vector<std::string>& marks);

  const Connect connect_;
  const std::shared_ptr<Shared> shared_ = std::make_shared<Shared>();
  std::unique_ptr<ChdbSession> session_;  // Of the thread.
  std::jthread thread_;                   // Last: joined before what it uses is gone.
};

}  // namespace pitot
