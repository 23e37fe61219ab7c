#include "measure/sketch.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

namespace pitot {
namespace {

constexpr char kVersion = 1;

void PutVarint(uint64_t value, std::string& out) {
  for (; value >= 0x80; value >>= 7) out.push_back(static_cast<char>(value | 0x80));
  out.push_back(static_cast<char>(value));
}

void PutDouble(double value, std::string& out) {
  auto bits = std::bit_cast<uint64_t>(value);
  for (int i = 0; i < 8; ++i, bits >>= 8) out.push_back(static_cast<char>(bits));
}

uint64_t ZigZag(int64_t value) {
  return (static_cast<uint64_t>(value) << 1) ^ static_cast<uint64_t>(value >> 63);
}

int64_t UnZigZag(uint64_t value) {
  return static_cast<int64_t>(value >> 1) ^ -static_cast<int64_t>(value & 1);
}

// What is left of the bytes; nothing more is read once something was wrong.
struct Reader {
  std::string_view bytes;
  bool ok = true;

  uint64_t Varint() {
    uint64_t value = 0;
    for (int shift = 0; shift < 64 && !bytes.empty(); shift += 7) {
      const auto byte = static_cast<uint8_t>(bytes[0]);
      bytes.remove_prefix(1);
      value |= uint64_t{byte & 0x7fu} << shift;
      if (byte < 0x80) return value;
    }
    ok = false;
    return 0;
  }

  double Double() {
    if (bytes.size() < 8) {
      ok = false;
      return 0;
    }
    uint64_t bits = 0;
    for (int i = 7; i >= 0; --i) bits = bits << 8 | static_cast<uint8_t>(bytes[size_t(i)]);
    bytes.remove_prefix(8);
    return std::bit_cast<double>(bits);
  }
};

bool IsAmount(double value) { return std::isfinite(value) && value >= 0; }

}  // namespace

Sketch::Sketch(double accuracy)
    : accuracy_(accuracy), gamma_((1 + accuracy) / (1 - accuracy)), log_gamma_(std::log(gamma_)) {}

int32_t Sketch::IndexOf(double value) const {
  return static_cast<int32_t>(std::floor(std::log(value) / log_gamma_));
}

double Sketch::ValueOf(int32_t index) const {
  return std::exp(static_cast<double>(index) * log_gamma_) * (1 + accuracy_);
}

size_t Sketch::bins() const {
  return bins_.size() - static_cast<size_t>(std::ranges::count(bins_, 0u));
}

void Sketch::Add(double value, uint64_t count) {
  if (!IsAmount(value)) {
    refused_ += count;
    return;
  }
  if (count == 0) return;
  min_ = count_ == 0 ? value : std::min(min_, value);
  max_ = count_ == 0 ? value : std::max(max_, value);
  count_ += count;
  sum_ += value * static_cast<double>(count);
  if (value == 0) {
    zeros_ += count;
  } else {
    AddToBin(IndexOf(value), count);
  }
}

void Sketch::AddToBin(int32_t index, uint64_t count) {
  if (bins_.empty()) {
    lowest_ = index;
    bins_.push_back(count);
    return;
  }
  const int32_t size = static_cast<int32_t>(bins_.size());
  constexpr auto kMax = static_cast<int32_t>(kBinsMax);
  if (index < lowest_) {
    // Downwards as far as there is room: what is lower counts in the lowest.
    const int32_t lowest = std::max(index, lowest_ + size - kMax);
    bins_.insert(bins_.begin(), static_cast<size_t>(lowest_ - lowest), 0);
    lowest_ = lowest;
    index = std::max(index, lowest_);
  } else if (index >= lowest_ + size) {
    const int32_t lowest = std::max(lowest_, index - kMax + 1);
    if (const int32_t gone = std::min(lowest - lowest_, size); gone > 0) {
      uint64_t collapsed = 0;
      for (int32_t i = 0; i < gone; ++i) collapsed += bins_[static_cast<size_t>(i)];
      bins_.erase(bins_.begin(), bins_.begin() + gone);
      lowest_ = lowest;
      if (bins_.empty()) bins_.push_back(0);
      bins_[0] += collapsed;
    }
    bins_.resize(static_cast<size_t>(index - lowest_) + 1);
  }
  bins_[static_cast<size_t>(index - lowest_)] += count;
}

bool Sketch::Merge(const Sketch& other) {
  if (other.accuracy_ != accuracy_) return false;
  refused_ += other.refused_;
  if (other.count_ == 0) return true;
  min_ = count_ == 0 ? other.min_ : std::min(min_, other.min_);
  max_ = count_ == 0 ? other.max_ : std::max(max_, other.max_);
  count_ += other.count_;
  zeros_ += other.zeros_;
  sum_ += other.sum_;
  // A copy: `other` may be this sketch itself.
  const std::vector<uint64_t> bins = other.bins_;
  const int32_t lowest = other.lowest_;
  // From the highest, so that bins collapse at most once.
  for (size_t i = bins.size(); i-- > 0;) {
    if (bins[i] > 0) AddToBin(lowest + static_cast<int32_t>(i), bins[i]);
  }
  return true;
}

std::optional<double> Sketch::QuantileOfBins(double q) const {
  if (count_ == 0) return std::nullopt;
  const double rank = q * static_cast<double>(count_ - 1);
  uint64_t seen = zeros_;
  if (static_cast<double>(seen) > rank) return 0;
  for (size_t i = 0; i < bins_.size(); ++i) {
    seen += bins_[i];
    if (static_cast<double>(seen) > rank) return ValueOf(lowest_ + static_cast<int32_t>(i));
  }
  return max_;
}

std::optional<double> Sketch::Quantile(double q) const {
  const std::optional<double> value = QuantileOfBins(q);
  if (!value) return value;
  return std::clamp(*value, min_, max_);
}

std::string Sketch::Encode() const {
  std::string out(1, kVersion);
  for (const double value : {accuracy_, sum_, min_, max_}) PutDouble(value, out);
  PutVarint(zeros_, out);
  PutVarint(refused_, out);
  PutVarint(bins(), out);
  bool first = true;
  int64_t last = 0;
  for (size_t i = 0; i < bins_.size(); ++i) {
    if (bins_[i] == 0) continue;
    const int64_t index = lowest_ + static_cast<int64_t>(i);
    PutVarint(first ? ZigZag(index) : static_cast<uint64_t>(index - last), out);
    PutVarint(bins_[i], out);
    first = false;
    last = index;
  }
  return out;
}

std::optional<Sketch> Sketch::Decode(std::string_view bytes) {
  if (bytes.empty() || bytes[0] != kVersion) return std::nullopt;
  Reader in{bytes.substr(1)};
  const double accuracy = in.Double();
  if (!in.ok || !(accuracy >= 0.001 && accuracy <= 0.5)) return std::nullopt;
  Sketch sketch(accuracy);
  sketch.sum_ = in.Double();
  sketch.min_ = in.Double();
  sketch.max_ = in.Double();
  sketch.zeros_ = in.Varint();
  sketch.refused_ = in.Varint();
  sketch.count_ = sketch.zeros_;
  const uint64_t bins = in.Varint();
  if (!in.ok || bins > kBinsMax || !IsAmount(sketch.sum_) || !IsAmount(sketch.min_) ||
      !IsAmount(sketch.max_) || sketch.min_ > sketch.max_) {
    return std::nullopt;
  }
  // No double has an index beyond this at the finest accuracy.
  constexpr int64_t kIndexMax = 1'000'000;
  int64_t index = 0;
  for (uint64_t i = 0; i < bins; ++i) {
    const uint64_t distance = in.Varint();
    const uint64_t count = in.Varint();
    if (!in.ok || count == 0 || (i > 0 && (distance == 0 || distance >= kBinsMax)) ||
        count > std::numeric_limits<uint64_t>::max() - sketch.count_) {
      return std::nullopt;
    }
    index = i == 0 ? UnZigZag(distance) : index + static_cast<int64_t>(distance);
    if (index < -kIndexMax || index > kIndexMax) return std::nullopt;
    if (!sketch.bins_.empty() && index - sketch.lowest_ >= int64_t{kBinsMax}) return std::nullopt;
    sketch.AddToBin(static_cast<int32_t>(index), count);
    sketch.count_ += count;
  }
  if (!in.bytes.empty()) return std::nullopt;
  return sketch;
}

}  // namespace pitot
