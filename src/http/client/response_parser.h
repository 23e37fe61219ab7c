// http/client/response_parser.h
//
// Internal to http/: bytes of a connection -> a reply's head and the pieces of its body. Knows no
// socket.
#pragma once

#include <absl/status/statusor.h>

#include <boost/beast/http/basic_parser.hpp>
#include <string>
#include <string_view>

#include "http/headers.h"

namespace pitot {

// One reply. Not thread-safe.
class ResponseParser final : private boost::beast::http::basic_parser<false> {
 public:
  // `no_body`: the request was HEAD.
  explicit ResponseParser(bool no_body);

  // Takes bytes off the front; returns how many; the rest must be given again with more behind it.
  // kInvalidArgument: not HTTP.
  absl::StatusOr<size_t> Put(std::string_view bytes);
  // The connection ended. kInvalidArgument: before the reply did.
  absl::Status PutEnd();

  bool head_done() const { return is_header_done(); }
  bool done() const { return is_done(); }
  bool keep_alive_allowed() const { return keep_alive() && !need_eof(); }

  int status() const { return status_; }
  HttpHeaders& headers() { return headers_; }
  // Pieces of the body since the last clear.
  std::string& data() { return data_; }

 private:
  using ErrorCode = boost::beast::error_code;
  using View = boost::beast::string_view;

  void on_request_impl(boost::beast::http::verb, View, View, int, ErrorCode&) override {}
  void on_response_impl(int status, View, int, ErrorCode&) override { status_ = status; }
  void on_field_impl(boost::beast::http::field, View name, View value, ErrorCode&) override;
  void on_header_impl(ErrorCode&) override { in_head_ = false; }
  void on_body_init_impl(const boost::optional<uint64_t>&, ErrorCode&) override {}
  size_t on_body_impl(View body, ErrorCode&) override { return Take(body); }
  void on_chunk_header_impl(uint64_t, View, ErrorCode&) override {}
  size_t on_chunk_body_impl(uint64_t, View body, ErrorCode&) override { return Take(body); }
  void on_finish_impl(ErrorCode&) override {}
  size_t Take(View body);

  int status_ = 0;
  bool in_head_ = true;
  HttpHeaders headers_;
  std::string data_;
};

}  // namespace pitot
