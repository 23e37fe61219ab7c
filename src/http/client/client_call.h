// http/client/client_call.h
//
// Internal to http/: one call of the asynchronous client, from the name of its host to the end of
// the answer.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>

#include "http/client/client_thread.h"
#include "http/client/connector.h"
#include "http/client/reply_reader.h"
#include "http/client/upstream.h"

namespace pitot {

// Used on one I/O thread.
class ClientCall : public std::enable_shared_from_this<ClientCall>, private Upstream::User {
 public:
  using SteadyTime = ClientThread::SteadyTime;

  ClientCall(IoThread& thread, std::shared_ptr<ClientThread> client, AsyncCall call,
             AsyncHandler& handler);
  ~ClientCall() override;

  void Start();
  void Cancel();
  void Pause();
  void Resume();

  // For ClientThread.
  SteadyTime deadline() const { return std::min(deadline_, total_end_); }
  void Expire(SteadyTime now);
  void SetSlot(size_t slot) { slot_ = slot; }

 private:
  // What is waited for, for the message when it takes too long.
  enum class Wait { kConnect, kSend, kFirstByte, kIdle };

  absl::StatusOr<std::string> FormatHead() const;
  void Connect();
  void ConnectTo(const Resolver::Addresses& addresses);
  void Connected(const absl::Status& status, Connector::Socket socket);
  void Send();

  void OnSecured() override { Send(); }
  void OnProgress() override;
  void OnSent(bool ok) override;
  void OnBytes() override;
  void OnClosed(const absl::Status& status) override;

  void Process();
  bool TakeHead();  // False: there is nothing more to do.
  void PeerClosed();
  bool MayRepeat();
  void Complete();
  void Fail(absl::Status status);
  void End(absl::Status status);
  void Deliver();
  void Drop();  // The connection, the attempts at one.

  void Arm(std::chrono::milliseconds time, Wait wait);
  void Disarm() { deadline_ = SteadyTime::max(); }

  const std::shared_ptr<IoThread> thread_;  // Its sockets live no longer than it.
  const std::shared_ptr<ClientThread> client_;
  const AsyncCall call_;
  AsyncHandler* handler_;  // Null once the call has ended or was cancelled.
  ClientThread::Host& host_;

  CallStage stage_ = CallStage::kConnect;
  std::shared_ptr<Connector> connector_;
  std::shared_ptr<Upstream> upstream_;
  std::optional<ReplyReader> reader_;
  bool starting_ = false;
  bool finished_ = false;
  bool reused_ = false;
  bool repeated_ = false;
  bool sent_ = false;      // The whole request.
  bool answered_ = false;  // A byte of an answer came.
  bool head_told_ = false;
  bool paused_ = false;
  bool closed_ = false;  // No more will come.
  absl::Status closed_status_;
  std::chrono::seconds keep_alive_{3600};  // As the peer said.
  absl::Status end_status_;

  SteadyTime deadline_ = SteadyTime::max();
  SteadyTime total_end_;
  std::chrono::milliseconds armed_time_{0};
  Wait armed_ = Wait::kConnect;
  std::optional<size_t> slot_;
};

}  // namespace pitot
