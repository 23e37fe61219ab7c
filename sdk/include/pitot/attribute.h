// pitot/attribute.h
//
// A key and a typed value, as a caller hands it over and as an exporter finds it. Borrows its text: a
// span copies what it is given (Span::set), so that literals, temporaries and locals may all be passed.
//
//   span.set("gen_ai.request.model", model);
//   pitot::traced("search", pitot::Kind::kTool, {{"query", query}, {"limit", 10}, {"cached", false}});
//
// Limits: CollectorOptions::attribute_bytes_max of one text, 1,024 bytes of a key, attributes_max of a span
// or event. What goes beyond is cut or left out, and counted (SpanData, CollectorStats::truncated).
// Ownership: views; the text must hold for the call it is passed to.
// Thread-safety: values; each thread its own.
#pragma once

#include <bit>
#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>

namespace pitot {
inline namespace sdk {

class AttributeValue {
 public:
  enum class Type : uint8_t {
    kString,  // UTF-8; bytes that are not are mended when exported.
    kBool,
    kInt,
    kDouble,
    kJson,  // The text of any JSON value: arrays, objects, messages.
  };

  AttributeValue() = default;  // The empty string.
  AttributeValue(std::string_view text) : text_(text) {}
  AttributeValue(const char* text) : text_(text == nullptr ? std::string_view() : text) {}
  AttributeValue(const std::string& text) : text_(text) {}
  AttributeValue(bool value) : type_(Type::kBool), bits_(value) {}
  template <std::integral T>
  requires(!std::same_as<T, bool> && !std::same_as<T, char>) AttributeValue(T value)
      : type_(Type::kInt), bits_(static_cast<uint64_t>(value)) {}
  AttributeValue(std::floating_point auto value)
      : type_(Type::kDouble), bits_(std::bit_cast<uint64_t>(static_cast<double>(value))) {}
  // REQUIRES: `text` is one JSON value; else exporters send it as a string.
  static AttributeValue json(std::string_view text) {
    AttributeValue value(text);
    value.type_ = Type::kJson;
    return value;
  }

  Type type() const { return type_; }
  std::string_view text() const { return text_; }  // kString, kJson.
  bool boolean() const { return bits_ != 0; }      // kBool.
  // kInt. Of an unsigned number above 2^63 - 1: the negative one of the same bits.
  int64_t integer() const { return static_cast<int64_t>(bits_); }
  double number() const { return std::bit_cast<double>(bits_); }  // kDouble.

 private:
  Type type_ = Type::kString;
  uint64_t bits_ = 0;  // Of bool, integer or double. One word: spans keep many of these.
  std::string_view text_;
};

struct Attribute {
  std::string_view key = {};
  AttributeValue value = {};
};

// What is passed to a function: `{{"key", value}, ...}` or any array of them. Borrowed for the call.
class Attributes {
 public:
  Attributes() = default;
  Attributes(std::initializer_list<Attribute> list) : items_(list.begin(), list.size()) {}
  // An array, std::vector, std::array or std::span of them.
  template <typename Range>
  requires(!std::same_as<Range, Attributes> &&
           std::convertible_to<const Range&, std::span<const Attribute>>)
      Attributes(const Range& items)
      : items_(items) {}

  const Attribute* begin() const { return items_.data(); }
  const Attribute* end() const { return items_.data() + items_.size(); }
  size_t size() const { return items_.size(); }
  std::span<const Attribute> items() const { return items_; }

 private:
  std::span<const Attribute> items_;
};

}  // namespace sdk
}  // namespace pitot
