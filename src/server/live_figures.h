// server/live_figures.h
//
// What alert rules ask of parts that keep their figures in memory: budgets, spool, breakers.
#pragma once

#include <vector>

#include "alert/rules/system_figures.h"
#include "base/clock.h"

namespace pitot {

class Budgets;
class Gateway;
class Ingest;

// Thread-safe. Borrows all.
class LiveFigures final : public SystemFigures {
 public:
  LiveFigures(const class Budgets& budgets, const Gateway& gateway, const Ingest& ingest,
              uint64_t spool_bytes_max, const Clock& clock)
      : budgets_(budgets),
        gateway_(gateway),
        ingest_(ingest),
        spool_bytes_max_(spool_bytes_max),
        clock_(clock) {}

  std::vector<BudgetFigure> Budgets() const override;
  SpoolFigure Spool() const override;
  // Spans are not sent on to anybody by this program: none.
  std::vector<ExportFigure> Exports() const override { return {}; }
  std::vector<BreakerFigure> Breakers() const override;

 private:
  const class Budgets& budgets_;
  const Gateway& gateway_;
  const Ingest& ingest_;
  const uint64_t spool_bytes_max_;
  const Clock& clock_;
};

}  // namespace pitot
