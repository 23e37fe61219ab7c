// gateway/keys/authorizer.h
//
// Who asks, and may they: the same for the API, OTLP over HTTP and gRPC, and the gateway.
//
//   auth.mode auto  loopback without any key: everybody (the guard of http/guard.h keeps foreign web
//                   pages out). As soon as a key exists, or another address is listened on: keys.
//             keys  always keys.
//             none  everybody.
//
// A secret of ours that is not valid is refused in every mode: it is a mistake, and in the gateway it
// would otherwise be sent to the provider. Thread-safe, quick.
#pragma once

#include <absl/status/statusor.h>

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "gateway/keys/key_ring.h"
#include "gateway/keys/sessions.h"
#include "http/message.h"

namespace pitot {

enum class AuthMode { kAuto, kKeys, kNone };

// Who asks.
struct Caller {
  std::shared_ptr<const ApiKey> key;  // Null: everybody may, and nobody said who it is.
  std::string peer;                   // Address.
  std::string csrf_token;             // Of a session in a browser; else empty.

  // For the audit log: "key 1a2b3c4d (name) from 127.0.0.1:5000".
  std::string Actor() const;
  // "default" without a key.
  std::string_view Project() const;
  // Whether it may see every project.
  bool SeesAll() const { return key == nullptr || key->May(KeyScope::kAdmin); }
  // The project of a request that names `asked` (empty: none). kPermissionDenied: it is not the key's.
  absl::StatusOr<std::string> ProjectFor(std::string_view asked) const;
};

class Authorizer {
 public:
  struct Options {
    AuthMode mode = AuthMode::kAuto;
    bool loopback_only = true;  // Every listener's address is a loopback address.
  };
  // Borrows both; `sessions` null: keys only.
  Authorizer(Options options, const KeyRing& keys, const Sessions* sessions = nullptr);

  // Whether a call without a key is refused now.
  bool KeysRequired() const;

  // By key alone: senders and the gateway. kUnauthenticated: no key, or none that is valid;
  // kPermissionDenied: it lacks the scope. The messages say what to do.
  absl::StatusOr<Caller> Authorize(const HttpRequest& head, KeyScope need) const;
  // gRPC: as KeyOf.
  absl::StatusOr<Caller> Authorize(
      const std::function<std::string_view(std::string_view name)>& header, KeyScope need) const;

  // By key, or by the cookie of a browser; then what changes something must carry the session's token
  // in x-pitot-csrf.
  absl::StatusOr<Caller> AuthorizePage(const HttpRequest& head, KeyScope need) const;

 private:
  absl::StatusOr<Caller> Check(std::shared_ptr<const ApiKey> key, KeyScope need,
                               std::string peer) const;
  absl::StatusOr<Caller> OfSecret(std::optional<std::string_view> secret, KeyScope need,
                                  std::string peer) const;

  const Options options_;
  const KeyRing& keys_;
  const Sessions* const sessions_;
};

// The cookie's value in a request, "" without one.
std::string_view SessionCookie(const HttpRequest& request);
inline constexpr std::string_view kSessionCookie = "pitot_session";
inline constexpr std::string_view kCsrfHeader = "x-pitot-csrf";

}  // namespace pitot
