#include "http/client/client_connection.h"

#include <sys/socket.h>

#include <boost/asio/buffer.hpp>
#include <boost/asio/connect.hpp>
#include <boost/asio/ssl/host_name_verification.hpp>
#include <boost/asio/write.hpp>
#include <cerrno>
#include <vector>

#include "base/status.h"

namespace pitot {
namespace asio = boost::asio;
using asio::ip::tcp;

absl::StatusOr<size_t> ClientConnection::Run(std::string_view what, SteadyTime deadline,
                                             ErrorCode& error,
                                             const std::function<void(Done)>& start) {
  bool done = false;
  size_t bytes = 0;
  const auto begun = std::chrono::steady_clock::now();
  start([&](const ErrorCode& e, size_t n) {
    done = true;
    error = e;
    bytes = n;
  });
  const uint64_t watch =
      cancel_ == nullptr ? 0 : cancel_->OnCancel([context = context_] { context->stop(); });
  // Stopped without either, it was by the cancellation of an earlier call.
  for (;;) {
    context_->restart();  // Before the question, so that a cancellation after it stops the run.
    if (cancelled()) break;
    context_->run_until(deadline);
    if (done || std::chrono::steady_clock::now() >= deadline) break;
  }
  if (watch != 0) cancel_->Forget(watch);
  if (!done) {
    ErrorCode ignored;
    socket_.close(ignored);
    while (!done) {  // Lets the aborted operation end: it refers to this frame.
      context_->restart();
      context_->run();
    }
    if (cancelled()) return absl::CancelledError("nobody waits for the answer any more");
    const auto waited = std::chrono::duration_cast<std::chrono::milliseconds>(
        std::chrono::steady_clock::now() - begun);
    return Error(absl::StatusCode::kDeadlineExceeded, "{} {}: gave up after {} ms", what, name_,
                 waited.count());
  }
  return bytes;
}

absl::Status ClientConnection::Connect(const Url& url, asio::ssl::context& tls,
                                       SteadyTime deadline) {
  ErrorCode error;
  std::vector<tcp::endpoint> endpoints;
  const auto address = asio::ip::make_address(url.host, error);
  const bool numeric = !error;
  if (numeric) {
    endpoints.emplace_back(address, url.port);
  } else {
    tcp::resolver resolver(*context_);
    const absl::StatusOr<size_t> found = Run("resolve", deadline, error, [&](Done done) {
      resolver.async_resolve(url.host, std::to_string(url.port),
                             [&, done](const ErrorCode& e, const tcp::resolver::results_type& r) {
                               endpoints.assign(r.begin(), r.end());
                               done(e, 0);
                             });
    });
    if (!found.ok()) return found.status();
    if (error) return Unavailable("resolve {}: {}", url.host, error.message());
  }
  const absl::StatusOr<size_t> connected = Run("connect to", deadline, error, [&](Done done) {
    asio::async_connect(socket_, endpoints,
                        [done](const ErrorCode& e, const tcp::endpoint&) { done(e, 0); });
  });
  if (!connected.ok()) return connected.status();
  if (error) return Unavailable("connect to {}: {}", name_, error.message());
  socket_.set_option(tcp::no_delay(true), error);
  if (!url.tls()) return absl::OkStatus();

  tls_.emplace(socket_, tls);
  if (!numeric) SSL_set_tlsext_host_name(tls_->native_handle(), url.host.c_str());
  tls_->set_verify_mode(asio::ssl::verify_peer, error);
  tls_->set_verify_callback(asio::ssl::host_name_verification(url.host), error);
  const absl::StatusOr<size_t> shaken = Run("TLS handshake with", deadline, error, [&](Done done) {
    tls_->async_handshake(asio::ssl::stream_base::client,
                          [done](const ErrorCode& e) { done(e, 0); });
  });
  if (!shaken.ok()) return shaken.status();
  if (error) {
    const bool refused = SSL_get_verify_result(tls_->native_handle()) != X509_V_OK ||
                         error.message().find("certificate") != std::string::npos;
    return Error(refused ? absl::StatusCode::kFailedPrecondition : absl::StatusCode::kUnavailable,
                 "TLS handshake with {}: {}", name_, error.message());
  }
  return absl::OkStatus();
}

absl::Status ClientConnection::Write(std::array<std::string_view, 2> pieces, SteadyTime deadline) {
  const std::array<asio::const_buffer, 2> buffers = {
      asio::buffer(pieces[0].data(), pieces[0].size()),
      asio::buffer(pieces[1].data(), pieces[1].size())};
  ErrorCode error;
  const absl::StatusOr<size_t> sent = Run("send to", deadline, error, [&](Done done) {
    if (tls_.has_value()) {
      asio::async_write(*tls_, buffers, done);
    } else {
      asio::async_write(socket_, buffers, done);
    }
  });
  if (!sent.ok()) return sent.status();
  if (error) return Unavailable("send to {}: {}", name_, error.message());
  return absl::OkStatus();
}

absl::StatusOr<size_t> ClientConnection::Read(std::span<char> space, SteadyTime deadline) {
  const asio::mutable_buffer buffer = asio::buffer(space.data(), space.size());
  ErrorCode error;
  const absl::StatusOr<size_t> got = Run("receive from", deadline, error, [&](Done done) {
    if (tls_.has_value()) {
      tls_->async_read_some(buffer, done);
    } else {
      socket_.async_read_some(buffer, done);
    }
  });
  if (!got.ok()) return got.status();
  // Some servers end TLS without saying goodbye. Whether that cut a reply is judged by its length.
  if (error == asio::error::eof || error == asio::ssl::error::stream_truncated) return 0;
  if (error) return Unavailable("receive from {}: {}", name_, error.message());
  return *got;
}

bool ClientConnection::Quiet() const {
  char byte;
  const ssize_t seen =
      ::recv(const_cast<tcp::socket&>(socket_).native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
  return seen < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
}

}  // namespace pitot
