// alert/rules/system_figures.h
//
// What rules, runbooks and checks need of parts that keep their figures in memory and that alert/ does
// not include: budgets, spool, export targets, breakers. The server implements it over those parts;
// tests fill StaticFigures.
//
// Thread-safe: any thread, at any time after construction; each call is a copy of the moment. Cheap
// enough to be asked at every evaluation.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/mutex.h"

namespace pitot {

// One counter of one budget, in the window that runs now.
struct BudgetFigure {
  std::string id;
  std::string project;   // Whose calls it counts; empty: all projects'.
  std::string scope;     // "global", "feature", "key", ... (docs/budgets.md).
  std::string match;     // The glob of the scope's values.
  std::string counter;   // The value counted; empty: one counter for all, or calls without a value.
  bool each = false;     // One counter a value.
  std::string window;    // "day", "month", "rolling", "lifetime", ...
  std::string timezone;  // IANA name.
  UnixNanos window_start = 0;
  UnixNanos window_end = 0;  // 0: never.
  double limit_usd = 0;      // With what was added for this window.
  double spent_usd = 0;      // Settled and reserved, as the budget itself counts.
  bool hard = false;
  bool exhausted = false;  // Calls are refused for want of budget; soft ones: the limit is passed.
  bool disabled = false;   // By a person, or for being exhausted.
  std::string disabled_why;
  int64_t refused = 0;  // Calls refused in this window.
};

// The durable queue between acknowledgement and store (ingest/spool/spool.h).
struct SpoolFigure {
  uint64_t bytes = 0;
  uint64_t bytes_max = 0;     // At it, senders are refused. 0: not known.
  int64_t oldest_age_ns = 0;  // Of the oldest record that the store does not have; 0: none waits.
  bool accepting = true;      // Senders are being answered.
  std::string error;          // Why the store or the disk refuses; empty: they do not.
};

// One target that spans are sent on to.
struct ExportFigure {
  std::string target;
  double lag_s = 0;  // Age of the oldest record not yet sent.
  uint64_t bytes = 0;
  uint64_t bytes_max = 0;
  uint64_t dropped = 0;  // Records given up, since the start of the program.
  std::string error;     // Of the last attempt; empty: it went well.
};

// One provider's model as the gateway sees it: the last five minutes of its own calls.
struct BreakerFigure {
  std::string provider;
  std::string model;
  std::string state;  // "closed", "open", "half_open"
  UnixNanos opened_at = 0;
  std::string opened_why;
  int64_t calls = 0;
  int64_t errors = 0;
};

class SystemFigures {
 public:
  virtual ~SystemFigures() = default;

  // Of budgets with a counter a value: those with the largest share of their limit spent, at most 100
  // each, and all that are exhausted or disabled, at most 1000.
  virtual std::vector<BudgetFigure> Budgets() const = 0;
  virtual SpoolFigure Spool() const = 0;
  virtual std::vector<ExportFigure> Exports() const = 0;
  virtual std::vector<BreakerFigure> Breakers() const = 0;
};

// As they were set: for tests, probes, and programs without a gateway.
class StaticFigures final : public SystemFigures {
 public:
  void SetBudgets(std::vector<BudgetFigure> figures) {
    const MutexLock lock(&mutex_);
    budgets_ = std::move(figures);
  }
  void SetSpool(SpoolFigure figure) {
    const MutexLock lock(&mutex_);
    spool_ = std::move(figure);
  }
  void SetExports(std::vector<ExportFigure> figures) {
    const MutexLock lock(&mutex_);
    exports_ = std::move(figures);
  }
  void SetBreakers(std::vector<BreakerFigure> figures) {
    const MutexLock lock(&mutex_);
    breakers_ = std::move(figures);
  }

  std::vector<BudgetFigure> Budgets() const override {
    const MutexLock lock(&mutex_);
    return budgets_;
  }
  SpoolFigure Spool() const override {
    const MutexLock lock(&mutex_);
    return spool_;
  }
  std::vector<ExportFigure> Exports() const override {
    const MutexLock lock(&mutex_);
    return exports_;
  }
  std::vector<BreakerFigure> Breakers() const override {
    const MutexLock lock(&mutex_);
    return breakers_;
  }

 private:
  mutable Mutex mutex_;
  std::vector<BudgetFigure> budgets_ ABSL_GUARDED_BY(mutex_);
  SpoolFigure spool_ ABSL_GUARDED_BY(mutex_);
  std::vector<ExportFigure> exports_ ABSL_GUARDED_BY(mutex_);
  std::vector<BreakerFigure> breakers_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace pitot
