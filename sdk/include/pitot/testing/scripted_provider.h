// pitot/testing/scripted_provider.h
//
// A model provider inside a test or an example: an HTTP server on a free port of this machine that
// answers as a script says, byte for byte in the wire format of Anthropic's Messages and of OpenAI's
// Chat Completions, Responses and Embeddings, whole or streamed. Link pitot::testing.
//
//   pitot::ScriptedProvider provider;
//   provider.fail(529).reply({.text = "Rain until noon."});       // Two answers, in this order.
//   pitot::ObservableAnthropicClient client({.api_key = "k", .base_url = provider.url()});
//   ...
//   EXPECT_EQ(provider.requests().size(), 2u);
//
// A step of the script answers one request. When there is none left, the answer is by
// ScriptedProviderOptions::answer, else by echo(): an answer made of what was asked. Nothing is random
// and the clock on the answers stands at 2026-11-20 12:00:00 UTC, so equal requests to equal scripts get
// equal bytes; ids count the answers.
//
// Requests that the provider would refuse (no key, no version header, no model, not JSON, no such path)
// are refused in its own words, and use no step.
//
// Sources: the providers' API references and the types of their official clients (`@anthropic-ai/sdk`
// 1.10, `openai` 6.49).
// Threads: one for accepting, one for each connection. Thread-safety: all of it, from any thread.
// Reach: listens on 127.0.0.1 only and opens no connection.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "pitot/model/kinds.h"

namespace pitot {
inline namespace sdk {

// Holds an answer back until the test says so: slowness without waiting for time. Copies are one gate.
class ScriptedGate {
 public:
  ScriptedGate();  // Shut.
  // Lets everyone pass, now and later.
  void open();
  // True once an answer waits here or has passed; false: `timeout` is over.
  bool wait_reached(std::chrono::milliseconds timeout) const;

 private:
  friend class ScriptedProvider;
  struct State;
  std::shared_ptr<State> state_;
};

// How an answer is spread over time. By default: at once.
struct ScriptedPacing {
  std::optional<ScriptedGate> head = {};  // The first byte waits here.
  std::optional<ScriptedGate> events =
      {};  // What follows `events_before` events (0: none but the head).
  size_t events_before = 0;
  // Real time, for demonstrations; tests are better off with gates.
  std::chrono::milliseconds first_byte{0};
  std::chrono::milliseconds between_events{0};
  size_t write_bytes =
      0;  // Bytes are written in pieces of this size; 0: an event, or all, at once.
};

// Tokens in disjoint buckets, as pitot::Usage has them; each provider's own sums are made of these.
struct ScriptedUsage {
  std::optional<int64_t> input = {};  // Uncached. Unset: by the size of what was asked.
  int64_t cache_read = 0;
  int64_t cache_write_5m = 0;  // OpenAI: written, of any age.
  int64_t cache_write_1h = 0;
  std::optional<int64_t> output = {};  // Without reasoning. Unset: by the size of the answer.
  std::optional<int64_t> reasoning = {};
  int64_t web_searches = 0;  // Anthropic only.
};

struct ScriptedToolCall {
  std::string name;
  std::string arguments = "{}";  // JSON object. Need not be valid: models err.
  std::string id = {};           // Empty: made.
};

// An answer with status 200.
struct ScriptedReply {
  std::string text = {};
  std::string reasoning =
      {};  // Shown thinking or reasoning summary; Chat shows none and counts it.
  std::vector<ScriptedToolCall> tool_calls = {};
  std::string refusal = {};  // Why nothing is said, in place of `text`.
  // kNone: by the content. kLength: cut off at max_tokens. kContentFilter: as the provider says it.
  FinishReason finish = FinishReason::kNone;
  ScriptedUsage usage = {};
  std::string model = {};         // Empty: as asked for.
  std::string service_tier = {};  // Empty: "standard" (Anthropic), "default" (OpenAI).
  std::vector<std::pair<std::string, std::string>> headers = {};  // Beside and over the provider's.
  ScriptedPacing pacing = {};
};

// An answer with status 400 or above, in the provider's own envelope. What is empty is as the provider
// has it for that status.
struct ScriptedFailure {
  std::string type = {};  // "overloaded_error"
  std::string code = {};  // OpenAI's `code`, Anthropic's `details.error_code`.
  std::string message = {};
  std::string param = {};  // OpenAI only.
  // `retry-after` in seconds, and `retry-after-ms` where it is no whole number of them. Unset: 1 s at 429.
  std::optional<std::chrono::milliseconds> retry_after = {};
  std::optional<bool> should_retry = {};  // `x-should-retry`. Unset: not sent.
  std::string body = {};                  // In place of the envelope: the page of a proxy.
  std::vector<std::pair<std::string, std::string>> headers = {};
  ScriptedPacing pacing = {};
};

enum class ScriptedBreakKind : uint8_t {
  kErrorEvent,  // The provider's error event, then the end of the stream.
  kFailed,      // Responses: `response.failed`. Elsewhere as kErrorEvent.
  kCut,         // The connection ends between two events.
  kCutInEvent,  // It ends within an event.
  kReset,       // It is reset within an event.
  kEndsEarly,   // The body ends as it should, without the terminal event.
};

// Where and how an answer that has begun breaks off. Of an answer that is not streamed, half of the body
// is sent before a cut or reset; the other kinds are then plain failures with `status`.
struct ScriptedBreak {
  ScriptedBreakKind kind = ScriptedBreakKind::kErrorEvent;
  size_t after_events = 4;  // Sent whole. More than there are: all but the terminal ones.
  int status = 529;  // Whose type, code and message an error event has, unless `failure` has some.
  ScriptedFailure failure = {};
};

struct ScriptedBrokenReply {
  ScriptedReply reply = {};
  ScriptedBreak broken = {};
};

struct ScriptedError {
  int status = 500;
  ScriptedFailure failure = {};
};

// The connection ends before any answer.
struct ScriptedHangUp {
  bool reset = false;
};

// These bytes, status line and all, whatever they are.
struct ScriptedBytes {
  std::string bytes;
  bool close = true;  // The connection ends after them.
};

using ScriptedStep =
    std::variant<ScriptedReply, ScriptedError, ScriptedBrokenReply, ScriptedHangUp, ScriptedBytes>;

// A request as it came.
struct ScriptedRequest {
  std::string method;
  std::string target;  // "/v1/messages?beta=true"
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;         // Chunks put together.
  uint64_t connection = 0;  // That it came on, from 1.

  std::string_view path() const;  // The target without its query.
  // The value of the first header of that name in any case; empty: none.
  std::string_view header(std::string_view name) const;
};

struct ScriptedProviderOptions {
  uint16_t port = 0;  // 0: a free one.
  bool tls = false;   // HTTPS with a certificate of its own: ScriptedProvider::certificate_pem().
  std::string api_key = {};    // The only key that is accepted; empty: any.
  bool strict = true;          // False: steps answer anything, however wrong the request.
  ScriptedPacing pacing = {};  // Of echoes, which have none of their own.
  // What answers when the script has no step left. Called from several threads; what it throws is
  // answered as a 500. Unset: ScriptedProvider::echo.
  std::function<ScriptedStep(const ScriptedRequest&)> answer = {};
};

class ScriptedProvider {
 public:
  // Listens when it returns. Throws std::system_error naming the port, std::runtime_error when no
  // certificate can be made.
  explicit ScriptedProvider(ScriptedProviderOptions options = {});
  // Ends every connection and thread, also those held at a gate.
  ~ScriptedProvider();
  ScriptedProvider(const ScriptedProvider&) = delete;
  ScriptedProvider& operator=(const ScriptedProvider&) = delete;

  // "http://127.0.0.1:40123": what Anthropic's clients take as their base URL. OpenAI's take url() +
  // "/v1".
  std::string url() const;
  uint16_t port() const;
  // The self-signed certificate for localhost and 127.0.0.1, to be trusted as an authority; empty
  // without TLS.
  const std::string& certificate_pem() const;

  // Steps, used up in order. Those of a path (`on("/v1/messages").fail(429)`) come before those for any.
  class Script {
   public:
    Script& reply(ScriptedReply reply);
    Script& fail(int status, ScriptedFailure failure = {});
    Script& stream_then_fail(ScriptedReply reply, ScriptedBreak broken = {});
    Script& hang_up();
    Script& add(ScriptedStep step);

   private:
    friend class ScriptedProvider;
    Script(ScriptedProvider& provider, std::string path)
        : provider_(provider), path_(std::move(path)) {}
    ScriptedProvider& provider_;
    std::string path_;
  };
  Script on(std::string path);
  Script reply(ScriptedReply reply);
  Script fail(int status, ScriptedFailure failure = {});
  Script stream_then_fail(ScriptedReply reply, ScriptedBreak broken = {});
  Script hang_up();
  Script add(ScriptedStep step);

  size_t steps_left() const;

  // What came so far, refused ones too, in order of arrival.
  std::vector<ScriptedRequest> requests() const;
  // False: fewer than `count` came within `timeout`.
  bool wait_for_requests(size_t count, std::chrono::milliseconds timeout) const;

  // What answers without a script: says what was said; calls a tool when the request has tools and no
  // result yet, with arguments that fit its schema; tells the result when it has one; thinks when asked
  // to; ends at max_tokens. For a body that is no request: an empty reply.
  static ScriptedReply echo(const ScriptedRequest& request);

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace sdk
}  // namespace pitot
