// A chunk of JSON Lines.
#include "tests/fuzz/decode_property.h"

namespace {

uint64_t CountLines(std::string_view chunk) {
  if (chunk.starts_with("\xEF\xBB\xBF")) chunk.remove_prefix(3);
  uint64_t lines = 0;
  bool blank = true;
  for (const char c : chunk) {
    if (c == '\n') {
      lines += !blank;
      blank = true;
    } else if (c != ' ' && c != '\t' && c != '\r') {
      blank = false;
    }
  }
  return lines + !blank;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto decode = [](std::string chunk, const pitot::Limits& limits, pitot::DropCounts& drops) {
    return pitot::DecodeJsonLines(std::move(chunk), limits, drops);
  };
  pitot::CheckDecode(decode, {reinterpret_cast<const char*>(data), size}, CountLines);
  return 0;
}
