// store/engine/exception_scanner.h
//
// Finds the error that a ClickHouse server appends to a reply whose head, saying 200, it has sent
// already. Source: writeHTTPExceptionToBuffer in src/Server/HTTP/WriteBufferFromHTTPServerResponse.cpp
// of ClickHouse; the tag is 16 random letters and stands in the header X-ClickHouse-Exception-Tag:
//
//   ...result \r\n __exception__ \r\n TAG \r\n Code: 395. DB::Exception: ... \n BYTES TAG \r\n
//   __exception__ \r\n
#pragma once

#include <string>
#include <string_view>

namespace pitot {

// Takes a reply's body in pieces of any size and gives on what is result.
class ExceptionScanner {
 public:
  // `tag` empty: the server announces none, everything is result.
  explicit ExceptionScanner(std::string_view tag);

  // What of the result is certain by now; valid until the next call. May be empty.
  std::string_view Put(std::string_view piece);

  // The body is complete: what was held back because it could have become the mark.
  std::string_view Rest() const { return found_ ? std::string_view{} : std::string_view(held_); }

  bool found() const { return found_; }
  // "Code: 395. DB::Exception: ..."; as much of it as came.
  std::string_view message() const;

 private:
  std::string mark_;
  std::string tag_;
  bool found_ = false;
  std::string held_;   // At the end of the result, or once found the message.
  std::string ready_;  // Given on by Put.
};

}  // namespace pitot
