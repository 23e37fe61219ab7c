#include "http/headers.h"

namespace pitot {

std::string_view TrimOws(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

bool ListHasToken(std::string_view list, std::string_view token) {
  while (!list.empty()) {
    const size_t comma = list.find(',');
    if (EqualsIgnoreCase(TrimOws(list.substr(0, comma)), token)) return true;
    if (comma == std::string_view::npos) break;
    list.remove_prefix(comma + 1);
  }
  return false;
}

HttpHeaders::HttpHeaders(std::initializer_list<Field> fields) {
  for (const Field& field : fields) Add(field.name, field.value);
}

void HttpHeaders::Add(std::string_view name, std::string_view value) {
  entries_.push_back({static_cast<uint32_t>(text_.size()), static_cast<uint32_t>(name.size()),
                      static_cast<uint32_t>(value.size())});
  text_.append(name).append(value);
}

void HttpHeaders::Set(std::string_view name, std::string_view value) {
  Remove(name);
  Add(name, value);
}

void HttpHeaders::Remove(std::string_view name) {
  std::erase_if(entries_, [&](const Entry& entry) {
    return EqualsIgnoreCase(std::string_view(text_).substr(entry.offset, entry.name_bytes), name);
  });
}

std::optional<std::string_view> HttpHeaders::Find(std::string_view name) const {
  for (size_t i = 0; i < entries_.size(); ++i) {
    const Field field = (*this)[i];
    if (EqualsIgnoreCase(field.name, name)) return field.value;
  }
  return std::nullopt;
}

size_t HttpHeaders::Count(std::string_view name) const {
  size_t count = 0;
  for (size_t i = 0; i < entries_.size(); ++i) count += EqualsIgnoreCase((*this)[i].name, name);
  return count;
}

std::string HttpHeaders::Join(std::string_view name) const {
  std::string out;
  bool first = true;
  for (size_t i = 0; i < entries_.size(); ++i) {
    const Field field = (*this)[i];
    if (!EqualsIgnoreCase(field.name, name)) continue;
    if (!first) out += ',';
    first = false;
    out += field.value;
  }
  return out;
}

HttpHeaders::Field HttpHeaders::operator[](size_t i) const {
  const Entry& entry = entries_[i];
  const std::string_view text = text_;
  return {text.substr(entry.offset, entry.name_bytes),
          text.substr(entry.offset + entry.name_bytes, entry.value_bytes)};
}

}  // namespace pitot
