#include "sdk/testing/http_server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <chrono>
#include <optional>
#include <system_error>

namespace pitot {
inline namespace sdk {
namespace {

constexpr size_t kHeadBytesMax = 256 << 10;
constexpr size_t kBodyBytesMax = size_t{64} << 20;
constexpr std::string_view kBadRequest =
    "HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n";

bool Same(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? c | 0x20 : c; };
  for (size_t i = 0; i < a.size(); ++i) {
    if (lower(a[i]) != lower(b[i])) return false;
  }
  return true;
}

// What a signal handler of the program does is not for these threads; and see TlsTransport.
void BlockSignals() {
  sigset_t all;
  ::sigfillset(&all);
  ::pthread_sigmask(SIG_BLOCK, &all, nullptr);
}

std::string_view Trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

// Reads the requests of a connection, one after the other.
class RequestReader {
 public:
  explicit RequestReader(Transport& transport) : transport_(transport) {}

  // Nothing: the peer ended, or sent what is no HTTP or too much of it.
  std::optional<ScriptedRequest> Next() {
    const std::optional<std::string> head = TakeTo("\r\n\r\n", kHeadBytesMax);
    if (!head) return std::nullopt;
    std::optional<ScriptedRequest> request = ParseHead(*head);
    malformed_ = !request;
    if (malformed_) return std::nullopt;
    if (Same(request->header("expect"), "100-continue") &&
        !transport_.Write("HTTP/1.1 100 Continue\r\n\r\n")) {
      return std::nullopt;
    }
    const bool chunked = Same(request->header("transfer-encoding"), "chunked");
    const bool whole = chunked ? TakeChunks(request->body) : TakeSized(*request);
    return whole ? request : std::nullopt;
  }
  bool malformed() const { return malformed_; }

 private:
  static std::optional<ScriptedRequest> ParseHead(std::string_view head) {
    ScriptedRequest request;
    size_t end = head.find("\r\n");
    const std::string_view line = head.substr(0, end);
    const size_t method_end = line.find(' ');
    const size_t target_end = line.rfind(' ');
    if (method_end == std::string_view::npos || target_end == method_end ||
        !line.substr(target_end + 1).starts_with("HTTP/1.")) {
      return std::nullopt;
    }
    request.method = line.substr(0, method_end);
    request.target = line.substr(method_end + 1, target_end - method_end - 1);
    for (size_t at = end + 2; at < head.size(); at = end + 2) {
      end = head.find("\r\n", at);
      const std::string_view header = head.substr(at, end - at);
      if (header.empty()) break;
      const size_t colon = header.find(':');
      if (colon == std::string_view::npos) return std::nullopt;
      request.headers.emplace_back(header.substr(0, colon), Trimmed(header.substr(colon + 1)));
    }
    return request;
  }

  bool Fill() {
    char bytes[64 << 10];
    const long got = transport_.Read(bytes, sizeof bytes);
    if (got <= 0) return false;
    buffer_.append(bytes, static_cast<size_t>(got));
    return true;
  }

  std::optional<std::string> TakeTo(std::string_view mark, size_t bytes_max) {
    for (size_t from = 0;;) {
      const size_t at = buffer_.find(mark, from);
      if (at != std::string::npos) return Take(at + mark.size());
      if (buffer_.size() > bytes_max) {
        malformed_ = true;
        return std::nullopt;
      }
      from = buffer_.size() < mark.size() ? 0 : buffer_.size() - mark.size();
      if (!Fill()) return std::nullopt;
    }
  }

  std::string Take(size_t bytes) {
    std::string out = buffer_.substr(0, bytes);
    buffer_.erase(0, bytes);
    return out;
  }

  bool TakeBytes(size_t bytes, std::string& out) {
    if (bytes > kBodyBytesMax - out.size()) return Malformed();
    while (buffer_.size() < bytes) {
      if (!Fill()) return false;
    }
    out += Take(bytes);
    return true;
  }

  bool TakeSized(ScriptedRequest& request) {
    const std::string_view text = request.header("content-length");
    size_t bytes = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), bytes);
    if (error != std::errc() && !text.empty()) return Malformed();
    return TakeBytes(bytes, request.body);
  }

  bool TakeChunks(std::string& body) {
    for (;;) {
      const std::optional<std::string> line = TakeTo("\r\n", kHeadBytesMax);
      size_t bytes = 0;
      if (!line) return false;
      const auto read = std::from_chars(line->data(), line->data() + line->size(), bytes, 16);
      if (read.ec != std::errc()) return Malformed();
      if (bytes == 0) break;
      std::string mark;
      if (!TakeBytes(bytes, body) || !TakeBytes(2, mark)) return false;
    }
    for (;;) {  // Trailers.
      const std::optional<std::string> line = TakeTo("\r\n", kHeadBytesMax);
      if (!line) return false;
      if (*line == "\r\n") return true;
    }
  }

  bool Malformed() {
    malformed_ = true;
    return false;
  }

  Transport& transport_;
  std::string buffer_;
  bool malformed_ = false;
};

}  // namespace

std::string_view ScriptedRequest::path() const {
  return std::string_view(target).substr(0, target.find('?'));
}

std::string_view ScriptedRequest::header(std::string_view name) const {
  for (const auto& [key, value] : headers) {
    if (Same(key, name)) return value;
  }
  return {};
}

bool AnswerWriter::Write(std::string_view bytes) {
  if (!stop_.stop_requested() && transport_.Write(bytes)) return true;
  keep_ = false;
  return false;
}

void AnswerWriter::Reset() {
  const linger now = {.l_onoff = 1, .l_linger = 0};
  ::setsockopt(fd_, SOL_SOCKET, SO_LINGER, &now, sizeof now);
  keep_ = false;
  reset_ = true;
}

HttpServer::HttpServer(uint16_t port, TlsServer* tls, Handler handler)
    : tls_(tls), handler_(std::move(handler)) {
  constexpr int kBacklog = 512;
  listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const int on = 1;
  ::setsockopt(listener_, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  auto* const any = reinterpret_cast<sockaddr*>(&address);
  if (listener_ < 0 || ::bind(listener_, any, sizeof address) != 0 ||
      ::listen(listener_, kBacklog) != 0 || ::getsockname(listener_, any, &size) != 0) {
    const int error = errno;
    if (listener_ >= 0) ::close(listener_);
    throw std::system_error(error, std::generic_category(),
                            "cannot listen on 127.0.0.1:" + std::to_string(port));
  }
  port_ = ntohs(address.sin_port);
  accepting_ = std::jthread([this](const std::stop_token& stop) { Accept(stop); });
}

HttpServer::~HttpServer() {
  accepting_.request_stop();
  ::shutdown(listener_, SHUT_RDWR);  // Wakes accept().
  accepting_.join();
  ::close(listener_);
  {
    std::lock_guard lock(mutex_);
    for (Connection& connection : connections_) {
      connection.thread.request_stop();
      if (!connection.done) ::shutdown(connection.fd, SHUT_RDWR);
    }
  }
  connections_.clear();  // Joins; nobody adds any more.
}

void HttpServer::Accept(const std::stop_token& stop) {
  constexpr std::chrono::milliseconds kAcceptPause(1);
  BlockSignals();
  for (uint64_t id = 1; !stop.stop_requested();) {
    const int fd = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (fd < 0) {
      // The peer was quicker, this is the end, or descriptors are scarce for a moment.
      if (!stop.stop_requested()) std::this_thread::sleep_for(kAcceptPause);
      continue;
    }
    const int on = 1;
    ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    Reap();
    std::lock_guard lock(mutex_);
    Connection& connection = connections_.emplace_back();
    connection.id = id++;
    connection.fd = fd;
    connection.thread = std::jthread(
        [this, &connection](const std::stop_token& token) { Serve(connection, token); });
  }
}

void HttpServer::Reap() {
  std::list<Connection> over;
  std::lock_guard lock(mutex_);
  for (auto at = connections_.begin(); at != connections_.end();) {
    const auto one = at++;
    if (one->done) over.splice(over.end(), connections_, one);
  }
  // `over` joins threads that have nothing left to do; `done` is the last they set under the lock.
}

void HttpServer::Talk(Transport& transport, int fd, uint64_t id, const std::stop_token& stop) {
  RequestReader reader(transport);
  AnswerWriter writer(transport, fd, stop);
  while (writer.keep() && !stop.stop_requested()) {
    std::optional<ScriptedRequest> request = reader.Next();
    if (!request) {
      if (reader.malformed()) writer.Write(kBadRequest);
      break;
    }
    request->connection = id;
    handler_(*request, writer);
    if (Same(request->header("connection"), "close")) writer.Close();
  }
  if (writer.reset()) return;
  // What the peer still sends is read: closing over it would reset the connection, and the peer could
  // lose the end of the answer.
  transport.EndWrites();
  char bytes[4096];
  while (transport.Read(bytes, sizeof bytes) > 0) continue;
}

void HttpServer::Serve(Connection& connection, const std::stop_token& stop) {
  BlockSignals();
  int fd = -1;
  uint64_t id = 0;
  {
    std::lock_guard lock(mutex_);  // Accept() is done with it.
    fd = connection.fd;
    id = connection.id;
  }
  {
    const std::unique_ptr<Transport> transport =
        tls_ != nullptr ? tls_->Accept(fd) : MakePlainTransport(fd);
    if (transport->Handshake()) Talk(*transport, fd, id, stop);
  }
  std::lock_guard lock(mutex_);
  ::close(fd);
  connection.done = true;
}

}  // namespace sdk
}  // namespace pitot
