// sdk/llm/call_content.h
//
// What requests and answers say, onto spans and into replies. Pure, but for the prices' cache.
#pragma once

#include <string_view>
#include <vector>

#include "pitot/llm_client.h"
#include "pitot/span.h"
#include "wire/request.h"
#include "wire/response.h"

namespace pitot {
inline namespace sdk {

// Messages, system prompt and tool definitions, as the provider has them.
void SetRequestContent(std::string_view body, const WireRequest& request, Span& span);
void SetAnswerContent(const WireResult& result, Span& span);

LlmReply MakeReply(WireResult result);

// A call answered by several models costs the sum; unknown as soon as one of them is.
void PriceIterations(const std::vector<WireIteration>& iterations, LlmCallMetrics& call);

}  // namespace sdk
}  // namespace pitot
