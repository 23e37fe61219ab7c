#include "sdk/export/export_test_util.h"

#include <limits>

namespace pitot {
inline namespace sdk {
namespace {

constexpr int64_t kStart = 1'790'000'000'123'456'789;  // 2026-09-21T14:13:20.123456789Z
constexpr int64_t kMilli = 1'000'000;

void Place(TestSpan& span, uint8_t id, uint8_t parent, std::string_view name, Kind kind,
           int64_t after_ms, int64_t length_ns) {
  SpanData& data = span.data();
  data.trace_id = TestTraceId(1);
  data.span_id = TestSpanId(id);
  if (parent != 0) data.parent_span_id = TestSpanId(parent);
  data.name = name;
  data.kind = kind;
  data.start_ns = kStart + after_ms * kMilli;
  data.end_ns = data.start_ns + length_ns;
}

void FillModelCall(TestSpan& span) {
  span.Set("gen_ai.provider.name", "anthropic")
      .Set("gen_ai.request.model", "claude-sonnet-4-5")
      .Set("gen_ai.response.model", "claude-sonnet-4-5-20250929")
      .Set("gen_ai.response.id", "msg_01")
      .Set("gen_ai.request.max_tokens", 1024)
      .Set("gen_ai.request.temperature", 0.2)
      .Set("gen_ai.request.stream", true)
      .Set("gen_ai.response.finish_reasons", AttributeValue::json(R"(["end_turn"])"))
      .Set("pitot.finish_reason", "stop")
      .Set("gen_ai.response.time_to_first_chunk", 0.412)
      .Set("pitot.tokens_per_second", 61.5)
      .Set("pitot.retry_count", 1)
      .Set("gen_ai.usage.input_tokens", 1310)
      .Set("gen_ai.usage.output_tokens", 246)
      .Set("gen_ai.usage.cache_read.input_tokens", 900)
      .Set("gen_ai.usage.reasoning.output_tokens", 46)
      .Set("pitot.usage.input_tokens", 310)
      .Set("pitot.usage.cache_read_tokens", 900)
      .Set("pitot.usage.cache_write_1h_tokens", 100)
      .Set("pitot.usage.output_tokens", 200)
      .Set("pitot.usage.reasoning_tokens", 46)
      .Set("pitot.usage.exact", true)
      .Set("pitot.cost_nano_usd", int64_t{5'490'000})
      .Set("pitot.price_rule", "anthropic/claude-sonnet-4-5")
      .Set("gen_ai.input.messages",
           AttributeValue::json(
               R"([{"role":"user","parts":[{"type":"text","content":"Where is my order?"}]}])"))
      .Set("gen_ai.output.messages",
           AttributeValue::json(
               R"([{"role":"assistant","parts":[{"type":"text","content":"On its way."}]}])"));
}

void AgentRun(ExportCase& one) {
  TestSpan& root = one.spans.emplace_back();
  Place(root, 1, 0, "answer", Kind::kAgent, 0, 2'500 * kMilli);
  root.data().status = SpanStatus::kOk;
  root.tags() = {.feature = "checkout",
                 .user = "u-17",
                 .session = "s-4",
                 .workflow = "refund",
                 .agent = "shopkeeper"};
  root.Set("question", "Where is my order?").Set("documents", 3);

  TestSpan& call = one.spans.emplace_back();
  Place(call, 2, 1, "chat claude-sonnet-4-5", Kind::kLlm, 10, 1'800 * kMilli + 1);
  call.tags() = {.feature = "checkout",
                 .user = "u-17",
                 .session = "s-4",
                 .workflow = "refund",
                 .agent = "shopkeeper",
                 .prompt = "refund-answer",
                 .prompt_version = "7"};
  FillModelCall(call);

  TestSpan& tool = one.spans.emplace_back();
  Place(tool, 3, 1, "find_order", Kind::kTool, 1'900, 500);
  tool.data().status = SpanStatus::kOk;
  tool.Set("gen_ai.tool.name", "find_order")
      .Set("gen_ai.tool.call.id", "call_9")
      .Set("gen_ai.tool.call.arguments", AttributeValue::json(R"({"id": 12})"))
      .Set("gen_ai.tool.call.result", AttributeValue::json(R"({"state": "sent", "parcels": [1]})"))
      .Set("gen_ai.tool.status", "success");

  const struct {
    std::string_view name;
    Kind kind;
  } others[] = {
      {"search", Kind::kRetriever},     {"embed", Kind::kEmbedding}, {"rank", Kind::kReranker},
      {"no secrets", Kind::kGuardrail}, {"judge", Kind::kEvaluator}, {"plan", Kind::kChain},
      {"something else", Kind::kSpan},
  };
  uint8_t id = 4;
  for (const auto& other : others) {
    Place(one.spans.emplace_back(), id, 1, other.name, other.kind, 2'000, kMilli);
    ++id;
  }
}

void Failures(ExportCase& one) {
  TestSpan& tool = one.spans.emplace_back();
  Place(tool, 1, 0, "refund", Kind::kTool, 0, 30 * kMilli);
  tool.data().status = SpanStatus::kError;
  tool.data().status_message = "the bank said \"no\"\n(code 7)";
  tool.Set("gen_ai.tool.status", "error")
      .Set("error.type", "shop::BankError")
      .Set("pitot.error_category", "tool")
      .Event("exception", kStart + 29 * kMilli,
             {{"exception.type", "shop::BankError"},
              {"exception.message", "the bank said \"no\"\n(code 7)"}});

  TestSpan& call = one.spans.emplace_back();
  Place(call, 2, 1, "chat gpt-5", Kind::kLlm, 1, 20 * kMilli);
  call.data().status = SpanStatus::kError;
  call.Set("gen_ai.request.model", "gpt-5").Set("pitot.error_category", "rate_limit");

  TestSpan& cut = one.spans.emplace_back();
  Place(cut, 3, 1, "chat gpt-5", Kind::kLlm, 2, 20 * kMilli);
  cut.Set("gen_ai.request.model", "gpt-5")
      .Set("gen_ai.usage.input_tokens", 12)
      .Set("pitot.finish_reason", "length");
}

void Odd(ExportCase& one) {
  TestSpan& bytes = one.spans.emplace_back();
  Place(bytes, 1, 0, "caf\xC3\xA9 \xFF\xFE", Kind::kSpan, 0, 0);
  bytes.data().status = SpanStatus::kError;
  bytes.data().status_message = "cut \xE2\x82";
  bytes.data().trace_state = "vendor=a,other=b";
  bytes.data().dropped_attributes = 2;
  bytes.data().dropped_events = 300;
  bytes.Set("bad\x80key", "bad\xC0value")
      .Set("bad json", AttributeValue::json("{\"a\":\"\xFF\"}"))
      .Set("control", std::string_view("\x01\t\"\\\x7F/\0<", 8))
      .Event("bad\xFA", kStart - 1, {{"k\xF0\x9F", AttributeValue(true)}})
      .Event("", kStart)
      .Link(TestTraceId(9), TestSpanId(9), {{"why", "retry"}})
      .Link(TestTraceId(8), TestSpanId(8));

  TestSpan& values = one.spans.emplace_back();
  Place(values, 2, 1, "", Kind::kSpan, 0, -5);
  values.Set("empty", "")
      .Set("false", false)
      .Set("zero", 0)
      .Set("minus", -1)
      .Set("least", std::numeric_limits<int64_t>::min())
      .Set("most", std::numeric_limits<int64_t>::max())
      .Set("pi", 3.14159)
      .Set("tiny", 5e-324)
      .Set("nan", std::numeric_limits<double>::quiet_NaN())
      .Set("infinity", std::numeric_limits<double>::infinity())
      .Set("minus infinity", -std::numeric_limits<double>::infinity());

  TestSpan& json = one.spans.emplace_back();
  Place(json, 3, 1, "json", Kind::kSpan, 0, 999);
  const struct {
    std::string_view key;
    std::string_view text;
  } texts[] = {
      {"strings", R"(["a", "b\u00e9\n"])"},
      {"numbers", "[1, 2,3]"},
      {"doubles", "[1.5,2e3]"},
      {"bools", "[true,false]"},
      {"none", "[]"},
      {"mixed", R"([1,"a"])"},
      {"half numbers", "[1,2.5]"},
      {"nested", "[[1],[2]]"},
      {"nulls", "[null]"},
      {"object", "{\n  \"a\": {\"b\": [1, null]}\n}"},
      {"string", R"("text \"quoted\"")"},
      {"number", " 42 "},
      {"huge", "123456789012345678901234567890"},
      {"beyond", "1e999"},
      {"huge inside", R"({"a":[1.5e-7,-3,18446744073709551615],"b\"1e999":18446744073709551616})"},
      {"large inside", R"({"a":[1.5e-7,-3,18446744073709551615],"b\"1e999":-9223372036854775808})"},
      {"bool", "true"},
      {"null", "null"},
      {"broken", "{\"a\":"},
      {"broken array", "[1,2"},
      {"nothing", ""},
      {"leading zero", "007"},
  };
  for (const auto& text : texts) json.Set(text.key, AttributeValue::json(text.text));
}

void Running(ExportCase& one) {
  TestSpan& span = one.spans.emplace_back();
  Place(span, 1, 0, "long run", Kind::kAgent, 0, 0);
  span.data().status = SpanStatus::kRunning;
  span.tags().feature = "research";
}

// What the program says itself stands.
void OwnKeys(ExportCase& one) {
  TestSpan& span = one.spans.emplace_back();
  Place(span, 1, 0, "complete", Kind::kLlm, 0, kMilli);
  span.tags() = {.feature = "tag", .user = "tag", .prompt = "greeting", .prompt_version = "b71f"};
  span.Set("pitot.kind", "no such kind")
      .Set("pitot.running", true)
      .Set("gen_ai.operation.name", "text_completion")
      .Set("user.id", "own")
      .Set("error", false)
      .Set("service.name", "own-service")
      .Set("langfuse.trace.name", "own name")
      .Set("langfuse.observation.input", "own input")
      .Set("gen_ai.input.messages", "not shown as input")
      .Set("input", "one")
      .Set("output", "two")
      .Set("output.value", "three")
      .Set("feature", "mine")
      .Set("team", AttributeValue::json(R"(["a","b"])"));
}

}  // namespace

TestSpan& TestSpan::Set(std::string_view key, AttributeValue value) {
  const Attribute given{key, value};
  attributes_.push_back(Keep(Attributes({given}))[0]);
  data_.attributes = attributes_;
  return *this;
}

TestSpan& TestSpan::Event(std::string_view name, int64_t time_ns, Attributes attributes) {
  events_.push_back({.time_ns = time_ns, .name = Keep(name), .attributes = Keep(attributes)});
  data_.events = events_;
  return *this;
}

TestSpan& TestSpan::Link(const TraceId& trace_id, const SpanId& span_id, Attributes attributes) {
  links_.push_back({.trace_id = trace_id, .span_id = span_id, .attributes = Keep(attributes)});
  data_.links = links_;
  return *this;
}

std::span<const Attribute> TestSpan::Keep(Attributes attributes) {
  std::vector<Attribute>& list = lists_.emplace_back();
  for (const Attribute& attribute : attributes) {
    AttributeValue value = attribute.value;
    if (value.type() == AttributeValue::Type::kString) value = Keep(value.text());
    if (value.type() == AttributeValue::Type::kJson)
      value = AttributeValue::json(Keep(value.text()));
    list.push_back({Keep(attribute.key), value});
  }
  return list;
}

std::vector<SpanData> ExportCase::all() {
  std::vector<SpanData> list;
  for (TestSpan& span : spans) list.push_back(span.data());
  return list;
}

std::deque<ExportCase> ExportCases() {
  std::deque<ExportCase> cases;
  const struct {
    std::string_view name;
    void (*fill)(ExportCase&);
  } rows[] = {{"agent_run", AgentRun},
              {"failures", Failures},
              {"odd", Odd},
              {"own_keys", OwnKeys},
              {"running", Running}};
  for (const auto& row : rows) {
    ExportCase& one = cases.emplace_back();
    one.name = row.name;
    row.fill(one);
  }
  return cases;
}

ExportResource TestResource() {
  return {.service = "shop-agent",
          .environment = "prod",
          .release = "1.4.2",
          .instance = "host-7",
          .attributes = {{"team", "orders"}, {"service.name", "not this"}}};
}

std::vector<SpanData> SmallSpans(int count, int first) {
  std::vector<SpanData> spans(static_cast<size_t>(count));
  for (int i = 0; i < count; ++i) {
    SpanData& span = spans[static_cast<size_t>(i)];
    const int n = first + i + 1;
    span.trace_id = TestTraceId(1);
    span.span_id.bytes = {1,
                          0,
                          0,
                          0,
                          0,
                          static_cast<uint8_t>(n >> 16),
                          static_cast<uint8_t>(n >> 8),
                          static_cast<uint8_t>(n)};
    span.name = "small";
    span.start_ns = kStart;
    span.end_ns = kStart + kMilli;
  }
  return spans;
}

TraceId TestTraceId(uint8_t last) {
  TraceId id;
  for (size_t i = 0; i < id.bytes.size(); ++i) id.bytes[i] = static_cast<uint8_t>(0xa0 + i);
  id.bytes.back() = last;
  return id;
}

SpanId TestSpanId(uint8_t last) {
  SpanId id;
  id.bytes = {0xb0, 0, 0, 0, 0, 0, 0, last};
  return id;
}

}  // namespace sdk
}  // namespace pitot
