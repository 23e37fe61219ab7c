// ingest/trace_filter.h
//
// A set of 64-bit hashes that may say yes wrongly, but never no: which traces may be in the store.
// A split-block Bloom filter (Putze, Sanders, Singler 2007: one cache line a lookup) that grows by
// adding filters of twice the size, at 12 bits a hash (about 1 % wrong), until `bytes_max`; from
// there on it says yes more often.
// Not thread-safe.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace pitot {

class TraceFilter {
 public:
  explicit TraceFilter(size_t bytes_max) : bytes_max_(bytes_max) {}

  void Insert(uint64_t hash) {
    if (filters_.empty() || filters_.back().hashes * kBitsPerHash >= filters_.back().bits()) Grow();
    Filter& filter = filters_.back();
    ++filter.hashes;
    Block& block = filter.blocks[IndexOf(hash, filter)];
    for (size_t i = 0; i < block.size(); ++i) block[i] |= Bit(hash, i);
  }

  bool MayContain(uint64_t hash) const {
    return std::any_of(filters_.begin(), filters_.end(), [hash](const Filter& filter) {
      const Block& block = filter.blocks[IndexOf(hash, filter)];
      for (size_t i = 0; i < block.size(); ++i) {
        if ((block[i] & Bit(hash, i)) == 0) return false;
      }
      return true;
    });
  }

  size_t bytes() const { return bytes_; }

 private:
  static constexpr size_t kFirstBytes = 64 << 10;
  static constexpr size_t kBitsPerHash = 12;
  using Block = std::array<uint32_t, 8>;

  struct Filter {
    std::vector<Block> blocks;
    size_t hashes = 0;
    size_t bits() const { return blocks.size() * sizeof(Block) * 8; }
  };

  static size_t IndexOf(uint64_t hash, const Filter& filter) {
    return static_cast<size_t>(((hash >> 32) * filter.blocks.size()) >> 32);
  }
  static uint32_t Bit(uint64_t hash, size_t word) {
    static constexpr std::array<uint32_t, 8> kOdd = {0x9e3779b1u, 0x85ebca6bu, 0xc2b2ae35u,
                                                     0x27d4eb2fu, 0x165667b1u, 0xd3a2646du,
                                                     0xfd7046c5u, 0xb55a4f09u};
    return 1u << ((static_cast<uint32_t>(hash) * kOdd[word]) >> 27);
  }

  void Grow() {
    const size_t next =
        filters_.empty() ? kFirstBytes : filters_.back().blocks.size() * sizeof(Block) * 2;
    if (!filters_.empty() && bytes_ + next > bytes_max_) return;
    filters_.emplace_back().blocks.resize(next / sizeof(Block));
    bytes_ += next;
  }

  size_t bytes_max_;
  size_t bytes_ = 0;
  std::vector<Filter> filters_;
};

}  // namespace pitot
