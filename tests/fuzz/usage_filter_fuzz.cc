// The filter of usage events: the same comes out wherever the stream is cut, nothing is added or moved,
// and what has no usage passes byte for byte.
#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>

#include "wire/include_usage.h"

namespace {

void Check(bool holds) {
  if (!holds) __builtin_trap();
}

std::string Filter(std::string_view stream, size_t piece_bytes) {
  pitot::UsageEventFilter filter;
  std::string out;
  while (!stream.empty()) {
    filter.Put(stream.substr(0, piece_bytes), out);
    stream.remove_prefix(std::min(piece_bytes, stream.size()));
  }
  filter.Finish(out);
  return out;
}

// `part` is `whole` with bytes left out.
bool IsSubsequence(std::string_view part, std::string_view whole) {
  size_t at = 0;
  for (const char c : whole) {
    if (at < part.size() && part[at] == c) ++at;
  }
  return at == part.size();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view stream(reinterpret_cast<const char*>(data), size);
  const std::string whole = Filter(stream, stream.size() + 1);
  for (const size_t piece : {1, 3, 64}) Check(Filter(stream, piece) == whole);
  Check(IsSubsequence(whole, stream));
  if (stream.find("usage") == std::string_view::npos) Check(whole == stream);
  Check(Filter(whole, 7) == whole || whole != stream);
  return 0;
}
