// What goes wrong, in each provider's envelope and words; and what a provider refuses.
#include <algorithm>
#include <iterator>

#include "sdk/testing/answer.h"
#include "sdk/testing/json_out.h"
#include "wire/json_read.h"

namespace pitot {
inline namespace sdk {
namespace {

constexpr size_t kAnthropicBytesMax = size_t{32} << 20;

struct ErrorRow {
  int status;
  std::string_view type;
  std::string_view code;  // Empty: null (OpenAI), none (Anthropic).
  std::string_view message;
};

// The last row of each is what holds for any other status.
constexpr ErrorRow kAnthropicErrors[] = {
    {400, "invalid_request_error", "", "The request is malformed."},
    {401, "authentication_error", "", "invalid x-api-key"},
    {402, "billing_error", "", "There is a problem with billing."},
    {403, "permission_error", "", "This key may not use that resource."},
    {404, "not_found_error", "", "The requested resource does not exist."},
    {409, "conflict_error", "", "The resource was changed at the same time."},
    {413, "request_too_large", "", "Request exceeds the maximum size"},
    {429, "rate_limit_error", "", "This request would exceed a rate limit of your organization."},
    {500, "api_error", "", "Internal server error"},
    {503, "api_error", "", "Service unavailable"},
    {504, "timeout_error", "", "The request timed out."},
    {529, "overloaded_error", "", "Overloaded"},
    {0, "api_error", "", "Internal server error"},
};
constexpr ErrorRow kOpenAiErrors[] = {
    {400, "invalid_request_error", "", "The request is malformed."},
    {401, "invalid_request_error", "invalid_api_key", "Incorrect API key provided."},
    {403, "invalid_request_error", "model_not_found", "The project may not use that model."},
    {404, "invalid_request_error", "model_not_found", "The model does not exist."},
    {409, "invalid_request_error", "", "The resource was changed at the same time."},
    {413, "invalid_request_error", "", "The request is too large."},
    {429, "tokens", "rate_limit_exceeded", "Rate limit reached: limit 2000000 tokens per min."},
    {500, "server_error", "", "The server had an error while processing the request."},
    {503, "server_error", "", "The engine is currently overloaded, please try again later"},
    {529, "server_error", "", "The engine is currently overloaded, please try again later"},
    {0, "server_error", "", "The server had an error while processing the request."},
};

template <size_t N>
const ErrorRow& RowOf(const ErrorRow (&rows)[N], int status) {
  const auto* const row = std::ranges::find(rows, status, &ErrorRow::status);
  return row == std::end(rows) ? rows[N - 1] : *row;
}

struct Words {
  std::string type;
  std::string code;
  std::string message;
};

Words WordsOf(const Asked& asked, const ScriptedError& error) {
  const ErrorRow& row = asked.dialect == Dialect::kAnthropic ? RowOf(kAnthropicErrors, error.status)
                                                             : RowOf(kOpenAiErrors, error.status);
  const ScriptedFailure& said = error.failure;
  const auto either = [](const std::string& own, std::string_view usual) {
    return own.empty() ? std::string(usual) : own;
  };
  // A type of one's own does not go with the usual code.
  return {.type = either(said.type, row.type),
          .code = either(said.code, said.type.empty() ? row.code : ""),
          .message = either(said.message, row.message)};
}

std::string OrNull(const std::string& text) { return text.empty() ? kJsonNull : Quoted(text); }

std::string Envelope(const Asked& asked, const ScriptedError& error) {
  const Words words = WordsOf(asked, error);
  if (asked.dialect == Dialect::kAnthropic) {
    const std::string details =
        words.code.empty() ? "" : JsonObject({{"error_code", Quoted(words.code)}});
    return JsonObject({{"type", Quoted("error")},
                       {"error", JsonObject({{"type", Quoted(words.type)},
                                             {"message", Quoted(words.message)},
                                             {"details", details}})},
                       {"request_id", Quoted(MakeId("req_01", 22, asked.number, 0))}});
  }
  return JsonObject({{"error", JsonObject({{"message", Quoted(words.message)},
                                           {"type", Quoted(words.type)},
                                           {"param", OrNull(error.failure.param)},
                                           {"code", OrNull(words.code)}})}});
}

void AddRetryAfter(const ScriptedError& error, AnswerHeaders& headers) {
  constexpr int64_t kSecondMs = 1000;
  const auto& said = error.failure.retry_after;
  if (!said && error.status != 429) return;
  const int64_t ms = said ? said->count() : kSecondMs;
  headers.emplace_back("retry-after", std::to_string((ms + kSecondMs - 1) / kSecondMs));
  if (ms % kSecondMs != 0) headers.emplace_back("retry-after-ms", std::to_string(ms));
}

ScriptedError Refused(int status, std::string message, std::string type = {}) {
  return {.status = status, .failure = {.type = std::move(type), .message = std::move(message)}};
}

// The key as the client sent it, in any of the places where providers take it.
std::string_view KeyOf(const Asked& asked) {
  if (asked.dialect == Dialect::kAnthropic) {
    const std::string_view key = asked.request->header("x-api-key");
    if (!key.empty()) return key;
  }
  constexpr std::string_view kBearer = "Bearer ";
  const std::string_view value = asked.request->header("authorization");
  return value.starts_with(kBearer) ? value.substr(kBearer.size()) : std::string_view();
}

std::optional<ScriptedError> BodyRefusal(const Asked& asked) {
  const std::string_view body = asked.request->body;
  const bool anthropic = asked.dialect == Dialect::kAnthropic;
  if (!IsJson(body) || !IsObject(body)) {
    return Refused(400, anthropic ? "The request body is not valid JSON."
                                  : "We could not parse the JSON body of your request.");
  }
  const auto missing = [&](std::string_view key) {
    if (anthropic) return Refused(400, std::string(key) + ": Field required");
    ScriptedError error = Refused(400, "Missing required parameter: '" + std::string(key) + "'.");
    error.failure.code = "missing_required_parameter";
    error.failure.param = key;
    return error;
  };
  if (asked.wire.model.empty()) return missing("model");
  if (anthropic && !asked.wire.max_tokens) return missing("max_tokens");
  const bool by_messages = anthropic || asked.api == WireApi::kOpenAiChat;
  const std::string_view input = Member(body, by_messages ? "messages" : "input");
  // Responses may continue an earlier one with nothing to add.
  const bool needed = asked.api != WireApi::kOpenAiResponses || Member(body, "prompt").empty();
  if (input.empty() && needed) return missing(by_messages ? "messages" : "input");
  if (by_messages && !IsArray(input)) {
    return Refused(400, "messages: Input should be a list of messages");
  }
  return std::nullopt;
}

}  // namespace

std::optional<ScriptedError> Refusal(const Asked& asked, std::string_view api_key) {
  const bool anthropic = asked.dialect == Dialect::kAnthropic;
  const std::string_view key = KeyOf(asked);
  if (key.empty()) {
    return anthropic ? Refused(401, "x-api-key header is required")
                     : ScriptedError{.status = 401,
                                     .failure = {.type = "invalid_request_error",
                                                 .message = "You didn't provide an API key."}};
  }
  if (!api_key.empty() && key != api_key) return ScriptedError{.status = 401};
  if (asked.api == WireApi::kOther) {
    const std::string path(asked.request->path());
    return Refused(
        404, anthropic ? "Not found" : "Invalid URL (" + asked.request->method + " " + path + ")",
        anthropic ? "" : "invalid_request_error");
  }
  if (asked.request->method != "POST") {
    return anthropic ? Refused(405, "Method Not Allowed", "invalid_request_error")
                     : Refused(405,
                               "Not allowed to " + asked.request->method + " on " +
                                   std::string(asked.request->path()) + ".",
                               "invalid_request_error");
  }
  if (anthropic && asked.request->header("anthropic-version").empty()) {
    return Refused(400, "anthropic-version: header is required");
  }
  if (anthropic && asked.request->body.size() > kAnthropicBytesMax)
    return ScriptedError{.status = 413};
  return BodyRefusal(asked);
}

Answer MakeAnswer(const Asked& asked, const ScriptedError& error) {
  Answer out;
  out.status = error.status;
  out.headers = ProviderHeaders(asked, error.status == 429);
  const bool page = !error.failure.body.empty();
  out.body = page ? error.failure.body : Envelope(asked, error);
  out.headers.emplace_back("Content-Type", page ? "text/html" : "application/json");
  AddRetryAfter(error, out.headers);
  if (error.failure.should_retry) {
    out.headers.emplace_back("x-should-retry", *error.failure.should_retry ? "true" : "false");
  }
  for (const auto& header : error.failure.headers) SetHeader(out.headers, header);
  return out;
}

std::string ErrorEvent(const Asked& asked, const ScriptedError& error, size_t sequence) {
  if (asked.dialect == Dialect::kAnthropic) return NamedEvent("error", Envelope(asked, error));
  if (asked.api != WireApi::kOpenAiResponses) return DataEvent(Envelope(asked, error));
  const Words words = WordsOf(asked, error);
  return NamedEvent("error",
                    JsonObject({{"type", Quoted("error")},
                                {"sequence_number", JsonNumber(sequence)},
                                {"code", Quoted(words.code.empty() ? words.type : words.code)},
                                {"message", Quoted(words.message)},
                                {"param", OrNull(error.failure.param)}}));
}

}  // namespace sdk
}  // namespace pitot
