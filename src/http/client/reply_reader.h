// http/client/reply_reader.h
//
// Internal to http/: bytes of a connection -> a reply's head and the pieces of its body, without
// copying a piece. Knows no socket.
#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include <boost/beast/http/basic_parser.hpp>
#include <string_view>

#include "http/async_client.h"

namespace pitot {

// One reply. Not thread-safe.
class ReplyReader final : private boost::beast::http::basic_parser<false> {
 public:
  // `no_body`: the request was HEAD.
  explicit ReplyReader(bool no_body);

  // Takes bytes off the front, up to the end of the head or of one piece of the body; returns how
  // many. 0: more must follow them. kDataLoss: not HTTP; kOutOfRange: the head is too long.
  absl::StatusOr<size_t> Put(std::string_view bytes);
  // The connection ended. kDataLoss: before the reply did.
  absl::Status PutEnd();

  bool head_done() const { return is_header_done(); }
  bool done() const { return is_done(); }
  bool keep_alive_allowed() const { return keep_alive() && !need_eof(); }
  AsyncHead& head() { return head_; }
  // What the last Put took of the body: a part of its bytes.
  std::string_view piece() const { return piece_; }

 private:
  using ErrorCode = boost::beast::error_code;
  using View = boost::beast::string_view;

  void on_request_impl(boost::beast::http::verb, View, View, int, ErrorCode&) override {}
  void on_response_impl(int status, View reason, int, ErrorCode&) override;
  void on_field_impl(boost::beast::http::field, View name, View value, ErrorCode&) override;
  void on_header_impl(ErrorCode&) override;
  void on_body_init_impl(const boost::optional<uint64_t>&, ErrorCode&) override {}
  size_t on_body_impl(View body, ErrorCode&) override { return Take(body); }
  void on_chunk_header_impl(uint64_t, View, ErrorCode&) override {}
  size_t on_chunk_body_impl(uint64_t, View body, ErrorCode&) override { return Take(body); }
  void on_finish_impl(ErrorCode&) override {}
  size_t Take(View body);

  bool in_head_ = true;
  AsyncHead head_;
  std::string_view piece_;
};

}  // namespace pitot
