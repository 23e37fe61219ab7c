// wire/json_splitter.h
//
// Takes a JSON text apart as it arrives, cut anywhere: the members of an object or the elements of an
// array, one by one, with a bound on how much of one is kept. So the usage of an answer is read
// although its content is too large to hold, and of a body that stops in the middle what is whole
// counts. Looks at structure only; values are to be read by json_read.h. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace pitot {

class JsonSplitter {
 public:
  struct Value {
    std::string_view key;   // Escapes not undone; empty for elements.
    std::string_view text;  // Its beginning when `cut`.
    int64_t bytes = 0;      // Of all of it that came.
    bool cut = false;       // It is larger than is kept, or the text ended inside.
  };

  explicit JsonSplitter(size_t value_bytes_max) : value_bytes_max_(value_bytes_max) {}

  // Calls `take(value)` for each member or element that `bytes` completes. Views hold during the call.
  template <typename Take>
  void Put(std::string_view bytes, Take take) {
    while (!bytes.empty()) {
      if (Scan(bytes)) Give(take, false);
    }
  }
  // The text has ended: gives what has begun.
  template <typename Take>
  void Finish(Take take) {
    if (state_ != State::kValue) return;
    // A number or word at the end cannot be told from half of one.
    Give(take, true);
    state_ = State::kFailed;
  }

  bool is_array() const { return is_array_; }
  // The closing bracket came.
  bool complete() const { return state_ == State::kDone; }
  bool failed() const { return state_ == State::kFailed; }
  // Nothing but white space so far.
  bool empty() const { return state_ == State::kStart; }

 private:
  enum class State : uint8_t {
    kStart,
    kBeforeKey,
    kKey,
    kColon,
    kBeforeValue,
    kValue,
    kAfterValue,
    kDone,
    kFailed,
  };

  template <typename Take>
  void Give(Take& take, bool ended) {
    const bool cut = ended || bytes_ > static_cast<int64_t>(value_.size());
    take(Value{key_, value_, bytes_, cut});
    value_.clear();
    key_.clear();
    bytes_ = 0;
  }
  // Removes what it has dealt with from `bytes`. True: a value is complete.
  bool Scan(std::string_view& bytes);
  bool ScanValue(std::string_view& bytes);
  void ScanKey(std::string_view& bytes);
  void Step(char c);
  void Begin(char c);
  void Keep(const char* from, const char* to);
  // Passes over a string's inside; true: its closing quote came.
  bool PassString(const char*& p, const char* end);

  const size_t value_bytes_max_;
  State state_ = State::kStart;
  bool is_array_ = false;
  bool in_string_ = false;
  bool escaped_ = false;
  bool scalar_ = false;
  int64_t depth_ = 0;
  std::string key_;
  std::string value_;
  int64_t bytes_ = 0;
};

}  // namespace pitot
