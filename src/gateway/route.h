// gateway/route.h
//
// Which provider a path of ours stands for, and which of its APIs that is. Pure.
//
//   /anthropic/v1/messages       -> anthropic, POST /v1/messages
//   /openai/v1/chat/completions  -> openai
//   /gemini/v1beta/models/M:...  -> gemini, with model M
//   /up/NAME/...                 -> a configured upstream
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "wire/api.h"

namespace pitot {

// Whether a path belongs to the gateway.
bool IsGatewayPath(std::string_view path);

struct GatewayPath {
  std::string_view upstream;  // Name.
  std::string_view target;    // Path and query for the provider, as sent; starts with '/'.
};
// `target`: a request's path and query as sent. Nothing: not a path of the gateway, or without a name.
std::optional<GatewayPath> SplitGatewayPath(std::string_view target);

struct ProviderCall {
  WireApi api = WireApi::kOther;
  std::string model;             // From the path: Gemini's, Azure's deployment; else empty.
  bool streams_by_path = false;  // :streamGenerateContent
  bool sse = true;               // False: Gemini's stream without alt=sse.
  bool reads_only = false;       // Costs nothing: GET, HEAD, token counts, lists.
  std::string response_id;       // GET /v1/responses/ID.
  std::string_view op = "";      // As spans name it: "chat", "embeddings", ...
};
// `target` as GatewayPath::target.
ProviderCall ReadProviderCall(Dialect dialect, std::string_view method, std::string_view target);

// `target` without its `key` query parameter (Gemini's way to send one).
std::string WithoutKeyParam(std::string_view target);
// The value of that parameter, decoded; empty: none.
std::string KeyParam(std::string_view target);

}  // namespace pitot
