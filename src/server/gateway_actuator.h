// server/gateway_actuator.h
//
// What actions of runbooks do to the gateway: overrides with an end (gateway/overrides.h), and circuit
// breakers held open.
#pragma once

#include "alert/runbook/actions.h"

namespace pitot {

class Gateway;

// Thread-safe. Borrows the gateway.
class GatewayActuator final : public Actuator {
 public:
  explicit GatewayActuator(Gateway& gateway) : gateway_(gateway) {}

  absl::StatusOr<ActionEffect> Apply(const Action& action, UnixNanos now) override;
  absl::Status Revert(const Action& action, UnixNanos now) override;

 private:
  Gateway& gateway_;
};

}  // namespace pitot
