// gateway/attribution.h
//
// Who a call is for, from what its caller says: x-pitot-* headers, W3C trace context and baggage,
// x-claude-code-* headers, the API's own user field; and from what its key says: pins, which hold
// whatever the caller says, and defaults. What a caller says of itself proves nothing: budgets that
// must hold are over what keys pin.
// Pure; any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gateway/keys/key_ring.h"
#include "http/headers.h"
#include "wire/request.h"
#include "wire/trace_context.h"

namespace pitot {

struct Attribution {
  std::string project = "default";
  std::string key_id;  // Empty: without a key.
  std::string key_name;
  std::string feature;
  std::string workflow;
  std::string user;
  std::string session;
  std::string prompt;
  std::string prompt_version;
  std::string agent;
  std::string agent_id;
  std::string parent_agent_id;
  std::string run_id;  // x-claude-code-session-id: calls with the same id are one run.
  std::string environment;
  std::string release;
  std::string service;
  std::vector<std::pair<std::string, std::string>> tags;
  std::optional<TraceParent> parent;
  int depth = 0;  // Of sub-agents, as the caller counts.
};

// `key` may be null. Values are cut at kAttributionBytesMax.
Attribution ReadAttribution(const HttpHeaders& headers, const WireRequest& request,
                            const ApiKey* key);
inline constexpr size_t kAttributionBytesMax = 256;

// What the key requires and the call lacks, by the names the key uses; empty: nothing.
std::vector<std::string_view> MissingAttribution(const ApiKey& key, const Attribution& attribution);

}  // namespace pitot
