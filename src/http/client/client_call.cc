#include "http/client/client_call.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "base/status.h"

namespace pitot {
namespace asio = boost::asio;

namespace {

// How long an answer may still come after sending failed: a server may refuse a body unread.
constexpr std::chrono::milliseconds kEarlyAnswerWait{1000};

bool IsIdempotent(std::string_view method) {  // RFC 9110, 9.2.2.
  return method == "GET" || method == "HEAD" || method == "PUT" || method == "DELETE" ||
         method == "OPTIONS" || method == "TRACE";
}

bool IsOurs(std::string_view name) {
  return EqualsIgnoreCase(name, "connection") || EqualsIgnoreCase(name, "content-length") ||
         EqualsIgnoreCase(name, "transfer-encoding");
}

// Keep-Alive: timeout=5, max=100. A second less: the peer counts from when it sent.
std::chrono::seconds KeepAliveTime(std::string_view value) {
  constexpr std::string_view kName = "timeout=";
  const size_t at = value.find(kName);
  int64_t seconds = 0;
  if (at == std::string_view::npos) return std::chrono::seconds(3600);
  value.remove_prefix(at + kName.size());
  if (std::from_chars(value.data(), value.data() + value.size(), seconds).ec != std::errc()) {
    return std::chrono::seconds(3600);
  }
  return std::chrono::seconds(std::clamp<int64_t>(seconds - 1, 0, 3600));
}

}  // namespace

ClientCall::ClientCall(IoThread& thread, std::shared_ptr<ClientThread> client, AsyncCall call,
                       AsyncHandler& handler)
    : thread_(thread.shared_from_this()),
      client_(std::move(client)),
      call_(std::move(call)),
      handler_(&handler),
      host_(client_->HostOf(call_.url)),
      total_end_(std::chrono::steady_clock::now() + call_.total_timeout) {}

ClientCall::~ClientCall() = default;

absl::StatusOr<std::string> ClientCall::FormatHead() const {
  std::string head;
  head.reserve(512);
  head.append(call_.method).append(" ").append(call_.url.target).append(" HTTP/1.1\r\n");
  if (!call_.headers.Has("host")) {
    head.append("Host: ").append(call_.url.HostHeader()).append("\r\n");
  }
  for (size_t i = 0; i < call_.headers.size(); ++i) {
    const auto [name, value] = call_.headers[i];
    if (IsOurs(name)) continue;
    if (name.empty() || name.find_first_of(std::string_view(": \t\r\n\0", 6)) != name.npos ||
        value.find_first_of(std::string_view("\r\n\0", 3)) != value.npos) {
      return InvalidArgument("header {} holds a character that headers cannot", i);
    }
    head.append(name).append(": ").append(value).append("\r\n");
  }
  const size_t body_bytes = call_.body == nullptr ? 0 : call_.body->size();
  if (body_bytes > 0 || call_.method == "POST" || call_.method == "PUT" ||
      call_.method == "PATCH") {
    fmt::format_to(std::back_inserter(head), "Content-Length: {}\r\n", body_bytes);
  }
  head += "\r\n";
  if (call_.method.find_first_of(" \r\n") != std::string::npos ||
      call_.url.target.find_first_of(std::string_view(" \r\n\0", 4)) != std::string::npos) {
    return InvalidArgument("the method or the target holds a character that it cannot");
  }
  return head;
}

void ClientCall::Start() {
  starting_ = true;
  size_t slot = 0;
  client_->Add(*this, slot);
  slot_ = slot;
  upstream_ = client_->TakeIdle(host_);
  reused_ = upstream_ != nullptr;
  if (reused_) {
    upstream_->SetUser(this);
    Send();
  } else {
    Connect();
  }
  starting_ = false;
}

void ClientCall::Connect() {
  Arm(call_.connect_timeout, Wait::kConnect);
  boost::system::error_code error;
  const auto address = asio::ip::make_address(host_.host, error);
  if (!error) return ConnectTo({address});
  Resolver& resolver = client_->shared().resolver;
  if (const Resolver::Addresses known = resolver.Remembered(host_.host); !known.empty()) {
    return ConnectTo(known);
  }
  resolver.Resolve(host_.host, *thread_,
                   [weak = weak_from_this()](const absl::StatusOr<Resolver::Addresses>& found) {
                     const std::shared_ptr<ClientCall> self = weak.lock();
                     if (self == nullptr || self->finished_) return;
                     if (!found.ok()) return self->Fail(found.status());
                     self->ConnectTo(*found);
                   });
}

void ClientCall::ConnectTo(const Resolver::Addresses& addresses) {
  std::vector<asio::ip::tcp::endpoint> endpoints;
  endpoints.reserve(addresses.size());
  for (const asio::ip::address& address : addresses) endpoints.emplace_back(address, host_.port);
  connector_ = std::make_shared<Connector>(
      client_->context(), std::move(endpoints), host_.name,
      [weak = weak_from_this()](const absl::Status& status, Connector::Socket socket) {
        const std::shared_ptr<ClientCall> self = weak.lock();
        if (self != nullptr && !self->finished_) self->Connected(status, std::move(socket));
      });
  connector_->Start();
}

void ClientCall::Connected(const absl::Status& status, Connector::Socket socket) {
  connector_.reset();
  if (!status.ok()) return Fail(status);
  upstream_ = std::make_shared<Upstream>(std::move(socket), host_.name);
  upstream_->SetUser(this);
  if (!host_.tls) return Send();
  const absl::StatusOr<SSL_CTX*> tls = client_->shared().Tls();
  if (!tls.ok()) return Fail(tls.status());
  upstream_->StartTls(**tls, host_.host);
}

void ClientCall::Send() {
  absl::StatusOr<std::string> head = FormatHead();
  if (!head.ok()) return Fail(head.status());
  reader_.emplace(call_.method == "HEAD");
  stage_ = CallStage::kSend;
  Arm(call_.idle_timeout, Wait::kSend);
  const std::shared_ptr<Upstream> upstream = upstream_;
  upstream->Send(*std::move(head), call_.body);
  upstream->Read();
}

void ClientCall::OnProgress() {
  if (stage_ == CallStage::kSend) Arm(call_.idle_timeout, Wait::kSend);
}

void ClientCall::OnSent(bool ok) {
  sent_ = ok;
  if (stage_ != CallStage::kSend) return;  // The answer came first.
  if (ok) stage_ = CallStage::kHead;
  Arm(ok ? call_.first_byte_timeout : kEarlyAnswerWait, Wait::kFirstByte);
}

void ClientCall::OnBytes() {
  answered_ = true;
  Process();
}

void ClientCall::OnClosed(const absl::Status& status) {
  closed_ = true;
  closed_status_ = status;
  Process();
}

void ClientCall::Process() {
  if (!reader_.has_value()) return PeerClosed();  // Before anything was sent.
  const std::shared_ptr<ClientCall> self = shared_from_this();
  const std::shared_ptr<Upstream> upstream = upstream_;
  ReadBuffer& buffer = upstream->buffer();
  while (!finished_ && !paused_) {
    if (reader_->done() && head_told_) return Complete();
    size_t taken = 0;
    if (!buffer.empty()) {
      const absl::StatusOr<size_t> put = reader_->Put(buffer.view());
      if (!put.ok()) {
        return Fail(Error(put.status().code(), "{}: {}", host_.name, Message(put.status())));
      }
      taken = *put;
    }
    if (taken == 0) {
      if (closed_) return PeerClosed();
      return upstream->Read();
    }
    if (!head_told_ && reader_->head_done()) {
      buffer.Consume(taken);
      if (!TakeHead()) return;
      continue;
    }
    if (const std::string_view piece = reader_->piece(); !piece.empty()) {
      Arm(call_.idle_timeout, Wait::kIdle);
      handler_->OnData(piece);
      if (finished_) return;
    }
    buffer.Consume(taken);
  }
}

bool ClientCall::TakeHead() {
  const int status = reader_->head().status;
  if (status == 101) {
    Fail(Error(absl::StatusCode::kDataLoss, "{}: it switched to another protocol, unasked",
               host_.name));
    return false;
  }
  if (status < 200) {
    reader_.emplace(call_.method == "HEAD");
    return true;
  }
  head_told_ = true;
  stage_ = CallStage::kBody;
  Arm(call_.idle_timeout, Wait::kIdle);
  AsyncHead& head = reader_->head();
  if (const auto keep = head.headers.Find("keep-alive")) keep_alive_ = KeepAliveTime(*keep);
  handler_->OnHead(std::move(head));
  return !finished_;
}

void ClientCall::PeerClosed() {
  if (!answered_ && MayRepeat()) {
    repeated_ = true;
    reused_ = false;
    closed_ = false;
    sent_ = false;
    reader_.reset();
    stage_ = CallStage::kConnect;
    Drop();
    return Connect();
  }
  if (!reader_.has_value()) {  // In the TLS handshake.
    return Fail(closed_status_.ok() ? Unavailable("TLS handshake with {}: the peer closed the "
                                                  "connection",
                                                  host_.name)
                                    : closed_status_);
  }
  if (!closed_status_.ok()) return Fail(closed_status_);
  if (!answered_) {
    return Fail(Unavailable("{} closed the connection without an answer", host_.name));
  }
  absl::Status whole = reader_->PutEnd();
  if (whole.ok() && !upstream_->ended_cleanly()) {
    whole = Error(absl::StatusCode::kDataLoss,
                  "the connection ended without the goodbye of TLS, which alone ends this answer");
  }
  if (!whole.ok()) return Fail(Error(whole.code(), "{}: {}", host_.name, Message(whole)));
  Complete();
}

bool ClientCall::MayRepeat() {
  if (!reused_ || repeated_) return false;
  if (IsIdempotent(call_.method)) return true;
  // Each packet of the peer says what it has taken, so an orderly close proves what it did not. A
  // reset proves nothing: a peer that read the request may send it before its acknowledgement.
  return closed_status_.ok() && upstream_->NothingAcknowledged();
}

void ClientCall::Complete() {
  stage_ = CallStage::kDone;
  if (sent_ && !closed_ && reader_->keep_alive_allowed() && upstream_->buffer().empty()) {
    upstream_->SetUser(nullptr);
    client_->PutIdle(host_, std::move(upstream_), keep_alive_);
    upstream_ = nullptr;
  }
  End(absl::OkStatus());
}

void ClientCall::Fail(absl::Status status) { End(std::move(status)); }

void ClientCall::End(absl::Status status) {
  if (finished_) return;
  finished_ = true;
  const std::shared_ptr<ClientCall> self = shared_from_this();
  Drop();
  if (slot_.has_value()) client_->Remove(*std::exchange(slot_, std::nullopt));
  end_status_ = std::move(status);
  if (starting_) {
    thread_->Post([self] { self->Deliver(); });
  } else {
    Deliver();
  }
}

void ClientCall::Deliver() {
  AsyncHandler* const handler = std::exchange(handler_, nullptr);
  if (handler == nullptr) return;
  const AsyncEnd end = {.status = end_status_, .stage = stage_, .reused = reused_};
  handler->OnEnd(end);
}

void ClientCall::Drop() {
  if (connector_ != nullptr) std::exchange(connector_, nullptr)->Cancel();
  if (upstream_ != nullptr) {
    upstream_->SetUser(nullptr);
    std::exchange(upstream_, nullptr)->Close();
  }
}

void ClientCall::Cancel() {
  handler_ = nullptr;
  if (finished_) return;
  finished_ = true;
  Drop();
  if (slot_.has_value()) client_->Remove(*std::exchange(slot_, std::nullopt));
}

void ClientCall::Pause() {
  paused_ = true;
  if (answered_) Disarm();
}

void ClientCall::Resume() {
  if (!std::exchange(paused_, false) || finished_ || upstream_ == nullptr) return;
  if (answered_) Arm(call_.idle_timeout, Wait::kIdle);
  // Later: the caller may stand inside OnData.
  thread_->Post([self = shared_from_this()] {
    const bool reads = self->upstream_ != nullptr && self->reader_.has_value();
    if (!self->finished_ && reads) self->Process();
  });
}

void ClientCall::Arm(std::chrono::milliseconds time, Wait wait) {
  armed_ = wait;
  armed_time_ = time;
  deadline_ = std::chrono::steady_clock::now() + time;
}

void ClientCall::Expire(SteadyTime now) {
  if (finished_ || now < deadline()) return;
  std::string_view what;
  std::chrono::milliseconds time = armed_time_;
  if (total_end_ <= now) {
    what = "the call did not end";
    time = call_.total_timeout;
  } else if (armed_ == Wait::kConnect) {
    what = "no connection";
  } else if (armed_ == Wait::kSend) {
    what = "the request was not taken";
  } else if (armed_ == Wait::kFirstByte) {
    what = "no answer began";
  } else {
    what = "the answer paused";
  }
  Fail(Error(absl::StatusCode::kDeadlineExceeded, "{}: {} for {} ms", host_.name, what,
             time.count()));
}

}  // namespace pitot
