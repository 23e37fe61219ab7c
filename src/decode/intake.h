// decode/intake.h
//
// What every wire format does alike while it fills one RawBatch: texts made safe, attributes
// gathered, records refused in words, limits kept. Internal to decode/.
//
// Thread-safety: none; one intake decodes one body.
#pragma once

#include <absl/status/status.h>

#include <array>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <unordered_map>
#include <vector>

#include "base/drops.h"
#include "base/limits.h"
#include "base/status.h"
#include "decode/json_text.h"
#include "decode/text.h"
#include "model/raw.h"

namespace pitot {

class Intake;

// The attributes of one owner: the last of equal keys wins and keeps the first one's place.
// Reused from record to record, so that it allocates once.
class AttrSet {
 public:
  void Clear();

  // Counts a repeated key, or one beyond limits.attributes.
  void Add(const Attr& attr, Intake& intake);

  // Moves what was gathered into the arena.
  std::span<const Attr> Take(Arena& arena);

 private:
  Attr* Find(std::string_view key);

  std::vector<Attr> attrs_;
  // One bit for each hash seen: nearly every new key is told new without a comparison.
  std::array<uint64_t, 4> seen_ = {};
  std::unordered_map<std::string_view, uint32_t> places_;  // Used by large sets only.
};

// Where the decoder is, counted from 0.
struct Place {
  uint32_t resource = 0;
  uint32_t scope = 0;   // Within the resource.
  uint32_t record = 0;  // Within the scope.
  uint64_t seen = 0;    // Records begun in the whole request.
};

class Intake {
 public:
  // `noun` names a record in messages. `padding_bytes` are allocated behind the body.
  Intake(std::string body, size_t padding_bytes, std::string_view noun, Drop malformed,
         const Limits& limits, DropCounts& drops);

  RawBatch& batch() { return batch_; }
  std::string_view body() const { return batch_.body; }
  Arena& arena() { return batch_.arena; }
  const Limits& limits() const { return limits_; }
  DropCounts& drops() { return drops_; }
  Place& place() { return place_; }
  JsonText& json_text() { return json_text_; }

  // `text` must lie in the body or the arena; the result is it, or a mended or cut copy.
  std::string_view Text(std::string_view text) {
    if (text.size() <= static_cast<size_t>(limits_.payload_bytes) && IsUtf8(text)) return text;
    return SafeCopy(text);
  }
  // The same of a text that will go away: always a copy.
  std::string_view CopyText(std::string_view text) {
    if (text.size() <= static_cast<size_t>(limits_.payload_bytes) && IsUtf8(text)) {
      return arena().Copy(text);
    }
    return SafeCopy(text);
  }
  AttrValue TextValue(std::string_view text) {
    return {.type = AttrType::kString, .text = Text(text)};
  }
  // Raw bytes in the body or the arena, cut at limits.payload_bytes.
  AttrValue BytesValue(std::string_view raw);
  // What stands in json_text(), copied: kJson, or a cut kString when it was too long.
  AttrValue JsonValue();
  void CountMended(bool mended) {
    if (mended) drops_.Add(Drop::kTextMended);
  }

  // Resources and scopes exist once something accepted refers to them: a body of empty envelopes
  // must not unpack to many times its size.
  void BeginResource() { resource_ = kNone; }
  void BeginScope() { scope_ = kNone; }
  uint32_t UseResource();
  uint32_t UseScope();
  void EndResource(const RawResource& resource) {
    if (resource_ != kNone) batch_.resources[resource_] = resource;
  }
  void EndScope(const RawScope& scope) {
    if (scope_ != kNone) batch_.scopes[scope_] = scope;
  }

  // Refuses the record at place(): "span 7 \"name\": words". The words are made for the first
  // refusal only: a hostile request may hold millions.
  template <typename... Args>
  void Refuse(Drop drop, std::string_view name, fmt::format_string<Args...> format,
              Args&&... args) {
    if (!drops_.first_refusal.empty()) return drops_.Add(drop);
    drops_.Refuse(drop, RefusalPrefix(name) + fmt::format(format, std::forward<Args>(args)...));
  }

  // Remembers why what is being read is malformed; always false, so that readers can return it.
  template <typename... Args>
  bool Fault(fmt::format_string<Args...> format, Args&&... args) {
    if (WantsWords()) fault_ = fmt::format(format, std::forward<Args>(args)...);
    return false;
  }
  // Puts `path` before the fault: readers add it while they return.
  template <typename... Args>
  bool FaultWithin(fmt::format_string<Args...> format, Args&&... args) {
    if (WantsWords()) {
      fault_.insert(0, fmt::format(format, std::forward<Args>(args)...));
    }
    return false;
  }
  const std::string& fault() const { return fault_; }
  // A fault outside of any record spoils the request, so its words are always wanted.
  void set_in_record(bool in_record) { in_record_ = in_record; }
  void RefuseFault(std::string_view name) { Refuse(malformed_, name, "{}", fault_); }

  // Unix nanoseconds as the wire has them; false when beyond 64 signed bits, a fault naming
  // `field`.
  bool Time(uint64_t wire, std::string_view field, int64_t& out) {
    if (wire > INT64_MAX) {
      return Fault("{} is {}, beyond the year 2262", field, wire);
    }
    out = static_cast<int64_t>(wire);
    return true;
  }
  // A span's end is never before its start.
  void ClampEnd(RawSpan& span) {
    if (span.end_ns >= span.start_ns) return;
    span.end_ns = span.start_ns;
    drops_.Add(Drop::kEndBeforeStart);
  }

  // Is the decoded form out of proportion to the body? 12 times is more than attributes of one
  // letter take; only empty events, links and attributes by the thousand take more.
  bool Overgrown() const { return batch_.arena.total_bytes() > GrownBytesMax(); }
  // kOutOfRange when it is.
  absl::Status CheckGrowth() const;

 private:
  static constexpr uint32_t kNone = UINT32_MAX;

  bool WantsWords() const { return !in_record_ || drops_.first_refusal.empty(); }
  size_t GrownBytesMax() const { return 12 * batch_.body.size() + (1 << 20); }
  std::string_view SafeCopy(std::string_view text);
  // At most limits.payload_bytes of `kept`, and the mark that says so.
  std::string_view CutCopy(std::string_view kept, size_t whole_bytes);
  std::string RefusalPrefix(std::string_view name);

  const Limits& limits_;
  DropCounts& drops_;
  RawBatch batch_;
  const std::string_view noun_;
  const Drop malformed_;
  Place place_;
  uint32_t resource_ = kNone;
  uint32_t scope_ = kNone;
  bool in_record_ = true;
  std::string fault_;
  JsonText json_text_;
};

// Copies plain structs into the arena.
template <typename T>
std::span<const T> Keep(Arena& arena, const std::vector<T>& items) {
  static_assert(std::is_trivially_copyable_v<T>);
  if (items.empty()) return {};
  const size_t bytes = items.size() * sizeof(T);
  void* to = arena.Allocate(bytes, alignof(T));
  std::memcpy(to, items.data(), bytes);
  return {static_cast<const T*>(to), items.size()};
}

// Wire enums of one byte: larger or negative numbers become 255, which nobody interprets.
inline uint8_t EnumByte(int64_t wire) {
  return wire >= 0 && wire < 255 ? static_cast<uint8_t>(wire) : uint8_t{255};
}

}  // namespace pitot
