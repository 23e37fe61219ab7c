// server/sandbox_upstream.h
//
// A provider on loopback that answers as a probe wants: OpenAI's chat completions, Anthropic's messages
// and Gemini's generateContent, not streamed. One server stands for all providers; the first part of
// the path names which.
#pragma once

#include <absl/status/statusor.h>

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "alert/preflight/sandbox.h"
#include "base/mutex.h"
#include "http/message.h"
#include "http/server.h"

namespace pitot {

// Thread-safe.
class SandboxUpstream {
 public:
  static absl::StatusOr<std::unique_ptr<SandboxUpstream>> Open();
  ~SandboxUpstream();

  // Where the provider `name` is, as an upstream's `url`.
  std::string UrlOf(std::string_view name) const;
  // `name` empty: of all.
  void SetFault(std::string_view name, SandboxFault fault);

 private:
  SandboxUpstream() = default;
  void Handle(const HttpRequest& request, Responder responder);
  SandboxFault FaultOf(std::string_view name) const;

  mutable Mutex mutex_;
  SandboxFault fault_ ABSL_GUARDED_BY(mutex_) = SandboxFault::kNone;  // Of those not named.
  std::map<std::string, SandboxFault, std::less<>> faults_ ABSL_GUARDED_BY(mutex_);
  uint64_t answers_ ABSL_GUARDED_BY(mutex_) = 0;
  std::unique_ptr<HttpServer> server_;  // Last: its threads use the rest.
};

}  // namespace pitot
