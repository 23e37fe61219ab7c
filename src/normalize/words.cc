#include "normalize/words.h"

#include <algorithm>
#include <charconv>
#include <string>

#include "normalize/value.h"

namespace pitot {
namespace {

struct ProviderRow {
  std::string_view word;  // Lower case.
  std::string_view provider;
  bool prefix = false;
};
constexpr ProviderRow kProviders[] = {
    {"openai", "openai"},
    {"azure", "azure.ai.openai"},
    {"azure-openai", "azure.ai.openai"},
    {"azure_openai", "azure.ai.openai"},
    {"az.ai.openai", "azure.ai.openai"},
    {"az.ai.inference", "azure.ai.inference"},
    {"azure_ai", "azure.ai.inference"},
    {"anthropic.messages", "anthropic"},
    {"gemini", "gcp.gemini"},
    {"google", "gcp.gemini"},
    {"google.generative-ai", "gcp.gemini"},
    {"google_genai", "gcp.gemini"},
    {"vertex_ai", "gcp.vertex_ai"},
    {"vertexai", "gcp.vertex_ai"},
    {"vertex", "gcp.vertex_ai"},
    {"google.vertex", "gcp.vertex_ai", true},
    {"bedrock", "aws.bedrock"},
    {"amazon-bedrock", "aws.bedrock"},
    {"aws", "aws.bedrock"},
    {"amazon", "aws.bedrock"},
    {"mistral", "mistral_ai"},
    {"mistralai", "mistral_ai"},
    {"xai", "x_ai"},
    {"moonshot", "moonshot_ai"},
    {"together", "together_ai"},
};

struct ModelRow {
  std::string_view prefix;
  std::string_view provider;
};
constexpr ModelRow kModels[] = {
    {"gpt-", "openai"},
    {"chatgpt", "openai"},
    {"o1", "openai"},
    {"o3", "openai"},
    {"o4", "openai"},
    {"text-embedding-3", "openai"},
    {"text-embedding-ada", "openai"},
    {"claude", "anthropic"},
    {"gemini", "gcp.gemini"},
    {"mistral", "mistral_ai"},
    {"codestral", "mistral_ai"},
    {"grok", "x_ai"},
    {"deepseek", "deepseek"},
    {"command-", "cohere"},
    {"moonshot", "moonshot_ai"},
    {"kimi", "moonshot_ai"},
};

struct FinishRow {
  std::string_view word;  // Lower case, "-" as "_".
  FinishReason reason;
};
constexpr FinishRow kFinishReasons[] = {
    {"stop", FinishReason::kStop},
    {"end_turn", FinishReason::kStop},
    {"endturn", FinishReason::kStop},
    {"stop_sequence", FinishReason::kStop},
    {"completed", FinishReason::kStop},
    {"eos", FinishReason::kStop},
    {"length", FinishReason::kLength},
    {"max_tokens", FinishReason::kLength},
    {"max_output_tokens", FinishReason::kLength},
    {"model_context_window_exceeded", FinishReason::kLength},
    {"tool_call", FinishReason::kToolUse},
    {"tool_calls", FinishReason::kToolUse},
    {"tool_use", FinishReason::kToolUse},
    {"tooluse", FinishReason::kToolUse},
    {"function_call", FinishReason::kToolUse},
    {"content_filter", FinishReason::kContentFilter},
    {"safety", FinishReason::kContentFilter},
    {"recitation", FinishReason::kContentFilter},
    {"guardrail_intervened", FinishReason::kContentFilter},
    {"refusal", FinishReason::kRefusal},
    {"error", FinishReason::kError},
    {"failed", FinishReason::kError},
    {"cancelled", FinishReason::kCancelled},
    {"canceled", FinishReason::kCancelled},
    {"aborted", FinishReason::kCancelled},
};

struct ErrorRow {
  std::string_view
      part;  // Lower case, letters and digits only: found anywhere in the squeezed words.
  ErrorCategory category;
};
// In order: the more telling word first. "RateLimitError: context length..." is about the rate, but
// an "invalid_request_error" that says "context length" is about the context.
constexpr ErrorRow kErrors[] = {
    {"contextlength", ErrorCategory::kContextLength},
    {"contextwindow", ErrorCategory::kContextLength},
    {"maximumcontext", ErrorCategory::kContextLength},
    {"promptistoolong", ErrorCategory::kContextLength},
    {"insufficientquota", ErrorCategory::kQuota},
    {"quotaexceeded", ErrorCategory::kQuota},
    {"exceededyourcurrentquota", ErrorCategory::kQuota},
    {"billing", ErrorCategory::kQuota},
    {"creditbalance", ErrorCategory::kQuota},
    {"paymentrequired", ErrorCategory::kQuota},
    {"budgetexceeded", ErrorCategory::kQuota},
    {"ratelimit", ErrorCategory::kRateLimit},
    {"toomanyrequests", ErrorCategory::kRateLimit},
    {"throttl", ErrorCategory::kRateLimit},
    {"resourceexhausted", ErrorCategory::kRateLimit},
    {"overloaded", ErrorCategory::kOverloaded},
    {"serviceunavailable", ErrorCategory::kOverloaded},
    {"serverbusy", ErrorCategory::kOverloaded},
    {"modelnotready", ErrorCategory::kOverloaded},
    {"contentfilter", ErrorCategory::kContentFilter},
    {"contentpolicy", ErrorCategory::kContentFilter},
    {"guardrail", ErrorCategory::kContentFilter},
    {"moderation", ErrorCategory::kContentFilter},
    {"authentication", ErrorCategory::kAuth},
    {"unauthenticated", ErrorCategory::kAuth},
    {"unauthorized", ErrorCategory::kAuth},
    {"unauthorised", ErrorCategory::kAuth},
    {"permission", ErrorCategory::kAuth},
    {"forbidden", ErrorCategory::kAuth},
    {"accessdenied", ErrorCategory::kAuth},
    {"apikey", ErrorCategory::kAuth},
    {"timeout", ErrorCategory::kTimeout},
    {"timedout", ErrorCategory::kTimeout},
    {"deadlineexceeded", ErrorCategory::kTimeout},
    {"cancel", ErrorCategory::kCancelled},
    {"aborterror", ErrorCategory::kCancelled},
    {"aborted", ErrorCategory::kCancelled},
    {"keyboardinterrupt", ErrorCategory::kCancelled},
    {"jsondecode", ErrorCategory::kParse},
    {"outputparser", ErrorCategory::kParse},
    {"parseerror", ErrorCategory::kParse},
    {"parsing", ErrorCategory::kParse},
    {"unmarshal", ErrorCategory::kParse},
    {"syntaxerror", ErrorCategory::kParse},
    {"unexpectedtoken", ErrorCategory::kParse},
    {"invalidrequest", ErrorCategory::kInvalidArgs},
    {"invalidarg", ErrorCategory::kInvalidArgs},
    {"invalidparam", ErrorCategory::kInvalidArgs},
    {"badrequest", ErrorCategory::kInvalidArgs},
    {"validation", ErrorCategory::kInvalidArgs},
    {"matchtheschema", ErrorCategory::kInvalidArgs},
    {"unprocessable", ErrorCategory::kInvalidArgs},
    {"notfound", ErrorCategory::kInvalidArgs},
    {"valueerror", ErrorCategory::kInvalidArgs},
    {"typeerror", ErrorCategory::kInvalidArgs},
    {"connect", ErrorCategory::kNetwork},
    {"network", ErrorCategory::kNetwork},
    {"econnre", ErrorCategory::kNetwork},
    {"unreachable", ErrorCategory::kNetwork},
    {"sslerror", ErrorCategory::kNetwork},
    {"certificate", ErrorCategory::kNetwork},
    {"nameresolution", ErrorCategory::kNetwork},
    {"getaddrinfo", ErrorCategory::kNetwork},
    {"fetchfailed", ErrorCategory::kNetwork},
    {"toolerror", ErrorCategory::kTool},
    {"toolexecution", ErrorCategory::kTool},
    {"toolexception", ErrorCategory::kTool},
    {"internal", ErrorCategory::kInternal},
    {"servererror", ErrorCategory::kInternal},
    {"apierror", ErrorCategory::kInternal},
    {"badgateway", ErrorCategory::kInternal},
};

struct HttpRow {
  int64_t status;
  ErrorCategory category;
};
constexpr HttpRow kHttp[] = {
    {401, ErrorCategory::kAuth},       {402, ErrorCategory::kQuota},
    {403, ErrorCategory::kAuth},       {407, ErrorCategory::kAuth},
    {408, ErrorCategory::kTimeout},    {413, ErrorCategory::kContextLength},
    {429, ErrorCategory::kRateLimit},  {499, ErrorCategory::kCancelled},
    {503, ErrorCategory::kOverloaded}, {504, ErrorCategory::kTimeout},
    {529, ErrorCategory::kOverloaded},
};

struct ToolRow {
  std::string_view word;  // Lower case, "-" and " " as "_".
  ToolStatus status;
};
constexpr ToolRow kToolWords[] = {
    {"success", ToolStatus::kSuccess},
    {"succeeded", ToolStatus::kSuccess},
    {"ok", ToolStatus::kSuccess},
    {"completed", ToolStatus::kSuccess},
    {"error", ToolStatus::kError},
    {"failed", ToolStatus::kError},
    {"failure", ToolStatus::kError},
    {"cancelled", ToolStatus::kError},
    {"timeout", ToolStatus::kTimeout},
    {"timed_out", ToolStatus::kTimeout},
    {"rate_limited", ToolStatus::kRateLimited},
    {"rate_limit", ToolStatus::kRateLimited},
    {"throttled", ToolStatus::kRateLimited},
    {"invalid_args", ToolStatus::kInvalidArgs},
    {"invalid_arguments", ToolStatus::kInvalidArgs},
    {"invalid_input", ToolStatus::kInvalidArgs},
    {"blocked", ToolStatus::kBlocked},
    {"rejected", ToolStatus::kBlocked},
    {"reject", ToolStatus::kBlocked},
    {"denied", ToolStatus::kBlocked},
};

// Lower case, '-' and ' ' as '_', into a small buffer; empty when the word is too long to be a
// word.
class Word {
 public:
  explicit Word(std::string_view text) {
    if (text.size() > sizeof(bytes_)) return;
    for (const char c : text) {
      const bool upper = c >= 'A' && c <= 'Z';
      bytes_[size_++] = c == '-' || c == ' ' ? '_' : static_cast<char>(upper ? c | 0x20 : c);
    }
  }
  std::string_view view() const { return {bytes_, size_}; }

 private:
  char bytes_[48];
  size_t size_ = 0;
};

// Letters and digits of `text`, lower case: "Rate-Limit Error" and "RateLimitError" become one.
std::string Squeeze(std::string_view text) {
  constexpr size_t kBytesMax = 400;  // Enough of a message to tell what it is about.
  std::string out;
  for (const char c : text.substr(0, kBytesMax)) {
    const char lower = static_cast<char>(c >= 'A' && c <= 'Z' ? c | 0x20 : c);
    if ((lower >= 'a' && lower <= 'z') || (lower >= '0' && lower <= '9')) out += lower;
  }
  return out;
}

ErrorCategory CategoryOfWords(std::string_view text) {
  if (text.empty()) return ErrorCategory::kNone;
  int64_t status = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), status);
  if (error == std::errc() && end == text.data() + text.size()) return CategoryOfHttpStatus(status);
  const std::string squeezed = Squeeze(text);
  for (const ErrorRow& row : kErrors) {
    if (squeezed.find(row.part) != std::string::npos) return row.category;
  }
  return ErrorCategory::kNone;
}

}  // namespace

std::string_view CanonicalProvider(std::string_view word, Arena& arena) {
  const std::string_view lower = Lower(word, arena);
  for (const ProviderRow& row : kProviders) {
    if (row.prefix ? lower.starts_with(row.word) : lower == row.word) return row.provider;
  }
  return lower;
}

std::string_view ProviderOfModel(std::string_view model) {
  for (const ModelRow& row : kModels) {
    if (model.starts_with(row.prefix)) return row.provider;
  }
  return {};
}

FinishReason FinishReasonOf(std::string_view word) {
  if (word.empty()) return FinishReason::kNone;
  const Word key(word);
  for (const FinishRow& row : kFinishReasons) {
    if (key.view() == row.word) return row.reason;
  }
  return FinishReason::kOther;
}

ErrorCategory CategoryOfHttpStatus(int64_t status) {
  for (const HttpRow& row : kHttp) {
    if (row.status == status) return row.category;
  }
  if (status >= 400 && status < 500) return ErrorCategory::kInvalidArgs;
  return status >= 500 && status < 600 ? ErrorCategory::kInternal : ErrorCategory::kNone;
}

namespace {

// How much a category says: "ToolError" only where it happened; "invalid_request_error", 400 and 500
// little, a message may say more.
int Weight(ErrorCategory category) {
  switch (category) {
    case ErrorCategory::kNone:
      return 0;
    case ErrorCategory::kTool:
      return 1;
    case ErrorCategory::kInvalidArgs:
    case ErrorCategory::kInternal:
      return 2;
    default:
      return 3;
  }
}

}  // namespace

ErrorCategory ErrorCategoryOf(const ErrorClues& clues) {
  ErrorCategory best = ErrorCategory::kNone;
  const auto consider = [&](ErrorCategory found) {
    if (Weight(found) > Weight(best)) best = found;
  };
  consider(CategoryOfWords(clues.error_type));
  if (Weight(best) < 3) consider(CategoryOfWords(clues.exception_type));
  if (Weight(best) < 3) consider(CategoryOfHttpStatus(clues.http_status));
  if (Weight(best) < 3) consider(CategoryOfWords(clues.message));
  return best == ErrorCategory::kNone ? ErrorCategory::kUnknown : best;
}

std::optional<ToolStatus> ToolStatusOf(std::string_view word) {
  const Word key(word);
  for (const ToolRow& row : kToolWords) {
    if (key.view() == row.word) return row.status;
  }
  return std::nullopt;
}

ToolStatus ToolStatusOfError(ErrorCategory category) {
  switch (category) {
    case ErrorCategory::kTimeout:
      return ToolStatus::kTimeout;
    case ErrorCategory::kRateLimit:
      return ToolStatus::kRateLimited;
    case ErrorCategory::kInvalidArgs:
      return ToolStatus::kInvalidArgs;
    case ErrorCategory::kContentFilter:
      return ToolStatus::kBlocked;
    default:
      return ToolStatus::kError;
  }
}

}  // namespace pitot
