// gateway/client_reply.h
//
// Internal to gateway/: the caller's side of one call. Head and first bytes go out together where they
// come together; what the socket does not take waits here, and the producer is told to pause. Lives on
// the call's I/O thread.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "http/io_thread.h"
#include "http/server.h"

namespace pitot {

class ClientReply {
 public:
  ClientReply(Responder responder, std::shared_ptr<IoThread> io)
      : responder_(std::move(responder)), io_(std::move(io)) {}

  // `gone` runs on the I/O thread, never inside a call to this object, if the peer leaves before the
  // answer is complete.
  void OnGone(std::function<void()> gone);

  // The whole answer at once.
  void Send(HttpResponse response);

  // The head of an answer that follows in pieces. It goes out with the first piece, or by FlushHead.
  void Head(HttpResponse head);
  void FlushHead();
  // Takes all of `bytes`. False: the peer reads too slowly; produce no more until `room` is called (on
  // the I/O thread, never inside).
  bool Write(std::string_view bytes, const std::function<void()>& room);
  void End();
  // The answer is incomplete and the peer is to see it: the connection is cut.
  void Cut();

  bool has_head() const { return head_.has_value() || started_; }
  bool started() const { return started_; }  // Bytes went out: nothing else can be answered.
  bool done() const { return done_; }

 private:
  void Begin(std::string_view bytes);
  void Drain(const std::shared_ptr<bool>& alive, const std::function<void()>& room);

  std::optional<Responder> responder_;
  std::optional<ResponseStream> stream_;
  std::shared_ptr<IoThread> io_;
  std::optional<HttpResponse> head_;
  std::string backlog_;
  bool started_ = false;
  bool ending_ = false;  // End when the backlog is out.
  bool done_ = false;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);

 public:
  ~ClientReply() { *alive_ = false; }
  ClientReply(const ClientReply&) = delete;
  ClientReply& operator=(const ClientReply&) = delete;
};

}  // namespace pitot
