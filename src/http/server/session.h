// http/server/session.h
//
// Internal to http/: one connection of the server and the I/O thread it lives on.
#pragma once

#include <array>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "http/compress.h"
#include "http/io_core.h"
#include "http/server.h"
#include "http/server/exchange.h"
#include "http/server/request_parser.h"

namespace pitot {

using SteadyTime = std::chrono::steady_clock::time_point;

class Session;

// What all sessions share. Immutable while the server runs.
struct ServerShared {
  HttpServerOptions options;
  HttpService service;
  std::function<void()> closed;  // A session ended; called on its I/O thread.
};

// The part of an I/O thread its sessions see. Used on that thread only, `context` apart.
struct IoLoop {
  std::unordered_set<Session*> sessions;  // Above `thread`: its context ends the last sessions.
  bool sweeping = false;
  bool stopping = false;
  std::string date;  // The Date header's value for `date_second`.
  int64_t date_second = 0;
  std::shared_ptr<IoThread> thread = std::make_shared<IoThread>();
  boost::asio::io_context& context = thread->core().context();
  boost::asio::steady_timer sweep_timer{context};

  std::string_view Date();
};

// Bytes read and not yet used.
class ReadBuffer {
 public:
  std::string_view view() const { return {data_.data() + begin_, end_ - begin_}; }
  bool empty() const { return begin_ == end_; }
  size_t size() const { return end_ - begin_; }
  void Consume(size_t bytes);
  // Room behind the bytes held, at least `bytes_min`.
  std::span<char> Space(size_t bytes_min);
  void Filled(size_t bytes) { end_ += bytes; }

 private:
  std::vector<char> data_;
  size_t begin_ = 0;
  size_t end_ = 0;
};

class Session : public std::enable_shared_from_this<Session> {
 public:
  Session(const ServerShared& server, IoLoop& io, boost::asio::ip::tcp::socket socket);
  ~Session();

  boost::asio::awaitable<void> Run();

  // Aborts what is past its deadline.
  void Sweep(SteadyTime now);
  // Ends at once when between requests, else after the one in flight.
  void Drain();
  // Ends now.
  void Cut();

 private:
  template <typename T>
  using Task = boost::asio::awaitable<T>;

  // Why a body was not read. status 0: it was; the peer is gone when `gone`.
  struct Fault {
    int status = 0;
    std::string message;
    bool gone = false;
    bool any() const { return status != 0 || gone; }
  };

  Task<bool> ServeOne();  // False: close the connection.
  Task<bool> ReadHead(RequestParser& parser);
  Task<Fault> ReadBody(RequestParser& parser, const Admission& admission, MemoryLease& lease);
  Task<Fault> ReadPlain(uint64_t length, std::string& body);
  Task<Fault> ReadPieces(RequestParser& parser, Coding coding, int64_t bytes_max,
                         MemoryLease& lease);
  // The next raw bytes of the body, valid until the next call; empty at its end.
  Task<Fault> NextPiece(RequestParser& parser, uint64_t& left, std::string_view& piece);
  Task<Fault> Store(std::string_view piece, Decoder* decoder, int64_t bytes_max, std::string& body,
                    size_t& filled, MemoryLease& lease);
  Task<bool> SkipBody(RequestParser& parser);
  Task<bool> Acquire(MemoryLease& lease, int64_t bytes);

  Task<bool> Refuse(const RequestParser& parser, const HttpRequest& head, int status,
                    std::string message);
  Task<bool> Reply(bool is_head, int version_minor, const HttpHeaders& extra);
  Task<bool> SendWhole(const HttpResponse& response, bool is_head, int version_minor,
                       const HttpHeaders& extra);
  Task<bool> SendPart(Exchange::Work& work, bool is_head, int version_minor,
                      const HttpHeaders& extra);
  std::string FormatHead(const HttpResponse& response, int version_minor, std::string_view framing,
                         const HttpHeaders& extra);

  Task<size_t> Read(std::span<char> space);  // 0: ended, failed or timed out.
  Task<bool> Write(std::array<std::string_view, 3> pieces);
  Task<void> Linger();
  // Notices when the peer goes away while nothing is read from it.
  void Watch();

  void Within(std::chrono::milliseconds time);
  void BodyDeadline();
  Fault Paused() const;  // Why a read of the body ended.
  void NoDeadline() { deadline_ = SteadyTime::max(); }

  const ServerShared& server_;
  IoLoop& io_;
  boost::asio::ip::tcp::socket socket_;
  boost::asio::steady_timer wake_;
  std::string peer_;
  bool peer_loopback_ = false;

  std::shared_ptr<Exchange> exchange_;  // Of the request being answered.
  ReadBuffer buffer_;
  SteadyTime deadline_ = SteadyTime::max();
  SteadyTime body_start_;
  int64_t body_received_ = 0;
  size_t piece_in_buffer_ = 0;  // Of the piece NextPiece handed out last.
  bool timed_out_ = false;
  bool between_requests_ = true;
  bool keep_alive_ = true;
  bool linger_ = false;  // The peer may still be sending what nobody will read.
  enum class Framing { kNoBody, kChunked, kRaw };
  Framing framing_ = Framing::kNoBody;  // Of the streamed reply.
  bool cut_ = false;
  bool watching_ = false;
};

}  // namespace pitot
