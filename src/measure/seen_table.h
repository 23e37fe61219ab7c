// measure/seen_table.h
//
// Hashes that were seen, with two counters each: open addressing, 16 bytes an entry, nothing allocated
// until the first. Full, it forgets everything: what is older than kSeenMax is no sign of a loop.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace pitot {

inline constexpr size_t kSeenMax = 256;

class SeenTable {
 public:
  struct Entry {
    uint64_t hash = 0;  // 0: free.
    uint32_t count = 0;
    uint32_t mark = 0;
  };

  // The entry of `hash`, made when it is new: count is 0 then. Valid until the next call.
  Entry& At(uint64_t hash) {
    if (hash == 0) hash = 1;
    if (entries_.empty()) entries_.resize(16);
    Entry* entry = &Slot(hash);
    if (entry->hash == hash) return *entry;
    if (2 * (used_ + 1) > entries_.size()) {
      Grow();
      entry = &Slot(hash);
    }
    entry->hash = hash;
    ++used_;
    return *entry;
  }

  int64_t Bytes() const { return static_cast<int64_t>(entries_.capacity() * sizeof(Entry)); }

  void Clear() {
    entries_.clear();
    used_ = 0;
  }

 private:
  Entry& Slot(uint64_t hash) {
    size_t at = (hash * 0x9e3779b97f4a7c15ULL) >> 32;
    while (true) {
      Entry& entry = entries_[at & (entries_.size() - 1)];
      if (entry.hash == hash || entry.hash == 0) return entry;
      ++at;
    }
  }

  void Grow() {
    if (used_ >= kSeenMax) {
      entries_.assign(entries_.size(), Entry{});
      used_ = 0;
      return;
    }
    std::vector<Entry> old(entries_.size() * 2);
    old.swap(entries_);
    for (const Entry& entry : old) {
      if (entry.hash != 0) Slot(entry.hash) = entry;
    }
  }

  std::vector<Entry> entries_;  // A power of two of them.
  size_t used_ = 0;
};

}  // namespace pitot
