#include "cmd/view/json_slice.h"

#include <boost/json.hpp>

namespace pitot {
namespace {

namespace json = boost::json;

// Steps through one array or object.
class SliceReader {
 public:
  // `open`: '[' or '{'.
  SliceReader(std::string_view text, char open) : text_(text) {
    SkipSpace();
    inside_ = Take(open);
  }

  // The next element, member name or member value; empty at the end.
  std::string_view Next() {
    if (!inside_) return {};
    SkipSpace();
    while (at_ < text_.size() && (text_[at_] == ',' || text_[at_] == ':')) {
      ++at_;
      SkipSpace();
    }
    const size_t begin = at_;
    SkipValue();
    inside_ = at_ > begin;
    return text_.substr(begin, at_ - begin);
  }

 private:
  bool Take(char c) {
    const bool there = at_ < text_.size() && text_[at_] == c;
    at_ += there ? 1 : 0;
    return there;
  }

  void SkipSpace() {
    while (at_ < text_.size() && std::string_view(" \t\r\n").find(text_[at_]) != text_.npos) ++at_;
  }

  void SkipString() {
    for (++at_; at_ < text_.size() && text_[at_] != '"'; ++at_) at_ += text_[at_] == '\\' ? 1 : 0;
    at_ = std::min(at_ + 1, text_.size());
  }

  // A string, a number or word, or all between a bracket and its partner.
  void SkipValue() {
    size_t depth = 0;
    while (at_ < text_.size()) {
      const char c = text_[at_];
      if (c == '"') {
        SkipString();
        if (depth == 0) return;
        continue;
      }
      const bool closes = c == ']' || c == '}';
      if (depth == 0 && (closes || c == ',' || c == ':' || static_cast<unsigned char>(c) <= ' ')) {
        return;
      }
      depth += c == '[' || c == '{' ? 1 : 0;
      ++at_;
      if (closes && --depth == 0) return;
    }
  }

  const std::string_view text_;
  size_t at_ = 0;
  bool inside_ = false;
};

}  // namespace

std::string_view JsonMember(std::string_view object, std::string_view name) {
  SliceReader reader(object, '{');
  while (true) {
    const std::string_view key = reader.Next();
    if (key.empty()) return {};
    const std::string_view value = reader.Next();
    if (JsonAsText(key) == name) return value;
  }
}

std::vector<std::string_view> JsonElements(std::string_view array) {
  std::vector<std::string_view> elements;
  SliceReader reader(array, '[');
  for (std::string_view one = reader.Next(); !one.empty(); one = reader.Next()) {
    elements.push_back(one);
  }
  return elements;
}

std::string JsonAsText(std::string_view value) {
  if (!value.starts_with('"')) return std::string(value);
  boost::system::error_code error;
  const json::value text = json::parse(value, error);
  return error || !text.is_string() ? std::string(value) : std::string(text.get_string());
}

}  // namespace pitot
