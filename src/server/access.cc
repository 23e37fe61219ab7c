#include "server/access.h"

#include <utility>

#include "base/file.h"
#include "base/log.h"
#include "base/status.h"
#include "server/address.h"

namespace pitot {
namespace {

constexpr int kPrivateFolder = 0700;

AuthMode ModeOf(std::string_view name) {
  if (name == "keys") return AuthMode::kKeys;
  return name == "none" ? AuthMode::kNone : AuthMode::kAuto;
}

absl::StatusOr<bool> IsLoopbackOnly(const ServerOptions& options) {
  ASSIGN_OR_RETURN(const ListenAddress http,
                   ParseListenAddress("listen.http", options.http_address));
  if (options.grpc_address == "off") return http.loopback;
  ASSIGN_OR_RETURN(const ListenAddress grpc,
                   ParseListenAddress("listen.grpc", options.grpc_address));
  return http.loopback && grpc.loopback;
}

}  // namespace

absl::StatusOr<std::unique_ptr<Access>> Access::Open(const ServerOptions& options, StateLog& state,
                                                     Engine& engine, const Clock& clock) {
  ASSIGN_OR_RETURN(const bool loopback_only, IsLoopbackOnly(options));
  const std::string folder = options.data_dir + "/keys";
  RETURN_IF_ERROR(MakeFolders(folder, kPrivateFolder));
  if (state.Latest(kKeyKind).empty()) {
    // A data folder that was lost must not open the server: the store may know keys.
    if (const absl::Status read = state.Apply(engine); !read.ok()) {
      LogWarning("keys: the store could not be asked for any: {}", Message(read));
    }
  }
  std::unique_ptr<Access> access(new Access);
  KeyRingOptions ring;
  ring.keys = options.keys;
  ring.config_file = options.config_file;
  ring.keys_max = options.limits.api_keys;
  ring.use_file = folder + "/used";
  ASSIGN_OR_RETURN(access->keys_, KeyRing::Open(std::move(ring), state, clock));
  access->sessions_ = std::make_unique<Sessions>(folder + "/sessions", *access->keys_, clock);
  access->authorizer_ =
      std::make_unique<Authorizer>(Authorizer::Options{ModeOf(options.auth_mode), loopback_only},
                                   *access->keys_, access->sessions_.get());
  if (!access->authorizer_->KeysRequired()) return access;
  if (access->keys_->empty()) {
    ApiKey first;
    first.name = "first admin key";
    first.scopes = static_cast<uint32_t>(KeyScope::kAdmin);
    ASSIGN_OR_RETURN(NewKey made, access->keys_->Create(std::move(first), "first start"));
    access->first_secret_ = std::move(made.secret);
  } else if (!access->keys_->HasAdmin()) {
    LogWarning(
        "keys: none of them may make others (scope admin), or it has expired; an admin key in the "
        "configuration file mends that");
  }
  return access;
}

void Access::Save() const {
  if (const absl::Status status = keys_->SaveUse(); !status.ok()) {
    LogWarning("keys: when they were last used is not saved: {}", Message(status));
  }
}

}  // namespace pitot
