// Many clients that each read one paced stream after another, and how late the events come.
//
//   stream_load PORT PATH CONNECTIONS SECONDS [HEADER...]
//
// The events say when they were sent (mock_provider). Prints JSON: streams and events seen; from the
// request to the first event (ttft) and from sent to seen (delay), p50 and p99 in microseconds.
#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <ctime>
#include <string>
#include <string_view>
#include <vector>

namespace pitot::bench {
namespace {

int64_t NowNs() {
  timespec now = {};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1'000'000'000LL + now.tv_nsec;
}

constexpr std::string_view kMark = "\"sent_ns\":";
constexpr std::string_view kEnd = "\r\n0\r\n\r\n";
constexpr int64_t kWarmUpNs = 1'000'000'000;

double Percentile(std::vector<double>& values, double share) {
  if (values.empty()) return -1;
  const auto at = static_cast<ptrdiff_t>(share * static_cast<double>(values.size() - 1));
  std::nth_element(values.begin(), values.begin() + at, values.end());
  return values[static_cast<size_t>(at)];
}

class Load {
 public:
  Load(uint16_t port, std::string request, size_t connections)
      : port_(port),
        request_(std::move(request)),
        poll_(::epoll_create1(EPOLL_CLOEXEC)),
        connections_(connections) {}

  void Run(int64_t seconds) {
    start_ns_ = NowNs();
    const int64_t end_ns = start_ns_ + seconds * 1'000'000'000 + kWarmUpNs;
    std::vector<epoll_event> ready(1024);
    size_t opened = 0;
    while (NowNs() < end_ns) {
      // A few at a time: the first requests must not come as one burst.
      for (int i = 0; i < 4 && opened < connections_.size(); ++i) Open(opened++);
      const int wait_ms = opened < connections_.size() ? 1 : 100;
      const int n = ::epoll_wait(poll_, ready.data(), static_cast<int>(ready.size()), wait_ms);
      for (int i = 0; i < n; ++i) Receive(connections_[ready[static_cast<size_t>(i)].data.u64]);
    }
  }

  void Print() {
    fmt::print(
        "{{\"streams\":{},\"events\":{},\"broken\":{},\"ttft_p50_us\":{:.1f},\"ttft_p99_us\":{:.1f}"
        ","
        "\"delay_p50_us\":{:.1f},\"delay_p99_us\":{:.1f}}}\n",
        streams_, delays_.size(), broken_, Percentile(ttfts_, 0.5), Percentile(ttfts_, 0.99),
        Percentile(delays_, 0.5), Percentile(delays_, 0.99));
  }

 private:
  struct Connection {
    int fd = -1;
    int64_t asked_ns = 0;
    bool first = true;
    std::string held;  // The end of what came, for marks that are cut.
  };

  void Open(size_t index) {
    Connection& connection = connections_[index];
    connection.fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const int on = 1;
    ::setsockopt(connection.fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    sockaddr_in address = {};
    address.sin_family = AF_INET;
    address.sin_port = htons(port_);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::connect(connection.fd, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
      fmt::print(stderr, "nobody listens on port {}\n", port_);
      std::exit(1);
    }
    epoll_event event = {.events = EPOLLIN, .data = {.u64 = index}};
    ::epoll_ctl(poll_, EPOLL_CTL_ADD, connection.fd, &event);
    Ask(connection);
  }

  void Ask(Connection& connection) {
    connection.first = true;
    connection.held.clear();
    connection.asked_ns = NowNs();
    if (::send(connection.fd, request_.data(), request_.size(), MSG_NOSIGNAL) < 0) ++broken_;
  }

  void Receive(Connection& connection) {
    char bytes[64 << 10];
    const ssize_t n = ::recv(connection.fd, bytes, sizeof bytes, MSG_DONTWAIT);
    const int64_t now = NowNs();
    if (n <= 0) {
      if (n < 0 && errno == EAGAIN) return;
      ++broken_;
      ::close(connection.fd);
      return;
    }
    connection.held.append(bytes, static_cast<size_t>(n));
    std::string& text = connection.held;
    const bool counts = now > start_ns_ + kWarmUpNs;
    size_t at = 0;
    for (;;) {
      const size_t mark = text.find(kMark, at);
      if (mark == std::string::npos) break;
      const size_t comma = text.find_first_of(",}", mark + kMark.size());
      if (comma == std::string::npos) break;
      const int64_t sent_ns = std::strtoll(text.c_str() + mark + kMark.size(), nullptr, 10);
      at = comma;
      if (counts) delays_.push_back(static_cast<double>(now - sent_ns) / 1000);
      if (connection.first && connection.asked_ns > start_ns_ + kWarmUpNs) {
        ttfts_.push_back(static_cast<double>(now - connection.asked_ns) / 1000);
      }
      connection.first = false;
    }
    if (text.ends_with(kEnd)) {
      ++streams_;
      return Ask(connection);
    }
    // What is left may hold the beginning of a mark or of the end.
    const size_t keep = std::max(at, text.size() > 128 ? text.size() - 128 : 0);
    text.erase(0, keep);
  }

  const uint16_t port_;
  const std::string request_;
  const int poll_;
  std::vector<Connection> connections_;
  int64_t start_ns_ = 0;
  int64_t streams_ = 0;
  int64_t broken_ = 0;
  std::vector<double> ttfts_;
  std::vector<double> delays_;
};

}  // namespace
}  // namespace pitot::bench

int main(int argc, char** argv) {
  if (argc < 5) {
    fmt::print(stderr, "usage: stream_load PORT PATH CONNECTIONS SECONDS [HEADER...]\n");
    return 2;
  }
  const std::string body =
      R"({"model":"gpt-4o-mini","stream":true,"stream_options":{"include_usage":true},)"
      R"("max_tokens":256,"messages":[{"role":"user","content":"Why did the deploy fail?"}]})";
  std::string request = fmt::format(
      "POST {} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
      "Content-Length: {}\r\n",
      argv[2], body.size());
  for (int i = 5; i < argc; ++i) request += std::string(argv[i]) + "\r\n";
  pitot::bench::Load load(static_cast<uint16_t>(std::atoi(argv[1])), request + "\r\n" + body,
                          static_cast<size_t>(std::atoi(argv[3])));
  load.Run(std::atoi(argv[4]));
  load.Print();
}
