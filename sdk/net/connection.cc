#include "sdk/net/connection.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace pitot {
inline namespace sdk {
namespace {

using Error = HttpOutcome::Error;

constexpr std::chrono::milliseconds kNextAddressAfter{250};

// A socket that is connecting; below 0 with errno: it cannot.
int StartConnecting(const Address& address) {
  const int fd = ::socket(address.family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return -1;
  const int on = 1;
  ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
  ::setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
  if (::connect(fd, address.get(), address.bytes) == 0 || errno == EINPROGRESS) return fd;
  const int error = errno;
  ::close(fd);
  errno = error;
  return -1;
}

int SocketError(int fd) {
  int error = 0;
  socklen_t bytes = sizeof(error);
  return ::getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &bytes) == 0 ? error : errno;
}

}  // namespace

Connection::~Connection() {
  if (tls_ != nullptr) tls_->Close();
  if (fd_ >= 0) ::close(fd_);
}

void Connection::Abandon() {
  tls_.reset();
  if (fd_ >= 0) ::close(fd_);
  fd_ = -1;
}

Failure Connection::Connect(const std::string& host, uint16_t port, CallBounds& bounds) {
  std::vector<Address> addresses;
  if (Failure failure = Resolve(host, port, bounds, &addresses); !failure.ok()) return failure;
  return Race(addresses, bounds);
}

// What is not the winner's is closed on every way out.
struct Connection::Attempt {
  std::vector<pollfd> fds;
  std::vector<const Address*> of;
  std::string refusals;

  ~Attempt() {
    for (const pollfd& fd : fds) {
      if (fd.fd >= 0) ::close(fd.fd);
    }
  }
  void Refused(const Address& address, int error) {
    if (!refusals.empty()) refusals += ", ";
    refusals += address.ToString() + ": " + std::strerror(error);
  }
  void Start(const Address& address) {
    const int fd = StartConnecting(address);
    if (fd < 0) return Refused(address, errno);
    fds.push_back({fd, POLLOUT, 0});
    of.push_back(&address);
  }
  bool Pending() const {
    for (const pollfd& fd : fds) {
      if (fd.fd >= 0) return true;
    }
    return false;
  }
  // The socket that is connected, taken out; -1: none yet.
  int TakeWinner() {
    for (size_t i = 0; i < fds.size(); ++i) {
      if (fds[i].fd < 0 || fds[i].revents == 0) continue;
      const int fd = fds[i].fd;
      const int error = SocketError(fd);
      fds[i].fd = -1;
      fds[i].revents = 0;
      if (error == 0) return fd;
      ::close(fd);
      Refused(*of[i], error);
    }
    return -1;
  }
};

Failure Connection::Race(const std::vector<Address>& addresses, CallBounds& bounds) {
  Attempt attempt;
  size_t next = 0;
  SteadyTime next_at{};
  for (;;) {
    const SteadyTime now = std::chrono::steady_clock::now();
    if (next < addresses.size() && (!attempt.Pending() || now >= next_at)) {
      attempt.Start(addresses[next++]);
      next_at = now + kNextAddressAfter;
      continue;
    }
    if (!attempt.Pending()) {
      return {Error::kConnect, "no connection to " + bounds.peer() + " (" + attempt.refusals + ")"};
    }
    const SteadyTime until = next < addresses.size() ? next_at : SteadyTime::max();
    if (Failure failure = bounds.Wait(attempt.fds, until); !failure.ok()) return failure;
    fd_ = attempt.TakeWinner();
    if (fd_ >= 0) return {};
  }
}

Failure Connection::StartTls(SSL_CTX* context, const std::string& host, CallBounds& bounds) {
  tls_ = std::make_unique<TlsSession>(context, fd_, host);
  return tls_->Handshake(bounds);
}

Failure Connection::Write(std::string_view bytes, CallBounds& bounds, bool* sent_any) {
  while (!bytes.empty()) {
    if (Failure failure = bounds.Check(); !failure.ok()) return failure;
    size_t done = 0;
    if (tls_ != nullptr) {
      *sent_any = true;
      if (Failure failure = tls_->Write(bytes, bounds, &done); !failure.ok()) return failure;
    } else {
      const ssize_t sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
        if (Failure failure = bounds.Wait(fd_, POLLOUT); !failure.ok()) return failure;
        continue;
      }
      if (sent < 0 && errno == EINTR) continue;
      if (sent < 0) {
        return {Error::kClosed,
                "the connection to " + bounds.peer() + " broke: " + std::strerror(errno)};
      }
      *sent_any = true;
      done = static_cast<size_t>(sent);
    }
    bytes.remove_prefix(done);
    bounds.Progress();
  }
  return {};
}

Failure Connection::Read(char* to, size_t bytes_max, CallBounds& bounds, size_t* done) {
  *done = 0;
  // A peer that never stops sending would otherwise keep the limits from being looked at.
  if (Failure failure = bounds.Check(); !failure.ok()) return failure;
  if (tls_ != nullptr) {
    if (Failure failure = tls_->Read(to, bytes_max, bounds, done); !failure.ok()) return failure;
    bounds.Progress();
    return {};
  }
  for (;;) {
    const ssize_t got = ::recv(fd_, to, bytes_max, 0);
    if (got >= 0) {
      *done = static_cast<size_t>(got);
      bounds.Progress();
      return {};
    }
    if (errno == EINTR) continue;
    if (errno != EAGAIN && errno != EWOULDBLOCK) {
      return {Error::kClosed,
              "the connection to " + bounds.peer() + " broke: " + std::strerror(errno)};
    }
    if (Failure failure = bounds.Wait(fd_, POLLIN); !failure.ok()) return failure;
  }
}

bool Connection::QuietNow() const {
  if (fd_ < 0 || (tls_ != nullptr && tls_->pending())) return false;
  pollfd fd = {fd_, POLLIN, 0};
  return ::poll(&fd, 1, 0) == 0;
}

}  // namespace sdk
}  // namespace pitot
