// server/alert_host.h
//
// Alerting and preflight with what they stand on, as the configuration says: figures of budgets,
// spool and breakers, what actions do to the gateway, and a sandbox for probes.
#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include <memory>

#include "alert/preflight/preflight.h"
#include "alert/service.h"
#include "base/clock.h"
#include "server/live_figures.h"
#include "server/options.h"
#include "store/engine.h"
#include "store/state.h"

namespace pitot {

class Eraser;
class GatewayHost;
class GatewayActuator;
class Ingest;
class KeyRing;
class Authorizer;

class AlertHost {
 public:
  struct Parts {  // Borrowed; all must outlive the host.
    StateLog& state;
    Engine& engine;
    Ingest& ingest;
    GatewayHost& gateway;
    KeyRing& keys;
    const Authorizer& authorizer;
    Eraser& eraser;
    const Clock& clock;
  };
  static absl::StatusOr<std::unique_ptr<AlertHost>> Open(const ServerOptions& options,
                                                         const Parts& parts);
  ~AlertHost();

  void Start();
  void Stop();  // Safe to call twice.

  AlertService& service() { return *service_; }
  Preflight& preflight() { return *preflight_; }

 private:
  AlertHost(const ServerOptions& options, const Parts& parts);
  absl::Status OpenParts();
  void OpenPreflight();
  PreflightConfig Config() const;
  std::vector<PreflightDelivery> Deliveries() const;
  absl::StatusOr<PreflightRunbook> DryRun(const std::string& name,
                                          const std::string& project) const;

  const ServerOptions& options_;
  const Parts parts_;
  LiveFigures figures_;
  std::unique_ptr<GatewayActuator> actuator_;
  std::unique_ptr<AlertService> service_;
  std::unique_ptr<AlertReplay> replay_;
  std::unique_ptr<Sandbox> sandbox_;
  std::unique_ptr<Preflight> preflight_;
};

}  // namespace pitot
