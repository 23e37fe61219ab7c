// What normalising and redacting a span costs. The spans look like the ingest load of `make bench`:
// 30 % model calls with 1.3 KB of prompt and 0.6 KB of answer, 30 % tool calls, plain steps.
#include <benchmark/benchmark.h>

#include <random>
#include <string>
#include <vector>

#include "normalize/normalize.h"
#include "normalize/redact.h"

namespace pitot {
namespace {

constexpr size_t kSpans = 500;

class Load {
 public:
  Load() {
    for (int i = 0; i < 4000; ++i) {
      std::string word;
      for (size_t n = 2 + random_() % 9; n > 0; --n)
        word += static_cast<char>('a' + random_() % 26);
      words_.push_back(word);
    }
    batch.resources.push_back(
        {Attrs({Text("service.name", "agent-svc-1"), Text("deployment.environment.name", "prod"),
                Text("telemetry.sdk.language", "python")})});
    batch.scopes.push_back({"agent-instrumentation", "1.2.0", {}});
    for (size_t i = 0; i < kSpans; ++i) batch.spans.push_back(MakeSpan());
  }

  RawBatch batch;
  size_t content_bytes = 0;

 private:
  std::string_view Keep(const std::string& text) {
    content_bytes += text.size();
    return batch.arena.Copy(text);
  }
  Attr Text(std::string_view key, const std::string& value) {
    Attr attr{key, {}};
    attr.value.type = AttrType::kString;
    attr.value.text = Keep(value);
    return attr;
  }
  Attr Int(std::string_view key, int64_t value) {
    Attr attr{key, {}};
    attr.value.type = AttrType::kInt;
    attr.value.integer = value;
    return attr;
  }
  Attr Json(std::string_view key, const std::string& value) {
    Attr attr = Text(key, value);
    attr.value.type = AttrType::kJson;
    return attr;
  }
  std::span<const Attr> Attrs(const std::vector<Attr>& attrs) {
    return batch.arena.CopyArray(attrs);
  }
  std::string Prose(size_t bytes) {
    std::string out;
    while (out.size() < bytes) out += words_[random_() % words_.size()] + ' ';
    return out;
  }

  RawSpan MakeSpan() {
    RawSpan span;
    std::vector<Attr> attrs = {Text("user.id", "user-1234"), Text("session.id", "sess-12345"),
                               Text("feature", "feature-7"), Text("workflow", "workflow-3")};
    const size_t kind = random_() % 10;
    if (kind < 3) {
      span.name = "chat gpt-4o";
      attrs.push_back(Text("gen_ai.operation.name", "chat"));
      attrs.push_back(Text("gen_ai.provider.name", "openai"));
      attrs.push_back(Text("gen_ai.request.model", "gpt-4o"));
      attrs.push_back(Text("gen_ai.response.model", "gpt-4o"));
      attrs.push_back(Int("gen_ai.usage.input_tokens", 1234));
      attrs.push_back(Int("gen_ai.usage.output_tokens", 321));
      attrs.push_back(Json("gen_ai.response.finish_reasons", R"(["stop"])"));
      attrs.push_back(
          Text("gen_ai.input.messages", R"([{"role":"user","parts":[{"type":"text","content":")" +
                                            Prose(600 + random_() % 1500) + R"("}]}])"));
      attrs.push_back(Text("gen_ai.output.messages",
                           R"([{"role":"assistant","parts":[{"type":"text","content":")" +
                               Prose(200 + random_() % 800) + R"("}],"finish_reason":"stop"}])"));
    } else if (kind < 6) {
      span.name = "execute_tool tool_12";
      attrs.push_back(Text("gen_ai.operation.name", "execute_tool"));
      attrs.push_back(Text("gen_ai.tool.name", "tool_12"));
      attrs.push_back(Text("gen_ai.tool.call.arguments", R"({"q":")" + Prose(60) + R"("})"));
      attrs.push_back(Text("gen_ai.tool.call.result", Prose(100 + random_() % 800)));
    } else {
      span.name = "step-17";
    }
    span.attributes = Attrs(attrs);
    return span;
  }

  std::mt19937 random_{5};
  std::vector<std::string> words_;
};

const Load& SharedLoad() {
  static const Load& load = *new Load;
  return load;
}

void BM_Normalize(benchmark::State& state) {
  const Load& load = SharedLoad();
  const Limits limits;
  for (auto _ : state) {
    Arena arena;
    DropCounts drops;
    Normalizer normalizer(load.batch, arena, limits, drops);
    for (const RawSpan& raw : load.batch.spans) {
      Span span;
      normalizer.Normalize(raw, &span);
      benchmark::DoNotOptimize(span);
    }
  }
  state.SetItemsProcessed(static_cast<int64_t>(state.iterations() * kSpans));
}
BENCHMARK(BM_Normalize);

void BM_Redact(benchmark::State& state) {
  const Load& load = SharedLoad();
  const Limits limits;
  Arena arena;
  DropCounts drops;
  std::vector<Span> spans(kSpans);
  Normalizer normalizer(load.batch, arena, limits, drops);
  for (size_t i = 0; i < kSpans; ++i) normalizer.Normalize(load.batch.spans[i], &spans[i]);
  const Redactor redactor = Redactor::Create({}).value();
  for (auto _ : state) {
    for (Span& span : spans) redactor.Redact(&span, &arena, &drops);
  }
  state.SetItemsProcessed(static_cast<int64_t>(state.iterations() * kSpans));
  state.SetBytesProcessed(static_cast<int64_t>(state.iterations() * load.content_bytes));
}
BENCHMARK(BM_Redact);

// English, which holds pieces of the rules' words more often than random letters do.
void BM_RedactProse(benchmark::State& state) {
  std::string text;
  while (text.size() < 64 * 1024) {
    text +=
        "The customer asked whether the secretary could create a second booking for the increased "
        "number of guests; see https://example.com/help for the task and what it takes to look "
        "into the return of the passenger's ticket, then bear in mind the token of good will. ";
  }
  const Redactor redactor = Redactor::Create({}).value();
  Arena arena;
  DropCounts drops;
  for (auto _ : state) {
    benchmark::DoNotOptimize(redactor.RedactText(text, &arena, &drops));
  }
  state.SetBytesProcessed(static_cast<int64_t>(state.iterations() * text.size()));
}
BENCHMARK(BM_RedactProse);

}  // namespace
}  // namespace pitot

BENCHMARK_MAIN();
