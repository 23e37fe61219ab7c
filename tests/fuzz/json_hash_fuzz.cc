// The hash of what a JSON text says: white space around and between tokens makes no difference, what is
// JSON inside a text is read or left alone, and no text, however deep or broken, does harm.
#include <simdjson.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "measure/json_hash.h"

namespace {

const pitot::JsonHasher kPlain({.volatile_keys = {"timestamp", "request_id"}});
const pitot::JsonHasher kResults({.volatile_keys = {"timestamp"}, .read_strings = true});
const pitot::JsonHasher kMessages({.message = true, .seed = 7});

void Check(bool holds) {
  if (!holds) __builtin_trap();
}

// Blanks around every token, the text of strings untouched.
std::string Spaced(std::string_view json) {
  std::string out = " ";
  bool inside = false;
  for (size_t i = 0; i < json.size(); ++i) {
    const char c = json[i];
    out.push_back(c);
    if (inside && c == '\\' && i + 1 < json.size()) {
      out.push_back(json[++i]);
    } else if (c == '"') {
      inside = !inside;
    }
    if (!inside && std::string_view("{}[],:\"").find(c) != std::string_view::npos) out += "\n\t";
  }
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  for (const pitot::JsonHasher* hasher : {&kPlain, &kResults, &kMessages}) {
    const uint64_t hash = (*hasher)(text);
    Check(hash != 0);
    Check((*hasher)(text) == hash);
    Check((*hasher)(std::string(text) + " \n") == hash);
  }

  simdjson::dom::parser parser;
  if (parser.parse(simdjson::padded_string(text)).error() != simdjson::SUCCESS) return 0;
  const uint64_t hash = kPlain(text);
  Check(kPlain(Spaced(text)) == hash);
  std::string wrapped = "{\"request_id\":1,\"x\":";
  wrapped += text;
  Check(kPlain(wrapped + "}") == kPlain(wrapped + ",\"Timestamp\":[" + std::string(text) + "]}"));
  return 0;
}
