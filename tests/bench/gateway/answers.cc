#include "tests/bench/gateway/answers.h"

#include <fmt/format.h>

namespace pitot::bench {
namespace {

// Some prose, so that an answer is 1 KB.
std::string Prose(size_t bytes) {
  static constexpr std::string_view kWords =
      "The deploy failed because the health check of the new replica did not pass in time; the "
      "rollout was stopped and the previous version serves all traffic. ";
  std::string out;
  while (out.size() < bytes) out += kWords;
  out.resize(bytes);
  return out;
}

std::string Answer(std::string_view json) {
  return fmt::format(
      "HTTP/1.1 200 OK\r\nDate: Fri, 20 Nov 2026 12:00:00 GMT\r\nContent-Type: application/json\r\n"
      "Content-Length: {}\r\nConnection: keep-alive\r\nx-request-id: req_0123456789abcdef\r\n"
      "x-ratelimit-limit-requests: 10000\r\nx-ratelimit-remaining-requests: 9999\r\n\r\n{}",
      json.size(), json);
}

std::string Chunk(std::string_view bytes) {
  return fmt::format("{:x}\r\n{}\r\n", bytes.size(), bytes);
}

}  // namespace

Api ApiOf(std::string_view path) {
  return path.find("/messages") != std::string_view::npos ? Api::kAnthropic : Api::kOpenAi;
}

const std::string& WholeAnswer(Api api) {
  static const std::string kOpenAi = Answer(fmt::format(
      R"({{"id":"chatcmpl-bench","object":"chat.completion","created":1763640000,)"
      R"("model":"gpt-4o-mini-2024-07-18","choices":[{{"index":0,"message":{{"role":"assistant",)"
      R"("content":"{}","refusal":null}},"logprobs":null,"finish_reason":"stop"}}],)"
      R"("usage":{{"prompt_tokens":212,"completion_tokens":120,"total_tokens":332,)"
      R"("prompt_tokens_details":{{"cached_tokens":0,"audio_tokens":0}},)"
      R"("completion_tokens_details":{{"reasoning_tokens":0,"audio_tokens":0}}}},)"
      R"("service_tier":"default"}})",
      Prose(520)));
  static const std::string kAnthropic = Answer(fmt::format(
      R"({{"id":"msg_bench","type":"message","role":"assistant","model":"claude-sonnet-4-5",)"
      R"("content":[{{"type":"text","text":"{}"}}],"stop_reason":"end_turn","stop_sequence":null,)"
      R"("usage":{{"input_tokens":212,"cache_creation_input_tokens":0,)"
      R"("cache_read_input_tokens":0,"output_tokens":120}}}})",
      Prose(760)));
  return api == Api::kOpenAi ? kOpenAi : kAnthropic;
}

std::string_view StreamHead() {
  return "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream; charset=utf-8\r\n"
         "Cache-Control: no-cache\r\nTransfer-Encoding: chunked\r\nConnection: keep-alive\r\n\r\n";
}

std::string StreamEvent(Api api, int n, int64_t sent_ns) {
  if (api == Api::kOpenAi) {
    return Chunk(fmt::format(
        R"(data: {{"id":"chatcmpl-bench","object":"chat.completion.chunk","created":1763640000,)"
        R"("model":"gpt-4o-mini-2024-07-18","sent_ns":{},"choices":[{{"index":0,)"
        R"("delta":{{"content":" token"}},"finish_reason":null}}]}})"
        "\n\n",
        sent_ns));
  }
  std::string events;
  if (n == 0) {
    events =
        "event: message_start\n"
        R"(data: {"type":"message_start","message":{"id":"msg_bench","type":"message",)"
        R"("role":"assistant","model":"claude-sonnet-4-5","content":[],"stop_reason":null,)"
        R"("usage":{"input_tokens":212,"output_tokens":1}}})"
        "\n\nevent: content_block_start\n"
        R"(data: {"type":"content_block_start","index":0,)"
        R"("content_block":{"type":"text","text":""}})"
        "\n\n";
  }
  events += fmt::format(
      "event: content_block_delta\n"
      R"(data: {{"type":"content_block_delta","index":0,"sent_ns":{},)"
      R"("delta":{{"type":"text_delta","text":" token"}}}})"
      "\n\n",
      sent_ns);
  return Chunk(events);
}

std::string StreamEnd(Api api, int events) {
  std::string end;
  if (api == Api::kOpenAi) {
    end = fmt::format(
        R"(data: {{"id":"chatcmpl-bench","object":"chat.completion.chunk","created":1763640000,)"
        R"("model":"gpt-4o-mini-2024-07-18","choices":[{{"index":0,"delta":{{}},)"
        R"("finish_reason":"stop"}}]}})"
        "\n\n"
        R"(data: {{"id":"chatcmpl-bench","object":"chat.completion.chunk","created":1763640000,)"
        R"("model":"gpt-4o-mini-2024-07-18","choices":[],"usage":{{"prompt_tokens":212,)"
        R"("completion_tokens":{},"total_tokens":{}}}}})"
        "\n\ndata: [DONE]\n\n",
        events, 212 + events);
  } else {
    end = fmt::format(
        "event: content_block_stop\n"
        R"(data: {{"type":"content_block_stop","index":0}})"
        "\n\nevent: message_delta\n"
        R"(data: {{"type":"message_delta","delta":{{"stop_reason":"end_turn",)"
        R"("stop_sequence":null}},"usage":{{"output_tokens":{}}}}})"
        "\n\nevent: message_stop\ndata: {{\"type\":\"message_stop\"}}\n\n",
        events);
  }
  return Chunk(end) + "0\r\n\r\n";
}

}  // namespace pitot::bench
