// api/api.h
//
// Everything under /api/v1, and /healthz, /readyz and /metrics: HTTP handlers, one file per
// resource. Handlers translate; what they show is made by query/ and ingest/.
//
// Thread-safety: Handle may be called from any number of threads and never blocks: what waits for
// the store runs on a few threads of its own, behind a bounded queue; when that is full, 503.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "api/server_settings.h"
#include "base/clock.h"
#include "base/limits.h"
#include "http/message.h"
#include "http/server.h"
#include "ingest/ingest.h"
#include "price/price.h"
#include "store/store.h"

namespace pitot {

class AlertService;
class Authorizer;
class Budgets;
class Eraser;
class Gateway;
class KeyRing;
class Preflight;
class Sessions;
class StateLog;

// Borrowed; all must outlive the Api.
struct ApiDeps {
  Store& store;
  Ingest& ingest;
  const Limits& limits;
  const Clock& clock;
  // Null: nothing is deleted, nothing is audited.
  Eraser* eraser = nullptr;
  StateLog* state = nullptr;
  // Null: nobody needs a key, nobody logs in, no key is made.
  KeyRing* keys = nullptr;
  Sessions* sessions = nullptr;
  const Authorizer* authorizer = nullptr;
  // Null: no gateway runs here.
  Budgets* budgets = nullptr;
  Gateway* gateway = nullptr;
  // Null: nothing is evaluated here, nobody is told.
  AlertService* alerts = nullptr;
  Preflight* preflight = nullptr;
  // Reads the price file anew; none: repricing uses the book in force.
  std::function<absl::StatusOr<std::shared_ptr<const PriceBook>>()> load_prices = nullptr;
  // How providers do right now, as JSON (ProviderHealth::Json); quick, any thread. None: no gateway.
  std::function<std::string()> gateway_health = nullptr;
  // What the server was started with; quick, any thread. None: the defaults are told.
  std::function<ServerSettings()> settings = nullptr;
  std::chrono::milliseconds live_heartbeat{15'000};  // Between signs of life on idle live streams.
};

// What Api answers, for the test of its document.
struct ApiRoute {
  std::string_view method;
  std::string_view path;                 // With {names} for parts that vary.
  std::vector<std::string_view> params;  // Of the query.
};
std::vector<ApiRoute> ApiRoutes();

class Api {
 public:
  explicit Api(const ApiDeps& deps);
  // Answers what is queued, then joins.
  ~Api();

  // By the head alone, before the body is read: 401 and 403.
  std::optional<HttpResponse> Admit(const HttpRequest& head) const;

  void Handle(HttpRequest request, Responder responder);

  // Ends the live streams, which would end by themselves never: to be called before the HttpServer
  // stops and waits for what is in flight. Safe to call twice.
  void EndStreams();

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace pitot
