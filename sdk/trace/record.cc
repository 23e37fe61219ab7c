#include "sdk/trace/record.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <utility>

#include "sdk/trace/pool.h"
#include "sdk/trace/utf8_cut.h"

namespace pitot {
inline namespace sdk {
namespace {

constexpr size_t kNameBytesMax = 1024;
constexpr size_t kKeyBytesMax = 1024;
// An announcement is for a list of what runs: long texts come with the end.
constexpr size_t kAnnouncedBytesMax = 256;
constexpr size_t kAnnouncedAttributesMax = 64;
// More is not copied while a mutex is held.
constexpr size_t kCopyUnderLockMax = 4096;

bool HasText(const AttributeValue& value) {
  return value.type() == AttributeValue::Type::kString ||
         value.type() == AttributeValue::Type::kJson;
}

AttributeValue WithText(AttributeValue::Type type, std::string_view text) {
  return type == AttributeValue::Type::kJson ? AttributeValue::json(text) : AttributeValue(text);
}

// The text of an attribute's value stands behind its room, in bytes, so that a value that is set again
// and again (a progress, a counter) takes no memory each time.
size_t RoomOf(const AttributeValue& value) {
  if (!HasText(value) || value.text().data() == nullptr) return 0;
  uint64_t room = 0;
  std::memcpy(&room, value.text().data() - sizeof(room), sizeof(room));
  return room;
}

// The owner's lock on what the collector's thread may look at. None is needed before it can be found.
std::unique_lock<std::mutex> LockSeen(const SpanRecord& record) {
  if (!record.filled.load(std::memory_order_relaxed)) return {};
  return std::unique_lock(record.shard->mutex);
}

template <typename T>
T* Room(RecordArray<T>& array, RecordMemory& memory, SpanPool& pool) {
  if (array.size < array.capacity) return array.items;
  const uint32_t capacity = std::max<uint32_t>(4, 2 * array.capacity);
  char* raw = memory.Allocate(capacity * sizeof(T), alignof(T), pool);
  if (raw == nullptr) return nullptr;
  T* items = reinterpret_cast<T*>(raw);
  std::uninitialized_copy_n(array.items, array.size, items);
  return items;
}

}  // namespace

char* RecordMemory::Allocate(size_t bytes, size_t align, SpanPool& pool) {
  const auto aligned = [&] { return at_ + (-reinterpret_cast<uintptr_t>(at_) & (align - 1)); };
  char* start = aligned();
  if (start > end_ || static_cast<size_t>(end_ - start) < bytes) [[unlikely]] {
    // What is large gets a chunk of its own: small things go on where they are.
    const bool large = bytes >= kChunkBytesMin / 2;
    const size_t wanted = sizeof(Chunk) + (large ? bytes : chunk_bytes_);
    if (!pool.Charge(wanted)) return nullptr;
    char* raw = static_cast<char*>(std::malloc(wanted));
    if (raw == nullptr) {
      pool.Discharge(wanted);
      return nullptr;
    }
    chunks_ = new (raw) Chunk{chunks_};
    charged_ += wanted;
    if (large) return raw + sizeof(Chunk);
    // Chunks double, so that a span with many attributes has few of them.
    chunk_bytes_ = std::min(2 * chunk_bytes_, kChunkBytesMax);
    end_ = raw + wanted;
    start = raw + sizeof(Chunk);
  }
  at_ = start + bytes;
  return start;
}

void RecordMemory::Reset(SpanPool* pool) {
  while (chunks_ != nullptr) std::free(std::exchange(chunks_, chunks_->next));
  if (pool != nullptr && charged_ > 0) pool->Discharge(charged_);
  charged_ = 0;
  chunk_bytes_ = kChunkBytesMin;
  at_ = inside_;
  end_ = inside_ + sizeof(inside_);
}

// The copy; cut to `bytes_max`, or to nothing where memory is short, and then counted.
std::string_view SpanRecord::CopyText(std::string_view text, size_t bytes_max) {
  if (text.size() > bytes_max) {
    text = CutUtf8(text, bytes_max);
    ++truncated;
  }
  if (text.empty()) return {};
  char* to = memory.Allocate(text.size(), 1, *pool);
  if (to == nullptr) {
    ++truncated;
    return {};
  }
  std::memcpy(to, text.data(), text.size());
  return {to, text.size()};
}

// False: no memory for it. `bytes_more` is room to grow.
bool SpanRecord::CopyValue(const AttributeValue& from, size_t bytes_more, AttributeValue* to) {
  if (!HasText(from)) {
    *to = from;
    return true;
  }
  std::string_view text = from.text();
  AttributeValue::Type type = from.type();
  if (text.size() > pool->limits().attribute_bytes_max) {
    text = CutUtf8(text, pool->limits().attribute_bytes_max);
    type = AttributeValue::Type::kString;  // What was JSON is none now.
    ++truncated;
  }
  if (text.empty()) {
    *to = WithText(type, {});
    return true;
  }
  const uint64_t room = text.size() + bytes_more;
  char* start = memory.Allocate(sizeof(room) + room, 8, *pool);
  if (start == nullptr) return false;
  std::memcpy(start, &room, sizeof(room));
  std::memcpy(start + sizeof(room), text.data(), text.size());
  *to = WithText(type, {start + sizeof(room), text.size()});
  return true;
}

void SpanRecord::LeaveOutAttribute() {
  ++dropped_attributes;
  ++truncated;
}

void SpanRecord::Open(std::string_view span_name, Attributes own) {
  name = CopyText(span_name, kNameBytesMax);
  attributes = {inside, 0, kAttributesInside};
  for (const Attribute& attribute : own) Set(attribute.key, attribute.value);
}

const AttributeValue* SpanRecord::Find(std::string_view key) const {
  for (uint32_t i = 0; i < attributes.size; ++i) {
    if (attributes.items[i].key == key) return &attributes.items[i].value;
  }
  return nullptr;
}

void SpanRecord::Set(std::string_view key, const AttributeValue& value) {
  if (key.empty() || key.size() > kKeyBytesMax) return LeaveOutAttribute();
  for (uint32_t i = 0; i < attributes.size; ++i) {
    const std::string_view own = attributes.items[i].key;
    // Keys are short and often of one length: their first bytes spare most calls of memcmp.
    if (own.size() == key.size() && own.front() == key.front() && own == key) {
      Replace(attributes.items[i], value);
      return;
    }
  }
  Add(key, value);
}

void SpanRecord::Replace(Attribute& attribute, const AttributeValue& value) {
  const size_t room = RoomOf(attribute.value);
  const bool fits = HasText(value) && room > 0 && value.text().size() <= room &&
                    value.text().size() <= pool->limits().attribute_bytes_max;
  if (fits) {
    char* to = const_cast<char*>(attribute.value.text().data());  // This record's own memory.
    auto lock = LockSeen(*this);
    if (value.text().size() > kCopyUnderLockMax && lock.owns_lock()) {
      attribute.value = AttributeValue();
      lock.unlock();
      std::memcpy(to, value.text().data(), value.text().size());
      lock.lock();
    } else {
      std::memcpy(to, value.text().data(), value.text().size());
    }
    attribute.value = WithText(value.type(), {to, value.text().size()});
    return;
  }
  AttributeValue copy;
  if (!CopyValue(value, room, &copy)) {
    LeaveOutAttribute();
    return;
  }
  const auto lock = LockSeen(*this);
  attribute.value = copy;
}

void SpanRecord::Add(std::string_view key, const AttributeValue& value) {
  if (attributes.size >= pool->limits().attributes_max) return LeaveOutAttribute();
  Attribute* items = Room(attributes, memory, *pool);
  char* own_key = items == nullptr ? nullptr : memory.Allocate(key.size(), 1, *pool);
  AttributeValue own_value;
  if (own_key == nullptr || !CopyValue(value, 0, &own_value)) {
    LeaveOutAttribute();
    return;
  }
  std::memcpy(own_key, key.data(), key.size());
  const auto lock = LockSeen(*this);
  if (items != attributes.items) {
    attributes.capacity = std::max<uint32_t>(4, 2 * attributes.capacity);
    attributes.items = items;
  }
  items[attributes.size++] = {{own_key, key.size()}, own_value};
}

void SpanRecord::Rename(std::string_view span_name) {
  const std::string_view copy = CopyText(span_name, kNameBytesMax);
  const auto lock = LockSeen(*this);
  name = copy;
}

void SpanRecord::SetStatus(SpanStatus new_status, std::string_view message) {
  status = new_status;
  status_message = CopyText(message, pool->limits().attribute_bytes_max);
}

std::span<const Attribute> SpanRecord::CopyAttributes(Attributes own) {
  if (own.size() == 0) return {};
  const size_t count = std::min(own.size(), pool->limits().attributes_max);
  truncated += static_cast<uint32_t>(own.size() - count);
  char* raw = memory.Allocate(count * sizeof(Attribute), alignof(Attribute), *pool);
  if (raw == nullptr) {
    truncated += static_cast<uint32_t>(count);
    return {};
  }
  Attribute* items = reinterpret_cast<Attribute*>(raw);
  size_t kept = 0;
  for (const Attribute& attribute : own.items().first(count)) {
    const std::string_view key = CopyText(attribute.key, kKeyBytesMax);
    AttributeValue value;
    if (key.empty() || !CopyValue(attribute.value, 0, &value)) {
      ++truncated;
      continue;
    }
    new (items + kept++) Attribute{key, value};
  }
  return {items, kept};
}

void SpanRecord::AddEvent(int64_t time_ns, std::string_view event_name, Attributes own) {
  SpanEventData* items =
      events.size >= pool->limits().events_max ? nullptr : Room(events, memory, *pool);
  if (items == nullptr) {
    ++dropped_events;
    ++truncated;
    return;
  }
  if (items != events.items) {
    events.capacity = std::max<uint32_t>(4, 2 * events.capacity);
    events.items = items;
  }
  new (items + events.size)
      SpanEventData{time_ns, CopyText(event_name, kNameBytesMax), CopyAttributes(own)};
  ++events.size;
}

void SpanRecord::AddLink(const TraceId& trace, const SpanId& span, Attributes own) {
  SpanLinkData* items =
      links.size >= pool->limits().events_max ? nullptr : Room(links, memory, *pool);
  if (items == nullptr) {
    ++truncated;
    return;
  }
  if (items != links.items) {
    links.capacity = std::max<uint32_t>(4, 2 * links.capacity);
    links.items = items;
  }
  new (items + links.size) SpanLinkData{trace, span, CopyAttributes(own)};
  ++links.size;
}

SpanData SpanRecord::Data() const {
  SpanData data;
  data.trace_id = trace_id;
  data.span_id = span_id;
  data.parent_span_id = parent_span_id;
  data.trace_state = ContextAccess::TraceStateOf(extras);
  data.name = name;
  data.kind = kind;
  data.status = status;
  data.status_message = status_message;
  data.start_ns = start_ns;
  data.end_ns = end_ns;
  data.tags = ContextAccess::TagsOf(extras);
  data.attributes = {attributes.items, attributes.size};
  data.events = {events.items, events.size};
  data.links = {links.items, links.size};
  data.dropped_attributes = dropped_attributes;
  data.dropped_events = dropped_events;
  return data;
}

SpanData SpanRecord::Running(Arena& to) const {
  SpanData data;
  data.trace_id = trace_id;
  data.span_id = span_id;
  data.parent_span_id = parent_span_id;
  data.trace_state = ContextAccess::TraceStateOf(extras);
  data.name = to.Copy(name);
  data.kind = kind;
  data.status = SpanStatus::kRunning;
  data.start_ns = start_ns;
  data.end_ns = start_ns;
  data.tags = ContextAccess::TagsOf(extras);
  const std::span<Attribute> copies =
      to.NewArray<Attribute>(std::min<size_t>(attributes.size, kAnnouncedAttributesMax));
  size_t kept = 0;
  for (uint32_t i = 0; i < attributes.size && kept < copies.size(); ++i) {
    const Attribute& own = attributes.items[i];
    if (HasText(own.value) && own.value.text().size() > kAnnouncedBytesMax) continue;
    Attribute& copy = copies[kept++];
    copy.key = to.Copy(own.key);
    copy.value =
        HasText(own.value) ? WithText(own.value.type(), to.Copy(own.value.text())) : own.value;
  }
  data.attributes = copies.first(kept);
  return data;
}

void SpanRecord::Clear() {
  filled.store(false, std::memory_order_relaxed);
  kind = Kind::kSpan;
  status = SpanStatus::kUnset;
  truncated = 0;
  name = {};
  attributes = {};
  extras.reset();
  status_message = {};
  events = {};
  links = {};
  dropped_attributes = 0;
  dropped_events = 0;
  memory.Reset(pool);
}

}  // namespace sdk
}  // namespace pitot
