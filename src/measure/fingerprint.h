// measure/fingerprint.h
//
// The identity of a set of labels: FNV-1a, 64 bits, over the labels sorted by name, each as name,
// 0xFF, value, 0xFF. Source: Prometheus, model.LabelSet.Fingerprint. Pure; any thread.
#pragma once

#include <cstdint>
#include <string_view>

namespace pitot {

class FingerprintHash {
 public:
  void Add(std::string_view bytes) {
    for (const char byte : bytes) AddByte(static_cast<uint8_t>(byte));
  }
  void AddByte(uint8_t byte) { hash_ = (hash_ ^ byte) * 1099511628211ULL; }
  uint64_t value() const { return hash_; }

 private:
  uint64_t hash_ = 14695981039346656037ULL;
};

// REQUIRES: `labels` iterates over (name, value) in ascending order of names, as std::map does.
template <typename SortedLabels>
uint64_t LabelFingerprint(const SortedLabels& labels) {
  FingerprintHash hash;
  for (const auto& [name, value] : labels) {
    hash.Add(name);
    hash.AddByte(0xff);
    hash.Add(value);
    hash.AddByte(0xff);
  }
  return hash.value();
}

}  // namespace pitot
