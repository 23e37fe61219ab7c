// server/gateway_host.h
//
// The gateway with what it stands on, as the configuration says: budgets (those of keys too), what runs
// usually cost, and who may call.
#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include <chrono>
#include <memory>

#include "base/clock.h"
#include "gateway/budget/budgets.h"
#include "gateway/gateway.h"
#include "gateway/keys/authorizer.h"
#include "gateway/spend_baseline.h"
#include "http/memory_budget.h"
#include "http/server.h"
#include "server/options.h"
#include "store/engine.h"
#include "store/state.h"

namespace pitot {

class GatewayHost {
 public:
  struct Parts {  // Borrowed; all must outlive the host.
    StateLog& state;
    Engine& engine;
    Ingest& ingest;
    KeyRing& keys;
    const Authorizer& authorizer;
    const Clock& clock;
  };
  static absl::StatusOr<std::unique_ptr<GatewayHost>> Open(const ServerOptions& options,
                                                           const Parts& parts);
  ~GatewayHost();

  void Start();
  // After the HTTP server has stopped. Safe to call twice.
  void Stop(std::chrono::milliseconds drain);

  // Whether a path is the gateway's; then Admit, Handle and Refuse are for it.
  static bool IsFor(std::string_view path);
  void Admit(const HttpRequest& head, Admission& admission) const;
  void Handle(HttpRequest request, Responder responder) {
    gateway_->Handle(std::move(request), std::move(responder));
  }
  HttpResponse Refuse(const HttpRequest& head, int status, std::string_view message) const {
    return gateway_->Refuse(head, status, message);
  }

  Budgets& budgets() { return *budgets_; }
  Gateway& gateway() { return *gateway_; }

 private:
  explicit GatewayHost(const Parts& parts) : parts_(parts) {}

  const Parts parts_;
  // Of bodies: a call may run for minutes, and must not keep telemetry out.
  std::shared_ptr<MemoryBudget> memory_;
  std::unique_ptr<Budgets> budgets_;
  std::unique_ptr<SpendBaseline> baseline_;
  std::unique_ptr<Gateway> gateway_;
};

}  // namespace pitot
