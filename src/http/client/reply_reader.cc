#include "http/client/reply_reader.h"

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/error.hpp>

#include "base/status.h"

namespace pitot {
namespace http = boost::beast::http;

namespace {
constexpr uint32_t kHeadBytesMax = 256 << 10;
}  // namespace

ReplyReader::ReplyReader(bool no_body) {
  eager(false);  // One element at a time: the caller may stop between them.
  skip(no_body);
  header_limit(kHeadBytesMax);
  body_limit(boost::none);
}

absl::StatusOr<size_t> ReplyReader::Put(std::string_view bytes) {
  piece_ = {};
  ErrorCode error;
  const size_t taken = put(boost::asio::buffer(bytes.data(), bytes.size()), error);
  if (!error || error == http::error::need_more) {
    // The parser counts only heads that are whole.
    if (head_done() || bytes.size() <= kHeadBytesMax) return taken;
    error = http::error::header_limit;
  }
  if (error == http::error::header_limit) {
    return Error(absl::StatusCode::kOutOfRange, "the answer's head is over {} KiB",
                 kHeadBytesMax >> 10);
  }
  return Error(absl::StatusCode::kDataLoss, "the answer is not HTTP: {}", error.message());
}

absl::Status ReplyReader::PutEnd() {
  ErrorCode error;
  if (head_done()) put_eof(error);
  if (!head_done() || error) {
    return Error(absl::StatusCode::kDataLoss, "the connection ended inside the answer");
  }
  return absl::OkStatus();
}

void ReplyReader::on_response_impl(int status, View reason, int, ErrorCode&) {
  head_.status = status;
  head_.reason.assign(reason.data(), reason.size());
}

void ReplyReader::on_field_impl(http::field, View name, View value, ErrorCode&) {
  // Trailers of a chunked body come here too; nobody needs them.
  if (in_head_) head_.headers.Add({name.data(), name.size()}, {value.data(), value.size()});
}

void ReplyReader::on_header_impl(ErrorCode&) {
  in_head_ = false;
  if (const auto length = content_length()) head_.content_length = *length;
}

size_t ReplyReader::Take(View body) {
  piece_ = {body.data(), body.size()};
  return body.size();
}

}  // namespace pitot
