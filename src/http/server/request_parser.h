// http/server/request_parser.h
//
// Internal to http/: bytes of a connection -> the head of a request and the pieces of a chunked
// body. Knows no socket. Built on Beast's parser, whose rules against request smuggling hold
// (conflicting lengths and stray bare line feeds are errors).
#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include <boost/beast/http/basic_parser.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "http/message.h"

namespace pitot {

// One request. Not thread-safe.
class RequestParser final : private boost::beast::http::basic_parser<true> {
 public:
  explicit RequestParser(int64_t header_bytes);

  // Takes bytes off the front; returns how many. Stops at the end of the head, then takes chunked
  // bodies, never more than the request. 0: the bytes given are not enough, more must follow them.
  // kInvalidArgument: malformed (400); kOutOfRange: the head is too long (431);
  // kUnimplemented: a transfer coding that is not ours (501).
  absl::StatusOr<size_t> Put(std::string_view bytes);

  bool head_done() const { return is_header_done(); }
  bool done() const { return is_done(); }  // For chunked bodies.

  // Valid once head_done(); of a failed head what was read so far.
  HttpRequest& request() { return request_; }
  std::optional<uint64_t> body_length() const;  // Content-Length; absent: none was given.
  bool chunked_body() const { return chunked(); }
  bool keep_alive_wanted() const { return keep_alive(); }

  // Pieces of the chunked body since the last clear.
  std::string& chunk_data() { return chunk_data_; }

 private:
  using ErrorCode = boost::beast::error_code;
  using View = boost::beast::string_view;

  void on_request_impl(boost::beast::http::verb, View method, View target, int version,
                       ErrorCode&) override;
  void on_response_impl(int, View, int, ErrorCode&) override {}
  void on_field_impl(boost::beast::http::field, View name, View value, ErrorCode&) override;
  void on_header_impl(ErrorCode&) override;
  void on_body_init_impl(const boost::optional<uint64_t>&, ErrorCode&) override {}
  size_t on_body_impl(View body, ErrorCode&) override { return body.size(); }
  void on_chunk_header_impl(uint64_t, View, ErrorCode&) override {}
  size_t on_chunk_body_impl(uint64_t, View body, ErrorCode&) override;
  void on_finish_impl(ErrorCode&) override {}

  HttpRequest request_;
  bool in_head_ = true;
  std::string chunk_data_;
};

}  // namespace pitot
