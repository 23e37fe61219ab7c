#include "decode/json_text.h"

#include <charconv>
#include <cmath>
#include <unordered_set>

#include "decode/text.h"

namespace pitot {
namespace {

// The escape of `c`, or empty when it stands for itself.
std::string_view Escape(unsigned char c, char (&buffer)[6]) {
  constexpr char kHex[] = "0123456789abcdef";
  switch (c) {
    case '"':
      return "\\\"";
    case '\\':
      return "\\\\";
    case '\b':
      return "\\b";
    case '\f':
      return "\\f";
    case '\n':
      return "\\n";
    case '\r':
      return "\\r";
    case '\t':
      return "\\t";
    default:
      break;
  }
  if (c >= 0x20) return {};
  const char escaped[6] = {'\\', 'u', '0', '0', kHex[c >> 4], kHex[c & 15]};
  std::copy(std::begin(escaped), std::end(escaped), buffer);
  return {buffer, 6};
}

}  // namespace

void JsonText::Reset(size_t bytes_max) {
  text_.clear();
  bytes_max_ = bytes_max;
  bytes_beyond_ = 0;
  comma_ = false;
  entries_.clear();
  firsts_.clear();
}

void JsonText::Append(std::string_view part) {
  // Nothing is added behind a cut, and no character is cut.
  const size_t kept = overflowed() ? 0 : Utf8Floor(part, bytes_max_ - text_.size());
  text_.append(part.data(), kept);
  bytes_beyond_ += part.size() - kept;
}

void JsonText::Comma() {
  if (comma_) Append(",");
}

void JsonText::Scalar(std::string_view part) {
  Comma();
  Append(part);
  comma_ = true;
}

void JsonText::Open(char bracket) {
  Comma();
  Append({&bracket, 1});
  comma_ = false;
}

void JsonText::Close(char bracket) {
  Append({&bracket, 1});
  comma_ = true;
}

void JsonText::Int(int64_t value) {
  char digits[24];
  Scalar({digits, static_cast<size_t>(std::to_chars(digits, digits + 24, value).ptr - digits)});
}

void JsonText::Uint(uint64_t value) {
  char digits[24];
  Scalar({digits, static_cast<size_t>(std::to_chars(digits, digits + 24, value).ptr - digits)});
}

void JsonText::Double(double value) {
  if (std::isnan(value)) return Scalar("\"NaN\"");
  if (std::isinf(value)) return Scalar(value > 0 ? "\"Infinity\"" : "\"-Infinity\"");
  char buffer[40];
  char* end = std::to_chars(buffer, buffer + 36, value).ptr;
  if (std::string_view(buffer, end - buffer).find_first_of(".e") == std::string_view::npos) {
    *end++ = '.';
    *end++ = '0';
  }
  Scalar({buffer, static_cast<size_t>(end - buffer)});
}

void JsonText::Quoted(std::string_view text, bool* mended) {
  if (!IsUtf8(text)) {
    *mended = true;
    scratch_.clear();
    AppendMended(text, scratch_);
    text = scratch_;
  }
  Append("\"");
  char buffer[6];
  size_t plain = 0;  // Start of the run that needs no escape.
  for (size_t i = 0; i < text.size(); ++i) {
    const unsigned char c = static_cast<unsigned char>(text[i]);
    if (c >= 0x20 && c != '"' && c != '\\') continue;
    Append(text.substr(plain, i - plain));
    Append(Escape(c, buffer));
    plain = i + 1;
  }
  Append(text.substr(plain));
  Append("\"");
}

void JsonText::String(std::string_view text, bool* mended) {
  Comma();
  Quoted(text, mended);
  comma_ = true;
}

void JsonText::Base64(std::string_view raw) {
  scratch_ = '"';
  AppendBase64(raw, scratch_);
  scratch_ += '"';
  Scalar(scratch_);
}

void JsonText::BeginObject() {
  Open('{');
  firsts_.push_back(entries_.size());
}

void JsonText::Key(std::string_view key, bool* mended) {
  Comma();
  const size_t begin = text_.size();
  Quoted(key, mended);
  entries_.push_back({begin, text_.size()});
  Append(":");
  comma_ = false;
}

uint32_t JsonText::EndObject() {
  const size_t first = firsts_.back();
  firsts_.pop_back();
  const uint32_t removed = overflowed() ? 0 : RemoveEarlier(first);
  entries_.resize(first);
  Close('}');
  return removed;
}

// Equal keys have equal quoted text, so the written keys themselves are compared.
uint32_t JsonText::RemoveEarlier(size_t first) {
  constexpr size_t kQuadraticMax = 32;
  const size_t count = entries_.size() - first;
  const auto key = [&](size_t i) {
    const Entry& entry = entries_[first + i];
    return std::string_view(text_).substr(entry.begin, entry.key_end - entry.begin);
  };
  std::vector<size_t> earlier;  // From the last to the first.
  std::unordered_set<std::string_view> seen;
  for (size_t i = count; i-- > 0;) {
    bool again = false;
    if (count > kQuadraticMax) {
      again = !seen.insert(key(i)).second;
    } else {
      for (size_t later = i + 1; later < count && !again; ++later) again = key(later) == key(i);
    }
    if (again) earlier.push_back(i);
  }
  if (earlier.empty()) return 0;
  std::string kept;
  auto skip = earlier.rbegin();
  for (size_t i = 0; i < count; ++i) {
    if (skip != earlier.rend() && *skip == i) {
      ++skip;
      continue;
    }
    const size_t begin = entries_[first + i].begin;
    const size_t end = i + 1 < count ? entries_[first + i + 1].begin - 1 : text_.size();
    if (!kept.empty()) kept += ',';
    kept.append(text_, begin, end - begin);
  }
  text_.resize(entries_[first].begin);
  text_ += kept;
  return static_cast<uint32_t>(earlier.size());
}

}  // namespace pitot
