// decode/json_source.h
//
// Parses JSON text with simdjson, more forgiving than it where real senders need it: invalid UTF-8
// and half surrogate pairs (texts cut in the middle of a character) become U+FFFD, and a number
// that no 64-bit type holds becomes a string, so that it spoils its record and not the request.
// Internal to decode/.
#pragma once

#include <absl/status/status.h>
#include <simdjson.h>

#include <cstddef>
#include <string>
#include <string_view>

namespace pitot {

// Bytes that must be readable behind any text given to JsonSource.
inline constexpr size_t kJsonPadding = simdjson::SIMDJSON_PADDING;

// Containers deeper than this are refused as kInvalidArgument.
inline constexpr size_t kJsonDepthMax = 16'384;

class JsonSource {
 public:
  // Parses `text`, behind which kJsonPadding bytes are readable. `root` and all strings found in it
  // live until the next call. *mended: characters were replaced.
  // kInvalidArgument names the byte offset in `text` and what is wrong there.
  absl::Status Parse(std::string_view text, simdjson::dom::element& root, bool* mended);

 private:
  simdjson::error_code TryParse(std::string_view text, simdjson::dom::element& root);

  simdjson::dom::parser parser_;
  std::string repaired_;
};

struct JsonFlaw {
  size_t offset = 0;
  std::string_view words;  // Empty: the text is JSON.
};

// The first place where `text` stops being JSON. For messages: slower than parsing.
JsonFlaw FindJsonFlaw(std::string_view text);

// `text` with half surrogate escapes and numbers beyond 64 bits made harmless; *mended as above.
std::string RepairJson(std::string_view text, bool* mended);

}  // namespace pitot
