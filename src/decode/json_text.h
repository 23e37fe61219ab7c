// decode/json_text.h
//
// Writes nested values as compact JSON into a buffer of bounded size, whatever the wire format, so
// that equal values give equal text. Objects keep the last of several equal keys.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace pitot {

class JsonText {
 public:
  // Starts anew; keeps at most `bytes_max` bytes and counts the rest.
  void Reset(size_t bytes_max);

  void Null() { Scalar("null"); }
  void Bool(bool value) { Scalar(value ? "true" : "false"); }
  void Int(int64_t value);
  void Uint(uint64_t value);
  // Shortest form that reads back the same, always with a point or an exponent, so that it stays a
  // double. NaN and infinities are the strings "NaN", "Infinity" and "-Infinity".
  void Double(double value);
  // Ill-formed UTF-8 is mended; *mended then becomes true.
  void String(std::string_view text, bool* mended);
  void Base64(std::string_view raw);

  void BeginArray() { Open('['); }
  void EndArray() { Close(']'); }
  void BeginObject();
  void Key(std::string_view key, bool* mended);
  // How many entries were removed because a later one has the same key.
  uint32_t EndObject();

  std::string_view text() const { return text_; }
  size_t total_bytes() const { return text_.size() + bytes_beyond_; }
  bool overflowed() const { return bytes_beyond_ > 0; }

 private:
  struct Entry {
    size_t begin;    // Of the quoted key.
    size_t key_end;  // Behind the closing quote.
  };

  void Append(std::string_view part);
  void Scalar(std::string_view part);
  void Open(char bracket);
  void Close(char bracket);
  void Comma();
  void Quoted(std::string_view text, bool* mended);
  uint32_t RemoveEarlier(size_t first);

  std::string text_;
  size_t bytes_max_ = 0;
  size_t bytes_beyond_ = 0;
  bool comma_ = false;
  std::vector<Entry> entries_;  // Of all objects that are open, outermost first.
  std::vector<size_t> firsts_;  // For each open object, its first place in entries_.
  std::string scratch_;
};

}  // namespace pitot
