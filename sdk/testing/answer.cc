#include "sdk/testing/answer.h"

#include <algorithm>
#include <array>

#include "sdk/testing/json_out.h"
#include "wire/estimate.h"
#include "wire/json_read.h"

namespace pitot {
inline namespace sdk {
namespace {

constexpr size_t kPiecesMax = 64;

struct PathRow {
  std::string_view path;
  WireApi api;
  Dialect dialect;
};
constexpr PathRow kPaths[] = {
    {"/v1/messages", WireApi::kAnthropicMessages, Dialect::kAnthropic},
    {"/v1/chat/completions", WireApi::kOpenAiChat, Dialect::kOpenAi},
    {"/v1/responses", WireApi::kOpenAiResponses, Dialect::kOpenAi},
    {"/v1/embeddings", WireApi::kOpenAiEmbeddings, Dialect::kOpenAi},
};

uint64_t Mix(uint64_t value) {  // splitmix64
  value += 0x9e3779b97f4a7c15;
  value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9;
  value = (value ^ (value >> 27)) * 0x94d049bb133111eb;
  return value ^ (value >> 31);
}

int64_t Estimated(std::string_view text) {
  return EstimateTokens(static_cast<int64_t>(text.size()));
}

// What a model reads, roughly: the body without the settings around it.
int64_t InputTokens(const Asked& asked) {
  const std::string_view body = asked.request->body;
  int64_t tokens = 0;
  for (const std::string_view key : {"system", "instructions", "messages", "input", "tools"}) {
    tokens += Estimated(Member(body, key));
  }
  return std::max<int64_t>(tokens, 1);
}

AnswerHeaders AnthropicHeaders(const Asked& asked, bool remaining_none) {
  struct Limit {
    std::string_view name;
    uint64_t limit;
    uint64_t used;  // By each request.
  };
  constexpr Limit kLimits[] = {{"requests", 4000, 1},
                               {"input-tokens", 2'000'000, 1000},
                               {"output-tokens", 400'000, 1000},
                               {"tokens", 2'400'000, 2000}};
  AnswerHeaders out = {{"Date", std::string(kAnswerDate)}};
  for (const Limit& row : kLimits) {
    const std::string prefix = "anthropic-ratelimit-" + std::string(row.name) + "-";
    const uint64_t left = row.limit - std::min(row.limit, asked.number * row.used);
    out.emplace_back(prefix + "limit", std::to_string(row.limit));
    out.emplace_back(prefix + "remaining", remaining_none ? "0" : std::to_string(left));
    out.emplace_back(prefix + "reset", "2026-11-20T12:00:01Z");
  }
  out.emplace_back("request-id", MakeId("req_01", 22, asked.number, 0));
  out.emplace_back("anthropic-organization-id", "3f4ed1a2-0d2e-4c5b-9c34-2d7e7a1b5c11");
  return out;
}

AnswerHeaders OpenAiHeaders(const Asked& asked, bool remaining_none) {
  constexpr uint64_t kRequests = 10'000;
  constexpr uint64_t kTokens = 2'000'000;
  const auto left = [&](uint64_t limit, uint64_t each) {
    return remaining_none ? "0" : std::to_string(limit - std::min(limit, asked.number * each));
  };
  return {{"Date", std::string(kAnswerDate)},
          {"openai-organization", "acme"},
          {"openai-processing-ms", "412"},
          {"openai-version", "2020-10-01"},
          {"x-ratelimit-limit-requests", std::to_string(kRequests)},
          {"x-ratelimit-limit-tokens", std::to_string(kTokens)},
          {"x-ratelimit-remaining-requests", left(kRequests, 1)},
          {"x-ratelimit-remaining-tokens", left(kTokens, 1000)},
          {"x-ratelimit-reset-requests", remaining_none ? "1s" : "6ms"},
          {"x-ratelimit-reset-tokens", remaining_none ? "1m0s" : "30ms"},
          {"x-request-id", MakeId("req_", 32, asked.number, 0)}};
}

}  // namespace

Asked ReadAsked(const ScriptedRequest& request, uint64_t number) {
  Asked asked;
  asked.request = &request;
  asked.number = number;
  const std::string_view path = request.path();
  const auto* const row = std::ranges::find(kPaths, path, &PathRow::path);
  if (row != std::end(kPaths)) {
    asked.api = row->api;
    asked.dialect = row->dialect;
    asked.wire = ReadRequest(row->api, request.body, true);
  } else if (!request.header("anthropic-version").empty()) {
    asked.dialect = Dialect::kAnthropic;
  }
  return asked;
}

TokenCounts CountTokens(const Asked& asked, const ScriptedReply& reply) {
  const ScriptedUsage& usage = reply.usage;
  int64_t said = Estimated(reply.text) + Estimated(reply.refusal);
  for (const ScriptedToolCall& call : reply.tool_calls) {
    said += Estimated(call.name) + Estimated(call.arguments);
  }
  const int64_t choices = std::max<int64_t>(asked.wire.choices, 1);
  return {.input = usage.input.value_or(InputTokens(asked)),
          .cache_read = usage.cache_read,
          .cache_write_5m = usage.cache_write_5m,
          .cache_write_1h = usage.cache_write_1h,
          .output = usage.output.value_or(std::max<int64_t>(said, 1) * choices),
          .reasoning = usage.reasoning.value_or(Estimated(reply.reasoning)),
          .web_searches = usage.web_searches};
}

Answer MakeAnswer(const Asked& asked, const ScriptedReply& reply) {
  Answer out;
  out.streamed = asked.wire.streamed && asked.api != WireApi::kOpenAiEmbeddings;
  out.headers = ProviderHeaders(asked, false);
  switch (asked.api) {
    case WireApi::kAnthropicMessages:
      AnswerMessages(asked, reply, out);
      break;
    case WireApi::kOpenAiChat:
      AnswerChat(asked, reply, out);
      break;
    case WireApi::kOpenAiResponses:
      AnswerResponses(asked, reply, out);
      break;
    default:
      AnswerEmbeddings(asked, reply, out);
      break;
  }
  if (out.streamed) {
    out.headers.emplace_back("Content-Type", "text/event-stream; charset=utf-8");
    out.headers.emplace_back("Cache-Control", "no-cache");
  } else {
    out.headers.emplace_back("Content-Type", "application/json");
  }
  for (const auto& header : reply.headers) SetHeader(out.headers, header);
  return out;
}

void SetHeader(AnswerHeaders& headers, const std::pair<std::string, std::string>& header) {
  const auto same = [&](const auto& other) {
    return std::ranges::equal(other.first, header.first, [](char a, char b) {
      const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? c | 0x20 : c; };
      return lower(a) == lower(b);
    });
  };
  const auto found = std::ranges::find_if(headers, same);
  if (found == headers.end()) {
    headers.push_back(header);
  } else {
    found->second = header.second;
  }
}

AnswerHeaders ProviderHeaders(const Asked& asked, bool remaining_none) {
  return asked.dialect == Dialect::kAnthropic ? AnthropicHeaders(asked, remaining_none)
                                              : OpenAiHeaders(asked, remaining_none);
}

std::string MakeId(std::string_view prefix, size_t length, uint64_t number, uint64_t salt) {
  // Without characters that are easily taken for others, as the providers have it.
  constexpr std::string_view kAlphabet =
      "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
  std::string out(prefix);
  uint64_t state = Mix(number * 1000 + salt);
  for (size_t i = 0; i < length; ++i) {
    state = Mix(state);
    out += kAlphabet[state % kAlphabet.size()];
  }
  return out;
}

std::string ToolCallId(const Asked& asked, const ScriptedReply& reply, size_t index) {
  const std::string& id = reply.tool_calls[index].id;
  if (!id.empty()) return id;
  const bool anthropic = asked.dialect == Dialect::kAnthropic;
  return MakeId(anthropic ? "toolu_01" : "call_", anthropic ? 22 : 24, asked.number, 100 + index);
}

std::string ArgumentsJson(const ScriptedToolCall& call) {
  const bool object = call.arguments.starts_with('{') && IsJson(call.arguments);
  return object ? call.arguments : Quoted(call.arguments);
}

std::vector<std::string_view> Pieces(std::string_view text) {
  // At least this many bytes each, so that there are never too many.
  const size_t least = std::max<size_t>(3, (text.size() + kPiecesMax - 1) / kPiecesMax);
  constexpr size_t kWithoutSpaceMax = 12;
  std::vector<std::string_view> out;
  size_t begin = 0;
  for (size_t at = 0; at < text.size(); ++at) {
    const bool continues = (static_cast<unsigned char>(text[at]) & 0xc0) == 0x80;
    const bool enough = at - begin >= least;
    if (continues || !enough) continue;
    if (text[at] == ' ' || at - begin >= std::max(least, kWithoutSpaceMax)) {
      out.push_back(text.substr(begin, at - begin));
      begin = at;
    }
  }
  if (begin < text.size()) out.push_back(text.substr(begin));
  return out;
}

std::string NamedEvent(std::string_view type, std::string_view json) {
  std::string out = "event: ";
  out += type;
  out += "\ndata: ";
  out += json;
  return out + "\n\n";
}

std::string DataEvent(std::string_view json) {
  std::string out = "data: ";
  out += json;
  return out + "\n\n";
}

}  // namespace sdk
}  // namespace pitot
