#include "measure/live/spend_table.h"

#include <limits>
#include <utility>

#include "measure/hash.h"

namespace pitot {
namespace {

constexpr size_t kSlotsMin = 16;

template <typename T>
void AddTo(T& sum, T more) {
  T result;
  if (__builtin_add_overflow(sum, more, &result)) {
    result = more < 0 ? std::numeric_limits<T>::min() : std::numeric_limits<T>::max();
  }
  sum = result;
}

}  // namespace

uint64_t HashOf(const SpendParts& parts, uint64_t seed) {
  uint64_t hash = seed;
  for (const std::string_view part : parts) hash = HashBytes(part, hash);
  return hash;
}

void SpendTotals::Add(const SpendTotals& other) {
  AddTo(nano_usd, other.nano_usd);
  AddTo(calls, other.calls);
  AddTo(unpriced_calls, other.unpriced_calls);
  AddTo(input_tokens, other.input_tokens);
  AddTo(output_tokens, other.output_tokens);
}

SpendKey::SpendKey(uint64_t hash, uint32_t index, const SpendParts& parts)
    : hash_(hash), index_(index) {
  size_t bytes = 0;
  for (const std::string_view part : parts) bytes += part.size();
  text_.reserve(bytes);
  for (size_t i = 0; i < kSpendParts; ++i) {
    text_.append(parts[i]);
    ends_[i] = static_cast<uint32_t>(text_.size());
  }
}

SpendKeys::SpendKeys(size_t keys_max) : keys_max_(keys_max) {
  keys_.emplace_back(0, 0, SpendParts{kOther, kOther, kOther, kOther});
  slots_.resize(kSlotsMin);
}

const SpendKey& SpendKeys::Intern(uint64_t hash, const SpendParts& parts) {
  size_t at = hash & (slots_.size() - 1);
  for (; slots_[at] != 0; at = (at + 1) & (slots_.size() - 1)) {
    const SpendKey& key = keys_[slots_[at]];
    if (key.hash() == hash && key.Is(parts)) return key;
  }
  if (keys_.size() > keys_max_) return other();
  const auto index = static_cast<uint32_t>(keys_.size());
  keys_.emplace_back(hash, index, parts);
  slots_[at] = index;
  if (2 * keys_.size() > slots_.size()) Grow();
  return keys_.back();
}

void SpendKeys::Grow() {
  slots_.assign(slots_.size() * 2, 0);
  for (uint32_t index = 1; index < keys_.size(); ++index) {
    size_t at = keys_[index].hash() & (slots_.size() - 1);
    while (slots_[at] != 0) at = (at + 1) & (slots_.size() - 1);
    slots_[at] = index;
  }
}

SpendTotals* SpendTable::Find(uint64_t hash, const SpendParts& parts) {
  if (slots_.empty()) return nullptr;
  for (size_t at = hash;; ++at) {
    const Slot& slot = slots_[at & (slots_.size() - 1)];
    if (slot.entry == 0) return nullptr;
    if (slot.hash != hash) continue;
    Entry& entry = entries_[slot.entry - 1];
    if (entry.key->Is(parts)) return &entry.totals;
  }
}

SpendTotals& SpendTable::At(const SpendKey& key) {
  if (2 * (entries_.size() + 1) > slots_.size()) Grow();
  size_t at = key.hash() & (slots_.size() - 1);
  for (; slots_[at].entry != 0; at = (at + 1) & (slots_.size() - 1)) {
    Entry& entry = entries_[slots_[at].entry - 1];
    if (entry.key == &key) return entry.totals;
  }
  entries_.push_back({&key, {}});
  slots_[at] = {key.hash(), static_cast<uint32_t>(entries_.size())};
  return entries_.back().totals;
}

void SpendTable::Grow() {
  slots_.assign(slots_.empty() ? kSlotsMin : slots_.size() * 2, {});
  for (size_t i = 0; i < entries_.size(); ++i) {
    const uint64_t hash = entries_[i].key->hash();
    size_t at = hash & (slots_.size() - 1);
    while (slots_[at].entry != 0) at = (at + 1) & (slots_.size() - 1);
    slots_[at] = {hash, static_cast<uint32_t>(i + 1)};
  }
}

}  // namespace pitot
