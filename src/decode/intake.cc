#include "decode/intake.h"

#include <algorithm>
#include <utility>

namespace pitot {
namespace {

// Larger sets are searched by hash.
constexpr size_t kLinearMax = 32;

// Keys of one span share prefixes ("gen_ai.usage."), hardly ever length and last bytes.
uint8_t QuickHash(std::string_view key) {
  uint64_t word = 0;
  if (key.size() >= 8) {
    std::memcpy(&word, key.data() + key.size() - 8, 8);
  } else {
    for (const char c : key) word = word << 8 | static_cast<uint8_t>(c);
  }
  return static_cast<uint8_t>((word ^ key.size()) * 0x9e3779b97f4a7c15ULL >> 56);
}

}  // namespace

void AttrSet::Clear() {
  attrs_.clear();
  seen_ = {};
  if (!places_.empty()) places_.clear();
}

Attr* AttrSet::Find(std::string_view key) {
  if (places_.empty()) {
    const auto found = std::ranges::find(attrs_, key, &Attr::key);
    return found == attrs_.end() ? nullptr : &*found;
  }
  const auto found = places_.find(key);
  return found == places_.end() ? nullptr : &attrs_[found->second];
}

void AttrSet::Add(const Attr& attr, Intake& intake) {
  const uint8_t hash = QuickHash(attr.key);
  uint64_t& word = seen_[hash >> 6];
  const uint64_t bit = 1ULL << (hash & 63);
  if ((word & bit) != 0) {
    if (Attr* earlier = Find(attr.key)) {
      earlier->value = attr.value;
      return intake.drops().Add(Drop::kAttrDuplicateKey);
    }
  }
  if (attrs_.size() >= static_cast<size_t>(intake.limits().attributes)) {
    return intake.drops().Add(Drop::kAttrLimit);
  }
  word |= bit;
  attrs_.push_back(attr);
  if (attrs_.size() == kLinearMax) {
    for (uint32_t i = 0; i < kLinearMax; ++i) places_[attrs_[i].key] = i;
  } else if (attrs_.size() > kLinearMax) {
    places_[attr.key] = static_cast<uint32_t>(attrs_.size() - 1);
  }
}

std::span<const Attr> AttrSet::Take(Arena& arena) {
  const std::span<const Attr> kept = Keep(arena, attrs_);
  Clear();
  return kept;
}

Intake::Intake(std::string body, size_t padding_bytes, std::string_view noun, Drop malformed,
               const Limits& limits, DropCounts& drops)
    : limits_(limits), drops_(drops), noun_(noun), malformed_(malformed) {
  // Views into the body must survive a move of the batch: a short string's bytes live inside the
  // object, so any body is made to live on the heap.
  constexpr size_t kHeapBytes = 64;
  body.reserve(std::max(body.size() + padding_bytes, kHeapBytes));
  batch_.body = std::move(body);
  constexpr size_t kBlockMin = 2 << 10;
  constexpr size_t kBlockMax = 64 << 10;
  batch_.arena = Arena(std::clamp(batch_.body.size(), kBlockMin, kBlockMax));
}

std::string_view Intake::SafeCopy(std::string_view text) {
  const size_t bytes_max = static_cast<size_t>(limits_.payload_bytes);
  const std::string_view kept = text.substr(0, Utf8Floor(text, std::min(text.size(), bytes_max)));
  if (IsUtf8(kept)) {
    return kept.size() < text.size() ? CutCopy(kept, text.size()) : arena().Copy(kept);
  }
  CountMended(true);
  std::string mended;
  AppendMended(kept, mended);
  if (kept.size() < text.size() || mended.size() > bytes_max) return CutCopy(mended, text.size());
  return arena().Copy(mended);
}

std::string_view Intake::CutCopy(std::string_view kept, size_t whole_bytes) {
  drops_.Add(Drop::kPayloadTruncated);
  kept = kept.substr(0, Utf8Floor(kept, static_cast<size_t>(limits_.payload_bytes)));
  const std::string mark =
      fmt::format("\u2026[cut by pitot: {} bytes, kept {}]", whole_bytes, kept.size());
  char* to = arena().Allocate(kept.size() + mark.size());
  std::memcpy(to, kept.data(), kept.size());
  std::memcpy(to + kept.size(), mark.data(), mark.size());
  return {to, kept.size() + mark.size()};
}

AttrValue Intake::BytesValue(std::string_view raw) {
  const size_t bytes_max = static_cast<size_t>(limits_.payload_bytes);
  if (raw.size() > bytes_max) {
    drops_.Add(Drop::kPayloadTruncated);
    raw = raw.substr(0, bytes_max);
  }
  return {.type = AttrType::kBytes, .text = raw};
}

AttrValue Intake::JsonValue() {
  if (!json_text_.overflowed()) {
    return {.type = AttrType::kJson, .text = arena().Copy(json_text_.text())};
  }
  return {.type = AttrType::kString, .text = CutCopy(json_text_.text(), json_text_.total_bytes())};
}

uint32_t Intake::UseResource() {
  if (resource_ == kNone) {
    resource_ = static_cast<uint32_t>(batch_.resources.size());
    batch_.resources.emplace_back();
  }
  return resource_;
}

uint32_t Intake::UseScope() {
  if (scope_ == kNone) {
    scope_ = static_cast<uint32_t>(batch_.scopes.size());
    batch_.scopes.emplace_back();
  }
  return scope_;
}

absl::Status Intake::CheckGrowth() const {
  if (!Overgrown()) return absl::OkStatus();
  return Error(absl::StatusCode::kOutOfRange,
               "the body of {} bytes unpacks to more than {}: too many empty attributes, events or "
               "links in {} {}",
               batch_.body.size(), GrownBytesMax(), noun_, place_.seen);
}

std::string Intake::RefusalPrefix(std::string_view name) {
  constexpr size_t kNameBytes = 80;
  std::string prefix = fmt::format("{} {}", noun_, place_.seen);
  if (!name.empty()) {
    prefix += " \"";
    AppendMended(name.substr(0, Utf8Floor(name, kNameBytes)), prefix);
    prefix += name.size() > kNameBytes ? "\u2026\"" : "\"";
  }
  return prefix += ": ";
}

}  // namespace pitot
