// `pitot serve`
#include <fmt/format.h>
#include <signal.h>

#include "base/log.h"
#include "base/memory.h"
#include "base/status.h"
#include "cmd/commands.h"
#include "server/address.h"
#include "server/config.h"
#include "server/server.h"

namespace pitot {
namespace {

// Signals are taken by waiting for them, not by handlers: all threads are started with them blocked.
sigset_t StopSignals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  return signals;
}

int WaitForSignal(const sigset_t& signals) {
  int signal = 0;
  while (sigwait(&signals, &signal) != 0) {
  }
  return signal;
}

std::string ReadyLine(const Server& server, const ServerOptions& options) {
  std::string line =
      fmt::format("ready: http://{}", AddressText(options.http_address, server.http_port()));
  if (const auto port = server.grpc_port()) {
    line += fmt::format(", grpc {}", AddressText(options.grpc_address, *port));
  }
  return fmt::format("{}; {}", line, server.Describe());
}

// On standard error and in no log: it is not shown again.
void ShowFirstKey(const std::string& secret) {
  fmt::print(
      stderr,
      "\n"
      "Calls to this server need a key, and there was none. This one may do everything; it is "
      "shown\nthis once:\n\n    {}\n\n"
      "Keep it safe, and make others with it:\n\n    export PITOT_KEY={}\n"
      "    pitot key create NAME --scopes ingest\n\n",
      secret, secret);
}

}  // namespace

int RunServe(const std::string& config_path) {
  const auto options = LoadConfig(config_path, ProcessEnv);
  if (!options.ok()) {
    fmt::print(stderr, "{}\n", Message(options.status()));
    return kExitUsage;
  }
  ConfigureAllocator();
  const sigset_t signals = StopSignals();
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  signal(SIGPIPE, SIG_IGN);

  auto server = Server::Open(*options);
  absl::Status status = server.ok() ? (*server)->Start() : server.status();
  if (!status.ok()) {
    fmt::print(stderr, "pitot: {}\n", Message(status));
    return status.code() == absl::StatusCode::kInvalidArgument ? kExitUsage : kExitInconclusive;
  }
  if (const auto secret = (*server)->TakeFirstSecret()) ShowFirstKey(*secret);
  LogInfo("{}", ReadyLine(**server, *options));

  WaitForSignal(signals);
  LogInfo("stopping; once more to stop at once");
  // The next one ends the process as signals do. What was acknowledged is in the spool.
  pthread_sigmask(SIG_UNBLOCK, &signals, nullptr);
  (*server)->Stop();
  server->reset();
  LogInfo("stopped");
  return kExitOk;
}

}  // namespace pitot
