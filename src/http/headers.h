// http/headers.h
//
// The header fields of one message, in order, names compared without case (RFC 9110, 5.1).
// Not thread-safe. Views returned are valid until the next change.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/text.h"

namespace pitot {

// Without leading and trailing spaces and tabs.
std::string_view TrimOws(std::string_view text);

// True when the comma-separated list holds `token`, compared without case.
bool ListHasToken(std::string_view list, std::string_view token);

class HttpHeaders {
 public:
  struct Field {
    std::string_view name;
    std::string_view value;
  };

  HttpHeaders() = default;
  HttpHeaders(std::initializer_list<Field> fields);

  void Add(std::string_view name, std::string_view value);
  // Replaces every field of that name.
  void Set(std::string_view name, std::string_view value);
  void Remove(std::string_view name);

  bool Has(std::string_view name) const { return Find(name).has_value(); }
  // The first value of that name.
  std::optional<std::string_view> Find(std::string_view name) const;
  // The first value, or "".
  std::string_view Get(std::string_view name) const { return Find(name).value_or(""); }
  size_t Count(std::string_view name) const;
  // All values of that name, joined by "," (RFC 9110, 5.3).
  std::string Join(std::string_view name) const;

  size_t size() const { return entries_.size(); }
  Field operator[](size_t i) const;

 private:
  // One block of text and three numbers a field: two allocations a message, not two a field.
  struct Entry {
    uint32_t offset;
    uint32_t name_bytes;
    uint32_t value_bytes;
  };
  std::string text_;
  std::vector<Entry> entries_;
};

}  // namespace pitot
