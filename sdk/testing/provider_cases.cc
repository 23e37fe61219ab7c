#include "sdk/testing/provider_cases.h"

namespace pitot {
inline namespace sdk {
namespace {

struct Api {
  std::string name;
  std::string path;
  std::string ask;  // A request's body but for its closing brace.
  std::string stream;
};

const std::vector<Api>& Apis() {
  static const std::vector<Api> kApis = {
      {"messages", "/v1/messages",
       R"({"model":"claude-sonnet-5","max_tokens":1024,)"
       R"("messages":[{"role":"user","content":"Will it rain in Paris?"}])",
       R"(,"stream":true)"},
      {"chat", "/v1/chat/completions",
       R"({"model":"gpt-5-mini","messages":[{"role":"user","content":"Will it rain in Paris?"}])",
       R"(,"stream":true,"stream_options":{"include_usage":true})"},
      {"responses", "/v1/responses", R"({"model":"gpt-5-mini","input":"Will it rain in Paris?")",
       R"(,"stream":true)"},
  };
  return kApis;
}

struct NamedReply {
  std::string name;
  ScriptedReply reply;
};

// What each API says in its own way.
std::vector<NamedReply> Replies() {
  return {
      {"text", {.text = "Rain until noon \u2014 say \"\u00e0 midi\" \U0001F327.\nTake a coat."}},
      {"tools",
       {.text = "Let me look.",
        .reasoning = "Weather and trains: two look-ups.",
        .tool_calls = {{.name = "get_weather", .arguments = R"({"city": "Paris", "days": [1, 2]})"},
                       {.name = "list_trains"}}}},
      {"bad_arguments",
       {.tool_calls = {{.name = "get_weather", .arguments = R"({"city": "Par)", .id = "call_1"}}}},
      {"usage",
       {.text = "Yes.",
        .usage = {.input = 120,
                  .cache_read = 18'000,
                  .cache_write_5m = 200,
                  .cache_write_1h = 300,
                  .output = 15,
                  .reasoning = 64},
        .model = "a-model-2026-11-01",
        .service_tier = "priority",
        .headers = {{"Server", "cloudflare"}, {"DATE", "Fri, 20 Nov 2026 12:00:07 GMT"}}}},
      {"length", {.text = "Rain until", .finish = FinishReason::kLength}},
      {"filtered", {.text = "Rain", .finish = FinishReason::kContentFilter}},
      {"refusal", {.refusal = "I cannot help with that."}},
  };
}

struct NamedError {
  std::string name;
  ScriptedError error;
};

std::vector<NamedError> Errors() {
  std::vector<NamedError> out;
  for (const int status : {400, 401, 403, 404, 413, 429, 500, 503, 529}) {
    out.push_back({"error_" + std::to_string(status), {.status = status}});
  }
  out.push_back({"error_retry_after",
                 {.status = 429, .failure = {.retry_after = std::chrono::milliseconds(20)}}});
  out.push_back({"error_page",
                 {.status = 502,
                  .failure = {.should_retry = false,
                              .body = "<html><title>502 Bad Gateway</title></html>\n",
                              .headers = {{"x-cache", "MISS"}}}}});
  return out;
}

struct NamedBreak {
  std::string name;
  ScriptedBreak broken;
};

std::vector<NamedBreak> Breaks() {
  return {
      {"error", {}},
      {"failed", {.kind = ScriptedBreakKind::kFailed, .after_events = 1'000, .status = 500}},
      {"cut", {.kind = ScriptedBreakKind::kCut, .after_events = 5}},
      {"cut_in_event", {.kind = ScriptedBreakKind::kCutInEvent, .after_events = 6}},
      {"ends_early", {.kind = ScriptedBreakKind::kEndsEarly, .after_events = 1'000}},
  };
}

void AddOfApi(const Api& api, std::vector<ProviderCase>& out) {
  const auto add = [&](const std::string& name, bool stream, ScriptedStep step) {
    out.push_back({.name = api.name + '_' + name + (stream ? "_stream" : ""),
                   .path = api.path,
                   .body = api.ask + (stream ? api.stream : "") + '}',
                   .step = std::move(step)});
  };
  for (const NamedReply& one : Replies()) {
    add(one.name, false, one.reply);
    add(one.name, true, one.reply);
  }
  for (const NamedError& one : Errors()) add(one.name, false, one.error);
  const ScriptedReply reply = {.text = "Rain until noon, and a little sun at the end of the day."};
  for (const NamedBreak& one : Breaks()) {
    add("broken_" + one.name, true, ScriptedBrokenReply{.reply = reply, .broken = one.broken});
  }
  add("broken_error", false, ScriptedBrokenReply{.reply = reply});
  add("broken_cut", false,
      ScriptedBrokenReply{.reply = reply, .broken = {.kind = ScriptedBreakKind::kCut}});
  add("hang_up", false, ScriptedHangUp{});
  add("garbage", false, ScriptedBytes{.bytes = "SSH-2.0-OpenSSH_9.2\r\n"});
}

// What one API has and the others have not.
void AddSingles(std::vector<ProviderCase>& out) {
  const Api& messages = Apis()[0];
  const Api& chat = Apis()[1];
  const ScriptedReply reply = {.text = "Rain until noon."};
  out.push_back({.name = "messages_web_search",
                 .path = messages.path + "?beta=true",
                 .body = messages.ask + '}',
                 .step = ScriptedReply{.text = "Rain.", .usage = {.web_searches = 2}}});
  out.push_back({.name = "messages_error_spend_limit",
                 .path = messages.path,
                 .body = messages.ask + '}',
                 .step = ScriptedError{.status = 429,
                                       .failure = {.code = "enforced_spend_limit_reached",
                                                   .message = "The monthly limit is reached.",
                                                   .should_retry = false}}});
  out.push_back(
      {.name = "messages_error_too_long",
       .path = messages.path,
       .body = messages.ask + '}',
       .step = ScriptedError{
           .status = 400,
           .failure = {.message = "prompt is too long: 200010 tokens > 200000 maximum"}}});
  out.push_back({.name = "chat_error_quota",
                 .path = chat.path,
                 .body = chat.ask + '}',
                 .step = ScriptedError{.status = 429,
                                       .failure = {.type = "insufficient_quota",
                                                   .code = "insufficient_quota",
                                                   .message = "The credit is used up."}}});
  out.push_back({.name = "chat_no_usage_stream",
                 .path = chat.path,
                 .body = chat.ask + R"(,"stream":true})",
                 .step = reply});
  for (const bool stream : {false, true}) {
    out.push_back({.name = stream ? "chat_choices_stream" : "chat_choices",
                   .path = chat.path,
                   .body = chat.ask + R"(,"n":2)" + (stream ? chat.stream : "") + '}',
                   .step = reply});
  }
  const std::string embed = R"({"model":"text-embedding-3-small","dimensions":6,"input":)";
  out.push_back({.name = "embeddings_one", .path = "/v1/embeddings", .body = embed + "\"rain\"}"});
  out.push_back({.name = "embeddings_several",
                 .path = "/v1/embeddings",
                 .body = embed + R"(["rain","sun"],"encoding_format":"base64"})"});
  out.push_back({.name = "embeddings_error_400",
                 .path = "/v1/embeddings",
                 .body = embed + "[]}",
                 .step = ScriptedError{.status = 400}});
}

// What a provider refuses, whatever the script says.
void AddRefusals(std::vector<ProviderCase>& out) {
  const ScriptedReply never = {.text = "never said"};
  for (const Api& api : Apis()) {
    const auto add = [&](const std::string& name, std::string body, std::string path,
                         std::vector<std::pair<std::string, std::string>> headers = {}) {
      out.push_back({.name = api.name + "_refused_" + name,
                     .path = std::move(path),
                     .body = std::move(body),
                     .step = never,
                     .headers = std::move(headers)});
    };
    const std::string key = api.name == "messages" ? "x-api-key" : "authorization";
    add("no_key", api.ask + '}', api.path, {{key, ""}});
    add("no_json", api.ask, api.path);
    add("no_model", "{}", api.path);
    add("no_messages", R"({"model":"m","max_tokens":1})", api.path);
    add("path", api.ask + '}', "/v1/nothing");
  }
  const Api& messages = Apis()[0];
  out.push_back({.name = "messages_refused_no_version",
                 .path = messages.path,
                 .body = messages.ask + '}',
                 .step = never,
                 .headers = {{"anthropic-version", ""}}});
}

// Without a script.
void AddEchoes(std::vector<ProviderCase>& out) {
  const std::string schema =
      R"({"type":"object","properties":{"city":{"type":"string"},"days":{"type":"integer"},)"
      R"("unit":{"type":"string","enum":["C","F"]},"note":{"type":"string"}},)"
      R"("required":["city","days","unit"]})";
  const Api& messages = Apis()[0];
  const Api& chat = Apis()[1];
  const Api& responses = Apis()[2];
  const auto add = [&](const std::string& name, const Api& api, const std::string& more) {
    out.push_back({.name = api.name + "_echo_" + name,
                   .path = api.path,
                   .body = api.ask + more + api.stream + '}'});
  };
  for (const Api& api : Apis()) add("text", api, "");
  add("tool", messages, R"(,"tools":[{"name":"get_weather","input_schema":)" + schema + "}]");
  add("tool", chat,
      R"(,"tools":[{"type":"function","function":{"name":"get_weather","parameters":)" + schema +
          "}}]");
  add("tool", responses,
      R"(,"tools":[{"type":"function","name":"get_weather","parameters":)" + schema + "}]");
  add("thinking", messages, R"(,"thinking":{"type":"enabled","budget_tokens":1024})");
  add("reasoning", responses, R"(,"reasoning":{"effort":"low","summary":"auto"})");

  out.push_back(
      {.name = "messages_echo_result",
       .path = messages.path,
       .body =
           R"({"model":"claude-sonnet-5","max_tokens":1024,"tools":[{"name":"get_weather",)"
           R"("input_schema":{"type":"object"}}],"messages":[)"
           R"({"role":"user","content":"Will it rain in Paris?"},{"role":"assistant","content":)"
           R"([{"type":"tool_use","id":"toolu_1","name":"get_weather","input":{}}]},)"
           R"({"role":"user","content":[{"type":"tool_result","tool_use_id":"toolu_1",)"
           R"("content":[{"type":"text","text":"rain, 18 C"}]}]}]})"});
  out.push_back({.name = "chat_echo_result",
                 .path = chat.path,
                 .body =
                     R"({"model":"gpt-5-mini","messages":[{"role":"user","content":"Rain?"},)"
                     R"({"role":"assistant","content":null,"tool_calls":[{"id":"call_1",)"
                     R"("type":"function","function":{"name":"get_weather","arguments":"{}"}}]},)"
                     R"({"role":"tool","tool_call_id":"call_1","content":"rain, 18 C"}]})"});
  out.push_back({.name = "responses_echo_result",
                 .path = responses.path,
                 .body = R"({"model":"gpt-5-mini","input":[{"role":"user","content":"Rain?"},)"
                         R"({"type":"function_call","call_id":"call_1","name":"get_weather",)"
                         R"("arguments":"{}"},{"type":"function_call_output","call_id":"call_1",)"
                         R"("output":"rain, 18 C"}]})"});
  out.push_back({.name = "messages_echo_length",
                 .path = messages.path,
                 .body = R"({"model":"claude-sonnet-5","max_tokens":4,"messages":[)"
                         R"({"role":"user","content":"Will it rain in Paris?"}]})"});
}

}  // namespace

std::vector<ProviderCase> ProviderCases() {
  std::vector<ProviderCase> out;
  for (const Api& api : Apis()) AddOfApi(api, out);
  AddSingles(out);
  AddRefusals(out);
  AddEchoes(out);
  return out;
}

}  // namespace sdk
}  // namespace pitot
