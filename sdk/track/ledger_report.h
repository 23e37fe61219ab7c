// sdk/track/ledger_report.h
//
// What a CostLedger tells: the judgement of today's budget, the table for people, the JSON for programs.
// Pure functions of what was counted; any thread.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "measure/forecast.h"
#include "measure/live/spend_table.h"
#include "pitot/cost_ledger.h"

namespace pitot {
inline namespace sdk {

inline constexpr size_t kLedgerKeys = 4;

// What calls are shown under that said nothing: "anonymous", "(none)". By LedgerKey.
std::string_view LedgerUnsaid(size_t key);

struct LedgerFigures {
  SpendTotals total;
  std::array<std::vector<LedgerRow>, kLedgerKeys> by;  // By LedgerKey, dearest first.
  BudgetCheck today;
};

struct DayFigures {
  int64_t spent = 0;
  double hours_elapsed = 0;
  std::vector<PastDay> past;  // Comparable ones.
};
BudgetCheck JudgeDay(const DayFigures& day, std::optional<NanoUsd> budget, double alert_share);

std::string RenderReport(const LedgerFigures& figures, size_t rows);
std::string RenderReportJson(const LedgerFigures& figures);

}  // namespace sdk
}  // namespace pitot
