#include "gateway/route.h"

#include <algorithm>
#include <array>

#include "base/text.h"
#include "http/url.h"

namespace pitot {
namespace {

constexpr std::array<std::string_view, 3> kBuiltIn = {"anthropic", "openai", "gemini"};

std::string_view FirstSegment(std::string_view path) {
  path.remove_prefix(1);
  return path.substr(0, path.find_first_of("/?"));
}

struct SuffixRow {
  std::string_view suffix;
  WireApi api;
  std::string_view op;
};
// By the end of the path: OpenAI-like servers put their own prefix before it (/v1, /api/v1,
// /openai/deployments/NAME).
constexpr SuffixRow kOpenAiPaths[] = {
    {"/chat/completions", WireApi::kOpenAiChat, "chat"},
    {"/completions", WireApi::kOpenAiCompletions, "text_completion"},
    {"/responses", WireApi::kOpenAiResponses, "chat"},
    {"/embeddings", WireApi::kOpenAiEmbeddings, "embeddings"},
};
// What providers do not bill, although it is a POST.
constexpr std::string_view kFreePosts[] = {
    "/messages/count_tokens",  "/moderations", "/files",
    "/responses/input_tokens", "/tokenize",    "/detokenize",
};

bool IsReading(std::string_view method) {
  return method == "GET" || method == "HEAD" || method == "OPTIONS" || method == "DELETE";
}

ProviderCall ReadGemini(std::string_view method, std::string_view path, std::string_view query) {
  ProviderCall call;
  const size_t models = path.rfind("/models/");
  const size_t colon = path.rfind(':');
  if (method != "POST" || models == std::string_view::npos || colon == std::string_view::npos ||
      colon < models) {
    return call;
  }
  call.model = PercentDecode(path.substr(models + 8, colon - models - 8));
  const std::string_view verb = path.substr(colon + 1);
  if (verb == "generateContent" || verb == "streamGenerateContent") {
    call.api = WireApi::kGeminiGenerate;
    call.op = "generate_content";
    call.streams_by_path = verb == "streamGenerateContent";
    call.sse = false;
    for (const auto& [name, value] : ParseQuery(query)) {
      if (name == "alt" && value == "sse") call.sse = true;
    }
  } else if (verb == "embedContent" || verb == "batchEmbedContents") {
    call.api = WireApi::kGeminiEmbed;
    call.op = "embeddings";
  } else if (verb == "countTokens") {
    call.reads_only = true;
  }
  return call;
}

void ReadOpenAi(std::string_view method, std::string_view path, ProviderCall& call) {
  if (method == "POST") {
    for (const SuffixRow& row : kOpenAiPaths) {
      if (!path.ends_with(row.suffix)) continue;
      call.api = row.api;
      call.op = row.op;
      break;
    }
    const size_t deployment = path.find("/deployments/");
    if (call.api != WireApi::kOther && deployment != std::string_view::npos) {
      std::string_view name = path.substr(deployment + 13);
      call.model = PercentDecode(name.substr(0, name.find('/')));
    }
    return;
  }
  const size_t at = path.rfind("/responses/");
  if (method == "GET" && at != std::string_view::npos) {
    const std::string_view id = path.substr(at + 11);
    if (!id.empty() && id.find('/') == std::string_view::npos) {
      call.api = WireApi::kOpenAiResponses;
      call.op = "chat";
      call.response_id = id;
    }
  }
}

}  // namespace

bool IsGatewayPath(std::string_view path) {
  if (path.size() < 2 || path[0] != '/') return false;
  const std::string_view first = FirstSegment(path);
  return first == "up" || std::ranges::find(kBuiltIn, first) != kBuiltIn.end();
}

std::optional<GatewayPath> SplitGatewayPath(std::string_view target) {
  if (!IsGatewayPath(target)) return std::nullopt;
  GatewayPath out;
  out.upstream = FirstSegment(target);
  target.remove_prefix(1 + out.upstream.size());
  if (out.upstream == "up") {
    if (target.size() < 2 || target[0] != '/') return std::nullopt;
    out.upstream = FirstSegment(target);
    if (out.upstream.empty()) return std::nullopt;
    target.remove_prefix(1 + out.upstream.size());
  }
  out.target = target.empty() ? std::string_view("/") : target;
  return out;
}

ProviderCall ReadProviderCall(Dialect dialect, std::string_view method, std::string_view target) {
  const std::string_view path = target.substr(0, target.find('?'));
  const std::string_view query =
      path.size() < target.size() ? target.substr(path.size() + 1) : std::string_view();
  ProviderCall call;
  if (dialect == Dialect::kAnthropic) {
    if (method == "POST" && path.ends_with("/messages")) {
      call.api = WireApi::kAnthropicMessages;
      call.op = "chat";
    }
  } else if (dialect == Dialect::kGemini) {
    call = ReadGemini(method, path, query);
  }
  // Gemini's OpenAI-compatible paths and those of mixed servers too.
  if (call.api == WireApi::kOther && dialect != Dialect::kAnthropic) {
    ReadOpenAi(method, path, call);
  }
  if (call.api == WireApi::kOther || !call.response_id.empty()) {
    call.reads_only = call.reads_only || IsReading(method) ||
                      std::ranges::any_of(
                          kFreePosts, [&](std::string_view free) { return path.ends_with(free); });
  }
  return call;
}

std::string WithoutKeyParam(std::string_view target) {
  const size_t mark = target.find('?');
  if (mark == std::string_view::npos) return std::string(target);
  std::string out(target.substr(0, mark));
  char separator = '?';
  for (const std::string_view part : SplitText(target.substr(mark + 1), '&')) {
    if (part == "key" || part.starts_with("key=")) continue;
    out += separator;
    out += part;
    separator = '&';
  }
  return out;
}

std::string KeyParam(std::string_view target) {
  const size_t mark = target.find('?');
  if (mark == std::string_view::npos) return "";
  for (const std::string_view part : SplitText(target.substr(mark + 1), '&')) {
    if (part.starts_with("key=")) return PercentDecode(part.substr(4), true);
  }
  return "";
}

}  // namespace pitot
