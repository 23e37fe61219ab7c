#include "store/tables/native.h"

#include <cassert>
#include <cstdlib>
#include <new>
#include <random>

namespace pitot {

void NativeBuffer::Free::operator()(char* p) const { std::free(p); }

void NativeBuffer::Grow(size_t bytes) {
  size_t capacity = capacity_ + capacity_ / 2;
  if (capacity < size_ + bytes) capacity = size_ + bytes;
  if (capacity < 256) capacity = 256;
  void* grown = std::realloc(data_.get(), capacity);
  if (grown == nullptr) throw std::bad_alloc();
  static_cast<void>(data_.release());
  data_.reset(static_cast<char*>(grown));
  capacity_ = capacity;
}

void NativeBuffer::Release() {
  data_.reset();
  capacity_ = 0;
}

namespace native {
namespace {

// Strangers choose the texts: a seed of the process keeps them from aiming at one slot.
const uint64_t kSeed = std::random_device{}() * 0x9e3779b97f4a7c15ULL | 1;

uint64_t Fold(uint64_t a, uint64_t b) {
  const auto product = static_cast<unsigned __int128>(a) * b;
  return static_cast<uint64_t>(product) ^ static_cast<uint64_t>(product >> 64);
}

uint64_t HashText(std::string_view text) {
  uint64_t hash = kSeed ^ text.size();
  const char* at = text.data();
  size_t left = text.size();
  for (; left >= 8; at += 8, left -= 8) {
    uint64_t word;
    std::memcpy(&word, at, 8);
    hash = Fold(hash ^ word, 0xa0761d6478bd642fULL ^ kSeed);
  }
  uint64_t word = 0;
  if (left != 0) std::memcpy(&word, at, left);
  return Fold(hash ^ word, 0xe7037ed1a0b428dbULL ^ kSeed);
}

template <typename T>
void WriteNarrowed(const NativeBuffer& indexes, NativeBuffer& out) {
  const size_t count = indexes.size() / sizeof(uint32_t);
  char* to = out.Room(count * sizeof(T));
  const char* from = indexes.data();
  for (size_t i = 0; i < count; ++i) {
    uint32_t wide;
    std::memcpy(&wide, from + i * sizeof(uint32_t), sizeof(wide));
    const T narrow = static_cast<T>(wide);
    std::memcpy(to + i * sizeof(T), &narrow, sizeof(T));
  }
  out.Advance(count * sizeof(T));
}

}  // namespace

LowCardinality::LowCardinality() { Clear(); }

void LowCardinality::Clear() {
  key_bytes_.Clear();
  keys_.clear();
  indexes_.Clear();
  last_ = 0;
  if (slots_.empty()) slots_.resize(64);
  std::fill(slots_.begin(), slots_.end(), 0);
  AddKey({}, HashText({}));
}

void LowCardinality::AddKey(std::string_view text, uint64_t hash) {
  key_bytes_.AppendVarUint(text.size());
  keys_.push_back({key_bytes_.size(), text.size(), hash});
  key_bytes_.Append(text.data(), text.size());
  const size_t mask = slots_.size() - 1;
  size_t slot = hash & mask;
  while (slots_[slot] != 0) slot = (slot + 1) & mask;
  slots_[slot] = static_cast<uint32_t>(keys_.size());
}

void LowCardinality::Rehash(size_t slots) {
  slots_.assign(slots, 0);
  for (size_t i = 0; i < keys_.size(); ++i) {
    size_t slot = keys_[i].hash & (slots - 1);
    while (slots_[slot] != 0) slot = (slot + 1) & (slots - 1);
    slots_[slot] = static_cast<uint32_t>(i + 1);
  }
}

uint32_t LowCardinality::Find(std::string_view text) {
  const uint64_t hash = HashText(text);
  const size_t mask = slots_.size() - 1;
  for (size_t slot = hash & mask; slots_[slot] != 0; slot = (slot + 1) & mask) {
    const Key& key = keys_[slots_[slot] - 1];
    if (key.hash == hash && KeyText(key) == text) return slots_[slot] - 1;
  }
  if (keys_.size() * 2 >= slots_.size()) Rehash(slots_.size() * 2);
  AddKey(text, hash);
  return static_cast<uint32_t>(keys_.size() - 1);
}

void LowCardinality::WritePrefix(NativeBuffer& out) const { out.AppendNumber<uint64_t>(1); }

void LowCardinality::WriteData(NativeBuffer& out) const {
  if (elements() == 0) return;
  // 0x200: the dictionary follows; 0x400: it replaces the reader's.
  const uint64_t width = keys_.size() <= 0x100 ? 0 : keys_.size() <= 0x10000 ? 1 : 2;
  out.AppendNumber<uint64_t>(0x600 | width);
  out.AppendNumber<uint64_t>(keys_.size());
  out.Append(key_bytes_.data(), key_bytes_.size());
  out.AppendNumber<uint64_t>(elements());
  switch (width) {
    case 0:
      WriteNarrowed<uint8_t>(indexes_, out);
      break;
    case 1:
      WriteNarrowed<uint16_t>(indexes_, out);
      break;
    default:
      out.Append(indexes_.data(), indexes_.size());
  }
}

}  // namespace native

void NativeBlock::Add(std::string_view name, NativeColumn& column) {
  columns_.push_back({std::string(name), &column});
}

size_t NativeBlock::bytes() const {
  size_t sum = 0;
  for (const Named& named : columns_) sum += named.column->bytes();
  return sum;
}

std::string_view NativeBlock::Finish(size_t rows) {
  out_.Clear();
  out_.AppendVarUint(columns_.size());
  out_.AppendVarUint(rows);
  for (const Named& named : columns_) {
    assert(named.column->elements() == rows);
    out_.AppendString(named.name);
    out_.AppendString(named.column->Type());
    named.column->WritePrefix(out_);
    named.column->WriteData(out_);
  }
  return out_.view();
}

void NativeBlock::Clear() {
  for (const Named& named : columns_) named.column->Clear();
}

}  // namespace pitot
