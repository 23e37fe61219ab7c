// sdk/net/response_parser.h
//
// An HTTP/1.1 answer from bytes that may be cut anywhere: status, headers, the body by length, in
// chunks or until the end of the connection; 1xx answers before it are passed over. Strict where
// leniency would let two readers disagree on where an answer ends (RFC 9112, 6.3). Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "sdk/net/failure.h"

namespace pitot {
inline namespace sdk {

class ResponseParser {
 public:
  static constexpr size_t kHeadBytesMax = 64 << 10;

  // False: stop.
  using OnBody = std::function<bool(std::string_view bytes)>;

  // `no_body`: of a HEAD request, or of CONNECT when it succeeds. `body_bytes_max` 0: no limit.
  ResponseParser(bool no_body, size_t body_bytes_max)
      : no_body_(no_body), body_bytes_max_(body_bytes_max) {}

  // What follows the answer's end is counted in excess().
  Failure Put(std::string_view bytes, const OnBody& on_body);
  // The peer has closed. kClosed unless the answer is complete.
  Failure Finish();

  bool started() const { return started_; }  // A byte has come.
  bool head_complete() const { return state_ > State::kHeader; }
  bool complete() const { return state_ == State::kDone; }
  // Another answer may follow on this connection. REQUIRES: complete().
  bool keep_alive() const { return keep_alive_ && excess_ == 0; }
  size_t excess() const { return excess_; }

  int status() const { return status_; }
  const HeaderList& headers() const { return headers_; }
  HeaderList& headers() { return headers_; }

 private:
  enum class State : uint8_t {
    kStatusLine,
    kHeader,
    kLength,
    kUntilClose,
    kChunkSize,
    kChunkData,
    kChunkEnd,
    kTrailer,
    kDone,
  };

  Failure TakeLine(std::string_view line);
  Failure TakeStatusLine(std::string_view line);
  Failure TakeHeader(std::string_view line);
  Failure EndHead();
  Failure BodyForm();
  Failure TakeChunkSize(std::string_view line);
  Failure TakeBody(std::string_view& bytes, const OnBody& on_body);

  const bool no_body_;
  const size_t body_bytes_max_;
  State state_ = State::kStatusLine;
  bool started_ = false;
  bool keep_alive_ = true;
  int status_ = 0;
  int minor_ = 1;
  HeaderList headers_;
  std::string line_;  // What has come of a line.
  size_t head_bytes_ =
      0;               // Of the head, 1xx before it included; then of a chunk's line and trailers.
  uint64_t left_ = 0;  // Of the body by length, or of the chunk.
  uint64_t body_bytes_ = 0;
  size_t excess_ = 0;
};

}  // namespace sdk
}  // namespace pitot
