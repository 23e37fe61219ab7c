// model/attr.h
//
// One attribute as it came over the wire, whatever the format: a key and a typed value. Arrays,
// maps and nested values are kept as compact JSON text, so that every decoder yields the same and
// whoever needs the structure parses it once.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace pitot {

enum class AttrType : uint8_t {
  kEmpty,   // Present without a value.
  kString,  // text is the string itself, UTF-8.
  kBool,
  kInt,
  kDouble,
  kBytes,  // text is the raw bytes.
  kJson,   // text is the JSON of an array or an object; bytes inside it are base64 strings.
};

// Borrows text from the batch's arena or request body.
struct AttrValue {
  AttrType type = AttrType::kEmpty;
  bool boolean = false;
  int64_t integer = 0;
  double number = 0;
  std::string_view text = {};
};

struct Attr {
  std::string_view key;
  AttrValue value;
};

}  // namespace pitot
