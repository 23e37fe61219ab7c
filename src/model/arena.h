// model/arena.h
//
// Bump allocator that owns the text a batch of spans points into. Spans hold string views: decoding
// a request of 500 spans then costs a handful of allocations instead of tens of thousands.
//
// Thread-safety: none; one batch belongs to one thread at a time.
// Ownership: everything handed out lives until the arena is destroyed or cleared. Moving an arena
// keeps the addresses it handed out.
// Only trivially destructible types: no destructor is ever run.
#pragma once

#include <cstddef>
#include <cstring>
#include <memory>
#include <span>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace pitot {

class Arena {
 public:
  explicit Arena(size_t block_bytes = 64 * 1024) : block_bytes_(block_bytes) {}
  Arena(Arena&&) = default;
  Arena& operator=(Arena&&) = default;

  // Uninitialised memory; `align` is a power of two up to alignof(std::max_align_t).
  char* Allocate(size_t bytes, size_t align = 1) {
    size_t at = (used_ + align - 1) & ~(align - 1);
    if (blocks_.empty() || at + bytes > capacity_) {
      capacity_ = bytes > block_bytes_ ? bytes : block_bytes_;
      blocks_.push_back(std::make_unique_for_overwrite<char[]>(capacity_));
      total_bytes_ += capacity_;
      at = 0;
    }
    used_ = at + bytes;
    return blocks_.back().get() + at;
  }

  std::string_view Copy(std::string_view text) {
    if (text.empty()) return {};
    char* to = Allocate(text.size());
    std::memcpy(to, text.data(), text.size());
    return {to, text.size()};
  }

  template <typename T>
  std::span<T> NewArray(size_t count) {
    static_assert(std::is_trivially_destructible_v<T>);
    if (count == 0) return {};
    T* first = reinterpret_cast<T*>(Allocate(count * sizeof(T), alignof(T)));
    for (size_t i = 0; i < count; ++i) new (first + i) T{};
    return {first, count};
  }

  template <typename T>
  std::span<T> CopyArray(const std::vector<T>& items) {
    std::span<T> out = NewArray<T>(items.size());
    for (size_t i = 0; i < items.size(); ++i) out[i] = items[i];
    return out;
  }

  // Bytes reserved from the system, for memory accounting.
  size_t total_bytes() const { return total_bytes_; }

  // Forgets what was handed out. Keeps one block, so that clearing for each row costs nothing.
  void Clear() {
    if (blocks_.size() > 1) {
      blocks_.clear();
      capacity_ = total_bytes_ = 0;
    }
    used_ = 0;
  }

 private:
  size_t block_bytes_;
  std::vector<std::unique_ptr<char[]>> blocks_;
  size_t used_ = 0;      // Of the last block.
  size_t capacity_ = 0;  // Of the last block.
  size_t total_bytes_ = 0;
};

}  // namespace pitot
