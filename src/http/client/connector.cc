#include "http/client/connector.h"

#include <utility>

#include "base/status.h"

namespace pitot {
namespace asio = boost::asio;
using asio::ip::tcp;

namespace {
constexpr std::chrono::milliseconds kPatience{250};  // RFC 8305, 5: the recommended delay.
}  // namespace

Connector::Connector(asio::io_context& context, std::vector<tcp::endpoint> endpoints,
                     std::string name, Done done)
    : context_(context),
      endpoints_(std::move(endpoints)),
      name_(std::move(name)),
      done_(std::move(done)),
      patience_(context) {
  attempts_.reserve(endpoints_.size());
}

void Connector::Cancel() {
  done_ = nullptr;
  patience_.cancel();
  ErrorCode ignored;
  for (Socket& socket : attempts_) socket.close(ignored);
}

void Connector::Try() {
  const size_t attempt = attempts_.size();
  if (done_ == nullptr || attempt == endpoints_.size()) return;
  Socket& socket = attempts_.emplace_back(context_);
  ErrorCode error;
  socket.open(endpoints_[attempt].protocol(), error);
  if (!error) socket.set_option(tcp::no_delay(true), error);
  if (error) {
    asio::post(context_,
               [self = shared_from_this(), attempt, error] { self->Tried(attempt, error); });
    return;
  }
  socket.async_connect(endpoints_[attempt], [self = shared_from_this(), attempt](
                                                const ErrorCode& e) { self->Tried(attempt, e); });
  if (attempt + 1 == endpoints_.size()) return;
  patience_.expires_after(kPatience);
  patience_.async_wait([self = shared_from_this(), attempt](const ErrorCode& e) {
    if (!e && self->attempts_.size() == attempt + 1) self->Try();
  });
}

void Connector::Tried(size_t attempt, const ErrorCode& error) {
  if (done_ == nullptr) return;
  if (!error) {
    Socket winner = std::move(attempts_[attempt]);
    const Done done = std::exchange(done_, nullptr);
    Cancel();
    done(absl::OkStatus(), std::move(winner));
    return;
  }
  ErrorCode ignored;
  attempts_[attempt].close(ignored);
  if (++failed_ < endpoints_.size()) {
    if (attempt + 1 == attempts_.size()) Try();
    return;
  }
  const Done done = std::exchange(done_, nullptr);
  done(Unavailable("connect to {}: {}", name_, error.message()), Socket(context_));
}

}  // namespace pitot
