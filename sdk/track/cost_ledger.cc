#include "pitot/cost_ledger.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <mutex>
#include <random>
#include <unordered_map>
#include <utility>

#include "measure/live/spend_days.h"
#include "measure/live/spend_table.h"
#include "sdk/track/coarse_clock.h"
#include "sdk/track/ledger_report.h"
#include "sdk/track/text.h"
#include "sdk/track/thread_number.h"

namespace pitot {
inline namespace sdk {
namespace {

// Threads that record at once: two share a shard only beyond so many.
constexpr size_t kShards = 8;
constexpr size_t kTextBytesMax = 256;
constexpr size_t kEntriesMax = 10'000'000;
constexpr int kOffsetMinutesMax = 18 * 60;

[[noreturn]] void Refuse(const std::string& what) {
  throw std::invalid_argument("CostLedger: " + what);
}

CostLedger::Options Check(CostLedger::Options options) {
  if (options.daily_budget && options.daily_budget->value <= 0) {
    Refuse("daily_budget = " + format_usd(*options.daily_budget) +
           ", must be above $0.00; leave it unset for none");
  }
  if (options.hard && !options.daily_budget) Refuse("hard = true needs a daily_budget");
  if (!(options.alert_share > 0 && options.alert_share <= 1)) {
    Refuse("alert_share = " + FormatDouble(options.alert_share) +
           ", must be above 0 and at most 1 (0.8 for 80 %)");
  }
  if (std::abs(options.utc_offset_minutes) > kOffsetMinutesMax) {
    Refuse("utc_offset_minutes = " + std::to_string(options.utc_offset_minutes) +
           ", must be -1080 to 1080");
  }
  if (options.entries_max < 1 || options.entries_max > kEntriesMax) {
    Refuse("entries_max = " + std::to_string(options.entries_max) + ", must be 1 to 10000000");
  }
  return options;
}

// At most kTextBytesMax bytes, whole UTF-8 code points.
std::string_view Cut(std::string_view text) {
  if (text.size() <= kTextBytesMax) return text;
  size_t size = kTextBytesMax;
  while (size > 0 && (static_cast<unsigned char>(text[size]) & 0xc0) == 0x80) --size;
  return text.substr(0, size);
}

SpendTotals TotalsOf(const LedgerEntry& entry) {
  const bool priced = entry.cost && entry.cost->value >= 0;
  return {.nano_usd = priced ? entry.cost->value : 0,
          .calls = 1,
          .unpriced_calls = priced ? 0u : 1u,
          .input_tokens = std::max<int64_t>(entry.input_tokens, 0),
          .output_tokens = std::max<int64_t>(entry.output_tokens, 0)};
}

// Today's spending is gathered by cell and added to the days when another cell begins, so that the lock
// over the days is taken every five minutes only.
struct alignas(64) Shard {
  std::mutex mutex;  // Taken before those of Impl.
  // All below: guarded by mutex.
  SpendTable table;
  SpendTotals total;
  int64_t cell = 0;
  int64_t cell_nano_usd = 0;
};

uint64_t RandomSeed() {
  std::random_device random;
  return uint64_t{random()} << 32 | random();
}

std::vector<LedgerRow> RowsBy(size_t key, const std::vector<SpendTable::Entry>& entries) {
  std::unordered_map<std::string_view, SpendTotals> sums;
  for (const SpendTable::Entry& entry : entries) {
    const std::string_view name = entry.key->part(key);
    sums[name.empty() ? LedgerUnsaid(key) : name].Add(entry.totals);
  }
  std::vector<LedgerRow> rows;
  rows.reserve(sums.size());
  for (const auto& [name, sum] : sums) {
    rows.push_back({std::string(name),
                    {sum.nano_usd},
                    sum.calls,
                    sum.unpriced_calls,
                    sum.input_tokens,
                    sum.output_tokens});
  }
  std::ranges::sort(rows, [](const LedgerRow& a, const LedgerRow& b) {
    if (a.cost != b.cost) return a.cost > b.cost;
    return a.calls != b.calls ? a.calls > b.calls : a.key < b.key;
  });
  return rows;
}

std::string UntilMidnight(double hours_elapsed) {
  const auto minutes = static_cast<int64_t>(std::ceil((24 - hours_elapsed) * 60));
  return std::to_string(minutes / 60) + " h " + std::to_string(minutes % 60) + " min";
}

}  // namespace

struct CostLedger::Impl {
  explicit Impl(Options checked)
      : options(std::move(checked)),
        seed(RandomSeed()),
        began_ns(Now()),
        keys(options.entries_max),
        days(options.utc_offset_minutes) {}

  int64_t Now() const { return options.clock ? options.clock() : CoarseUnixNs(); }
  void Record(const SpendParts& parts, const SpendTotals& spent);
  void FlushCell(Shard& shard) const;
  void FlushCells() const;
  int64_t SpentToday(int64_t now_ns) const;
  BudgetCheck CheckDay() const;
  SpendTotals Total() const;
  std::vector<SpendTable::Entry> Entries(SpendTotals* total) const;
  LedgerFigures Figures() const;

  const Options options;
  const uint64_t seed;     // Names may come from strangers.
  const int64_t began_ns;  // Of a day that had begun before, a part is all that is known.

  mutable std::array<Shard, kShards> shards;
  std::mutex keys_mutex;
  SpendKeys keys;  // Guarded by keys_mutex.
  mutable std::mutex days_mutex;
  mutable SpendDays days;  // Guarded by days_mutex; CellOf is not.
};

// Some 50 ns of CPU by sdk/track/track_bench.cc: a third for hashing four names (in parallel instead of
// in a chain is no faster), a third for finding and comparing them, a fifth for the lock, a twentieth
// for the clock.
void CostLedger::Impl::Record(const SpendParts& parts, const SpendTotals& spent) {
  const uint64_t hash = HashOf(parts, seed);
  const int64_t cell = days.CellOf(Now());
  Shard& shard = shards[ThreadNumber() % kShards];
  const std::lock_guard lock(shard.mutex);
  SpendTotals* totals = shard.table.Find(hash, parts);
  if (totals == nullptr) {
    const std::lock_guard keys_lock(keys_mutex);
    totals = &shard.table.At(keys.Intern(hash, parts));
  }
  totals->Add(spent);
  shard.total.Add(spent);
  if (cell != shard.cell) {
    FlushCell(shard);
    shard.cell = cell;
  }
  SpendTotals sum = {.nano_usd = shard.cell_nano_usd};
  sum.Add(spent);
  shard.cell_nano_usd = sum.nano_usd;
}

// REQUIRES: shard.mutex is held.
void CostLedger::Impl::FlushCell(Shard& shard) const {
  if (shard.cell_nano_usd == 0) return;
  const std::lock_guard lock(days_mutex);
  days.Add(shard.cell, shard.cell_nano_usd);
  shard.cell_nano_usd = 0;
}

void CostLedger::Impl::FlushCells() const {
  for (Shard& shard : shards) {
    const std::lock_guard lock(shard.mutex);
    FlushCell(shard);
  }
}

int64_t CostLedger::Impl::SpentToday(int64_t now_ns) const {
  FlushCells();
  const std::lock_guard lock(days_mutex);
  return days.SpentOnDayOf(now_ns);
}

BudgetCheck CostLedger::Impl::CheckDay() const {
  const int64_t now = Now();
  FlushCells();
  DayFigures day;
  {
    const std::lock_guard lock(days_mutex);
    day.spent = days.SpentOnDayOf(now);
    day.hours_elapsed = days.HoursElapsed(now);
    day.past = days.Comparable(now, began_ns);
  }
  return JudgeDay(day, options.daily_budget, options.alert_share);
}

SpendTotals CostLedger::Impl::Total() const {
  SpendTotals total;
  for (Shard& shard : shards) {
    const std::lock_guard lock(shard.mutex);
    total.Add(shard.total);
  }
  return total;
}

// Of all shards, one entry for each key; and their sum.
std::vector<SpendTable::Entry> CostLedger::Impl::Entries(SpendTotals* total) const {
  std::vector<SpendTable::Entry> all;
  for (Shard& shard : shards) {
    const std::lock_guard lock(shard.mutex);
    all.insert(all.end(), shard.table.entries().begin(), shard.table.entries().end());
    if (total != nullptr) total->Add(shard.total);
  }
  std::ranges::sort(all, {}, [](const SpendTable::Entry& entry) { return entry.key->index(); });
  std::vector<SpendTable::Entry> merged;
  for (const SpendTable::Entry& entry : all) {
    if (!merged.empty() && merged.back().key == entry.key) {
      merged.back().totals.Add(entry.totals);
    } else {
      merged.push_back(entry);
    }
  }
  return merged;
}

LedgerFigures CostLedger::Impl::Figures() const {
  LedgerFigures figures;
  figures.today = CheckDay();  // Before the totals: it must not be more than they are.
  const std::vector<SpendTable::Entry> entries = Entries(&figures.total);
  for (size_t key = 0; key < kLedgerKeys; ++key) figures.by[key] = RowsBy(key, entries);
  return figures;
}

CostLedger::CostLedger() : CostLedger(Options()) {}
CostLedger::CostLedger(Options options)
    : impl_(std::make_unique<Impl>(Check(std::move(options)))) {}
CostLedger::~CostLedger() = default;

void CostLedger::record(const LedgerEntry& entry) {
  impl_->Record({Cut(entry.feature), Cut(entry.user), Cut(entry.model), Cut(entry.workflow)},
                TotalsOf(entry));
}

void CostLedger::record_call(const LlmCallMetrics& call) {
  record({.feature = call.tags.feature,
          .user = call.tags.user,
          .model = call.model.empty() ? call.model_requested : call.model,
          .workflow = call.tags.workflow,
          .cost = call.cost,
          .input_tokens = call.usage.input_total(),
          .output_tokens = call.usage.output_total()});
}

void CostLedger::admit() const {
  if (!impl_->options.hard) return;
  if (impl_->SpentToday(impl_->Now()) < impl_->options.daily_budget->value) return;
  const BudgetCheck check = impl_->CheckDay();
  if (check.status != BudgetStatus::kOver) return;  // A new day has begun in between.
  throw BudgetExceeded("the daily budget of " + ShortUsd(check.budget) + " is spent (" +
                           ShortUsd(check.spent) + "); calls are refused until the day ends, in " +
                           UntilMidnight(check.hours_elapsed),
                       check);
}

NanoUsd CostLedger::total() const { return {impl_->Total().nano_usd}; }

NanoUsd CostLedger::spent_today() const { return {impl_->SpentToday(impl_->Now())}; }

uint64_t CostLedger::calls() const { return impl_->Total().calls; }

BudgetCheck CostLedger::budget_check() const { return impl_->CheckDay(); }

std::vector<LedgerRow> CostLedger::by(LedgerKey key) const {
  return RowsBy(static_cast<size_t>(key), impl_->Entries(nullptr));
}

std::string CostLedger::report(size_t rows) const { return RenderReport(impl_->Figures(), rows); }

std::string CostLedger::report_json() const { return RenderReportJson(impl_->Figures()); }

}  // namespace sdk
}  // namespace pitot
