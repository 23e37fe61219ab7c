// Our server and our client, and nothing between them: the floor under the gateway.
//
//   bare_proxy PORT UPSTREAM_PORT [THREADS]
#include <fmt/format.h>

#include <csignal>
#include <cstdlib>
#include <memory>
#include <string>
#include <utility>

#include "http/async_client.h"
#include "http/server.h"

namespace pitot {
namespace {

bool IsHopByHop(std::string_view name) {
  return EqualsIgnoreCase(name, "connection") || EqualsIgnoreCase(name, "transfer-encoding") ||
         EqualsIgnoreCase(name, "content-length") || EqualsIgnoreCase(name, "keep-alive") ||
         EqualsIgnoreCase(name, "host");
}

HttpHeaders EndToEnd(const HttpHeaders& headers) {
  HttpHeaders out;
  for (size_t i = 0; i < headers.size(); ++i) {
    if (!IsHopByHop(headers[i].name)) out.Add(headers[i].name, headers[i].value);
  }
  return out;
}

// Keeps itself alive until its end.
class Call final : public AsyncHandler, public std::enable_shared_from_this<Call> {
 public:
  explicit Call(Responder responder) : responder_(std::move(responder)) {}

  void Start(AsyncClient& client, HttpRequest request, uint16_t port) {
    self_ = shared_from_this();
    AsyncCall call;
    call.method = std::move(request.method);
    call.url = {"http", "127.0.0.1", port, std::move(request.target)};
    call.headers = EndToEnd(request.headers);
    call.body = std::make_shared<const std::string>(std::move(request.body));
    responder_->OnDisconnect([this] {
      running_.reset();
      self_.reset();
    });
    running_ = client.Start(std::move(call), *this);
  }

 private:
  void OnHead(AsyncHead head) override {
    HttpResponse response;
    response.status = head.status;
    response.reason = std::move(head.reason);
    response.headers = EndToEnd(head.headers);
    response.content_length = head.content_length;
    stream_.emplace(responder_->Begin(std::move(response)));
    responder_.reset();
  }
  void OnData(std::string_view piece) override {
    if (stream_->TryForward(piece)) return;
    held_ = piece;
    running_->Pause();
    stream_->OnWritable([this] {
      std::string held = std::move(held_);
      if (running_ == nullptr || !stream_->TryWrite(held)) return;  // The peer has gone.
      running_->Resume();
    });
  }
  void OnEnd(const AsyncEnd& end) override {
    if (stream_.has_value()) {
      if (end.status.ok()) stream_->End();
    } else {
      responder_->Send(ErrorResponse(502, end.status.ToString()));
    }
    self_.reset();
  }

  std::optional<Responder> responder_;
  std::optional<ResponseStream> stream_;
  std::unique_ptr<RunningCall> running_;
  std::string held_;
  std::shared_ptr<Call> self_;
};

int Main(int argc, char** argv) {
  if (argc < 3) {
    fmt::print(stderr, "usage: bare_proxy PORT UPSTREAM_PORT [THREADS]\n");
    return 2;
  }
  const auto port = static_cast<uint16_t>(std::atoi(argv[1]));
  const auto upstream = static_cast<uint16_t>(std::atoi(argv[2]));
  AsyncClient client({.idle_connections = 1024});
  HttpServerOptions options;
  options.port = port;
  options.io_threads = argc > 3 ? std::atoi(argv[3]) : 2;
  HttpService service;
  service.handle = [&](HttpRequest request, Responder responder) {
    std::make_shared<Call>(std::move(responder))->Start(client, std::move(request), upstream);
  };
  auto server = HttpServer::Open(std::move(options), std::move(service));
  if (!server.ok()) {
    fmt::print(stderr, "{}\n", server.status().ToString());
    return 1;
  }
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  (*server)->Start();
  int signal = 0;
  sigwait(&signals, &signal);
  (*server)->Stop(std::chrono::milliseconds(100));
  return 0;
}

}  // namespace
}  // namespace pitot

int main(int argc, char** argv) { return pitot::Main(argc, argv); }
