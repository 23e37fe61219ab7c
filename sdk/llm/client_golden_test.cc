// A call of each kind against tests/golden/sdk/clients/NAME.txt: what was sent, what the caller was given
// piece by piece and in the end, the figures, and the span with all its attributes. Times are left out.
// UPDATE_GOLDEN=1 rewrites the files; read the diff.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <mutex>
#include <set>

#include "pitot/anthropic.h"
#include "pitot/collector.h"
#include "pitot/openai.h"
#include "pitot/testing/scripted_provider.h"
#include "wire/json_text.h"

namespace pitot {
namespace {

using std::chrono::milliseconds;

const std::filesystem::path kFolder =
    std::filesystem::path(PITOT_SOURCE_DIR) / "tests/golden/sdk/clients";

std::string Quoted(std::string_view text) {
  std::string out;
  AppendQuoted(text, out);
  return out;
}

std::string Show(const AttributeValue& value) {
  switch (value.type()) {
    case AttributeValue::Type::kString:
      return Quoted(value.text());
    case AttributeValue::Type::kBool:
      return value.boolean() ? "true" : "false";
    case AttributeValue::Type::kInt:
      return std::to_string(value.integer());
    case AttributeValue::Type::kDouble:
      return std::to_string(value.number());
    default:
      return "json " + std::string(value.text());
  }
}

// Different from run to run.
bool IsTime(std::string_view key) {
  return key == "gen_ai.response.time_to_first_chunk" || key == "pitot.tokens_per_second";
}

std::string Show(const SpanData& span) {
  std::string out = "span: " + std::string(span.name) + " kind=" + std::string(Name(span.kind)) +
                    " status=" + std::string(Name(span.status));
  if (!span.status_message.empty()) out += " " + Quoted(span.status_message);
  out += "\n";
  std::vector<std::string> lines;
  for (const auto& [key, value] : span.attributes) {
    lines.push_back("  " + std::string(key) + ": " + (IsTime(key) ? "TIME" : Show(value)) + "\n");
  }
  std::ranges::sort(lines);
  for (const std::string& line : lines) out += line;
  for (const SpanEventData& event : span.events) {
    out += "  event " + std::string(event.name) + "\n";
    for (const auto& [key, value] : event.attributes) {
      out += "    " + std::string(key) + ": " + Show(value) + "\n";
    }
  }
  return out;
}

class ShowingSink : public SpanSink {
 public:
  void on_spans(std::span<const SpanData> spans) override {
    const std::lock_guard lock(mutex_);
    for (const SpanData& span : spans) shown_ += Show(span);
  }
  std::string shown() const {
    const std::lock_guard lock(mutex_);
    return shown_;
  }

 private:
  mutable std::mutex mutex_;
  std::string shown_;  // Guarded by mutex_.
};

std::string Show(const LlmCallMetrics& call) {
  std::string out = "figures:\n";
  const auto line = [&](std::string_view key, const std::string& value) {
    if (!value.empty()) out += "  " + std::string(key) + ": " + value + "\n";
  };
  line("provider", call.provider);
  line("model_requested", call.model_requested);
  line("model", call.model);
  line("response_id", call.response_id);
  line("service_tier", call.service_tier);
  for (size_t i = 0; i < kUsageBuckets; ++i) {
    if (call.usage.tokens[i] != 0) line(kUsageBucketNames[i], std::to_string(call.usage.tokens[i]));
  }
  if (!call.has_usage) line("has_usage", "false");
  line("cost_nano_usd", call.cost ? std::to_string(call.cost->value) : "unknown");
  line("price_rule", call.price_rule);
  if (call.estimated) line("estimated", "true");
  if (call.streaming) line("streaming", "true");
  if (call.ttft) line("ttft", "TIME");
  if (call.tokens_per_second) line("tokens_per_second", "TIME");
  line("finish", std::string(Name(call.finish)));
  line("finish_raw", call.finish_raw);
  if (call.retries != 0) line("retries", std::to_string(call.retries));
  line("http_status", std::to_string(call.http_status));
  line("error", std::string(Name(call.error)));
  line("error_type", call.error_type);
  line("error_message", call.error_message);
  return out;
}

// Ports, ids of traces and keys differ from run to run.
std::string Show(const ScriptedRequest& request) {
  std::string out = request.method + " " + request.target + "\n";
  for (const auto& [name, value] : request.headers) {
    const bool varies = name == "Host" || name == "traceparent" || name == "idempotency-key";
    out += name + ": " + (varies ? "VARIES" : value) + "\n";
  }
  return out + "\n" + request.body + "\n";
}

struct ClientCase {
  std::string name;
  std::function<void(ScriptedProvider&)> script;
  // Calls with handlers or without.
  std::function<LlmReply(const LlmClientOptions&, const StreamHandlers*)> call;
  bool capture_content = true;
};

std::string Play(const ClientCase& one, bool streamed) {
  ScriptedProvider provider;
  one.script(provider);
  const auto sink = std::make_shared<ShowingSink>();
  std::string out;
  {
    TraceCollector collector({.service = "test", .exporters = {sink}});
    const LlmClientOptions options = {.api_key = "k",
                                      .base_url = provider.url(),
                                      .tags = {.feature = "checkout"},
                                      .backoff_first = milliseconds(1),
                                      .capture_content = one.capture_content,
                                      .on_length = [](const LlmCallMetrics&) {}};
    std::string pieces;
    const StreamHandlers handlers = {
        .on_text = [&](std::string_view text) { pieces += "text " + Quoted(text) + "\n"; },
        .on_reasoning =
            [&](std::string_view text) { pieces += "reasoning " + Quoted(text) + "\n"; }};
    std::string result;
    try {
      const LlmReply reply = one.call(options, streamed ? &handlers : nullptr);
      result = "text: " + Quoted(reply.text) + "\n";
      if (!reply.reasoning.empty()) result += "reasoning: " + Quoted(reply.reasoning) + "\n";
      for (const LlmToolCall& call : reply.tool_calls) {
        result += "tool call: " + call.id + " " + call.name + " " + call.arguments + "\n";
      }
      result += "message: " + reply.message_json + "\n" + Show(reply.metrics);
    } catch (const LlmError& error) {
      result = "error: " + std::string(error.what()) + "\n" + Show(error.metrics());
    }
    for (const ScriptedRequest& request : provider.requests()) out += Show(request) + "----\n";
    out += pieces + (pieces.empty() ? "" : "----\n") + result + "----\n";
    EXPECT_TRUE(collector.flush(std::chrono::seconds(10)));
  }
  out += sink->shown();
  const std::string port = ":" + std::to_string(provider.port());
  for (size_t at = out.find(port); at != std::string::npos; at = out.find(port, at)) {
    out.replace(at, port.size(), ":PORT");
  }
  return out;
}

using Call = std::function<LlmReply(const LlmClientOptions&, const StreamHandlers*)>;

constexpr std::string_view kTools =
    R"([{"name":"weather","input_schema":{"type":"object","properties":{"city":{"type":"string"}}}}])";

Call Anthropic(bool tools = false) {
  return [tools](const LlmClientOptions& options, const StreamHandlers* handlers) {
    ObservableAnthropicClient client(options);
    const AnthropicRequest request = {.model = "claude-sonnet-4-5",
                                      .max_tokens = 512,
                                      .system = "Be brief.",
                                      .messages = {{"user", "Weather in Oslo?"}},
                                      .tools = tools ? std::string(kTools) : "",
                                      .temperature = 0.5};
    return handlers != nullptr ? client.messages_stream(request, *handlers)
                               : client.messages(request);
  };
}

Call Chat() {
  return [](LlmClientOptions options, const StreamHandlers* handlers) {
    options.base_url += "/v1";
    ObservableOpenAiClient client(options);
    const ChatRequest request = {.model = "gpt-4o-mini",
                                 .system = "Be brief.",
                                 .messages = {{"user", "Weather in Oslo?"}},
                                 .max_tokens = 512};
    return handlers != nullptr ? client.chat_stream(request, *handlers) : client.chat(request);
  };
}

Call Responses() {
  return [](LlmClientOptions options, const StreamHandlers* handlers) {
    options.base_url += "/v1";
    ObservableOpenAiClient client(options);
    const ResponsesRequest request = {.model = "gpt-4o-mini",
                                      .instructions = "Be brief.",
                                      .input = {{"user", "Weather in Oslo?"}}};
    return handlers != nullptr ? client.responses_stream(request, *handlers)
                               : client.responses(request);
  };
}

ScriptedReply Text() {
  return {.text = "Rain until noon.",
          .usage = {.input = 21, .cache_read = 1'000, .cache_write_5m = 50, .output = 6}};
}

ScriptedReply Tools() {
  return {.text = "Let me see.",
          .reasoning = "They ask for weather.",
          .tool_calls = {{.name = "weather", .arguments = R"({"city":"Oslo"})"}},
          .usage = {.input = 21, .output = 6, .reasoning = 8}};
}

std::vector<ClientCase> Cases() {
  std::vector<ClientCase> cases;
  const auto each = [&](const std::string& name,
                        const std::function<void(ScriptedProvider&)>& script) {
    cases.push_back({"anthropic_" + name, script, Anthropic(name == "tools")});
    cases.push_back({"chat_" + name, script, Chat()});
    cases.push_back({"responses_" + name, script, Responses()});
  };
  each("text", [](ScriptedProvider& provider) { provider.reply(Text()); });
  each("tools", [](ScriptedProvider& provider) { provider.reply(Tools()); });
  each("length", [](ScriptedProvider& provider) {
    provider.reply({.text = "Rain un", .finish = FinishReason::kLength});
  });
  each("retried", [](ScriptedProvider& provider) {
    provider.fail(500).fail(429, {.retry_after = milliseconds(1)}).reply(Text());
  });
  for (const int status : {400, 401, 429, 500, 529}) {
    each(std::to_string(status),
         [status](ScriptedProvider& provider) { provider.fail(status, {.should_retry = false}); });
  }
  each("error_inside",
       [](ScriptedProvider& provider) { provider.stream_then_fail(Text(), {.after_events = 5}); });
  each("cut", [](ScriptedProvider& provider) {
    provider.stream_then_fail(Text(), {.kind = ScriptedBreakKind::kCut, .after_events = 5});
  });
  cases.push_back({"anthropic_figures_only",
                   [](ScriptedProvider& provider) { provider.reply(Text()); }, Anthropic(), false});
  return cases;
}

std::string ReadAll(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

TEST(ClientGolden, EveryCase) {
  const bool update = std::getenv("UPDATE_GOLDEN") != nullptr;
  std::set<std::string> names;
  for (const ClientCase& one : Cases()) {
    for (const bool streamed : {false, true}) {
      const std::string name = one.name + (streamed ? "_streamed" : "");
      SCOPED_TRACE(name);
      names.insert(name);
      const std::filesystem::path path = kFolder / (name + ".txt");
      const std::string got = Play(one, streamed);
      if (update) {
        std::filesystem::create_directories(kFolder);
        std::ofstream(path, std::ios::binary) << got;
      } else {
        EXPECT_EQ(got, ReadAll(path))
            << "If the new result is right, run with UPDATE_GOLDEN=1 and read the diff.";
      }
    }
  }
  for (const auto& entry : std::filesystem::directory_iterator(kFolder)) {
    EXPECT_TRUE(names.contains(entry.path().stem().string()))
        << entry.path() << " belongs to no case: remove it, or bring the case back";
  }
}

}  // namespace
}  // namespace pitot
