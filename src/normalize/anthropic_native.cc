// Source: @anthropic-ai/sdk 1.10, run against a scripted server.
#include "normalize/anthropic_native.h"

namespace pitot {
namespace {

using enum Field;

constexpr Rule kRules[] = {
    {"anthropic.usage.cache_creation.ephemeral_5m_input_tokens", kCacheWrite5m, 10},
    {"anthropic.usage.cache_creation.ephemeral_1h_input_tokens", kCacheWrite1h, 10},
    {"anthropic.message.stop_reason", kFinish, 50},
    {"anthropic.usage.service_tier", kServiceTier, 40},
    {"anthropic.usage.server_tool_use.web_search_requests", kWebSearches, 10},
};

}  // namespace

const Dialect kAnthropicNativeDialect = {"anthropic_native", kRules, {}, {}};

}  // namespace pitot
