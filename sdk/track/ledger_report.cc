#include "sdk/track/ledger_report.h"

#include <algorithm>
#include <cmath>

#include "sdk/track/text.h"
#include "wire/json_text.h"

namespace pitot {
inline namespace sdk {
namespace {

constexpr std::array<std::string_view, kLedgerKeys> kTitles = {"FEATURE", "USER", "MODEL",
                                                               "WORKFLOW"};
constexpr std::array<std::string_view, kLedgerKeys> kJsonNames = {"by_feature", "by_user",
                                                                  "by_model", "by_workflow"};
constexpr std::array<std::string_view, 4> kStatusNames = {"none", "ok", "projected", "over"};

// Columns of the table; together 80.
constexpr size_t kNameWidth = 26;
constexpr size_t kCallsWidth = 10;
constexpr size_t kInputWidth = 12;
constexpr size_t kOutputWidth = 10;
constexpr size_t kCostWidth = 14;
constexpr size_t kShareWidth = 8;

double ShareOf(NanoUsd part, NanoUsd whole) {
  return static_cast<double>(part.value) / static_cast<double>(whole.value);
}

// In tenths, rounded half up: figures of a column stand under each other.
std::string Percent(NanoUsd part, NanoUsd whole) {
  if (whole.value == 0) return "";
  const auto tenths =
      static_cast<int64_t>((static_cast<__int128>(part.value) * 2'000 + whole.value) /
                           (2 * static_cast<__int128>(whole.value)));
  return std::to_string(tenths / 10) + '.' + std::to_string(tenths % 10) + " %";
}

// Enough to tell small rows from nothing, the same for all rows so that points stand under each other.
int DecimalsFor(NanoUsd total) {
  if (total.value >= 10'000'000'000'000'000) return 0;
  if (total.value >= 100'000'000'000) return 2;
  if (total.value >= 1'000'000'000) return 4;
  return total.value >= 1'000'000 ? 6 : 9;
}

std::string TableUsd(NanoUsd amount, int decimals) {
  std::string text = DecimalUsd(amount, decimals);
  const bool nothing = text.find_first_of("123456789") == std::string::npos;
  if (amount.value == 0 || !nothing) return WithDollar(text);
  text.back() = '1';
  return std::string("<").append(WithDollar(text));
}

std::string Line(std::string_view name, const LedgerRow& row, NanoUsd total, int decimals) {
  std::string out = "  " + PadRight(name, kNameWidth - 2);
  out += PadLeft(Compact(row.calls), kCallsWidth);
  out += PadLeft(Compact(static_cast<uint64_t>(row.input_tokens)), kInputWidth);
  out += PadLeft(Compact(static_cast<uint64_t>(row.output_tokens)), kOutputWidth);
  // Of calls without a known price only the number is known.
  const bool unknown = row.unpriced_calls == row.calls && row.calls > 0;
  out += PadLeft(unknown ? "unknown" : TableUsd(row.cost, decimals), kCostWidth - 1);
  out += row.unpriced_calls > 0 && !unknown ? '*' : ' ';
  out += PadLeft(unknown ? "" : Percent(row.cost, total), kShareWidth);
  while (out.back() == ' ') out.pop_back();
  return out + '\n';
}

LedgerRow SumOf(std::string key, const std::vector<LedgerRow>& rows, size_t from) {
  SpendTotals sum;
  for (size_t i = from; i < rows.size(); ++i) {
    const LedgerRow& row = rows[i];
    sum.Add({row.cost.value, row.calls, row.unpriced_calls, row.input_tokens, row.output_tokens});
  }
  return {std::move(key),     {sum.nano_usd},   sum.calls,
          sum.unpriced_calls, sum.input_tokens, sum.output_tokens};
}

void AppendSection(std::string_view title, const std::vector<LedgerRow>& rows, size_t rows_max,
                   const LedgerRow& total, std::string& out) {
  out += '\n';
  out += PadRight(title, kNameWidth) + PadLeft("calls", kCallsWidth);
  out += PadLeft("tokens in", kInputWidth) + PadLeft("out", kOutputWidth);
  out += PadLeft("cost", kCostWidth - 1) + ' ' + PadLeft("share", kShareWidth) + '\n';
  const int decimals = DecimalsFor(total.cost);
  // A line that says "1 more" takes the place of what it hides.
  const size_t shown = rows.size() <= rows_max + 1 ? rows.size() : rows_max;
  for (size_t i = 0; i < shown; ++i) {
    out += Line(FitText(rows[i].key, kNameWidth - 3), rows[i], total.cost, decimals);
  }
  if (shown < rows.size()) {
    const LedgerRow rest = SumOf(WithThousands(rows.size() - shown) + " more", rows, shown);
    out += Line(rest.key, rest, total.cost, decimals);
  }
}

// [############------|-----]: spent, projected, the end of the budget.
std::string Bar(const BudgetCheck& check) {
  constexpr int kWidth = 40;
  const double whole = static_cast<double>(std::max<int64_t>(check.budget.value, 1));
  const auto cells = [&](NanoUsd amount) {
    const double part = std::clamp(static_cast<double>(amount.value) / whole, 0.0, 1.0);
    return static_cast<size_t>(std::lround(part * kWidth));
  };
  const size_t spent = cells(check.spent);
  const size_t projected = std::max(spent, cells(check.projected.value_or(check.spent)));
  std::string out(1, '[');
  out.append(spent, '#').append(projected - spent, '-').append(kWidth - projected, ' ');
  return out + ']';
}

std::string_view Verdict(BudgetStatus status) {
  switch (status) {
    case BudgetStatus::kNone:
      return "no budget";
    case BudgetStatus::kOk:
      return "ok";
    case BudgetStatus::kProjected:
      return "ALERT: on its way to the budget's limit";
    case BudgetStatus::kOver:
      return "OVER BUDGET";
  }
  return "";
}

// `day`: " today", or nothing where that has been said.
std::string DescribeDay(const BudgetCheck& check, std::string_view day) {
  const bool has_budget = check.status != BudgetStatus::kNone;
  std::string out = ShortUsd(check.spent);
  if (has_budget) out += " of " + ShortUsd(check.budget);
  out += day;
  if (!check.projected) {
    if (!check.gated.empty()) out.append("; nothing projected, ").append(check.gated);
    return out;
  }
  out += "; " + ShortUsd(*check.projected) + " projected";
  if (has_budget) {
    out.append(" (").append(FormatPercent(ShareOf(*check.projected, check.budget))).append(")");
  }
  return out;
}

void AppendToday(const BudgetCheck& today, std::string& out) {
  out += "Today: " + DescribeDay(today, "") + '\n';
  if (today.status == BudgetStatus::kNone) return;
  out += "       " + Bar(today) + ' ' + std::string(Verdict(today.status)) + '\n';
}

void AppendMember(std::string_view key, std::string_view value, std::string& out) {
  if (out.back() != '{') out += ',';
  out.append("\"").append(key).append("\":").append(value);
}

// Null for none.
void AppendText(std::string_view key, std::string_view text, std::string& out) {
  AppendMember(key, text.empty() ? "null" : "", out);
  if (!text.empty()) AppendQuoted(text, out);
}

void AppendUsd(std::string_view stem, std::optional<NanoUsd> amount, std::string& out) {
  AppendMember(std::string(stem) + "_usd",
               amount ? format_usd(*amount).erase(amount->value < 0 ? 1 : 0, 1) : "null", out);
  AppendMember(std::string(stem) + "_nano_usd", amount ? std::to_string(amount->value) : "null",
               out);
}

void AppendCounts(const LedgerRow& row, std::string& out) {
  AppendUsd("cost", row.cost, out);
  AppendMember("calls", std::to_string(row.calls), out);
  AppendMember("unpriced_calls", std::to_string(row.unpriced_calls), out);
  AppendMember("input_tokens", std::to_string(row.input_tokens), out);
  AppendMember("output_tokens", std::to_string(row.output_tokens), out);
}

void AppendTodayJson(const BudgetCheck& today, std::string& out) {
  out += '{';
  AppendText("status", kStatusNames[static_cast<size_t>(today.status)], out);
  const bool has_budget = today.status != BudgetStatus::kNone;
  AppendUsd("budget", has_budget ? std::optional(today.budget) : std::nullopt, out);
  AppendUsd("spent", today.spent, out);
  AppendUsd("projected", today.projected, out);
  AppendText("method", today.method, out);
  AppendText("gated", today.gated, out);
  AppendMember("hours_elapsed", FormatDouble(today.hours_elapsed), out);
  out += '}';
}

LedgerRow TotalRow(const SpendTotals& total) {
  return {"total",
          {total.nano_usd},
          total.calls,
          total.unpriced_calls,
          total.input_tokens,
          total.output_tokens};
}

}  // namespace

std::string_view LedgerUnsaid(size_t key) {
  return key == static_cast<size_t>(LedgerKey::kUser) ? "anonymous" : "(none)";
}

BudgetCheck JudgeDay(const DayFigures& day, std::optional<NanoUsd> budget, double alert_share) {
  BudgetCheck check;
  check.budget = budget.value_or(NanoUsd());
  check.spent = {day.spent};
  check.hours_elapsed = day.hours_elapsed;
  const DayForecast forecast = ForecastDay({.so_far = static_cast<double>(day.spent),
                                            .hours_elapsed = day.hours_elapsed,
                                            .budget = static_cast<double>(check.budget.value),
                                            .past = day.past});
  // Without a budget there is nothing to compare with, and still a figure to tell.
  const double whole = budget ? static_cast<double>(budget->value) : 1;
  if (const auto spend = JudgeProjection(forecast, whole, alert_share)) {
    constexpr double kLargest = 9.2e18;
    check.projected = NanoUsd{std::llround(std::min(spend->projected, kLargest))};
    check.method = spend->method;
  } else {
    check.gated = forecast.gated;
  }
  if (!budget) return check;

  // What is spent already is the least that the day will have cost, also while nothing is projected.
  const int64_t told = std::max(check.spent.value, check.projected.value_or(NanoUsd()).value);
  if (check.spent >= check.budget) {
    check.status = BudgetStatus::kOver;
  } else if (static_cast<double>(told) >= alert_share * whole) {
    check.status = BudgetStatus::kProjected;
  } else {
    check.status = BudgetStatus::kOk;
  }
  return check;
}

std::string BudgetCheck::to_string() const { return DescribeDay(*this, " today"); }

std::string RenderReport(const LedgerFigures& figures, size_t rows) {
  const SpendTotals& total = figures.total;
  std::string out = "Cost:  " + ShortUsd({total.nano_usd}) + " for " + Compact(total.calls) +
                    (total.calls == 1 ? " call" : " calls");
  out += ", " + Compact(static_cast<uint64_t>(total.input_tokens)) + " tokens in, " +
         Compact(static_cast<uint64_t>(total.output_tokens)) + " out\n";
  AppendToday(figures.today, out);
  if (total.calls == 0) return out;

  const LedgerRow whole = TotalRow(total);
  for (size_t i = 0; i < kLedgerKeys; ++i) {
    // Nobody said any: a table of one line that says so is no help.
    const bool unsaid = figures.by[i].size() == 1 && figures.by[i][0].key == LedgerUnsaid(i);
    if (!unsaid) AppendSection(kTitles[i], figures.by[i], rows, whole, out);
  }
  out += '\n' + Line("", whole, whole.cost, DecimalsFor(whole.cost)).replace(0, 5, "TOTAL");
  if (total.unpriced_calls > 0) {
    out += "* and " + Compact(total.unpriced_calls) +
           (total.unpriced_calls == 1 ? " call" : " calls") + " of which no price is known\n";
  }
  return out;
}

std::string RenderReportJson(const LedgerFigures& figures) {
  std::string out = "{";
  AppendMember("total", "{", out);
  AppendCounts(TotalRow(figures.total), out);
  out += '}';
  AppendMember("today", "", out);
  AppendTodayJson(figures.today, out);
  for (size_t i = 0; i < kLedgerKeys; ++i) {
    AppendMember(kJsonNames[i], "[", out);
    for (const LedgerRow& row : figures.by[i]) {
      out += out.back() == '[' ? "{" : ",{";
      AppendText("key", row.key, out);
      AppendCounts(row, out);
      out += '}';
    }
    out += ']';
  }
  return out + '}';
}

}  // namespace sdk
}  // namespace pitot
