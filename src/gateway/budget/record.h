// gateway/budget/record.h
//
// Inside budget/: the journal's records. A snapshot is a journal too, which says the same in fewer.
//
// A file is a sequence of records:
//   crc32c of what follows (4 bytes, little endian), size of the body (4), body
//   body: kind (1 byte), then its fields; numbers are LEB128, signed ones zigzag, texts size + bytes
// Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "gateway/budget/ledger.h"

namespace pitot {

inline constexpr uint64_t kLedgerFormat = 1;

// Appends records to `out`.
class BudgetRecords {
 public:
  explicit BudgetRecords(std::string& out) : out_(out) {}

  // First of each file: which run of the machine wrote it, and until when its time has come.
  void Header(std::string_view boot_id, UnixNanos at);
  void Series(const BudgetSeries& series);
  void Line(const BudgetLine& line);
  void Period(const BudgetLine& line, const BudgetBucket& bucket);
  // All that was charged to a bucket but for open calls.
  void Totals(const BudgetLine& line, const BudgetBucket& bucket);
  void Lease(const BudgetLine& line, UnixNanos start, int64_t leased);
  // The line's exhausted, extra and used_at.
  void Mark(const BudgetLine& line);
  void Reserve(uint64_t id, const BudgetCall& call);
  void Grow(uint64_t id, size_t index, int64_t amount);
  void Settle(uint64_t id, std::optional<int64_t> cost);
  // The process ended as it should; whatever was written is synced.
  void Clean();

 private:
  size_t Begin(uint8_t kind);
  void End(size_t at);
  void Number(uint64_t value);
  void Signed(int64_t value);
  void Text(std::string_view text);

  std::string& out_;
};

struct LedgerReplay {
  std::string boot_id;  // Of the last header.
  bool clean = false;   // The last record says so.
  uint64_t records = 0;
  uint64_t bytes = 0;    // Up to the end of the last good record.
  bool torn = false;     // Something follows that is none.
  bool damaged = false;  // Good records follow that again.
};

// Does to `ledger` what the records say. What is not a record is skipped up to the next one: see
// torn and damaged. Stops at records of a newer format: false.
bool ReplayRecords(std::string_view bytes, BudgetLedger& ledger, LedgerReplay& replay);

// The ledger as records, without what is over at its last_now().
std::string EncodeLedger(BudgetLedger& ledger, std::string_view boot_id, int64_t lifetime_idle_ns);

}  // namespace pitot
