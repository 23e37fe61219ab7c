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
constexpr size_t kLingerBytesMax = 16 << 20;
constexpr std::chrono::milliseconds kLingerTime{2000};

bool HasBody(const HttpResponse& response) {
  return response.status >= 200 && response.status != 204 && response.status != 304;
}

bool IsFraming(std::string_view name) {
  return EqualsIgnoreCase(name, "content-length") || EqualsIgnoreCase(name, "transfer-encoding") ||
         EqualsIgnoreCase(name, "connection") || EqualsIgnoreCase(name, "date");
}

void AppendFields(const HttpHeaders& headers, std::string& out) {
  for (size_t i = 0; i < headers.size(); ++i) {
    const auto [name, value] = headers[i];
    if (IsFraming(name)) continue;
    const size_t start = out.size();
    out.append(name).append(": ").append(value);
    // A value must not be able to start a line of its own.
    for (size_t at = start; at < out.size(); ++at) {
      if (out[at] == '\r' || out[at] == '\n' || out[at] == '\0') out[at] = ' ';
    }
    out += "\r\n";
  }
}

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

void ReadBuffer::Consume(size_t bytes) {
  begin_ += bytes;
  if (begin_ == end_) {
    begin_ = end_ = 0;
    if (data_.size() > 4 * kHeadReadBytes) std::vector<char>().swap(data_);
  }
}

std::span<char> ReadBuffer::Space(size_t bytes_min) {
  if (data_.size() - end_ < bytes_min) {
    data_.erase(data_.begin(), data_.begin() + static_cast<ptrdiff_t>(begin_));
    end_ -= begin_;
    begin_ = 0;
    if (data_.size() - end_ < bytes_min) data_.resize(end_ + bytes_min);
  }
  return {data_.data() + end_, data_.size() - end_};
}

Session::Session(const ServerShared& server, IoLoop& io, asio::ip::tcp::socket socket)
    : server_(server), io_(io), socket_(std::move(socket)), wake_(io.context) {
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
  wake_.cancel();
}

void Session::Within(std::chrono::milliseconds time) {
  timed_out_ = false;
  deadline_ = std::chrono::steady_clock::now() + time;
}

asio::awaitable<size_t> Session::Read(std::span<char> space) {
  if (cut_) co_return 0;
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
  const bool is_head = request.method == "HEAD";
  const int version_minor = request.version_minor;

  Admission admission;
  admission.body_bytes = server_.options.body_bytes;
  if (server_.service.admit != nullptr) server_.service.admit(request, admission);
  if (admission.answer.has_value()) {
    if (!co_await SkipBody(parser)) keep_alive_ = false;
    const bool sent =
        co_await SendWhole(*admission.answer, is_head, version_minor, admission.reply_headers);
    co_return sent&& keep_alive_;
  }

  exchange_ = std::make_shared<Exchange>(server_.options.memory, server_.options.stream_bytes);
  Fault fault = co_await ReadBody(parser, admission, exchange_->lease());
  if (fault.gone) co_return false;
  if (fault.status != 0) {
    co_return co_await Refuse(parser, request, fault.status, std::move(fault.message));
  }
  NoDeadline();
  try {
    server_.service.handle(std::move(request), Responder(exchange_));
  } catch (const std::exception& error) {
    // The Responder has answered 500 on its way out.
    LogError("http: a handler threw: {}", error.what());
  }
  const bool sent = co_await Reply(is_head, version_minor, admission.reply_headers);
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
  const bool is_head = parser.head_done() && head.method == "HEAD";
  static const HttpHeaders kNoHeaders;
  co_await SendWhole(response, is_head, 1, kNoHeaders);
  co_return false;
}

std::string Session::FormatHead(const HttpResponse& response, int version_minor,
                                std::string_view framing, const HttpHeaders& extra) {
  std::string out;
  out.reserve(256);
  fmt::format_to(std::back_inserter(out), "HTTP/1.1 {} {}\r\nDate: {}\r\n", response.status,
                 ReasonPhrase(response.status), io_.Date());
  AppendFields(response.headers, out);
  AppendFields(extra, out);
  out += framing;
  if (!keep_alive_) {
    out += "Connection: close\r\n";
  } else if (version_minor == 0) {
    out += "Connection: keep-alive\r\n";
  }
  out += "\r\n";
  return out;
}

asio::awaitable<bool> Session::SendWhole(const HttpResponse& response, bool is_head,
                                         int version_minor, const HttpHeaders& extra) {
  if (io_.stopping) keep_alive_ = false;
  const std::string framing = HasBody(response)
                                  ? fmt::format("Content-Length: {}\r\n", response.body.size())
                                  : std::string();
  const std::string head = FormatHead(response, version_minor, framing, extra);
  const std::string_view body =
      is_head || !HasBody(response) ? std::string_view() : std::string_view(response.body);
  co_return co_await Write({head, body});
}

asio::awaitable<bool> Session::SendPart(Exchange::Work& work, bool is_head, int version_minor,
                                        const HttpHeaders& extra) {
  std::string head;
  if (work.head.has_value()) {
    if (io_.stopping) keep_alive_ = false;
    const bool has_body = HasBody(*work.head);
    framing_ = !has_body            ? Framing::kNoBody
               : version_minor >= 1 ? Framing::kChunked
                                    : Framing::kRaw;
    if (framing_ == Framing::kRaw) keep_alive_ = false;  // The end of the connection ends it.
    head = FormatHead(*work.head, version_minor,
                      framing_ == Framing::kChunked ? "Transfer-Encoding: chunked\r\n" : "", extra);
    if (is_head) framing_ = Framing::kNoBody;
  }
  if (framing_ == Framing::kNoBody) work.bytes.clear();
  std::string_view tail;
  if (framing_ == Framing::kChunked) {
    if (!work.bytes.empty()) head += fmt::format("{:x}\r\n", work.bytes.size());
    const bool ends = work.end && !work.cut;
    tail = work.bytes.empty() ? (ends ? "0\r\n\r\n" : "") : (ends ? "\r\n0\r\n\r\n" : "\r\n");
  }
  co_return co_await Write({head, work.bytes, tail});
}

asio::awaitable<bool> Session::Reply(bool is_head, int version_minor, const HttpHeaders& extra) {
  for (;;) {
    if (cut_ || !exchange_->connected()) co_return false;
    Exchange::Work work = exchange_->Take([this] {
      // Null while the session is being destroyed, which waits in Detach.
      if (std::shared_ptr<Session> self = weak_from_this().lock()) {
        asio::post(io_.context, [self] { self->wake_.cancel(); });
      }
    });
    if (work.watch) Watch();
    if (!work.any()) {
      wake_.expires_at(SteadyTime::max());
      co_await wake_.async_wait(kAwait);
      continue;
    }
    if (work.head.has_value() && !work.streamed) {
      co_return co_await SendWhole(*work.head, is_head, version_minor, extra);
    }
    if (!co_await SendPart(work, is_head, version_minor, extra)) co_return false;
    exchange_->Written();
    if (work.cut) co_return false;
    if (work.end) co_return true;
  }
}

void Session::Watch() {
  if (watching_ || cut_) return;
  watching_ = true;
  socket_.async_wait(
      asio::ip::tcp::socket::wait_read,
      [self = shared_from_this(), exchange = exchange_](const boost::system::error_code& error) {
        if (!error && !self->cut_) {
          char byte;
          const ssize_t seen =
              ::recv(self->socket_.native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
          // Bytes are the next request: nothing more to learn before they are read.
          if (seen == 0 || (seen < 0 && errno != EAGAIN)) {
            exchange->Detach(false);
            self->wake_.cancel();
          }
        }
        self->watching_ = false;
      });
}

}  // namespace pitot
