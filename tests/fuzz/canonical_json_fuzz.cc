// What two requests are compared by: canonical JSON is JSON, is its own canonical form, and whatever
// follows or is cut off makes it none.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "gateway/outage/cache.h"
#include "wire/json_text.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto canonical = pitot::CanonicalJson(text);
  if (!canonical) return 0;
  if (!pitot::IsJson(text) || !pitot::IsJson(*canonical)) __builtin_trap();
  if (pitot::CanonicalJson(*canonical) != canonical) __builtin_trap();
  if (pitot::CanonicalJson(" " + *canonical + "\n") != canonical) __builtin_trap();
  if (pitot::CanonicalJson(*canonical + ",") || pitot::CanonicalJson("[" + *canonical)) {
    __builtin_trap();
  }
  return 0;
}
