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
#include "http/read_buffer.h"
#include "http/server.h"
#include "http/server/exchange.h"
#include "http/server/request_parser.h"
#include "http/server/waker.h"

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

  // For Exchange. There may be something to send: sends what the socket takes now.
  void Pump();
  // Pump, in a later turn of the loop. From any thread.
  void PostPump();
  // Sends a piece of a streamed reply. REQUIRES: !busy(), and nothing is queued before it.
  void Forward(std::string_view piece);
  bool busy() const { return pumping_ || writing_; }

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
  Task<bool> SendWhole(const HttpResponse& response, const HttpHeaders& extra);
  void FormatHead(const HttpResponse& response, std::string_view framing, const HttpHeaders& extra,
                  std::string& out);

  Task<size_t> Read(std::span<char> space);  // 0: ended, failed or timed out.
  Task<bool> Write(std::array<std::string_view, 3> pieces);
  Task<void> Linger();
  // Reads on while a handler works: that is how a peer that goes away is noticed at once, and the
  // read is then already under way for the next request.
  void ReadAhead();
  void PeerEnded();

  // The reply, driven by Exchange (session_reply.cc).
  void FormatWork();
  void FormatPiece(std::string_view piece, bool end);
  void Flush();
  void FlushWhenWritable();
  void Sent();
  void EndReply(bool ok);

  void Within(std::chrono::milliseconds time);
  void BodyDeadline();
  Fault Paused() const;  // Why a read of the body ended.
  void NoDeadline() { deadline_ = SteadyTime::max(); }

  const ServerShared& server_;
  IoLoop& io_;
  boost::asio::ip::tcp::socket socket_;
  boost::asio::steady_timer memory_timer_;
  Waker waker_{io_.context};  // Of Run, while a callback does the work.
  std::string peer_;
  bool peer_loopback_ = false;

  std::shared_ptr<Exchange> exchange_;  // Of the request being answered.
  ReadBuffer buffer_{32 << 10};
  SteadyTime deadline_ = SteadyTime::max();
  SteadyTime body_start_;
  int64_t body_received_ = 0;
  size_t piece_in_buffer_ = 0;  // Of the piece NextPiece handed out last.
  bool timed_out_ = false;
  bool between_requests_ = true;
  bool keep_alive_ = true;
  bool linger_ = false;  // The peer may still be sending what nobody will read.
  bool cut_ = false;

  // What is read while a handler works. Held apart from `buffer_`, which may be in use.
  std::array<char, 8 << 10> ahead_;
  size_t ahead_begin_ = 0;
  size_t ahead_end_ = 0;
  bool ahead_pending_ = false;  // A read into the space behind ahead_end_ is under way.
  bool peer_ended_ = false;     // No more will come from it.

  // The reply under way.
  enum class Framing { kNoBody, kChunked, kLength, kRaw };
  bool is_head_ = false;  // It answers HEAD.
  int version_minor_ = 1;
  const HttpHeaders* extra_headers_ = nullptr;
  Framing framing_ = Framing::kNoBody;
  uint64_t length_left_ = 0;  // kLength.
  bool reply_done_ = true;
  bool reply_ok_ = false;
  bool pumping_ = false;
  bool writing_ = false;  // `rest_` waits for the socket.
  Exchange::Work work_;
  std::string out_head_;
  std::string out_tail_;
  std::array<std::string_view, 3> rest_;  // Not yet sent.
};

}  // namespace pitot
