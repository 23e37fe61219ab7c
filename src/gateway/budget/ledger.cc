#include "gateway/budget/ledger.h"

#include <algorithm>
#include <utility>

namespace pitot {

BudgetBucket* BudgetLine::Find(UnixNanos start) {
  for (auto at = buckets.rbegin(); at != buckets.rend(); ++at) {
    if (at->start == start) return &*at;
  }
  return nullptr;
}

BudgetSeries* BudgetLedger::FindSeries(std::string_view budget, std::string_view shape) {
  for (const auto& one : series_) {
    if (one->budget == budget && one->shape == shape) return one.get();
  }
  return nullptr;
}

const BudgetSeries* BudgetLedger::SeriesById(uint32_t id) const {
  for (const auto& one : series_) {
    if (one->id == id) return one.get();
  }
  return nullptr;
}

BudgetSeries& BudgetLedger::AddSeries(uint32_t id, std::string budget, std::string shape) {
  next_series_ = std::max(next_series_, id + 1);
  series_.push_back(std::make_unique<BudgetSeries>());
  *series_.back() = {id, std::move(budget), std::move(shape)};
  return *series_.back();
}

BudgetLine* BudgetLedger::Find(uint32_t series, std::string_view value) const {
  const auto at = by_name_.find(Key{series, value});
  return at == by_name_.end() ? nullptr : at->second;
}

BudgetLine* BudgetLedger::FindById(uint64_t id) const {
  const auto at = by_id_.find(id);
  return at == by_id_.end() ? nullptr : at->second;
}

BudgetLine& BudgetLedger::Add(uint64_t id, uint32_t series, std::string value) {
  next_line_ = std::max(next_line_, id + 1);
  lines_.push_back(std::make_unique<BudgetLine>());
  BudgetLine& line = *lines_.back();
  line.id = id;
  line.series = series;
  line.value = std::move(value);
  line.slot = lines_.size() - 1;
  by_id_[id] = &line;
  const Key key{series, line.value};
  by_name_.erase(key);  // The key is a view into the line that it names.
  by_name_.emplace(key, &line);
  return line;
}

void BudgetLedger::Erase(BudgetLine& line) {
  const auto at = by_name_.find(Key{line.series, line.value});
  if (at != by_name_.end() && at->second == &line) by_name_.erase(at);
  by_id_.erase(line.id);
  const size_t slot = line.slot;
  if (slot + 1 != lines_.size()) {
    std::swap(lines_[slot], lines_.back());
    lines_[slot]->slot = slot;
  }
  lines_.pop_back();
}

void BudgetLedger::AddUp(BudgetLine& line) {
  line.spent = 0;
  line.reserved = 0;
  for (const BudgetBucket& bucket : line.buckets) {
    line.spent = AddUsd(line.spent, bucket.spent);
    line.reserved = AddUsd(line.reserved, bucket.reserved);
  }
}

void BudgetLedger::Roll(BudgetLine& line, UnixNanos now) {
  size_t gone = 0;
  while (gone < line.buckets.size() && line.buckets[gone].leaves <= now) ++gone;
  if (gone == 0) return;
  line.buckets.erase(line.buckets.begin(), line.buckets.begin() + static_cast<ptrdiff_t>(gone));
  AddUp(line);
  if (!line.buckets.empty()) return;
  line.extra = 0;
  line.refused = 0;
  line.elsewhere = 0;
  line.largest = 0;
  line.exhausted = false;
  line.noticed = false;
}

BudgetBucket& BudgetLedger::AddBucket(BudgetLine& line, UnixNanos start, UnixNanos leaves) {
  BudgetBucket& bucket = line.buckets.emplace_back();
  bucket.start = start;
  bucket.leaves = leaves;
  return bucket;
}

bool BudgetLedger::IsOver(BudgetLine& line, UnixNanos now, int64_t lifetime_idle_ns) {
  if (line.open > 0 || line.lease_wanted || line.leasing) return false;
  Roll(line, now);
  if (line.buckets.empty()) return true;
  return line.buckets.back().leaves == kNever && line.used_at <= now - lifetime_idle_ns;
}

BudgetCall* BudgetLedger::FindCall(uint64_t id) {
  const auto at = calls_.find(id);
  return at == calls_.end() ? nullptr : &at->second;
}

BudgetCall& BudgetLedger::Open(uint64_t id, BudgetCall call) {
  next_call_ = std::max(next_call_, id + 1);
  BudgetCall& open = calls_[id] = std::move(call);
  SawTime(open.at);
  for (BudgetHold& hold : open.holds) {
    ++hold.line->open;
    hold.line->used_at = std::max(hold.line->used_at, open.at);
    if (BudgetBucket* const bucket = hold.line->Find(hold.start)) {
      bucket->reserved = AddUsd(bucket->reserved, hold.amount);
      hold.line->reserved = AddUsd(hold.line->reserved, hold.amount);
    }
  }
  return open;
}

void BudgetLedger::Grow(BudgetCall& call, size_t index, int64_t amount) {
  BudgetHold& hold = call.holds[index];
  const int64_t more = amount - hold.amount;
  hold.amount = amount;
  if (BudgetBucket* const bucket = hold.line->Find(hold.start)) {
    bucket->reserved = AddUsd(bucket->reserved, more);
    hold.line->reserved = AddUsd(hold.line->reserved, more);
  }
}

void BudgetLedger::Release(BudgetHold& hold, std::optional<int64_t> cost) {
  BudgetLine& line = *hold.line;
  --line.open;
  BudgetBucket* const bucket = line.Find(hold.start);
  if (bucket == nullptr) return;  // Its window is over.
  bucket->reserved -= hold.amount;
  line.reserved -= hold.amount;
  if (!cost) return;
  bucket->spent = AddUsd(bucket->spent, *cost);
  line.spent = AddUsd(line.spent, *cost);
  bucket->overshoot = AddUsd(bucket->overshoot, std::max<int64_t>(*cost - hold.amount, 0));
  ++bucket->calls;
}

void BudgetLedger::Settle(uint64_t id, std::optional<int64_t> cost) {
  const auto at = calls_.find(id);
  if (at == calls_.end()) return;
  for (BudgetHold& hold : at->second.holds) Release(hold, cost.value_or(hold.amount));
  calls_.erase(at);
}

void BudgetLedger::Cancel(uint64_t id) {
  const auto at = calls_.find(id);
  if (at == calls_.end()) return;
  for (BudgetHold& hold : at->second.holds) Release(hold, std::nullopt);
  calls_.erase(at);
}

}  // namespace pitot
