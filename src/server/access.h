// server/access.h
//
// Who may reach this server, as the configuration says: the keys, the sessions of browsers and the
// authorizer, put together.
#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include <memory>
#include <optional>
#include <string>

#include "base/clock.h"
#include "gateway/keys/authorizer.h"
#include "gateway/keys/key_ring.h"
#include "gateway/keys/sessions.h"
#include "server/options.h"
#include "store/engine.h"
#include "store/state.h"

namespace pitot {

class Access {
 public:
  // Borrows the log and the clock; asks the engine once, for keys that the data folder does not know of.
  // A server that needs keys and has none makes an admin key: see first_secret.
  static absl::StatusOr<std::unique_ptr<Access>> Open(const ServerOptions& options, StateLog& state,
                                                      Engine& engine, const Clock& clock);

  KeyRing& keys() { return *keys_; }
  Sessions& sessions() { return *sessions_; }
  const Authorizer& authorizer() const { return *authorizer_; }

  // The secret of the admin key that Open had to make; to be shown once and not kept.
  std::optional<std::string> TakeFirstSecret() {
    return std::exchange(first_secret_, std::nullopt);
  }

  // What is to be done from time to time.
  void Save() const;

 private:
  Access() = default;

  std::unique_ptr<KeyRing> keys_;
  std::unique_ptr<Sessions> sessions_;
  std::unique_ptr<Authorizer> authorizer_;
  std::optional<std::string> first_secret_;
};

}  // namespace pitot
