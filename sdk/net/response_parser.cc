#include "sdk/net/response_parser.h"

#include <algorithm>
#include <charconv>
#include <optional>

#include "sdk/base/text.h"
#include "sdk/net/url.h"

namespace pitot {
inline namespace sdk {
namespace {

using Error = HttpOutcome::Error;

constexpr size_t kHeadersMax = 256;

Failure Malformed(std::string what) { return {Error::kProtocol, std::move(what)}; }

std::optional<uint64_t> ParseNumber(std::string_view text, int base) {
  uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) {
    return std::nullopt;
  }
  return value;
}

// Whether `word` is an element of a list by commas.
bool HasToken(std::string_view list, std::string_view word) {
  while (!list.empty()) {
    const size_t comma = std::min(list.find(','), list.size());
    if (EqualNoCase(TrimBlanks(list.substr(0, comma)), word)) return true;
    list.remove_prefix(std::min(comma + 1, list.size()));
  }
  return false;
}

}  // namespace

Failure ResponseParser::Put(std::string_view bytes, const OnBody& on_body) {
  started_ |= !bytes.empty();
  while (!bytes.empty()) {
    if (state_ == State::kDone) {
      excess_ += bytes.size();
      return {};
    }
    if (state_ == State::kLength || state_ == State::kUntilClose || state_ == State::kChunkData) {
      if (Failure failure = TakeBody(bytes, on_body); !failure.ok()) return failure;
      continue;
    }
    const size_t end = bytes.find('\n');
    const size_t taken = std::min(end, bytes.size() - 1) + 1;
    head_bytes_ += taken;
    if (head_bytes_ > kHeadBytesMax) {
      return {Error::kTooLarge, "the answer's header is larger than 64 KiB"};
    }
    line_ += bytes.substr(0, taken);
    bytes.remove_prefix(taken);
    if (end == std::string_view::npos) return {};
    line_.pop_back();
    if (line_.ends_with('\r')) line_.pop_back();
    Failure failure = TakeLine(line_);
    line_.clear();
    if (!failure.ok()) return failure;
  }
  return {};
}

Failure ResponseParser::Finish() {
  if (state_ == State::kUntilClose) state_ = State::kDone;
  if (state_ == State::kDone) return {};
  if (!started_) return {Error::kClosed, "the connection was closed without an answer"};
  return {Error::kClosed, head_complete()
                              ? "the connection was closed in the middle of the answer's body"
                              : "the connection was closed in the middle of the answer's header"};
}

Failure ResponseParser::TakeLine(std::string_view line) {
  switch (state_) {
    case State::kStatusLine:
      return TakeStatusLine(line);
    case State::kHeader:
      return line.empty() ? EndHead() : TakeHeader(line);
    case State::kChunkSize:
      return TakeChunkSize(line);
    case State::kChunkEnd:
      if (!line.empty()) return Malformed("a chunk of the answer is longer than it says");
      state_ = State::kChunkSize;
      head_bytes_ = 0;
      return {};
    default:  // Trailers say nothing that is asked for here.
      if (line.empty()) state_ = State::kDone;
      return {};
  }
}

Failure ResponseParser::TakeStatusLine(std::string_view line) {
  // An empty line may precede it (RFC 9112, 2.2, says so of requests; some servers do it too).
  if (line.empty() && head_bytes_ <= 4) return {};
  const bool known = line.starts_with("HTTP/1.1 ") || line.starts_with("HTTP/1.0 ");
  const std::optional<uint64_t> status =
      known && line.size() >= 12 ? ParseNumber(line.substr(9, 3), 10) : std::nullopt;
  if (!status || *status < 100 || (line.size() > 12 && line[12] != ' ')) {
    return Malformed("what answers does not speak HTTP/1.1");
  }
  status_ = static_cast<int>(*status);
  minor_ = line[7] - '0';
  state_ = State::kHeader;
  return {};
}

Failure ResponseParser::TakeHeader(std::string_view line) {
  if (line[0] == ' ' || line[0] == '\t') return Malformed("a folded header line in the answer");
  const size_t colon = line.find(':');
  if (colon == std::string_view::npos || !IsHeaderName(line.substr(0, colon))) {
    return Malformed("a header line of the answer is malformed");
  }
  const std::string_view value = TrimBlanks(line.substr(colon + 1));
  if (!IsHeaderValue(value)) return Malformed("a header value of the answer is malformed");
  if (headers_.size() == kHeadersMax) {
    return {Error::kTooLarge, "the answer has more than 256 headers"};
  }
  headers_.emplace_back(Lower(line.substr(0, colon)), value);
  return {};
}

Failure ResponseParser::EndHead() {
  if (status_ == 101) return Malformed("the server changed to a protocol nobody asked for");
  if (status_ < 200) {
    headers_.clear();
    state_ = State::kStatusLine;
    return {};
  }
  head_bytes_ = 0;
  return BodyForm();
}

Failure ResponseParser::BodyForm() {
  std::optional<std::string_view> length;
  std::string_view coding;
  bool coded = false;
  keep_alive_ = minor_ == 1;
  for (const auto& [name, value] : headers_) {
    if (name == "content-length") {
      if (length && *length != value) return Malformed("the answer has two lengths");
      length = value;
    } else if (name == "transfer-encoding") {
      if (coded) return Malformed("the answer has two transfer codings");
      coded = true;
      coding = value;
    } else if (name == "connection") {
      if (HasToken(value, "close")) keep_alive_ = false;
      if (minor_ == 0 && HasToken(value, "keep-alive")) keep_alive_ = true;
    }
  }
  if (no_body_ || status_ == 204 || status_ == 304) {
    state_ = State::kDone;
  } else if (coded) {
    if (!EqualNoCase(coding, "chunked")) {
      return Malformed("the answer's transfer coding is not one that was asked for");
    }
    // With a length too, somebody on the way may have read the answer otherwise.
    keep_alive_ &= !length.has_value();
    state_ = State::kChunkSize;
  } else if (length) {
    const std::optional<uint64_t> bytes = ParseNumber(*length, 10);
    if (!bytes) return Malformed("the answer's length is not a number");
    if (body_bytes_max_ != 0 && *bytes > body_bytes_max_) {
      return {Error::kTooLarge, "the answer has " + std::to_string(*bytes) +
                                    " bytes; the limit is " + std::to_string(body_bytes_max_)};
    }
    left_ = *bytes;
    state_ = left_ == 0 ? State::kDone : State::kLength;
  } else {
    keep_alive_ = false;
    state_ = State::kUntilClose;
  }
  return {};
}

Failure ResponseParser::TakeChunkSize(std::string_view line) {
  const std::optional<uint64_t> bytes = ParseNumber(TrimBlanks(line.substr(0, line.find(';'))), 16);
  if (!bytes) return Malformed("a chunk of the answer has no size");
  left_ = *bytes;
  head_bytes_ = 0;
  state_ = left_ == 0 ? State::kTrailer : State::kChunkData;
  return {};
}

Failure ResponseParser::TakeBody(std::string_view& bytes, const OnBody& on_body) {
  const bool bounded = state_ != State::kUntilClose;
  const size_t taken =
      bounded ? static_cast<size_t>(std::min<uint64_t>(left_, bytes.size())) : bytes.size();
  body_bytes_ += taken;
  if (body_bytes_max_ != 0 && body_bytes_ > body_bytes_max_) {
    return {Error::kTooLarge,
            "the answer is larger than the limit of " + std::to_string(body_bytes_max_) + " bytes"};
  }
  const std::string_view piece = bytes.substr(0, taken);
  bytes.remove_prefix(taken);
  if (bounded) {
    left_ -= taken;
    if (left_ == 0) state_ = state_ == State::kLength ? State::kDone : State::kChunkEnd;
  }
  if (!on_body(piece)) return {Error::kAborted, "the caller ended the call"};
  return {};
}

}  // namespace sdk
}  // namespace pitot
