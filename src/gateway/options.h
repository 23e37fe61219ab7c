// gateway/options.h
//
// What the gateway is told: upstreams, routes, deadlines. Validated once, when read.
#pragma once

#include <absl/status/status.h>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/limits.h"
#include "gateway/outage/headers.h"
#include "gateway/outage/health.h"
#include "gateway/outage/plan.h"
#include "gateway/outage/retry.h"
#include "gateway/runs/runs.h"
#include "wire/api.h"

namespace pitot {

// A provider, or whatever speaks like one.
struct UpstreamOptions {
  std::string name;  // Of /up/NAME; anthropic, openai and gemini have paths of their own too.
  std::string url;   // "https://api.openai.com"; the path of a call is appended.
  Dialect dialect = Dialect::kOpenAi;
  // Who bills, as spans name it and the price book knows it: "openai", "gcp.gemini", "openrouter".
  // Empty: the price book tells by the model.
  std::string provider;
  // "env:NAME" or "file:/path": the key put in place of the caller's. Empty: the caller's own goes on.
  std::string key;
  HeaderRules headers;
  // Ask streams for their usage (and take the answer out again); for servers that refuse the option.
  bool include_usage = true;
  std::string ca_file;  // PEM; empty: the system's certificates.
};

struct GatewayDeadlines {
  std::chrono::milliseconds total{600'000};
  std::chrono::milliseconds first_byte{120'000};
  std::chrono::milliseconds idle{60'000};
  std::chrono::milliseconds connect{10'000};
  absl::Status Validate(std::string_view field) const;
};

// What holds for the calls it matches; the first that matches does. Empty globs match everything.
struct RouteOptions {
  std::string upstream;  // Globs.
  std::string model;
  std::string feature;
  std::string key;  // Of the key's name or id.

  std::vector<PlanTarget> equal;     // Instead of the call's own upstream; chosen by latency.
  std::vector<PlanTarget> fallback;  // When those fail, in order.
  std::optional<int64_t> cache_ttl_ns;
  int64_t cache_stale_ns = 0;  // How long after that an answer may still stand in for a provider.
  std::string degraded_text;   // What is answered when nobody else does; empty: an error.
  std::optional<GatewayDeadlines> deadlines;

  bool Matches(std::string_view upstream_name, std::string_view model_name,
               std::string_view feature_name, std::string_view key_name,
               std::string_view key_id) const;
};

struct GatewayOptions {
  std::vector<UpstreamOptions> upstreams;  // Beside, or in place of, the three built in.
  std::vector<RouteOptions> routes;
  GatewayDeadlines deadlines;
  RetryOptions retry;
  HealthOptions health;
  RunOptions runs;
  // A call that is still running then is announced: shown as running, and kept in mind by a crash.
  int64_t announce_after_ns = 250 * kNanosPerMilli;
  // The output a strict budget assumes where the call names no limit and the catalogue no context.
  int64_t output_tokens_unknown = 200'000;
  Limits limits;

  // Names field, value and what is accepted; also that chains name known upstreams of one dialect.
  absl::Status Validate() const;
};

// anthropic, openai and gemini, as they are without configuration.
std::vector<UpstreamOptions> BuiltInUpstreams();
// Those, and `configured` beside or in place of them.
std::vector<UpstreamOptions> AllUpstreams(const std::vector<UpstreamOptions>& configured);

}  // namespace pitot
