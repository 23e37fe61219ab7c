// http/server/waker.h
//
// Internal to http/: a coroutine of an I/O thread waits until a callback on the same thread says so.
// Without a timer, and without a turn of the loop where that is safe.
#pragma once

#include <boost/asio/async_result.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <memory>
#include <utility>

namespace pitot {

// Used on one thread; one waiter at a time, which looks at its condition before it waits.
class Waker {
 public:
  explicit Waker(boost::asio::io_context& context) : context_(context) {}

  boost::asio::awaitable<void> Wait() {
    return boost::asio::async_initiate<const boost::asio::use_awaitable_t<>&, void()>(
        [this](auto handler) {
          waiter_ = std::make_unique<WaiterOf<decltype(handler)>>(std::move(handler));
        },
        boost::asio::use_awaitable);
  }

  // The waiter, if there is one, goes on in a later turn of the loop.
  void Post() {
    if (waiter_ == nullptr) return;
    boost::asio::post(context_, [waiter = std::move(waiter_)] { waiter->Run(); });
  }
  // It goes on here. Only where nothing of a handler is on the stack. The waker may be gone after.
  void Run() {
    if (const std::unique_ptr<Waiter> waiter = std::move(waiter_)) waiter->Run();
  }

 private:
  struct Waiter {
    virtual ~Waiter() = default;
    virtual void Run() = 0;
  };
  template <typename Handler>
  struct WaiterOf final : Waiter {
    explicit WaiterOf(Handler handler) : handler_(std::move(handler)) {}
    void Run() override { std::move(handler_)(); }
    Handler handler_;
  };

  boost::asio::io_context& context_;
  std::unique_ptr<Waiter> waiter_;
};

}  // namespace pitot
