// sdk/testing/http_server.h
//
// HTTP/1.1 on a port of this machine, a thread for each connection: what it is for is tests, where
// everything a peer may see (where a write ends, when the connection does) is the handler's to decide.
#pragma once

#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <stop_token>
#include <string>
#include <string_view>
#include <thread>

#include "pitot/testing/scripted_provider.h"
#include "sdk/testing/tls.h"

namespace pitot {
inline namespace sdk {

// How an answer gets to the peer. Of the connection's thread.
class AnswerWriter {
 public:
  AnswerWriter(Transport& transport, int fd, std::stop_token stop)
      : transport_(transport), fd_(fd), stop_(std::move(stop)) {}

  // False: the peer is gone, or the server stops; the connection then ends.
  bool Write(std::string_view bytes);
  // The connection ends after what was written; by a reset, or in order.
  void Close() { keep_ = false; }
  void Reset();
  const std::stop_token& stop() const { return stop_; }
  bool keep() const { return keep_; }
  bool reset() const { return reset_; }

 private:
  Transport& transport_;
  const int fd_;
  const std::stop_token stop_;
  bool keep_ = true;
  bool reset_ = false;
};

class HttpServer {
 public:
  // Writes the whole answer, status line and all. From several threads at once; must not throw.
  using Handler = std::function<void(const ScriptedRequest&, AnswerWriter&)>;

  // Listens when it returns. `tls` may be null. Throws std::system_error.
  HttpServer(uint16_t port, TlsServer* tls, Handler handler);
  // Ends connections and threads.
  ~HttpServer();

  uint16_t port() const { return port_; }

 private:
  struct Connection {
    uint64_t id = 0;
    int fd = -1;
    bool done = false;  // Guarded by mutex_.
    std::jthread thread;
  };

  void Accept(const std::stop_token& stop);
  void Serve(Connection& connection, const std::stop_token& stop);
  void Talk(Transport& transport, int fd, uint64_t id, const std::stop_token& stop);
  void Reap();

  TlsServer* const tls_;
  const Handler handler_;
  int listener_ = -1;
  uint16_t port_ = 0;
  std::mutex mutex_;
  std::list<Connection> connections_;  // Guarded by mutex_.
  std::jthread accepting_;             // Last: uses all of the above.
};

}  // namespace sdk
}  // namespace pitot
