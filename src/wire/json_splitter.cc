#include "wire/json_splitter.h"

#include <algorithm>

#include "wire/json_text.h"

namespace pitot {
namespace {

constexpr size_t kKeyBytesMax = 256;  // No key that means anything here is longer.

bool IsSpace(char c) { return c == ' ' || c == '\n' || c == '\r' || c == '\t'; }

}  // namespace

void JsonSplitter::Keep(const char* from, const char* to) {
  const auto size = static_cast<size_t>(to - from);
  bytes_ += static_cast<int64_t>(size);
  if (value_.size() < value_bytes_max_) {
    value_.append(from, std::min(size, value_bytes_max_ - value_.size()));
  }
}

bool JsonSplitter::PassString(const char*& p, const char* end) {
  while (p < end) {
    if (escaped_) {
      escaped_ = false;
      ++p;
      continue;
    }
    p += PlainRun(p, end);
    if (p == end) break;
    const char c = *p++;
    if (c == '"') {
      in_string_ = false;
      return true;
    }
    escaped_ = c == '\\';
  }
  return false;
}

void JsonSplitter::ScanKey(std::string_view& bytes) {
  const char* p = bytes.data();
  const char* const end = p + bytes.size();
  const bool closed = PassString(p, end);
  const auto size = static_cast<size_t>(p - bytes.data());
  const size_t inside = closed ? size - 1 : size;
  key_.append(
      bytes.substr(0, std::min(inside, kKeyBytesMax - std::min(kKeyBytesMax, key_.size()))));
  bytes.remove_prefix(size);
  if (closed) state_ = State::kColon;
}

bool JsonSplitter::ScanValue(std::string_view& bytes) {
  const char* p = bytes.data();
  const char* const end = p + bytes.size();
  bool complete = false;
  while (p < end && !complete) {
    if (in_string_) {
      complete = PassString(p, end) && depth_ == 0;
      continue;
    }
    const char c = *p;
    if (scalar_) {
      if (c == ',' || c == '}' || c == ']' || IsSpace(c)) {
        complete = true;  // The separator is not the value's.
        break;
      }
      ++p;
      continue;
    }
    ++p;
    if (c == '"') {
      in_string_ = true;
    } else if (c == '{' || c == '[') {
      ++depth_;
    } else if (c == '}' || c == ']') {
      complete = --depth_ == 0;
    }
  }
  Keep(bytes.data(), p);
  bytes.remove_prefix(static_cast<size_t>(p - bytes.data()));
  if (complete) state_ = State::kAfterValue;
  return complete;
}

void JsonSplitter::Begin(char c) {
  state_ = State::kValue;
  depth_ = 0;
  in_string_ = escaped_ = false;
  scalar_ = c != '"' && c != '{' && c != '[';
}

void JsonSplitter::Step(char c) {
  const char close = is_array_ ? ']' : '}';
  switch (state_) {
    case State::kStart:
      is_array_ = c == '[';
      if (c == '{' || c == '[') {
        state_ = c == '{' ? State::kBeforeKey : State::kBeforeValue;
      } else {
        state_ = State::kFailed;
      }
      break;
    case State::kBeforeKey:
      in_string_ = c == '"';
      state_ = c == '"' ? State::kKey : c == '}' ? State::kDone : State::kFailed;
      break;
    case State::kColon:
      state_ = c == ':' ? State::kBeforeValue : State::kFailed;
      break;
    case State::kAfterValue:
      if (c == ',') {
        state_ = is_array_ ? State::kBeforeValue : State::kBeforeKey;
      } else {
        state_ = c == close ? State::kDone : State::kFailed;
      }
      break;
    default:
      break;
  }
}

bool JsonSplitter::Scan(std::string_view& bytes) {
  if (state_ == State::kDone || state_ == State::kFailed) {
    bytes = {};
    return false;
  }
  if (state_ == State::kValue) return ScanValue(bytes);
  if (state_ == State::kKey) {
    ScanKey(bytes);
    return false;
  }
  const char c = bytes[0];
  if (IsSpace(c) ||
      (state_ == State::kStart && (c & 0x80) != 0)) {  // White space, byte order mark.
    bytes.remove_prefix(1);
    return false;
  }
  if (state_ == State::kBeforeValue) {
    if (is_array_ && c == ']') {
      state_ = State::kDone;
    } else if (c == ',' || c == '}' || c == ']' || c == ':') {
      state_ = State::kFailed;
    } else {
      Begin(c);
      return ScanValue(bytes);
    }
  } else {
    Step(c);
  }
  bytes.remove_prefix(1);
  return false;
}

}  // namespace pitot
