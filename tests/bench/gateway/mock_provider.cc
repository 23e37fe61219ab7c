// A provider that costs as little as possible: fixed answers, paced streams. One thread, epoll.
//
//   mock_provider PORT [--events N] [--pace-ms MS]
//
// A request whose body asks for "stream":true gets N events, one every MS milliseconds, each of which
// tells when it was sent ("sent_ns", CLOCK_MONOTONIC). All others get a whole answer of 1 KB.
#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <memory>
#include <queue>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "tests/bench/gateway/answers.h"

namespace pitot::bench {
namespace {

int64_t NowNs() {
  timespec now = {};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1'000'000'000LL + now.tv_nsec;
}

struct Options {
  uint16_t port = 0;
  int events = 64;
  int64_t pace_ns = 20'000'000;
};

class Mock {
 public:
  explicit Mock(const Options& options) : options_(options), poll_(::epoll_create1(EPOLL_CLOEXEC)) {
    listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    const int on = 1;
    ::setsockopt(listener_, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    sockaddr_in address = {};
    address.sin_family = AF_INET;
    address.sin_port = htons(options.port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::bind(listener_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0 ||
        ::listen(listener_, 4096) != 0) {
      fmt::print(stderr, "cannot listen on port {}: {}\n", options.port, std::strerror(errno));
      std::exit(1);
    }
    Watch(listener_);
  }

  [[noreturn]] void Run() {
    std::vector<epoll_event> ready(1024);
    for (;;) {
      timespec wait = {};
      if (!due_.empty()) {
        const int64_t left_ns = std::max<int64_t>(0, due_.top().at_ns - NowNs());
        wait = {.tv_sec = left_ns / 1'000'000'000, .tv_nsec = left_ns % 1'000'000'000};
      }
      const int n = ::epoll_pwait2(poll_, ready.data(), static_cast<int>(ready.size()),
                                   due_.empty() ? nullptr : &wait, nullptr);
      for (int i = 0; i < n; ++i) {
        const int fd = ready[static_cast<size_t>(i)].data.fd;
        if (fd == listener_) {
          Accept();
        } else {
          Receive(fd);
        }
      }
      for (const int64_t now = NowNs(); !due_.empty() && due_.top().at_ns <= now;) {
        const Due due = due_.top();
        due_.pop();
        Tick(due);
      }
    }
  }

 private:
  struct Connection {
    uint64_t id = 0;
    std::string in;
    size_t needed = 0;  // Bytes of the whole request; 0: the head is not complete.
    bool streaming = false;
    Api api = Api::kOpenAi;
    int sent = 0;
  };
  struct Due {
    int64_t at_ns;
    int fd;
    uint64_t id;
    bool operator>(const Due& other) const { return at_ns > other.at_ns; }
  };

  void Watch(int fd) {
    epoll_event event = {.events = EPOLLIN, .data = {.fd = fd}};
    ::epoll_ctl(poll_, EPOLL_CTL_ADD, fd, &event);
  }

  void Accept() {
    for (;;) {
      const int fd = ::accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
      if (fd < 0) return;
      const int on = 1;
      ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
      connections_[fd].id = ++last_id_;
      Watch(fd);
    }
  }

  void Close(int fd) {
    connections_.erase(fd);
    ::close(fd);
  }

  void Receive(int fd) {
    Connection& connection = connections_[fd];
    char bytes[256 << 10];
    const ssize_t n = ::recv(fd, bytes, sizeof bytes, 0);
    if (n <= 0) {
      if (n == 0 || errno != EAGAIN) Close(fd);
      return;
    }
    connection.in.append(bytes, static_cast<size_t>(n));
    if (connection.needed == 0) {
      const size_t end = connection.in.find("\r\n\r\n");
      if (end == std::string::npos) return;
      connection.needed = end + 4 + BodyBytes(std::string_view(connection.in).substr(0, end));
    }
    if (connection.in.size() < connection.needed) return;
    Answer(fd, connection);
  }

  static size_t BodyBytes(std::string_view head) {
    for (size_t at = head.find("\r\n"); at != std::string_view::npos;
         at = head.find("\r\n", at + 2)) {
      constexpr std::string_view kName = "content-length:";
      const std::string_view line = head.substr(at + 2, kName.size());
      if (std::ranges::equal(line, kName, [](char a, char b) { return std::tolower(a) == b; })) {
        return std::strtoull(head.data() + at + 2 + kName.size(), nullptr, 10);
      }
    }
    return 0;
  }

  void Answer(int fd, Connection& connection) {
    const std::string_view request = connection.in;
    connection.api = ApiOf(request.substr(0, request.find('\n')));
    // Agents send what they want of the answer first or last; the history between is long.
    const bool stream = request.substr(0, 1024).find("\"stream\":true") != std::string_view::npos;
    connection.in.clear();
    connection.needed = 0;
    if (!stream) return Send(fd, WholeAnswer(connection.api));
    connection.streaming = true;
    connection.sent = 0;
    Send(fd, StreamHead());
    Tick({NowNs(), fd, connection.id});
  }

  void Tick(const Due& due) {
    const auto found = connections_.find(due.fd);
    if (found == connections_.end() || found->second.id != due.id) return;
    Connection& connection = found->second;
    if (connection.sent == options_.events) {
      connection.streaming = false;
      return Send(due.fd, StreamEnd(connection.api, options_.events));
    }
    Send(due.fd, StreamEvent(connection.api, connection.sent++, NowNs()));
    due_.push({due.at_ns + options_.pace_ns, due.fd, due.id});
  }

  // Answers are small against socket buffers: a peer that does not read is given up.
  void Send(int fd, std::string_view bytes) {
    if (::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL) !=
        static_cast<ssize_t>(bytes.size())) {
      Close(fd);
    }
  }

  const Options options_;
  const int poll_;
  int listener_;
  uint64_t last_id_ = 0;
  std::unordered_map<int, Connection> connections_;
  std::priority_queue<Due, std::vector<Due>, std::greater<>> due_;
};

}  // namespace
}  // namespace pitot::bench

int main(int argc, char** argv) {
  pitot::bench::Options options;
  if (argc > 1) options.port = static_cast<uint16_t>(std::atoi(argv[1]));
  for (int i = 2; i + 1 < argc; i += 2) {
    if (std::strcmp(argv[i], "--events") == 0) options.events = std::atoi(argv[i + 1]);
    if (std::strcmp(argv[i], "--pace-ms") == 0) {
      options.pace_ns = static_cast<int64_t>(std::atof(argv[i + 1]) * 1e6);
    }
  }
  if (options.port == 0) {
    fmt::print(stderr, "usage: mock_provider PORT [--events N] [--pace-ms MS]\n");
    return 2;
  }
  pitot::bench::Mock(options).Run();
}
