// How a session sends replies, and notices while one is made that nobody waits for it any more.
#include <sys/socket.h>
#include <sys/uio.h>

#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <boost/asio/post.hpp>
#include <cerrno>
#include <utility>

#include "base/status.h"
#include "http/server/session.h"

namespace pitot {
namespace asio = boost::asio;

namespace {

bool HasBody(int status) { return status >= 200 && status != 204 && status != 304; }

// Fields that only the server may write.
bool IsFraming(std::string_view name) {
  switch (name.size()) {
    case sizeof("connection") - 1:
      return EqualsIgnoreCase(name, "connection");
    case sizeof("content-length") - 1:
      return EqualsIgnoreCase(name, "content-length");
    case sizeof("transfer-encoding") - 1:
      return EqualsIgnoreCase(name, "transfer-encoding");
    default:
      return false;
  }
}

// A text must not be able to start a line of its own.
void AppendClean(std::string_view text, std::string& out) {
  const size_t start = out.size();
  out += text;
  for (size_t at = start; at < out.size(); ++at) {
    if (out[at] == '\r' || out[at] == '\n' || out[at] == '\0') out[at] = ' ';
  }
}

// Returns whether Date was among them.
bool AppendFields(const HttpHeaders& headers, std::string& out) {
  bool dated = false;
  for (size_t i = 0; i < headers.size(); ++i) {
    const auto [name, value] = headers[i];
    if (IsFraming(name)) continue;
    dated = dated || EqualsIgnoreCase(name, "date");
    AppendClean(name, out);
    out += ": ";
    AppendClean(value, out);
    out += "\r\n";
  }
  return dated;
}

}  // namespace

void Session::FormatHead(const HttpResponse& response, std::string_view framing,
                         const HttpHeaders& extra, std::string& out) {
  out.clear();
  fmt::format_to(std::back_inserter(out), "HTTP/1.1 {} ", response.status);
  AppendClean(response.reason.empty() ? ReasonPhrase(response.status) : response.reason, out);
  out += "\r\n";
  const bool dated = AppendFields(response.headers, out);
  AppendFields(extra, out);
  if (!dated) out.append("Date: ").append(io_.Date()).append("\r\n");
  out += framing;
  if (!keep_alive_) {
    out += "Connection: close\r\n";
  } else if (version_minor_ == 0) {
    out += "Connection: keep-alive\r\n";
  }
  out += "\r\n";
}

asio::awaitable<bool> Session::SendWhole(const HttpResponse& response, const HttpHeaders& extra) {
  if (io_.stopping) keep_alive_ = false;
  const bool has_body = HasBody(response.status);
  FormatHead(response,
             has_body ? fmt::format("Content-Length: {}\r\n", response.body.size()) : std::string(),
             extra, out_head_);
  const bool sends_body = has_body && !is_head_;
  co_return co_await Write({out_head_, sends_body ? response.body : std::string_view()});
}

// Puts what `work_` holds into `rest_`.
void Session::FormatWork() {
  out_head_.clear();
  out_tail_.clear();
  if (!work_.head.has_value()) return FormatPiece(work_.bytes, work_.end);
  const HttpResponse& head = *work_.head;
  if (io_.stopping) keep_alive_ = false;
  const bool has_body = HasBody(head.status);
  std::optional<uint64_t> length = head.content_length;
  if (!work_.streamed && !(is_head_ && length.has_value())) length = head.body.size();
  std::string framing;
  if (!has_body) {
    framing_ = Framing::kNoBody;
  } else if (length.has_value()) {
    framing_ = Framing::kLength;
    length_left_ = *length;
    framing = fmt::format("Content-Length: {}\r\n", *length);
  } else if (version_minor_ >= 1) {
    framing_ = Framing::kChunked;
    framing = "Transfer-Encoding: chunked\r\n";
  } else {
    framing_ = Framing::kRaw;
    keep_alive_ = false;  // The end of the connection ends it.
  }
  FormatHead(head, framing, *extra_headers_, out_head_);
  if (is_head_) framing_ = Framing::kNoBody;
  FormatPiece(work_.streamed ? work_.bytes : head.body, work_.end);
}

// Behind what `out_head_` holds.
void Session::FormatPiece(std::string_view piece, bool end) {
  switch (framing_) {
    case Framing::kNoBody:
      piece = {};
      break;
    case Framing::kLength:
      if (piece.size() > length_left_ || (end && piece.size() < length_left_)) work_.cut = true;
      piece = piece.substr(0, length_left_);
      length_left_ -= piece.size();
      break;
    case Framing::kChunked:
      if (!piece.empty()) {
        fmt::format_to(std::back_inserter(out_head_), "{:x}\r\n", piece.size());
        out_tail_ = "\r\n";
      }
      if (end && !work_.cut) out_tail_ += "0\r\n\r\n";
      break;
    case Framing::kRaw:
      break;
  }
  rest_ = {out_head_, piece, out_tail_};
}

void Session::PostPump() {
  if (std::shared_ptr<Session> self = weak_from_this().lock()) {
    asio::post(io_.context, [self] { self->Pump(); });
  }
}

void Session::Pump() {
  if (pumping_ || writing_ || reply_done_) return;
  const std::shared_ptr<Session> self = shared_from_this();
  pumping_ = true;
  while (!writing_ && !reply_done_ && exchange_->Take(work_)) {
    FormatWork();
    Flush();
  }
  pumping_ = false;
  if (!reply_done_ && peer_ended_ && exchange_->watched()) PeerEnded();
}

void Session::Forward(std::string_view piece) {
  if (reply_done_) return;
  const std::shared_ptr<Session> self = shared_from_this();
  pumping_ = true;
  out_head_.clear();
  out_tail_.clear();
  FormatPiece(piece, false);
  Flush();
  pumping_ = false;
  Pump();
}

// Sends what the socket takes now; the rest goes when it is writable.
void Session::Flush() {
  for (;;) {
    std::array<iovec, 3> pieces;
    msghdr message = {};
    message.msg_iov = pieces.data();
    for (const std::string_view piece : rest_) {
      if (piece.empty()) continue;
      pieces[message.msg_iovlen++] = {const_cast<char*>(piece.data()), piece.size()};
    }
    if (message.msg_iovlen == 0) return Sent();
    if (cut_) return EndReply(false);
    ssize_t sent = ::sendmsg(socket_.native_handle(), &message, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent < 0) {
      if (errno == EINTR) continue;
      if (errno == EAGAIN || errno == EWOULDBLOCK) return FlushWhenWritable();
      return EndReply(false);
    }
    for (std::string_view& piece : rest_) {
      const size_t step = std::min(static_cast<size_t>(sent), piece.size());
      piece.remove_prefix(step);
      sent -= static_cast<ssize_t>(step);
    }
  }
}

void Session::FlushWhenWritable() {
  if (!writing_) {
    writing_ = true;
    // A forwarded piece belongs to somebody else and must not be kept.
    const bool ours = work_.head.has_value() && !work_.streamed;
    if (!ours && !rest_[1].empty()) {
      std::string left(rest_[1]);
      work_.bytes = std::move(left);
      rest_[1] = work_.bytes;
    }
    exchange_->Written(rest_[1].size());
  }
  Within(server_.options.write_timeout);
  socket_.async_wait(asio::ip::tcp::socket::wait_write,
                     [self = shared_from_this()](const boost::system::error_code& error) {
                       if (self->reply_done_) return;
                       if (error) return self->EndReply(false);
                       self->Flush();
                       if (!self->writing_) self->Pump();
                     });
}

void Session::Sent() {
  if (std::exchange(writing_, false)) NoDeadline();
  if (work_.streamed) exchange_->Written(0);
  if (work_.cut) return EndReply(false);
  if (work_.end) EndReply(true);
}

void Session::EndReply(bool ok) {
  if (reply_done_) return;
  reply_done_ = true;
  reply_ok_ = ok;
  writing_ = false;
  work_ = {};
  rest_ = {};
  waker_.Post();
}

void Session::ReadAhead() {
  if (ahead_pending_ || peer_ended_ || cut_) return;
  if (ahead_begin_ == ahead_end_) ahead_begin_ = ahead_end_ = 0;
  if (ahead_end_ == ahead_.size()) return;
  ahead_pending_ = true;
  socket_.async_read_some(
      asio::buffer(ahead_.data() + ahead_end_, ahead_.size() - ahead_end_),
      [self = shared_from_this()](const boost::system::error_code& error, size_t bytes) {
        self->ahead_pending_ = false;
        self->ahead_end_ += bytes;
        if (error) self->peer_ended_ = true;
        if (self->reply_done_) return self->waker_.Run();
        if (!error) return self->ReadAhead();
        if (error != asio::error::eof || self->exchange_->watched()) self->PeerEnded();
      });
}

// Nobody waits for the reply.
void Session::PeerEnded() {
  exchange_->Detach(false);
  EndReply(false);
}

}  // namespace pitot
