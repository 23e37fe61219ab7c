#include "http/client/response_parser.h"

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/error.hpp>

#include "base/status.h"

namespace pitot {
namespace http = boost::beast::http;

namespace {
constexpr uint32_t kHeadBytesMax = 256 << 10;
}  // namespace

ResponseParser::ResponseParser(bool no_body) {
  eager(true);
  skip(no_body);
  header_limit(kHeadBytesMax);
  body_limit(boost::none);  // The client limits the decoded size.
}

absl::StatusOr<size_t> ResponseParser::Put(std::string_view bytes) {
  ErrorCode error;
  const size_t taken = put(boost::asio::buffer(bytes.data(), bytes.size()), error);
  if (!error || error == http::error::need_more) return taken;
  return InvalidArgument("malformed HTTP reply: {}", error.message());
}

absl::Status ResponseParser::PutEnd() {
  ErrorCode error;
  if (head_done()) put_eof(error);
  if (!head_done() || error) return InvalidArgument("the connection ended inside the reply");
  return absl::OkStatus();
}

void ResponseParser::on_field_impl(http::field, View name, View value, ErrorCode&) {
  if (in_head_) headers_.Add({name.data(), name.size()}, {value.data(), value.size()});
}

size_t ResponseParser::Take(View body) {
  data_.append(body.data(), body.size());
  return body.size();
}

}  // namespace pitot
