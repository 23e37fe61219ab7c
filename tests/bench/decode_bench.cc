// What decoding costs a span: one request of 500 spans of agent traffic, about 1.08 KB a span in
// protobuf, of which a third are model calls with prompt and completion. PITOT_OTLP_FILE may name a
// file of length-prefixed protobuf requests (u32, little-endian) to measure with instead.
// Targets: protobuf <= 0.8 us, JSON <= 3 us a span (items_per_second is spans per second).
#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include <cstdlib>
#include <cstring>
#include <fstream>
#include <functional>
#include <iterator>
#include <protozero/pbf_writer.hpp>
#include <random>

#include "base/hex.h"
#include "decode/decode.h"

namespace pitot {
namespace {

using protozero::pbf_writer;

constexpr int kSpans = 500;

struct Field {
  std::string key;
  std::string text;  // Empty: `number` is meant.
  int64_t number = 0;
};

struct Step {
  std::string trace_id;
  std::string span_id;
  std::string parent_id;
  std::string name;
  std::vector<Field> fields;
};

class Traffic {
 public:
  std::vector<Step> Make() {
    std::vector<Step> steps(kSpans);
    const std::string trace_id = Bytes(16);
    for (int i = 0; i < kSpans; ++i) {
      Step& step = steps[i];
      step.trace_id = trace_id;
      step.span_id = Bytes(8);
      if (i > 0) step.parent_id = steps[i / 4].span_id;
      step.name = fmt::format("step-{}", i % 60);
      step.fields = {{"user.id", "user-17421"},
                     {"session.id", "sess-90211"},
                     {"feature", "feature-12"},
                     {"workflow", "workflow-3"}};
      if (i % 10 < 3) AddModelCall(step);
      if (i % 10 >= 3 && i % 10 < 6) AddToolCall(step);
    }
    return steps;
  }

 private:
  void AddModelCall(Step& step) {
    std::vector<Field>& f = step.fields;
    f.push_back({"gen_ai.operation.name", "chat"});
    f.push_back({"gen_ai.provider.name", "openai"});
    f.push_back({"gen_ai.request.model", "gpt-4o"});
    f.push_back({"gen_ai.response.model", "gpt-4o"});
    f.push_back({"gen_ai.usage.input_tokens", "", 4012});
    f.push_back({"gen_ai.usage.output_tokens", "", 512});
    f.push_back({"gen_ai.input.messages", Chat("user", 600 + random_() % 1500)});
    f.push_back({"gen_ai.output.messages", Chat("assistant", 200 + random_() % 800)});
  }

  void AddToolCall(Step& step) {
    step.fields.push_back({"gen_ai.operation.name", "execute_tool"});
    step.fields.push_back({"gen_ai.tool.name", "search"});
    step.fields.push_back({"gen_ai.tool.call.arguments", "{\"q\":\"" + Words(60) + "\"}"});
    step.fields.push_back({"gen_ai.tool.call.result", Words(100 + random_() % 800)});
  }

  std::string Chat(std::string_view role, size_t bytes) {
    return fmt::format(R"([{{"role":"{}","parts":[{{"type":"text","content":"{}"}}]}}])", role,
                       Words(bytes));
  }

  std::string Words(size_t bytes) {
    std::string text;
    while (text.size() < bytes) {
      for (uint64_t i = 2 + random_() % 9; i > 0; --i) {
        text += static_cast<char>('a' + random_() % 26);
      }
      text += ' ';
    }
    return text;
  }

  std::string Bytes(size_t count) {
    std::string bytes(count, '\0');
    for (char& c : bytes) c = static_cast<char>(random_());
    return bytes;
  }

  std::mt19937_64 random_{1};
};

constexpr uint64_t kStartNs = 1'700'000'000'000'000'000;

void WriteAttr(pbf_writer& owner, const Field& field) {
  pbf_writer attr(owner, 9);
  attr.add_string(1, field.key);
  pbf_writer value(attr, 2);
  field.text.empty() ? value.add_int64(3, field.number) : value.add_string(1, field.text);
}

std::string ProtoRequest(const std::vector<Step>& steps) {
  std::string body;
  pbf_writer request(body);
  pbf_writer resource(request, 1);
  pbf_writer scope(resource, 2);
  for (const Step& step : steps) {
    pbf_writer span(scope, 2);
    span.add_bytes(1, step.trace_id);
    span.add_bytes(2, step.span_id);
    if (!step.parent_id.empty()) span.add_bytes(4, step.parent_id);
    span.add_string(5, step.name);
    span.add_int32(6, 1);
    span.add_fixed64(7, kStartNs);
    span.add_fixed64(8, kStartNs + 1'000'000);
    for (const Field& field : step.fields) WriteAttr(span, field);
  }
  scope.commit();
  resource.commit();
  return body;
}

std::string JsonAttr(const Field& field) {
  if (field.text.empty()) {
    return fmt::format(R"({{"key":"{}","value":{{"intValue":"{}"}}}})", field.key, field.number);
  }
  std::string escaped;
  for (const char c : field.text) {
    if (c == '"') escaped += '\\';
    escaped += c;
  }
  return fmt::format(R"({{"key":"{}","value":{{"stringValue":"{}"}}}})", field.key, escaped);
}

std::string JsonRequest(const std::vector<Step>& steps) {
  std::string spans;
  for (const Step& step : steps) {
    std::string attributes;
    for (const Field& field : step.fields) {
      if (!attributes.empty()) attributes += ',';
      attributes += JsonAttr(field);
    }
    if (!spans.empty()) spans += ',';
    spans += fmt::format(
        R"({{"traceId":"{}","spanId":"{}","parentSpanId":"{}","name":"{}","kind":1,)"
        R"("startTimeUnixNano":"{}","endTimeUnixNano":"{}","attributes":[{}],"status":{{}}}})",
        ToHex(step.trace_id), ToHex(step.span_id), ToHex(step.parent_id), step.name, kStartNs,
        kStartNs + 1'000'000, attributes);
  }
  return R"({"resourceSpans":[{"scopeSpans":[{"spans":[)" + spans + "]}]}]}";
}

std::string JsonLines(const std::vector<Step>& steps) {
  std::string lines;
  for (const Step& step : steps) {
    std::string attributes;
    for (const Field& field : step.fields) {
      std::string escaped;
      for (const char c : field.text) {
        if (c == '"') escaped += '\\';
        escaped += c;
      }
      attributes +=
          fmt::format("{}\"{}\":\"{}\"", attributes.empty() ? "" : ",", field.key, escaped);
    }
    lines += fmt::format(
        R"({{"trace_id":"{}","span_id":"{}","name":"{}","start":{},"duration_ms":1,"attrs":{{{}}}}})"
        "\n",
        ToHex(step.trace_id), ToHex(step.span_id), step.name, kStartNs, attributes);
  }
  return lines;
}

std::vector<std::string> ProtoRequests() {
  const char* path = std::getenv("PITOT_OTLP_FILE");
  if (path == nullptr) return {ProtoRequest(Traffic().Make())};
  std::ifstream in(path, std::ios::binary);
  const std::string bytes{std::istreambuf_iterator<char>(in), {}};
  std::vector<std::string> requests;
  uint32_t size = 0;
  for (size_t at = 0; at + sizeof size <= bytes.size(); at += sizeof size + size) {
    std::memcpy(&size, bytes.data() + at, sizeof size);
    requests.push_back(bytes.substr(at + sizeof size, size));
  }
  return requests;
}

using Decoder = std::function<absl::StatusOr<RawBatch>(std::string, const Limits&, DropCounts&)>;

void Run(benchmark::State& state, const std::vector<std::string>& bodies, const Decoder& decode) {
  const Limits limits;
  DropCounts drops;
  int64_t spans = 0;
  int64_t bytes = 0;
  size_t next = 0;
  for (auto _ : state) {
    state.PauseTiming();  // A receiver hands its buffer over; copying it is not decoding.
    std::string body = bodies[next++ % bodies.size()];
    bytes += static_cast<int64_t>(body.size());
    state.ResumeTiming();
    const absl::StatusOr<RawBatch> batch = decode(std::move(body), limits, drops);
    if (!batch.ok()) {
      state.SkipWithError(batch.status().ToString().c_str());
      return;
    }
    spans += static_cast<int64_t>(batch->spans.size());
  }
  state.SetItemsProcessed(spans);
  state.SetBytesProcessed(bytes);
  state.counters["us_per_span"] = benchmark::Counter(
      static_cast<double>(spans) / 1e6, benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
}

void BM_OtlpTracesProto(benchmark::State& state) {
  Run(state, ProtoRequests(), DecodeOtlpTracesProto);
}
BENCHMARK(BM_OtlpTracesProto);

void BM_OtlpTracesJson(benchmark::State& state) {
  Run(state, {JsonRequest(Traffic().Make())}, DecodeOtlpTracesJson);
}
BENCHMARK(BM_OtlpTracesJson);

void BM_JsonLines(benchmark::State& state) {
  Run(state, {JsonLines(Traffic().Make())},
      [](std::string chunk, const Limits& limits, DropCounts& drops) {
        return DecodeJsonLines(std::move(chunk), limits, drops);
      });
}
BENCHMARK(BM_JsonLines);

}  // namespace
}  // namespace pitot

BENCHMARK_MAIN();
