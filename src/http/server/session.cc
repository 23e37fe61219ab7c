#include "http/server/session.h"

#include <sys/socket.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <ctime>
#include <exception>

#include "base/log.h"
#include "base/status.h"

namespace pitot {
namespace asio = boost::asio;

namespace {

constexpr auto kAwait = asio::as_tuple(asio::use_awaitable);

constexpr size_t kHeadReadBytes = 8 << 10;
constexpr size_t kLingerBytesMax = 64 << 20;
constexpr std::chrono::milliseconds kLingerTime{2000};

}  // namespace

std::string_view IoLoop::Date() {
  const std::time_t now = std::time(nullptr);
  if (now != date_second) {
    date_second = now;
    std::tm utc = {};
    gmtime_r(&now, &utc);
    char text[40];
    date.assign(text, std::strftime(text, sizeof text, "%a, %d %b %Y %H:%M:%S GMT", &utc));
  }
  return date;
}

Session::Session(const ServerShared& server, IoLoop& io, asio::ip::tcp::socket socket)
    : server_(server), io_(io), socket_(std::move(socket)), memory_timer_(io.context) {
  boost::system::error_code ignored;
  const auto endpoint = socket_.remote_endpoint(ignored);
  peer_ = endpoint.address().is_v6()
              ? fmt::format("[{}]:{}", endpoint.address().to_string(), endpoint.port())
              : fmt::format("{}:{}", endpoint.address().to_string(), endpoint.port());
  peer_loopback_ = endpoint.address().is_loopback();
  io_.sessions.insert(this);
}

Session::~Session() {
  if (exchange_ != nullptr) exchange_->Detach(false);
  io_.sessions.erase(this);
  server_.closed();
}

asio::awaitable<void> Session::Run() {
  while (co_await ServeOne()) {
  }
  if (linger_ && !cut_) co_await Linger();
  boost::system::error_code ignored;
  socket_.shutdown(asio::ip::tcp::socket::shutdown_both, ignored);
  socket_.close(ignored);
}

void Session::Sweep(SteadyTime now) {
  if (now < deadline_) return;
  timed_out_ = true;
  boost::system::error_code ignored;
  socket_.cancel(ignored);
}

void Session::Drain() {
  keep_alive_ = false;
  if (between_requests_) Cut();
}

void Session::Cut() {
  cut_ = true;
  boost::system::error_code ignored;
  socket_.close(ignored);
  memory_timer_.cancel();
  EndReply(false);
}

void Session::Within(std::chrono::milliseconds time) {
  timed_out_ = false;
  deadline_ = std::chrono::steady_clock::now() + time;
}

asio::awaitable<size_t> Session::Read(std::span<char> space) {
  if (ahead_begin_ == ahead_end_ && ahead_pending_) co_await waker_.Wait();
  if (ahead_begin_ != ahead_end_) {
    const std::string_view held(ahead_.data() + ahead_begin_, ahead_end_ - ahead_begin_);
    const size_t bytes = held.copy(space.data(), space.size());
    ahead_begin_ += bytes;
    co_return bytes;
  }
  if (cut_ || peer_ended_) co_return 0;
  auto [error, bytes] =
      co_await socket_.async_read_some(asio::buffer(space.data(), space.size()), kAwait);
  co_return error ? 0 : bytes;
}

asio::awaitable<bool> Session::Write(std::array<std::string_view, 3> pieces) {
  size_t first = 0;
  for (;;) {
    while (first < pieces.size() && pieces[first].empty()) ++first;
    if (first == pieces.size()) break;
    if (cut_) co_return false;
    Within(server_.options.write_timeout);
    std::array<asio::const_buffer, 3> buffers;
    for (size_t i = first; i < pieces.size(); ++i) {
      buffers[i] = asio::buffer(pieces[i].data(), pieces[i].size());
    }
    auto [error, bytes] = co_await socket_.async_write_some(buffers, kAwait);
    if (error) co_return false;
    for (size_t i = first; i < pieces.size() && bytes > 0; ++i) {
      const size_t step = std::min(bytes, pieces[i].size());
      pieces[i].remove_prefix(step);
      bytes -= step;
    }
  }
  NoDeadline();
  co_return true;
}

asio::awaitable<void> Session::Linger() {
  boost::system::error_code ignored;
  socket_.shutdown(asio::ip::tcp::socket::shutdown_send, ignored);
  Within(kLingerTime);
  std::string sink(64 << 10, '\0');
  for (size_t total = 0; total < kLingerBytesMax;) {
    const size_t bytes = co_await Read(sink);
    if (bytes == 0) break;
    total += bytes;
  }
}

asio::awaitable<bool> Session::ReadHead(RequestParser& parser) {
  between_requests_ = buffer_.empty();
  Within(between_requests_ ? server_.options.idle_timeout : server_.options.header_timeout);
  int status = 0;
  std::string message;
  size_t parsed = 0;  // The parser takes the head line by line.
  for (;;) {
    while (parsed == 0 && !buffer_.empty() &&
           (buffer_.view()[0] == '\r' || buffer_.view()[0] == '\n')) {
      buffer_.Consume(1);  // RFC 9112, 2.2: empty lines before a request are ignored.
    }
    if (!buffer_.empty()) {
      const absl::StatusOr<size_t> taken = parser.Put(buffer_.view());
      if (!taken.ok()) {
        status = taken.status().code() == absl::StatusCode::kOutOfRange      ? 431
                 : taken.status().code() == absl::StatusCode::kUnimplemented ? 501
                                                                             : 400;
        message = Message(taken.status());
        break;
      }
      buffer_.Consume(*taken);
      parsed += *taken;
      if (!parser.head_done() &&
          parsed + buffer_.size() > static_cast<size_t>(server_.options.header_bytes)) {
        status = 431;
        message = fmt::format("the request's head is over the limit of {} bytes",
                              server_.options.header_bytes);
        break;
      }
      if (parser.head_done()) {
        between_requests_ = false;
        NoDeadline();
        co_return true;
      }
    }
    const size_t bytes = co_await Read(buffer_.Space(kHeadReadBytes));
    if (bytes == 0) {
      if (!timed_out_ || between_requests_) co_return false;
      status = 408;
      message = "the request's head did not come to its end in time";
      break;
    }
    buffer_.Filled(bytes);
    if (between_requests_) {
      between_requests_ = false;
      Within(server_.options.header_timeout);
    }
  }
  co_return co_await Refuse(parser, parser.request(), status, std::move(message));
}

asio::awaitable<bool> Session::ServeOne() {
  RequestParser parser(server_.options.header_bytes);
  keep_alive_ = !io_.stopping;
  if (!keep_alive_) co_return false;
  if (!co_await ReadHead(parser) || !parser.head_done()) co_return false;

  HttpRequest& request = parser.request();
  request.peer = peer_;
  request.peer_loopback = peer_loopback_;
  keep_alive_ = parser.keep_alive_wanted() && !io_.stopping;
  is_head_ = request.method == "HEAD";
  version_minor_ = request.version_minor;

  Admission admission;
  admission.body_bytes = server_.options.body_bytes;
  if (server_.service.admit != nullptr) server_.service.admit(request, admission);
  if (admission.answer.has_value()) {
    if (!co_await SkipBody(parser)) keep_alive_ = false;
    const bool sent = co_await SendWhole(*admission.answer, admission.reply_headers);
    co_return sent&& keep_alive_;
  }

  exchange_ = std::make_shared<Exchange>(
      *this, *io_.thread, admission.memory != nullptr ? admission.memory : server_.options.memory,
      server_.options.stream_bytes);
  Fault fault = co_await ReadBody(parser, admission, exchange_->lease());
  if (fault.gone) co_return false;
  if (fault.status != 0) {
    co_return co_await Refuse(parser, request, fault.status, std::move(fault.message));
  }
  NoDeadline();
  extra_headers_ = &admission.reply_headers;
  reply_done_ = false;
  try {
    server_.service.handle(std::move(request), Responder(exchange_));
  } catch (const std::exception& error) {
    // The Responder has answered 500 on its way out.
    LogError("http: a handler threw: {}", error.what());
  }
  if (!reply_done_) {
    ReadAhead();
    if (!reply_done_) co_await waker_.Wait();
  }
  const bool sent = reply_ok_ && !cut_;
  exchange_->Detach(sent);
  exchange_.reset();
  co_return sent&& keep_alive_;
}

// Always false: after a refusal the rest of the connection's bytes means nothing.
asio::awaitable<bool> Session::Refuse(const RequestParser& parser, const HttpRequest& head,
                                      int status, std::string message) {
  keep_alive_ = false;
  linger_ = true;
  HttpResponse response = server_.service.refuse != nullptr
                              ? server_.service.refuse(head, status, message)
                              : ErrorResponse(status, message);
  if (status == 503 && !response.headers.Has("retry-after")) {
    response.headers.Add("Retry-After", "1");
  }
  is_head_ = parser.head_done() && head.method == "HEAD";
  version_minor_ = 1;
  static const HttpHeaders kNoHeaders;
  co_await SendWhole(response, kNoHeaders);
  co_return false;
}

}  // namespace pitot
