// alert/preflight/sandbox.h
//
// Where probes may break things: the configured gateway with upstreams that do what the probe says,
// and a project of its own in the real store, which no figure of another project counts. The server
// implements it (server/sandbox.h).
//
// Thread-safety: one probe at a time.
#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "http/headers.h"

namespace pitot {

inline constexpr std::string_view kSandboxProject = "preflight-sandbox";

// What an upstream of the sandbox does with a call.
enum class SandboxFault : uint8_t {
  kNone,      // Answers "ok" at once.
  kError500,  // 500, each time.
  kError503,
  kReset,     // Closes the connection instead of answering.
  kToolCall,  // Answers with the same tool call each time: an agent that loops.
};

struct SandboxGatewayOptions {
  // JSON objects as docs/budgets.md has them. They replace the configured ones, which know of spending
  // outside the sandbox, but for those of scope request.
  std::vector<std::string> budgets;
  bool bare_routes = false;  // Without fallbacks and answers of last resort.
  bool store_away = false;   // The store of this gateway answers nothing.
};

struct SandboxCall {
  std::string upstream = "openai";
  std::string model = "gpt-4o-mini";
  std::string feature;
  std::string user;
  std::string traceparent;  // Empty: none.
  std::optional<int64_t> max_tokens;
  // Messages of the conversation, a JSON array in the form of chat completions; empty: one greeting.
  // Upstreams of another dialect always get a greeting.
  std::string messages;
};

struct SandboxAnswer {
  int status = 0;
  HttpHeaders headers;
  std::string body;
  std::string text;  // The answer's own, when there is one.
  std::string code;  // Of a refusal by the gateway: "budget_exceeded"; empty: none.
  int64_t took_ns = 0;
};

struct SandboxLedger {
  double limit_usd = 0;
  double spent_usd = 0;
  double reserved_usd = 0;
  int64_t calls = 0;
  int64_t refused = 0;
  bool disabled = false;
};

// A gateway with the configured routes, retries, deadlines and loop detectors. Ends with its object.
class SandboxGateway {
 public:
  virtual ~SandboxGateway() = default;

  // `upstream` empty: all of them.
  virtual void SetFault(std::string_view upstream, SandboxFault fault) = 0;
  // An answer of any status is OK. kDeadlineExceeded: none within 60 s.
  virtual absl::StatusOr<SandboxAnswer> Call(const SandboxCall& call) = 0;

  virtual absl::StatusOr<SandboxLedger> Ledger(std::string_view budget) = 0;
  virtual absl::Status Disable(std::string_view budget, std::string_view reason) = 0;
  virtual absl::Status Enable(std::string_view budget) = 0;
  // Spans that are durable and wait for the store, of a gateway whose store is away.
  virtual int64_t SpansWaiting() = 0;
};

struct SandboxErasure {
  int64_t traces = 0;
  int64_t spans = 0;
};

class Sandbox {
 public:
  virtual ~Sandbox() = default;

  // The upstreams there are, with their dialects ("openai", "anthropic", "gemini").
  virtual std::vector<std::pair<std::string, std::string>> Upstreams() const = 0;
  virtual absl::StatusOr<std::unique_ptr<SandboxGateway>> Open(SandboxGatewayOptions options) = 0;

  // Spans as JSON Lines (docs/formats.md) into the sandbox's project.
  virtual absl::Status Write(std::string json_lines) = 0;
  // Returns when everything that gateways and Write brought is in answers.
  virtual absl::Status WaitReadable() = 0;
  // Deletes a user of the sandbox's project as `pitot delete` does, and waits for it.
  virtual absl::StatusOr<SandboxErasure> EraseUser(std::string_view user) = 0;
};

}  // namespace pitot
