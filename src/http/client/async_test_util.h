// http/client/async_test_util.h
//
// For tests of the asynchronous client: an I/O thread of their own, and a handler that remembers.
#pragma once

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <chrono>
#include <condition_variable>
#include <functional>
#include <future>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "http/async_client.h"
#include "http/io_core.h"
#include "http/test_listener.h"
#include "http/test_socket.h"

namespace pitot {

// Runs until it is destroyed.
class TestIoThread {
 public:
  TestIoThread() : runner_([this] { thread_->core().Run(*thread_); }) {}
  ~TestIoThread() { Stop(); }
  void Stop() {
    if (!runner_.joinable()) return;
    thread_->core().Stop();
    runner_.join();
    thread_->core().Clear();
  }
  // Runs `work` there and waits for its end; here once the thread has stopped.
  void Do(const std::function<void()>& work) {
    if (!runner_.joinable()) return work();
    std::promise<void> done;
    thread_->Post([&] {
      work();
      done.set_value();
    });
    done.get_future().wait();
  }

 private:
  std::shared_ptr<IoThread> thread_ = std::make_shared<IoThread>();
  std::thread runner_;
};

// One call and what came of it. All of it happens on the I/O thread; questions may come from any.
class TestCall : public AsyncHandler {
 public:
  TestCall(TestIoThread& thread, AsyncClient& client) : thread_(thread), client_(client) {}
  ~TestCall() override { Cancel(); }

  void Start(AsyncCall call) {
    thread_.Do([&] {
      starting_ = true;
      running_ = client_.Start(std::move(call), *this);
      starting_ = false;
    });
  }
  void Cancel() {
    if (running_ == nullptr) return;
    thread_.Do([&] { running_.reset(); });
  }
  void Pause() {
    thread_.Do([&] { running_->Pause(); });
  }
  void Resume() {
    thread_.Do([&] { running_->Resume(); });
  }

  // Starts it and waits for its end.
  TestCall& Run(AsyncCall call) {
    Start(std::move(call));
    Await();
    return *this;
  }
  AsyncEnd Await() {
    std::unique_lock lock(mutex_);
    if (!changed_.wait_for(lock, std::chrono::seconds(20), [&] { return end_.has_value(); })) {
      ADD_FAILURE() << "the call did not end within 20 s";
      return {absl::InternalError("it did not end")};
    }
    return *end_;
  }
  bool AwaitBytes(size_t bytes) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, std::chrono::seconds(20), [&] {
      return body_.size() >= bytes || end_.has_value();
    }) && body_.size() >= bytes;
  }

  bool ended() const {
    std::lock_guard lock(mutex_);
    return end_.has_value();
  }
  AsyncHead head() const {
    std::lock_guard lock(mutex_);
    return head_.value_or(AsyncHead{});
  }
  bool has_head() const {
    std::lock_guard lock(mutex_);
    return head_.has_value();
  }
  std::string body() const {
    std::lock_guard lock(mutex_);
    return body_;
  }
  size_t body_bytes() const {
    std::lock_guard lock(mutex_);
    return body_.size();
  }

  // Called on the I/O thread with each piece, if set.
  std::function<void(TestCall&)> on_piece;
  std::unique_ptr<RunningCall>& running() { return running_; }

 private:
  void OnHead(AsyncHead head) override {
    EXPECT_FALSE(starting_);
    std::lock_guard lock(mutex_);
    EXPECT_FALSE(head_.has_value());
    head_ = std::move(head);
  }
  void OnData(std::string_view piece) override {
    {
      std::lock_guard lock(mutex_);
      EXPECT_TRUE(head_.has_value() && !end_.has_value() && !piece.empty());
      body_ += piece;
      changed_.notify_all();
    }
    if (on_piece != nullptr) on_piece(*this);
  }
  void OnEnd(const AsyncEnd& end) override {
    EXPECT_FALSE(starting_);
    std::lock_guard lock(mutex_);
    EXPECT_FALSE(end_.has_value());
    end_ = end;
    changed_.notify_all();
  }

  TestIoThread& thread_;
  AsyncClient& client_;
  std::unique_ptr<RunningCall> running_;
  bool starting_ = false;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::optional<AsyncHead> head_;
  std::string body_;
  std::optional<AsyncEnd> end_;
};

// A listening socket nobody accepts from, its queue full: further connections do not come about.
class FullListener {
 public:
  FullListener() : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address = {};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    ::bind(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address);
    ::listen(fd_, 0);
    socklen_t bytes = sizeof address;
    ::getsockname(fd_, reinterpret_cast<sockaddr*>(&address), &bytes);
    port_ = ntohs(address.sin_port);
    for (int& waiting : waiting_) {
      waiting = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
      ::connect(waiting, reinterpret_cast<sockaddr*>(&address), sizeof address);
    }
  }
  ~FullListener() {
    for (const int waiting : waiting_) ::close(waiting);
    ::close(fd_);
  }
  uint16_t port() const { return port_; }

 private:
  int fd_;
  int waiting_[4];
  uint16_t port_ = 0;
};

inline AsyncCall CallTo(std::string_view url, std::string body = "", std::string method = "POST") {
  AsyncCall call;
  call.method = std::move(method);
  call.url = ParseUrl(url).value();
  call.body = std::make_shared<const std::string>(std::move(body));
  return call;
}

}  // namespace pitot
