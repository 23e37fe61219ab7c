#include "http/server/request_parser.h"

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/error.hpp>

#include "base/status.h"

namespace pitot {
namespace http = boost::beast::http;

namespace {

std::string_view Std(boost::beast::string_view text) { return {text.data(), text.size()}; }

// Splits the request target; false for forms that are not ours (RFC 9112, 3.2).
bool SplitTarget(HttpRequest& request) {
  std::string_view rest = request.target;
  const size_t scheme = rest.find("://");
  if (!rest.starts_with('/') && scheme != std::string_view::npos) {  // Absolute form.
    const size_t path = rest.find_first_of("/?", scheme + 3);
    request.target = path == std::string_view::npos ? "/" : std::string(rest.substr(path));
    if (request.target.front() != '/') request.target.insert(0, "/");
    rest = request.target;
  }
  if (rest == "*") {
    request.path = "*";
    return request.method == "OPTIONS";
  }
  if (!rest.starts_with('/')) return false;
  const size_t question = rest.find('?');
  request.path = PercentDecode(rest.substr(0, question));
  if (question != std::string_view::npos) request.query = ParseQuery(rest.substr(question + 1));
  return true;
}

}  // namespace

RequestParser::RequestParser(int64_t header_bytes) {
  header_limit(static_cast<uint32_t>(header_bytes));
  body_limit(boost::none);  // Limits are the session's: it knows the decoded size.
}

absl::StatusOr<size_t> RequestParser::Put(std::string_view bytes) {
  ErrorCode error;
  const size_t taken = put(boost::asio::buffer(bytes.data(), bytes.size()), error);
  if (!error || error == http::error::need_more) return taken;
  if (error == http::error::header_limit) {
    return Error(absl::StatusCode::kOutOfRange, "the request's head is over the limit");
  }
  if (error == http::error::bad_transfer_encoding && in_head_ &&
      request_.headers.Count("content-length") == 0) {
    return Error(absl::StatusCode::kUnimplemented, "of transfer codings only chunked is supported");
  }
  return InvalidArgument("malformed HTTP request: {}", error.message());
}

std::optional<uint64_t> RequestParser::body_length() const {
  const auto length = content_length();
  if (!length) return std::nullopt;
  return *length;
}

void RequestParser::on_request_impl(http::verb, View method, View target, int version, ErrorCode&) {
  request_.method = Std(method);
  request_.target = Std(target);
  request_.version_minor = version % 10;
}

void RequestParser::on_field_impl(http::field, View name, View value, ErrorCode&) {
  // Trailers of a chunked body come here too; nobody needs them.
  if (in_head_) request_.headers.Add(Std(name), Std(value));
}

void RequestParser::on_header_impl(ErrorCode& error) {
  in_head_ = false;
  const std::string coding = request_.headers.Join("transfer-encoding");
  const size_t hosts = request_.headers.Count("host");
  if (!coding.empty() && !EqualsIgnoreCase(TrimOws(coding), "chunked")) {
    in_head_ = true;
    error = http::error::bad_transfer_encoding;
  } else if (!SplitTarget(request_)) {
    error = http::error::bad_target;
  } else if (hosts > 1 || (hosts == 0 && request_.version_minor == 1)) {
    error = http::error::bad_field;
  }
}

size_t RequestParser::on_chunk_body_impl(uint64_t, View body, ErrorCode&) {
  chunk_data_ += Std(body);
  return body.size();
}

}  // namespace pitot
