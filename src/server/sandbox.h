// server/sandbox.h
//
// The sandbox of preflight (alert/preflight/sandbox.h): the configured gateway once more, with a ledger,
// keys and state of its own in a temporary folder, and with upstreams of our own in place of every
// provider. Its spans go to the project kSandboxProject of the real store; no provider is called and
// no configured secret is read.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "alert/preflight/sandbox.h"
#include "base/clock.h"
#include "base/mutex.h"
#include "server/options.h"

namespace pitot {

class Eraser;
class Ingest;

class LiveSandbox final : public Sandbox {
 public:
  struct Parts {  // Borrowed; all must outlive the sandbox.
    const ServerOptions& options;
    Ingest& ingest;
    Eraser& eraser;
    const Clock& clock;
  };
  explicit LiveSandbox(const Parts& parts);
  ~LiveSandbox() override;

  std::vector<std::pair<std::string, std::string>> Upstreams() const override;
  absl::StatusOr<std::unique_ptr<SandboxGateway>> Open(SandboxGatewayOptions options) override;
  absl::Status Write(std::string json_lines) override;
  absl::Status WaitReadable() override;
  absl::StatusOr<SandboxErasure> EraseUser(std::string_view user) override;

 private:
  class GatewayRun;

  const Parts parts_;
  Mutex mutex_;
  std::vector<GatewayRun*> open_ ABSL_GUARDED_BY(mutex_);  // Gateways that may still record calls.
};

}  // namespace pitot
