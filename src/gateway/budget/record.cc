#include "gateway/budget/record.h"

#include <algorithm>
#include <cstring>
#include <optional>
#include <utility>
#include <vector>

#include "base/hash.h"

namespace pitot {
namespace {

enum Kind : uint8_t {
  kHeader = 1,
  kSeries,
  kLine,
  kPeriod,
  kTotals,
  kLease,
  kMark,
  kReserve,
  kGrow,
  kSettle,
  kClean,
};

constexpr size_t kFrameBytes = 8;
constexpr uint32_t kBodyBytesMax = 64 << 10;

uint32_t Load32(const char* from) {
  uint32_t value = 0;
  std::memcpy(&value, from, sizeof(value));
  return value;
}

class Fields {
 public:
  explicit Fields(std::string_view body) : left_(body) {}

  uint64_t Number() {
    uint64_t value = 0;
    for (int shift = 0; shift < 64; shift += 7) {
      if (left_.empty()) break;
      const auto byte = static_cast<uint8_t>(left_.front());
      left_.remove_prefix(1);
      value |= static_cast<uint64_t>(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
    ok_ = false;
    return 0;
  }
  int64_t Signed() {
    const uint64_t value = Number();
    return static_cast<int64_t>(value >> 1) ^ -static_cast<int64_t>(value & 1);
  }
  std::string_view Text() {
    const uint64_t size = Number();
    if (size > left_.size()) {
      ok_ = false;
      return {};
    }
    const std::string_view text = left_.substr(0, size);
    left_.remove_prefix(size);
    return text;
  }
  bool ok() const { return ok_; }

 private:
  std::string_view left_;
  bool ok_ = true;
};

// The body of the record at the start of `bytes`; absent: there is none.
std::optional<std::string_view> RecordAt(std::string_view bytes) {
  if (bytes.size() < kFrameBytes + 1) return std::nullopt;
  const uint32_t size = Load32(bytes.data() + 4);
  if (size == 0 || size > kBodyBytesMax || size > bytes.size() - kFrameBytes) return std::nullopt;
  if (Crc32c(bytes.substr(4, 4 + size)) != Load32(bytes.data())) return std::nullopt;
  return bytes.substr(kFrameBytes, size);
}

BudgetBucket* BucketOf(BudgetLedger& ledger, uint64_t line_id, UnixNanos start, BudgetLine** to) {
  *to = ledger.FindById(line_id);
  return *to == nullptr ? nullptr : (*to)->Find(start);
}

void ReplayPeriod(Fields in, BudgetLedger& ledger) {
  BudgetLine* const line = ledger.FindById(in.Number());
  const UnixNanos start = in.Signed();
  const UnixNanos leaves = in.Signed();
  if (!in.ok() || line == nullptr || line->Find(start) != nullptr) return;
  // What was charged in it may be lost; that its time had come is not.
  ledger.SawTime(start);
  BudgetLedger::Roll(*line, start);
  BudgetLedger::AddBucket(*line, start, leaves);
}

void ReplayTotals(Fields in, BudgetLedger& ledger) {
  BudgetLine* line = nullptr;
  const uint64_t id = in.Number();
  BudgetBucket* const bucket = BucketOf(ledger, id, in.Signed(), &line);
  if (bucket == nullptr) return;
  bucket->spent = in.Signed();
  bucket->leased = in.Signed();
  bucket->overshoot = in.Signed();
  bucket->calls = in.Signed();
  line->spent = AddUsd(line->spent, bucket->spent);
}

void ReplayReserve(Fields in, BudgetLedger& ledger) {
  BudgetCall call;
  const uint64_t id = in.Number();
  call.at = in.Signed();
  call.trace = in.Text();
  call.call = in.Text();
  const uint64_t holds = in.Number();
  for (uint64_t i = 0; i < holds && in.ok(); ++i) {
    BudgetHold hold;
    hold.line = ledger.FindById(in.Number());
    hold.start = in.Signed();
    hold.amount = in.Signed();
    if (hold.line != nullptr) call.holds.push_back(hold);
  }
  if (in.ok() && ledger.FindCall(id) == nullptr) ledger.Open(id, std::move(call));
}

void ReplayGrow(Fields in, BudgetLedger& ledger) {
  BudgetCall* const call = ledger.FindCall(in.Number());
  const uint64_t index = in.Number();
  const int64_t amount = in.Signed();
  if (call != nullptr && index < call->holds.size()) BudgetLedger::Grow(*call, index, amount);
}

void ReplayOne(Kind kind, Fields in, BudgetLedger& ledger) {
  switch (kind) {
    case kSeries: {
      const auto id = static_cast<uint32_t>(in.Number());
      std::string budget(in.Text());
      std::string shape(in.Text());
      if (ledger.FindSeries(budget, shape) == nullptr) {
        ledger.AddSeries(id, std::move(budget), std::move(shape));
      }
      return;
    }
    case kLine: {
      const uint64_t id = in.Number();
      const auto series = static_cast<uint32_t>(in.Number());
      const std::string_view value = in.Text();
      const UnixNanos used_at = in.Signed();
      if (ledger.FindById(id) == nullptr) {
        ledger.Add(id, series, std::string(value)).used_at = used_at;
      }
      return;
    }
    case kPeriod:
      return ReplayPeriod(in, ledger);
    case kTotals:
      return ReplayTotals(in, ledger);
    case kLease: {
      BudgetLine* line = nullptr;
      const uint64_t id = in.Number();
      BudgetBucket* const bucket = BucketOf(ledger, id, in.Signed(), &line);
      if (bucket != nullptr) bucket->leased = in.Signed();
      return;
    }
    case kMark:
      if (BudgetLine* const line = ledger.FindById(in.Number())) {
        line->exhausted = in.Number() != 0;
        line->extra = in.Signed();
        line->used_at = std::max<UnixNanos>(line->used_at, in.Signed());
      }
      return;
    case kReserve:
      return ReplayReserve(in, ledger);
    case kGrow:
      return ReplayGrow(in, ledger);
    case kSettle: {
      const uint64_t id = in.Number();
      const bool known = in.Number() != 0;
      const int64_t cost = in.Signed();
      ledger.Settle(id, known ? std::optional<int64_t>(cost) : std::nullopt);
      return;
    }
    default:
      return;
  }
}

}  // namespace

size_t BudgetRecords::Begin(uint8_t kind) {
  const size_t at = out_.size();
  out_.append(kFrameBytes, '\0');
  out_ += static_cast<char>(kind);
  return at;
}

void BudgetRecords::End(size_t at) {
  const auto size = static_cast<uint32_t>(out_.size() - at - kFrameBytes);
  std::memcpy(out_.data() + at + 4, &size, sizeof(size));
  const uint32_t crc = Crc32c(std::string_view(out_).substr(at + 4));
  std::memcpy(out_.data() + at, &crc, sizeof(crc));
}

void BudgetRecords::Number(uint64_t value) {
  while (value >= 0x80) {
    out_ += static_cast<char>(value | 0x80);
    value >>= 7;
  }
  out_ += static_cast<char>(value);
}

void BudgetRecords::Signed(int64_t value) {
  Number((static_cast<uint64_t>(value) << 1) ^ static_cast<uint64_t>(value >> 63));
}

void BudgetRecords::Text(std::string_view text) {
  Number(text.size());
  out_ += text;
}

void BudgetRecords::Header(std::string_view boot_id, UnixNanos at) {
  const size_t begin = Begin(kHeader);
  Number(kLedgerFormat);
  Text(boot_id);
  Signed(at);
  End(begin);
}

void BudgetRecords::Series(const BudgetSeries& series) {
  const size_t begin = Begin(kSeries);
  Number(series.id);
  Text(series.budget);
  Text(series.shape);
  End(begin);
}

void BudgetRecords::Line(const BudgetLine& line) {
  const size_t begin = Begin(kLine);
  Number(line.id);
  Number(line.series);
  Text(line.value);
  Signed(line.used_at);
  End(begin);
}

void BudgetRecords::Period(const BudgetLine& line, const BudgetBucket& bucket) {
  const size_t begin = Begin(kPeriod);
  Number(line.id);
  Signed(bucket.start);
  Signed(bucket.leaves);
  End(begin);
}

void BudgetRecords::Totals(const BudgetLine& line, const BudgetBucket& bucket) {
  const size_t begin = Begin(kTotals);
  Number(line.id);
  Signed(bucket.start);
  Signed(bucket.spent);
  Signed(bucket.leased);
  Signed(bucket.overshoot);
  Signed(bucket.calls);
  End(begin);
}

void BudgetRecords::Lease(const BudgetLine& line, UnixNanos start, int64_t leased) {
  const size_t begin = Begin(kLease);
  Number(line.id);
  Signed(start);
  Signed(leased);
  End(begin);
}

void BudgetRecords::Mark(const BudgetLine& line) {
  const size_t begin = Begin(kMark);
  Number(line.id);
  Number(line.exhausted ? 1 : 0);
  Signed(line.extra);
  Signed(line.used_at);
  End(begin);
}

void BudgetRecords::Reserve(uint64_t id, const BudgetCall& call) {
  const size_t begin = Begin(kReserve);
  Number(id);
  Signed(call.at);
  Text(call.trace);
  Text(call.call);
  Number(call.holds.size());
  for (const BudgetHold& hold : call.holds) {
    Number(hold.line->id);
    Signed(hold.start);
    Signed(hold.amount);
  }
  End(begin);
}

void BudgetRecords::Grow(uint64_t id, size_t index, int64_t amount) {
  const size_t begin = Begin(kGrow);
  Number(id);
  Number(index);
  Signed(amount);
  End(begin);
}

void BudgetRecords::Settle(uint64_t id, std::optional<int64_t> cost) {
  const size_t begin = Begin(kSettle);
  Number(id);
  Number(cost ? 1 : 0);
  Signed(cost.value_or(0));
  End(begin);
}

void BudgetRecords::Clean() { End(Begin(kClean)); }

bool ReplayRecords(std::string_view bytes, BudgetLedger& ledger, LedgerReplay& replay) {
  size_t at = 0;
  replay.bytes = 0;
  replay.torn = false;
  while (at < bytes.size()) {
    const std::optional<std::string_view> body = RecordAt(bytes.substr(at));
    if (!body) {
      replay.torn = true;
      ++at;
      continue;
    }
    replay.damaged |= replay.torn;
    replay.torn = false;
    at += kFrameBytes + body->size();
    replay.bytes = at;
    ++replay.records;
    const auto kind = static_cast<Kind>(body->front());
    replay.clean = kind == kClean;
    Fields in(body->substr(1));
    if (kind != kHeader) {
      ReplayOne(kind, in, ledger);
      continue;
    }
    if (in.Number() > kLedgerFormat) return false;
    replay.boot_id = in.Text();
    ledger.SawTime(in.Signed());
  }
  return true;
}

std::string EncodeLedger(BudgetLedger& ledger, std::string_view boot_id, int64_t lifetime_idle_ns) {
  std::string out;
  BudgetRecords records(out);
  records.Header(boot_id, ledger.last_now());
  std::vector<BudgetLine*> lines;
  for (size_t i = 0; i < ledger.size(); ++i) {
    BudgetLine& line = ledger.at(i);
    if (!BudgetLedger::IsOver(line, ledger.last_now(), lifetime_idle_ns)) lines.push_back(&line);
  }
  for (const auto& series : ledger.series()) records.Series(*series);
  // Of two lines of one name the younger is found by it.
  std::ranges::sort(lines, {}, &BudgetLine::id);
  for (const BudgetLine* line : lines) {
    records.Line(*line);
    records.Mark(*line);
    for (const BudgetBucket& bucket : line->buckets) {
      records.Period(*line, bucket);
      records.Totals(*line, bucket);
    }
  }
  for (const auto& [id, call] : ledger.calls()) {
    if (!call.waiting) records.Reserve(id, call);
  }
  return out;
}

}  // namespace pitot
