// Server-sent events: the same events come out wherever the stream is cut, and what is written reads
// back.
#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "http/sse.h"

namespace {

// Small, so that inputs reach it.
constexpr size_t kEventBytesMax = 64;

void Check(bool holds) {
  if (!holds) __builtin_trap();
}

struct Parsed {
  bool ok = true;
  std::vector<pitot::SseEvent> events;
  int64_t retry_ms = -1;
  bool operator==(const Parsed&) const = default;
};

Parsed Parse(std::string_view text, size_t piece_bytes) {
  pitot::SseParser parser(kEventBytesMax);
  Parsed out;
  while (out.ok && !text.empty()) {
    out.ok = parser.Put(text.substr(0, piece_bytes), out.events).ok();
    text.remove_prefix(std::min(piece_bytes, text.size()));
  }
  out.retry_ms = parser.retry_ms();
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const Parsed whole = Parse(text, text.size());
  Check(Parse(text, 1) == whole);
  Check(Parse(text, 7) == whole);
  for (const pitot::SseEvent& event : whole.events) {
    Check(event.data.size() <= kEventBytesMax && !event.event.empty());
    std::string written;
    pitot::AppendSseEvent(event.event, event.id, event.data, written);
    pitot::SseParser parser;
    std::vector<pitot::SseEvent> read;
    Check(parser.Put(written, read).ok());
    Check(read == std::vector{event});
  }
  return 0;
}
