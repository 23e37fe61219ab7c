// gateway/gateway.h
//
// The proxy between agents and their providers: each call is attributed, held to its budgets, watched
// for loops, forwarded byte for byte, metered as it passes, and recorded as spans.
//
//   path -> key, attribution -> run (trace, tools, loops) -> budget -> upstream(s) -> answer
//        -> usage, cost -> settle -> spans
//
// Pass-through is exact: headers by deny-list, error bodies untouched, bytes forwarded before they are
// parsed. Exceptions: a stream that was asked for its usage on our account is forwarded by whole
// events, less the one that carries it; with a fallback chain, bytes up to the first meaningful one
// are held.
//
// Thread-safety: Admit, Handle and Refuse run on the HTTP server's I/O threads, any number of them; a
// call lives on one. HealthJson, stats and Resume: any thread.
#pragma once

#include <absl/status/statusor.h>

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "gateway/budget/budgets.h"
#include "gateway/keys/key_ring.h"
#include "gateway/options.h"
#include "gateway/outage/cache.h"
#include "gateway/outage/health.h"
#include "gateway/overrides.h"
#include "gateway/recorder.h"
#include "http/server.h"
#include "ingest/ingest.h"

namespace pitot {

// Borrowed; all must outlive the Gateway.
struct GatewayDeps {
  Ingest& ingest;
  Budgets& budgets;
  const KeyRing& keys;
  const Clock& clock;
};

struct GatewayStats {
  int64_t calls_in_flight = 0;
  uint64_t calls = 0;
  uint64_t refused = 0;  // By the gateway itself.
  uint64_t cut = 0;      // In flight, by a budget.
  RecorderStats recorder;
  AnswerCache::Stats cache;
};

class Gateway {
 public:
  // kInvalidArgument: the options.
  static absl::StatusOr<std::unique_ptr<Gateway>> Open(GatewayOptions options,
                                                       const GatewayDeps& deps);
  ~Gateway();

  void Start();
  // After the HTTP server stopped: ends what is left as cancelled, settles it, hands the spans to
  // ingest and waits up to `drain` for them. Safe to call twice.
  void Stop(std::chrono::milliseconds drain);

  // On a request's head: the size its body may have.
  void Admit(const HttpRequest& head, Admission& admission) const;
  void Handle(HttpRequest request, Responder responder);
  // A refusal by the server itself (or by its authorizer) in the provider's own form.
  HttpResponse Refuse(const HttpRequest& head, int status, std::string_view message) const;

  // How the providers do; see outage/health.h.
  std::vector<ModelHealth> Health() const;
  std::string HealthJson() const;
  bool CloseBreaker(std::string_view upstream, std::string_view model);
  // Holds a breaker open; see ProviderHealth::Open.
  bool OpenBreaker(std::string_view upstream, std::string_view model, UnixNanos until,
                   std::string why);
  // The upstream of that name, else the first whose calls the spans of `provider` are; empty: none.
  std::string UpstreamOf(std::string_view provider) const;
  // What is changed for a while; any thread.
  GatewayOverrides& overrides();
  // Lets a run that was stopped by a loop detector go on. False: it is not known (any more).
  bool ResumeRun(const TraceId& trace);
  GatewayStats stats() const;

  class Core;  // Internal to gateway/.

 private:
  explicit Gateway(std::unique_ptr<Core> core);
  std::unique_ptr<Core> core_;
};

}  // namespace pitot
