// Exports of spans that came through the real ingest, in both engines: what comes out goes in again,
// unchanged.
#include "query/export/export.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <boost/json.hpp>
#include <filesystem>
#include <fstream>
#include <random>

#include "api/ingested_test_util.h"
#include "base/status.h"
#include "base/text.h"
#include "ingest/ingest.h"
#include "query/figures/cost.h"

namespace pitot {
namespace {

namespace json = boost::json;
using ::testing::HasSubstr;

constexpr int64_t kStart = 1'795'000'000'000'000'000;  // 2026-11-18T11:06:40Z

// Every field there is, in the order in which lines are written.
constexpr std::string_view kEverything =
    R"({"pitot":1,"trace_id":"0af7651916cd43dd8448eb211c80319c","span_id":"00000000000000a1",)"
    R"("parent_id":"00000000000000a0","name":"chat \"é\"","kind":"llm","op":"chat",)"
    R"("start_ns":1795000000000000001,"duration_ns":1500000007,"status":"error",)"
    R"("status_message":"too long","service":"shop","environment":"prod","release":"1.2",)"
    R"("feature":"checkout","feature_explicit":true,"workflow":"w","user_id":"u1",)"
    R"("session_id":"s1","agent":"planner","agent_id":"a-1","tags":{"team":"blue","beta":""},)"
    R"("prompt_name":"greet","prompt_version":"3","provider":"openai",)"
    R"("model_requested":"gpt-4o","model":"gpt-4o-2024-08-06","response_id":"r1",)"
    R"("service_tier":"batch","finish_reason":"tool_use","finish_raw":"tool_calls",)"
    R"("ttft_ns":120000000,"streaming":true,"temperature":0.5,"max_tokens":100,)"
    R"("usage":{"input_tokens":1,"cache_read_tokens":2,"cache_write_5m_tokens":3,)"
    R"("cache_write_1h_tokens":4,"input_audio_tokens":5,"input_image_tokens":6,)"
    R"("output_tokens":7,"reasoning_tokens":8,"output_audio_tokens":9,"output_image_tokens":10,)"
    R"("web_searches":11,"file_searches":12},"usage_rollup":true,"usage_convention":"inclusive",)"
    R"("usage_flags":3,"cost":{"nano_usd":55,"by_bucket_nano_usd":[1,2,3,4,5,6,7,8,9,10],)"
    R"("source":"catalogue","confidence":"prefix","version":"v1","rule":"openai/gpt-4o",)"
    R"("estimated":true},"cost_reported_nano_usd":77,"tool_name":"search",)"
    R"("tool_call_id":"call_1","tool_status":"timeout","retry_count":2,"mcp_server":"mcp",)"
    R"("error_type":"E","error_category":"context_length",)"
    R"("input":["{\"role\":\"user\",\"parts\":[]}","plain"],"output":["out"],)"
    R"("system":["sys"],"tool_definitions":["[]"],"reasoning":["because"],)"
    R"("events":[{"time_ns":1795000000000000002,"name":"e","attributes":{"n":1}}],)"
    R"("links":[{"trace_id":"0af7651916cd43dd8448eb211c80319d","span_id":"00000000000000b1",)"
    R"("attributes":{}}],"attributes":{"a.b":1,"d":1.0,"f":false,"nested":{"x":[1,"2",null]},)"
    R"("nothing":null,"s":"text\nline","w":1e+300},"scope":"lib","scope_version":"0.1",)"
    R"("emitter":"otel_genai","source":"gateway"})"
    "\n";

class ExportTest : public IngestedTestBase {
 protected:
  void Send(const std::string& project, std::string body,
            WireFormat format = WireFormat::kJsonLines) {
    Ingested(std::move(body), project, format);
  }

  QueryContext Context() { return ContextAt(kStart + kNanosPerDay); }

  std::string File(const ExportRequest& request, ExportFormat format = ExportFormat::kJsonl) {
    std::string file;
    const absl::Status status = Export(Context(), format, request, [&](std::string_view piece) {
      file += piece;
      return true;
    });
    EXPECT_TRUE(status.ok()) << status.ToString();
    return file;
  }
  std::vector<std::string> Lines(const ExportRequest& request,
                                 ExportFormat format = ExportFormat::kJsonl) {
    std::vector<std::string> lines;
    const std::string file = File(request, format);
    for (const std::string_view line : SplitText(file, '\n')) {
      if (!line.empty()) lines.emplace_back(line);
    }
    std::ranges::sort(lines);
    return lines;
  }

  std::string Costs(const std::string& project) {
    CostRequest request;
    request.scope.project = project;
    request.scope.window = {kStart - kNanosPerDay, kStart + kNanosPerDay};
    request.by = {"feature", "user_id", "model"};
    const auto answer = CostJson(Context(), request);
    EXPECT_TRUE(answer.ok()) << answer.status().ToString();
    return answer.ok() ? *answer : "";
  }
};
PITOT_FOR_EACH_STORE(ExportTest);

// As agents send them: attribution on the root, histories that grow, retries, late and odd values.
class Traffic {
 public:
  explicit Traffic(uint32_t seed) : random_(seed) {}

  std::string Trace(int number) {
    std::string lines;
    std::string history;
    const int steps = 1 + Pick(8);
    for (int step = 0; step < steps; ++step) {
      history += fmt::format(R"({}{{"role":"user","parts":[{{"type":"text","content":"{} {}"}}]}})",
                             step == 0 ? "" : ",", Text(), std::string(Pick(300), 'x'));
      lines += Line(number, step, step == 0 ? "agent" : Pick(2) == 0 ? "llm" : "tool", history);
    }
    return lines;
  }

 private:
  int Pick(int below) { return static_cast<int>(random_() % static_cast<uint32_t>(below)); }
  std::string Text() {
    const char* texts[] = {"plain", "quoted \\\" text", "žluťoučký 🐎", "tab\\tline\\n", ""};
    return texts[Pick(5)];
  }

  std::string Line(int trace, int step, std::string_view kind, const std::string& history) {
    std::string attrs =
        fmt::format(R"("odd":{},"double":{}.0,"list":[1,"a",{{"b":null}}])", Pick(1000), Pick(100));
    if (Pick(2) == 0) attrs += fmt::format(R"(,"feature":"f{}")", Pick(3));
    if (step == 0) attrs += fmt::format(R"(,"user.id":"u{}","session.id":"s{}")", Pick(4), trace);
    if (Pick(3) == 0) attrs += fmt::format(R"(,"tag.team":"{}")", Text());
    if (kind == "llm") {
      attrs += fmt::format(
          R"(,"gen_ai.operation.name":"chat","gen_ai.provider.name":"openai",)"
          R"("gen_ai.request.model":"{}","gen_ai.usage.input_tokens":{},)"
          R"("gen_ai.usage.output_tokens":{},"gen_ai.usage.cache_read.input_tokens":{},)"
          R"("gen_ai.response.finish_reasons":["stop"],"gen_ai.input.messages":[{}])",
          Pick(4) == 0 ? "house-1" : "gpt-4o", 100 + Pick(1000), Pick(500), Pick(100), history);
      if (Pick(5) == 0) attrs += R"(,"gen_ai.usage.cost":0.25)";
    } else if (kind == "tool") {
      attrs += fmt::format(R"(,"gen_ai.tool.name":"search","gen_ai.tool.call.id":"c{}",)"
                           R"("gen_ai.tool.call.arguments":{{"q":"{}"}})",
                           step, Text());
    }
    return fmt::format(
        R"({{"trace_id":"{:032x}","span_id":"{:016x}","parent_id":"{}","name":"{} {}","kind":"{}",)"
        R"("start":{},"duration_ms":{}{},"attrs":{{{}}}}})"
        "\n",
        trace + 1, trace * 100 + step + 1,
        step == 0 ? "" : fmt::format("{:016x}", trace * 100 + Pick(step) + 1), kind, Text(), kind,
        kStart + trace * 1'000'000'000LL + step * 1'000'000LL + Pick(1000), Pick(5000),
        Pick(6) == 0 ? R"(,"error":{"type":"Timeout","message":"took too long"})" : "", attrs);
  }

  std::mt19937 random_;
};

TEST_P(ExportTest, EveryFieldComesBack) {
  Send("a", std::string(kEverything));
  EXPECT_EQ(File({.project = "a"}), kEverything);
}

TEST_P(ExportTest, ImportedElsewhereItGivesEqualSpansAndFigures) {
  Traffic traffic(20'261'120);
  std::string lines;
  for (int trace = 0; trace < 60; ++trace) lines += traffic.Trace(trace);
  Send("a", lines);
  const std::vector<std::string> exported = Lines({.project = "a"});
  EXPECT_EQ(exported.size(), static_cast<size_t>(std::ranges::count(lines, '\n')));
  EXPECT_EQ(File({.project = "b"}), "") << "projects do not see each other";
  Send("b", File({.project = "a"}));
  EXPECT_EQ(Lines({.project = "b"}), exported);
  EXPECT_EQ(Costs("b"), Costs("a"));
  EXPECT_THAT(Costs("a"), HasSubstr("\"f1\""));
}

TEST_P(ExportTest, OnlyWhatIsAskedFor) {
  const auto line = [](int n, std::string_view kind) {
    return fmt::format(R"({{"trace_id":"{:032x}","span_id":"{:016x}","name":"{}","kind":"{}",)"
                       R"("start":{},"duration_ms":60000}})"
                       "\n",
                       n + 1, n + 1, n, kind, kStart - n * kNanosPerDay);
  };
  std::string lines;
  for (int n = 0; n < 4; ++n) lines += line(n, n % 2 == 0 ? "llm" : "tool");
  Send("a", lines);
  EXPECT_EQ(Lines({.project = "a"}).size(), 4u);
  const Window window = {kStart - 2 * kNanosPerDay, kStart};
  EXPECT_EQ(Lines({.project = "a", .window = window}).size(), 2u) << "by the end, not the start";
  const auto filter = ParseFilter("kind = tool");
  ASSERT_TRUE(filter.ok());
  EXPECT_EQ(Lines({.project = "a", .filter = *filter}).size(), 2u);
  EXPECT_EQ(Lines({.project = "a", .window = window, .filter = *filter}).size(), 1u);
}

TEST_P(ExportTest, StopsWhenNobodyWaits) {
  Send("a", std::string(kEverything));
  for (const ExportFormat format :
       {ExportFormat::kJsonl, ExportFormat::kOtlp, ExportFormat::kParquet}) {
    const absl::Status status =
        Export(Context(), format, {.project = "a"}, [](std::string_view) { return false; });
    EXPECT_EQ(status.code(), absl::StatusCode::kCancelled) << status;
  }
  EXPECT_EQ(Tsv("SELECT 'clean'"), "clean");
}

// What OTLP can say of a span.
json::object Sayable(std::string_view line) {
  json::object span = json::parse(line).as_object();
  for (const char* key : {"attributes", "cost", "emitter", "source", "usage_convention",
                          "usage_flags", "finish_raw", "error_category"}) {
    span.erase(key);
  }
  return span;
}

TEST_P(ExportTest, OtlpSaysTheSame) {
  Traffic traffic(7);
  std::string lines;
  for (int trace = 0; trace < 8; ++trace) lines += traffic.Trace(trace);
  Send("a", lines);
  for (const std::string& request : Lines({.project = "a"}, ExportFormat::kOtlp)) {
    Send("b", request, WireFormat::kJson);
  }
  const std::vector<std::string> sent = Lines({.project = "a"});
  const std::vector<std::string> read = Lines({.project = "b"});
  ASSERT_EQ(read.size(), sent.size());
  for (size_t i = 0; i < sent.size(); ++i) {
    EXPECT_EQ(json::serialize(Sayable(read[i])), json::serialize(Sayable(sent[i])));
  }
}

TEST_P(ExportTest, ParquetCanBeRead) {
  Traffic traffic(3);
  std::string lines;
  for (int trace = 0; trace < 20; ++trace) lines += traffic.Trace(trace);
  Send("a", lines);
  const std::string file = File({.project = "a"}, ExportFormat::kParquet);
  ASSERT_TRUE(file.starts_with("PAR1") && file.ends_with("PAR1"));
  // A server reads its own files only; an embedded engine any.
  const bool remote = GetParam() == StoreMode::kRemote;
  const std::string path = remote ? folder_ / "server/user_files/a.parquet" : folder_ / "a.parquet";
  std::filesystem::create_directories(std::filesystem::path(path).parent_path());
  std::ofstream(path, std::ios::binary) << file;
  EXPECT_EQ(Tsv(fmt::format("SELECT count(), sum(input_tokens), round(sum(cost_usd), 6), "
                            "countIf(user_id = ''), countIf(length(JSONExtractArrayRaw(input)) > 0 "
                            "AND input LIKE '%role%') FROM file('{}', Parquet)",
                            path)),
            Tsv("SELECT count(), sum(f.input_tokens), round(sum(f.cost / 1e9), 6), "
                "countIf(f.user_id = ''), countIf(s.kind = 'llm') "
                "FROM facts AS f FINAL JOIN spans AS s FINAL ON s.span_id = f.span_id"));
}

}  // namespace
}  // namespace pitot
