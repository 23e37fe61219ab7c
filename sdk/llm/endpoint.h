// sdk/llm/endpoint.h
//
// Where a client's requests go, and what may be said of the caller there. Pure.
#pragma once

#include <string>
#include <string_view>

#include "pitot/context.h"
#include "pitot/exporters.h"
#include "pitot/tags.h"
#include "sdk/net/url.h"

namespace pitot {
inline namespace sdk {

// `base` with a path behind its own; a query of it stays at the end.
std::string JoinUrl(std::string_view base, std::string_view path);

// The providers' own hosts: anthropic.com, openai.com and what is below them.
bool IsProvidersHost(const Url& url);
// Loopback, private and link-local addresses, names without a dot or of a private zone.
bool IsOwnNetwork(const Url& url);

// Appends trace headers as LlmClientOptions::gateway_headers says.
void AppendTraceHeaders(const Context& context, const Url& url, bool gateway, HeaderList& headers);
// x-pitot-feature and the like; control characters become spaces.
void AppendTagHeaders(const Tags& tags, HeaderList& headers);
// Those of `over` replace the ones of the same name.
void Overlay(const HeaderList& over, HeaderList& headers);

}  // namespace sdk
}  // namespace pitot
