// normalize/words.h
//
// The words of providers and frameworks, folded into ours. All tables; what they do not know stays
// as it came (provider), or becomes "other" (finish reason) or "unknown" (error).
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "model/arena.h"
#include "model/span.h"

namespace pitot {

// The canonical name of a provider: lower case, aliases folded ("az.ai.openai" ->
// "azure.ai.openai").
std::string_view CanonicalProvider(std::string_view word, Arena& arena);

// The provider that makes `model`, for spans that name no provider; empty when unknown.
std::string_view ProviderOfModel(std::string_view model);

FinishReason FinishReasonOf(std::string_view word);

// What went wrong. Sources in order of trust; empty and 0 are absent.
struct ErrorClues {
  std::string_view error_type;
  std::string_view exception_type;
  int64_t http_status = 0;
  std::string_view message;
};
// kUnknown when no clue says anything.
ErrorCategory ErrorCategoryOf(const ErrorClues& clues);

// The category of an HTTP status; kNone below 400.
ErrorCategory CategoryOfHttpStatus(int64_t status);

// Nothing for words that are no tool status.
std::optional<ToolStatus> ToolStatusOf(std::string_view word);

// How a tool call that failed with `category` is shown.
ToolStatus ToolStatusOfError(ErrorCategory category);

}  // namespace pitot
