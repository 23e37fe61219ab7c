// server/server.h
//
// The program's parts, put together. No logic: declaration order is start order, reverse is stop
// order.
#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "base/clock.h"
#include "base/file.h"
#include "server/options.h"

namespace pitot {

class Access;
class AlertHost;
class Api;
class Eraser;
class GatewayHost;
class HttpServer;
struct Admission;
struct HttpRequest;
struct HttpResponse;
class Ingest;
class Janitor;
class MemoryBudget;
class OtlpGrpcServer;
class OtlpHttp;
class PriceBook;
class Redactor;
class StateLog;
class Store;

class Server {
 public:
  // Opens the data folder (locked against a second server), the store and the spool, and binds the
  // listeners. Undoes itself on failure.
  static absl::StatusOr<std::unique_ptr<Server>> Open(const ServerOptions& options);
  ~Server();

  // Store first, listeners last.
  absl::Status Start();
  // Listeners first, store last; each step bounded. Safe to call twice.
  void Stop();

  // Of the admin key that the first start made because calls need one: to be shown once.
  std::optional<std::string> TakeFirstSecret();

  uint16_t http_port() const;
  std::optional<uint16_t> grpc_port() const;  // Nothing: not listening.
  // "embedded 26.7.3, http://127.0.0.1:4318, grpc 127.0.0.1:4317", for the log.
  std::string Describe() const;

 private:
  explicit Server(const ServerOptions& options);

  absl::Status OpenStore();
  absl::Status OpenIngest();
  absl::Status OpenState();
  absl::Status OpenAccess();
  absl::Status OpenGateway();
  absl::Status OpenAlerts();
  absl::Status OpenListeners();
  absl::Status StartGrpc();
  // On a request's head: the guard, then who asks.
  void Admit(bool loopback, const HttpRequest& head, Admission& admission) const;
  // The project of an OTLP request, or why it is refused, and how that looks.
  absl::StatusOr<std::string> SenderProject(const HttpRequest& head) const;
  HttpResponse RefuseSender(const HttpRequest& head, const absl::Status& status) const;
  absl::StatusOr<std::shared_ptr<const PriceBook>> LoadPriceBook() const;

  const ServerOptions options_;
  const SystemClock clock_;
  File lock_;
  std::unique_ptr<Store> store_;
  std::unique_ptr<Janitor> janitor_;
  std::unique_ptr<Redactor> redactor_;
  std::unique_ptr<Ingest> ingest_;  // decode -> normalize -> redact -> price -> spool -> store
  std::unique_ptr<StateLog> state_;
  std::unique_ptr<Eraser> eraser_;
  std::unique_ptr<Access> access_;
  std::unique_ptr<GatewayHost> gateway_;
  std::unique_ptr<AlertHost> alerts_;
  std::unique_ptr<Api> api_;
  std::unique_ptr<OtlpHttp> otlp_http_;
  std::shared_ptr<MemoryBudget> memory_;
  std::unique_ptr<HttpServer> http_;
  std::unique_ptr<OtlpGrpcServer> grpc_;
  bool stopped_ = false;
};

}  // namespace pitot
