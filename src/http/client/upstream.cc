#include "http/client/upstream.h"

#include <sys/socket.h>
#include <sys/uio.h>

#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <cerrno>
#include <utility>

#include "base/status.h"
#include "http/client/tcp_state.h"

namespace pitot {
namespace asio = boost::asio;

namespace {

constexpr size_t kReadBytes = 16 << 10;
constexpr size_t kLongReadBytes = 64 << 10;   // Of a body that keeps filling the short one.
constexpr size_t kTlsSliceBytes = 64 << 10;   // Encrypted ahead of what the socket takes.
constexpr size_t kTlsRecordBytes = 16 << 10;  // A request this small goes as one record.

}  // namespace

void Upstream::StartTls(SSL_CTX& context, const std::string& host) {
  tls_.emplace(context, host);
  raw_ = std::make_unique<std::array<char, 16 << 10>>();
  Handshake();
}

void Upstream::Handshake() {
  const absl::StatusOr<bool> done = tls_->Handshake();
  tls_->TakeOutput(out_);
  rest_ = {out_, {}};
  sending_ = true;
  Flush();
  if (closed_) return;
  if (!done.ok()) {
    return Closed(
        Error(done.status().code(), "TLS handshake with {}: {}", name_, Message(done.status())));
  }
  secured_ = *done;
  if (secured_) {
    user_->OnSecured();
  } else {
    Read();
  }
}

void Upstream::Send(std::string head, std::shared_ptr<const std::string> body) {
  head_ = std::move(head);
  body_ = std::move(body);
  const std::string_view body_view = body_ == nullptr ? std::string_view() : *body_;
  body_sent_ = 0;
  if (!tls_.has_value()) {
    rest_ = {head_, body_view};
  } else if (!sending_) {  // Else the last bytes of the handshake still wait.
    rest_ = {};
  }
  sending_ = true;
  sent_before_ = sent_bytes_;
  Flush();
}

bool Upstream::NextPieces() {
  if (!tls_.has_value()) return !rest_[0].empty() || !rest_[1].empty();
  if (!rest_[0].empty()) return true;
  out_.clear();
  absl::Status written;
  if (secured_ && !head_.empty()) {
    if (body_ != nullptr && head_.size() + body_->size() <= kTlsRecordBytes) {
      head_ += *body_;
      body_sent_ = body_->size();
    }
    written = tls_->Write(std::exchange(head_, {}));
  }
  if (secured_ && written.ok() && body_ != nullptr && body_sent_ < body_->size()) {
    const std::string_view slice = std::string_view(*body_).substr(body_sent_, kTlsSliceBytes);
    body_sent_ += slice.size();
    written = tls_->Write(slice);
  }
  tls_->TakeOutput(out_);
  rest_ = {out_, {}};
  return !out_.empty();
}

void Upstream::Flush() {
  bool ok = true;
  while (NextPieces()) {
    std::array<iovec, 2> pieces;
    msghdr message = {};
    message.msg_iov = pieces.data();
    for (const std::string_view piece : rest_) {
      if (piece.empty()) continue;
      pieces[message.msg_iovlen++] = {const_cast<char*>(piece.data()), piece.size()};
    }
    ssize_t sent = ::sendmsg(socket_.native_handle(), &message, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent < 0) {
      if (errno == EINTR) continue;
      if (errno == EAGAIN || errno == EWOULDBLOCK) {
        socket_.async_wait(asio::ip::tcp::socket::wait_write,
                           [self = shared_from_this()](const ErrorCode& error) {
                             if (!error && self->sending_) self->Flush();
                           });
        return;
      }
      // What the peer said before it closed may still be read.
      ok = false;
      break;
    }
    sent_bytes_ += static_cast<uint64_t>(sent);
    for (std::string_view& piece : rest_) {
      const size_t step = std::min(static_cast<size_t>(sent), piece.size());
      piece.remove_prefix(step);
      sent -= static_cast<ssize_t>(step);
    }
    if (user_ != nullptr) user_->OnProgress();
    if (!open()) return;
  }
  sending_ = false;
  rest_ = {};
  body_ = nullptr;
  // Of a handshake nobody needs to know that its bytes went out.
  if (user_ != nullptr && (!tls_.has_value() || secured_)) user_->OnSent(ok);
}

bool Upstream::Quiet() const {
  return open() && !closed_ && buffer_.empty() &&
         IsQuiet(const_cast<asio::ip::tcp::socket&>(socket_).native_handle());
}

bool Upstream::NothingAcknowledged() {
  const std::optional<uint64_t> acknowledged = AcknowledgedBytes(socket_.native_handle());
  return acknowledged.has_value() && *acknowledged <= sent_before_;
}

void Upstream::Read() {
  if (reading_ || closed_ || !open()) return;
  reading_ = true;
  asio::mutable_buffer space;
  if (tls_.has_value()) {
    space = asio::buffer(*raw_);
  } else {
    const std::span<char> room = buffer_.Space(read_bytes_);
    space = asio::buffer(room.data(), std::min(room.size(), read_bytes_));
  }
  socket_.async_read_some(space, [self = shared_from_this()](const ErrorCode& error, size_t bytes) {
    self->reading_ = false;
    self->OnRead(error, bytes);
  });
}

void Upstream::OnRead(const ErrorCode& error, size_t bytes) {
  if (!open()) return;
  if (error == asio::error::eof) return Closed(absl::OkStatus());
  if (error) return Closed(Unavailable("receive from {}: {}", name_, error.message()));
  if (tls_.has_value()) return ReadTls(bytes);
  read_bytes_ = bytes == read_bytes_ ? kLongReadBytes : kReadBytes;
  buffer_.Filled(bytes);
  if (user_ == nullptr) return Close();  // Nobody asked for anything.
  user_->OnBytes();
}

void Upstream::ReadTls(size_t bytes) {
  tls_->Received({raw_->data(), bytes});
  if (!secured_) {
    Handshake();
    if (!secured_ || closed_ || !open()) return;
  }
  size_t got = 0;
  for (;;) {
    const absl::StatusOr<size_t> plain = tls_->Read(buffer_.Space(kReadBytes));
    if (!plain.ok()) {
      return Closed(Unavailable("receive from {}: {}", name_, Message(plain.status())));
    }
    if (*plain == 0) break;
    buffer_.Filled(*plain);
    got += *plain;
  }
  if (got > 0 && user_ == nullptr) return Close();
  const std::shared_ptr<Upstream> self = shared_from_this();
  if (got > 0) user_->OnBytes();
  if (!open()) return;
  if (tls_->ended()) return Closed(absl::OkStatus());
  if (got == 0) Read();  // A message of TLS itself, such as a session ticket.
}

void Upstream::Closed(absl::Status status) {
  if (std::exchange(closed_, true)) return;
  if (user_ == nullptr) return Close();
  user_->OnClosed(status);
}

void Upstream::Close() {
  closed_ = true;
  body_ = nullptr;
  ErrorCode ignored;
  // A peer that does not read would hear of an orderly end only behind what still waits for it.
  if (std::exchange(sending_, false)) {
    socket_.set_option(asio::socket_base::linger(true, 0), ignored);
  }
  socket_.close(ignored);
}

}  // namespace pitot
