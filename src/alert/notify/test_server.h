// alert/notify/test_server.h
//
// For tests: an HTTP server that keeps what it is sent and answers as the test says; and notifications
// to send.
#pragma once

#include <fmt/format.h>

#include <cstdlib>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "alert/alert.h"
#include "base/mutex.h"
#include "http/headers.h"
#include "http/test_listener.h"

namespace pitot {

class ScriptedHttpServer {
 public:
  struct Request {
    std::string path;
    HttpHeaders headers;
    std::string body;
  };
  struct Reply {
    int status = 200;
    std::string body;
    HttpHeaders headers = {};
  };
  using Answer = std::function<Reply(const Request& request, size_t n)>;

  // `answer` sees the n-th request, from 0, on a thread of its connection; null: 200, "ok".
  explicit ScriptedHttpServer(Answer answer = nullptr)
      : answer_(std::move(answer)), listener_([this](int fd, int) { Serve(fd); }, true) {}

  std::string url(std::string_view path = "") const {
    return fmt::format("http://127.0.0.1:{}{}", listener_.port(), path);
  }
  std::vector<Request> requests() const {
    MutexLock lock(&mutex_);
    return requests_;
  }
  size_t count() const {
    MutexLock lock(&mutex_);
    return requests_.size();
  }

 private:
  void Serve(int fd) {
    std::string got;
    for (;;) {
      const std::optional<Request> request = ReadOne(fd, got);
      if (!request) return;
      size_t n = 0;
      {
        MutexLock lock(&mutex_);
        n = requests_.size();
        requests_.push_back(*request);
      }
      const Reply reply = answer_ ? answer_(*request, n) : Reply{200, "ok"};
      if (reply.status == 0) return;  // The connection breaks.
      std::string head =
          fmt::format("HTTP/1.1 {} X\r\nContent-Length: {}\r\n", reply.status, reply.body.size());
      for (size_t i = 0; i < reply.headers.size(); ++i) {
        head += fmt::format("{}: {}\r\n", reply.headers[i].name, reply.headers[i].value);
      }
      TestListener::Send(fd, head + "\r\n" + reply.body);
    }
  }

  static std::optional<Request> ReadOne(int fd, std::string& got) {
    size_t end = 0;
    while ((end = got.find("\r\n\r\n")) == std::string::npos) {
      if (!More(fd, got)) return std::nullopt;
    }
    Request request;
    const std::string head = got.substr(0, end + 2);
    got.erase(0, end + 4);
    const size_t path = head.find(' ') + 1;
    request.path = head.substr(path, head.find(' ', path) - path);
    for (size_t at = head.find("\r\n") + 2; at < head.size();) {
      const size_t eol = head.find("\r\n", at);
      const std::string_view line = std::string_view(head).substr(at, eol - at);
      const size_t colon = line.find(':');
      request.headers.Add(line.substr(0, colon), TrimOws(line.substr(colon + 1)));
      at = eol + 2;
    }
    const size_t bytes =
        std::strtoull(std::string(request.headers.Get("content-length")).c_str(), nullptr, 10);
    while (got.size() < bytes) {
      if (!More(fd, got)) return std::nullopt;
    }
    request.body = got.substr(0, bytes);
    got.erase(0, bytes);
    return request;
  }

  static bool More(int fd, std::string& got) {
    char bytes[65536];
    const ssize_t n = ::recv(fd, bytes, sizeof bytes, 0);
    if (n <= 0) return false;
    got.append(bytes, static_cast<size_t>(n));
    return true;
  }

  const Answer answer_;
  mutable Mutex mutex_;
  std::vector<Request> requests_ ABSL_GUARDED_BY(mutex_);
  TestListener listener_;  // Last: its threads use what is above.
};

// 2026-11-20 10:35:30 UTC.
inline constexpr UnixNanos kTestNow = 1'795'170'930 * kNanosPerSecond;

inline Alert TestAlert(std::string_view model = "gpt-5") {
  Alert alert;
  alert.rule_id = "latency_p99";
  alert.labels = {{"alertname", "LatencyP99High"},
                  {"severity", "page"},
                  {"project", "shop"},
                  {"model", std::string(model)}};
  alert.fingerprint = FingerprintOf(alert.labels);
  alert.annotations = {{"summary", fmt::format("p99 of {} is 14.8 s", model)}};
  alert.state = AlertState::kFiring;
  alert.active_at = alert.fired_at = kTestNow - 4 * kNanosPerMinute;
  return alert;
}

inline Notification TestNotificationOf(std::vector<Alert> alerts, uint64_t sequence = 1) {
  Notification notification;
  notification.receiver = "ops";
  notification.group_key = "{}:{alertname=\"LatencyP99High\"}";
  notification.group_labels = {{"alertname", "LatencyP99High"}};
  notification.alerts = std::move(alerts);
  notification.at = kTestNow;
  notification.sequence = sequence;
  return notification;
}

inline Alert Resolved(Alert alert) {
  alert.state = AlertState::kResolved;
  alert.resolved_at = kTestNow;
  return alert;
}

}  // namespace pitot
