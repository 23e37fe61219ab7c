// The write path as a whole, over both kinds of store: what is acknowledged is in the answers, once.
#include "ingest/ingest.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <latch>

#include "base/hex.h"
#include "base/status.h"
#include "base/text.h"
#include "store/testing/store_test_base.h"

namespace pitot {
namespace {

constexpr std::string_view kTrace = "5b8efff798038103d269b633813fc60c";

struct TestSpan {
  std::string name;
  std::string id;
  std::string parent;
  std::string attributes;  // JSON members of the OTLP attribute list, comma-separated.
  int64_t start_ns = 0;
  int64_t duration_ns = 1'000'000;
  std::string trace = std::string(kTrace);
};

std::string Text(std::string_view key, std::string_view value) {
  return fmt::format(R"({{"key":"{}","value":{{"stringValue":"{}"}}}})", key, value);
}
std::string Int(std::string_view key, int64_t value) {
  return fmt::format(R"({{"key":"{}","value":{{"intValue":{}}}}})", key, value);
}

std::string Body(const std::vector<TestSpan>& spans) {
  std::string out = R"({"resourceSpans":[{"resource":{"attributes":[)" +
                    Text("service.name", "shop") +
                    R"(]},"scopeSpans":[{"scope":{"name":"test"},"spans":[)";
  for (const TestSpan& span : spans) {
    out +=
        fmt::format(R"({}{{"traceId":"{}","spanId":"{}","parentSpanId":"{}","name":"{}","kind":1,)"
                    R"("startTimeUnixNano":"{}","endTimeUnixNano":"{}","attributes":[{}]}})",
                    out.back() == '[' ? "" : ",", span.trace, span.id, span.parent, span.name,
                    span.start_ns, span.start_ns + span.duration_ns, span.attributes);
  }
  return out + "]}]}]}";
}

class IngestTest : public StoreTestBase {
 protected:
  ~IngestTest() override { CloseIngest(); }

  // Starts anew on the same data, as after a crash when the old one was not drained.
  void OpenIngest(std::chrono::milliseconds batch_delay = std::chrono::milliseconds(20)) {
    IngestOptions options;
    options.data_dir = folder_ / "data";
    options.workers = 2;
    options.spool = spool_options_;
    options.spool.disk_free_bytes_min = 0;
    options.flusher.batch_delay = batch_delay;
    options.flusher.retry_max = std::chrono::milliseconds(200);
    options.flusher.tick = std::chrono::milliseconds(50);
    options.flusher.traces.open_timeout_ns = open_timeout_ns_;
    auto ingest = Ingest::Open(options, engine(), PriceBook::BuiltIn({}), &redactor_, wall_);
    ASSERT_TRUE(ingest.ok()) << ingest.status();
    ingest_ = *std::move(ingest);
    ingest_->Start();
  }
  void CloseIngest() { ingest_.reset(); }

  IngestReply Send(std::string body, bool import = false) {
    IngestRequest request;
    request.format = WireFormat::kJson;
    request.sender = "test";
    request.import = import;
    request.body = std::move(body);
    return Send(std::move(request));
  }
  IngestReply Send(IngestRequest request) {
    std::latch done(1);
    IngestReply answer;
    ingest_->Accept(std::move(request), [&](IngestReply reply) {
      answer = std::move(reply);
      done.count_down();
    });
    done.wait();
    return answer;
  }

  // Waits until the query answers `want`.
  void ExpectSoon(const std::string& sql, const std::string& want) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    std::string got;
    do {
      got = Tsv(sql);
      if (got == want) return;
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    } while (std::chrono::steady_clock::now() < deadline);
    ADD_FAILURE() << sql << "\n  answers: " << got << "\n  expected: " << want
                  << "\n  flusher error: " << ingest_->flusher_stats().error;
  }

  int64_t NowNs() const { return wall_.Now() - kNanosPerSecond; }
  uint64_t Dropped(Drop drop) const {
    return ingest_->receipts().Totals()[static_cast<size_t>(drop)];
  }
  // An agent, a model call and a tool call below it.
  std::vector<TestSpan> AgentRun() const {
    const int64_t now = NowNs();
    return {
        {.name = "invoke_agent planner",
         .id = "00000000000000a1",
         .attributes = Text("gen_ai.operation.name", "invoke_agent") + "," + Text("user.id", "u1") +
                       "," + Text("feature", "checkout"),
         .start_ns = now},
        {.name = "chat gpt-4o",
         .id = "00000000000000a2",
         .parent = "00000000000000a1",
         .attributes =
             Text("gen_ai.operation.name", "chat") + "," + Text("gen_ai.provider.name", "openai") +
             "," + Text("gen_ai.request.model", "gpt-4o") + "," +
             Text("gen_ai.response.model", "gpt-4o") + "," +
             Int("gen_ai.usage.input_tokens", 1000) + "," + Int("gen_ai.usage.output_tokens", 100),
         .start_ns = now},
        {.name = "execute_tool search",
         .id = "00000000000000a3",
         .parent = "00000000000000a1",
         .attributes = Text("gen_ai.operation.name", "execute_tool") + "," +
                       Text("gen_ai.tool.name", "search"),
         .start_ns = now}};
  }

  SystemClock wall_;
  Redactor redactor_ = Redactor::Create({}).value();
  SpoolOptions spool_options_;
  int64_t open_timeout_ns_ = 15 * kNanosPerMinute;
  std::unique_ptr<Ingest> ingest_;
};

PITOT_FOR_EACH_STORE(IngestTest);

TEST_P(IngestTest, AcknowledgedSpansAreResolvedPricedAndQueryable) {
  OpenIngest();
  const IngestReply reply = Send(Body(AgentRun()));
  ASSERT_TRUE(reply.status.ok()) << reply.status;
  EXPECT_EQ(reply.accepted, 3);
  EXPECT_EQ(reply.rejected, 0) << reply.message;
  ExpectSoon("SELECT count() FROM spans", "3");
  // 1000 * $2.50/M + 100 * $10/M; user and feature inherited from the agent.
  ExpectSoon("SELECT kind, user_id, feature, counted, cost FROM facts FINAL ORDER BY span_id",
             "agent\tu1\tcheckout\tfalse\t\\N\n"
             "llm\tu1\tcheckout\ttrue\t3500000\n"
             "tool\tu1\tcheckout\tfalse\t\\N");
  ExpectSoon("SELECT root_name, spans, llm_calls, tool_calls, cost, models FROM traces FINAL",
             "invoke_agent planner\t3\t1\t1\t3500000\t['gpt-4o']");
}

TEST_P(IngestTest, ARepeatedRequestIsAcknowledgedAndStoredOnce) {
  OpenIngest();
  const std::string body = Body(AgentRun());
  ASSERT_TRUE(Send(body).status.ok());
  const IngestReply again = Send(body);
  EXPECT_TRUE(again.status.ok());
  EXPECT_TRUE(again.duplicate);
  EXPECT_EQ(again.accepted, 3);
  EXPECT_EQ(Dropped(Drop::kDuplicateRequest), 1u);
  ExpectSoon("SELECT count() FROM spans", "3");
}

TEST_P(IngestTest, ASpanDeliveredAgainInAnotherRequestIsOneSpan) {
  OpenIngest();
  std::vector<TestSpan> run = AgentRun();
  ASSERT_TRUE(Send(Body(run)).status.ok());
  ExpectSoon("SELECT count() FROM facts FINAL", "3");
  run.push_back({.name = "late", .id = "00000000000000a4", .start_ns = NowNs()});
  ASSERT_TRUE(Send(Body(run)).status.ok());
  ExpectSoon("SELECT count(), sum(cost) FROM facts FINAL", "4\t3500000");
  ExpectSoon("SELECT count() FROM spans FINAL", "4");
  EXPECT_EQ(Dropped(Drop::kDuplicateSpan), 3u);
}

TEST_P(IngestTest, SpansOutOfTimeAreRefusedByNameAndTheRestIsKept) {
  OpenIngest();
  const int64_t now = NowNs();
  const IngestReply reply = Send(Body({
      {.name = "ancient", .id = "00000000000000b1", .start_ns = 1'000'000'000},  // 1970
      {.name = "good", .id = "00000000000000b2", .start_ns = now},
      {.name = "distant", .id = "00000000000000b3", .start_ns = 7'258'118'400'000'000'000},  // 2200
      {.name = "endless", .id = "00000000000000b4", .start_ns = now, .duration_ns = kNanosPerDay},
  }));
  ASSERT_TRUE(reply.status.ok()) << reply.status;
  EXPECT_EQ(reply.accepted, 1);
  EXPECT_EQ(reply.rejected, 3);
  for (const std::string_view word : {"ancient", "1970", "retention.days", "pitot import"}) {
    EXPECT_NE(reply.message.find(word), std::string::npos) << reply.message;
  }
  EXPECT_EQ(Dropped(Drop::kSpanTooOld), 1u);
  EXPECT_EQ(Dropped(Drop::kSpanTooNew), 2u);
  ExpectSoon("SELECT name FROM spans", "good");
}

TEST_P(IngestTest, SpansMadeHereAreRedactedStoredAndNotPricedAgain) {
  OpenIngest();
  const std::string secret = "sk-ant-api03-" + std::string(93, 'a') + "AA";
  const int64_t now = NowNs();
  std::latch done(1);
  IngestReply answer;
  ingest_->AcceptMade(
      {.source = Source::kGateway, .body = ""},
      [&] {
        MadeSpans made;
        Span& span = made.spans.emplace_back();
        span.trace_id.bytes.fill(7);
        span.span_id.bytes.fill(8);
        span.kind = Kind::kLlm;
        span.name = "chat";
        span.model = made.arena.Copy("gpt-4o");
        span.start_ns = now;
        span.end_ns = now + 1000;
        span.has_usage = true;
        span.usage[UsageBucket::kInput] = 10;
        span.cost = NanoUsd{4242};
        span.price_source = PriceSource::kCatalogue;
        span.status_message = made.arena.Copy("refused the key " + secret);
        span.source = Source::kGateway;
        return made;
      },
      [&](IngestReply reply) {
        answer = std::move(reply);
        done.count_down();
      });
  done.wait();
  ASSERT_TRUE(answer.status.ok()) << answer.status;
  EXPECT_EQ(answer.accepted, 1);
  ExpectSoon("SELECT cost, counted FROM facts FINAL", "4242\ttrue");
  EXPECT_EQ(Tsv("SELECT position(status_message, 'sk-ant') FROM spans"), "0");
  EXPECT_EQ(Dropped(Drop::kSecretRedacted), 1u);
}

TEST_P(IngestTest, ACallThatTheGatewaySawInAnotherTraceCountsThere) {
  OpenIngest();
  TraceId trace;
  trace.bytes.fill(9);
  SpanId span;
  span.bytes.fill(9);
  const int64_t start = NowNs();
  ingest_->NoteGatewayCall({.project = "default",
                            .response_id = "chatcmpl-1",
                            .model = "gpt-4o",
                            .input_tokens = 30,
                            .output_tokens = 4,
                            .end_ns = start},
                           trace, span);
  const auto call = [&](std::string_view id, std::string_view response_id) {
    return TestSpan{
        "chat gpt-4o", std::string(id), "",
        Text("gen_ai.operation.name", "chat") + "," + Text("gen_ai.response.model", "gpt-4o") +
            "," + Text("gen_ai.response.id", response_id) + "," +
            Int("gen_ai.usage.input_tokens", 30) + "," + Int("gen_ai.usage.output_tokens", 4),
        start};
  };
  ASSERT_EQ(
      Send(Body({call("00000000000000a1", "chatcmpl-1"), call("00000000000000a2", "chatcmpl-2")}))
          .accepted,
      2);
  ExpectSoon("SELECT hex(span_id), counted, counted_reason FROM facts FINAL ORDER BY span_id",
             "00000000000000A1\tfalse\tgateway_call\n00000000000000A2\ttrue\tleaf");
  EXPECT_EQ(Tsv("SELECT attributes['pitot.counted_by'] FROM spans WHERE hex(span_id) LIKE '%A1'"),
            "\"09090909090909090909090909090909/0909090909090909\"");
}

TEST_P(IngestTest, ImportedHistoryIsKeptForEver) {
  OpenIngest();
  const IngestReply reply =
      Send(Body({{.name = "ancient", .id = "00000000000000b1", .start_ns = 1'000'000'000}}), true);
  EXPECT_EQ(reply.accepted, 1) << reply.message;
  ExpectSoon("SELECT name, keep_days, day FROM spans", "ancient\t0\t1970-01-01");
  ExpectSoon("SELECT count() FROM facts FINAL", "1");
}

TEST_P(IngestTest, AResentHistoryIsStoredOnce) {
  OpenIngest();
  std::string messages;
  for (int turn = 1; turn <= 5; ++turn) {
    const std::string message =
        fmt::format(R"({{\"role\":\"user\",\"parts\":[{{\"type\":\"text\",\"content\":\"{}\"}}]}})",
                    std::string(300, static_cast<char>('a' + turn)));
    messages += (messages.empty() ? "" : ",") + message;
    ASSERT_TRUE(Send(Body({{.name = "chat",
                            .id = fmt::format("00000000000000c{}", turn),
                            .attributes = Text("gen_ai.operation.name", "chat") + "," +
                                          Text("gen_ai.input.messages", "[" + messages + "]"),
                            .start_ns = NowNs()}}))
                    .status.ok());
  }
  ExpectSoon("SELECT count(), sum(length(input)) FROM spans", "5\t15");
  // Rows as written, before any merge: known payloads do not even reach the spool.
  ExpectSoon("SELECT count() FROM payloads", "5");
  ExpectSoon(
      "SELECT count() FROM spans ARRAY JOIN input AS piece "
      "WHERE substring(piece, 2) IN (SELECT hash FROM payloads)",
      "15");
}

TEST_P(IngestTest, SecretsNeverReachTheDisk) {
  OpenIngest();
  const std::string secret = "sk-ant-api03-" + std::string(80, 'Q') + "-AAAA";
  ASSERT_TRUE(Send(Body({{.name = "chat",
                          .id = "00000000000000d1",
                          .attributes = Text("gen_ai.operation.name", "chat") + "," +
                                        Text("gen_ai.input.messages", "my key is " + secret) + "," +
                                        Text("note", secret),
                          .start_ns = NowNs()}}))
                  .status.ok());
  ExpectSoon("SELECT count() FROM spans", "1");
  EXPECT_GE(Dropped(Drop::kSecretRedacted), 2u);
  for (const auto& file : std::filesystem::recursive_directory_iterator(folder_ / "data")) {
    if (!file.is_regular_file()) continue;
    const auto content = ReadFile(file.path());
    ASSERT_TRUE(content.ok());
    EXPECT_EQ(content->find(secret), std::string::npos) << file.path();
  }
  ExpectSoon("SELECT countIf(position(toString(attributes), 'QQQQ') > 0) FROM spans", "0");
}

TEST_P(IngestTest, ARunningSpanIsShownAndEndsAsItself) {
  OpenIngest();
  const int64_t start = NowNs();
  const auto line = [&](std::string_view status, std::string_view rest) {
    IngestRequest request;
    request.format = WireFormat::kJsonLines;
    request.source = Source::kJsonl;
    request.body = fmt::format(
        R"({{"trace_id":"{}","span_id":"00000000000000e1","name":"long call","kind":"llm",)"
        R"("start":{},"status":"{}"{}}})",
        kTrace, start, status, rest);
    return Send(std::move(request));
  };
  ASSERT_EQ(line("running", "").accepted, 1);
  ExpectSoon("SELECT status FROM traces FINAL", "running");
  ASSERT_EQ(line("ok", R"(,"duration_ms":250000)").accepted, 1);
  ExpectSoon("SELECT status, duration_ns FROM facts FINAL", "ok\t250000000000");
  // The announcement arriving again does not make it run again.
  ASSERT_EQ(line("running", " ").accepted, 1);
  ExpectSoon("SELECT count() FROM spans", "3");
  ExpectSoon("SELECT status, duration_ns FROM facts FINAL", "ok\t250000000000");
  ExpectSoon("SELECT status FROM spans FINAL", "ok");
}

TEST_P(IngestTest, ASpanWhoseEndNeverComesIsUnfinished) {
  open_timeout_ns_ = kNanosPerSecond / 2;
  OpenIngest();
  IngestRequest request;
  request.format = WireFormat::kJsonLines;
  request.body = fmt::format(
      R"({{"trace_id":"{}","span_id":"00000000000000e1","name":"x","start":{},"status":"running"}})",
      kTrace, NowNs());
  ASSERT_EQ(Send(std::move(request)).accepted, 1);
  ExpectSoon("SELECT status FROM facts FINAL", "unfinished");
}

TEST_P(IngestTest, ARestartContinuesWhatTheSpoolHolds) {
  // Nothing is flushed before the restart: the delay is longer than the test.
  OpenIngest(std::chrono::hours(1));
  ASSERT_TRUE(Send(Body(AgentRun())).status.ok());
  CloseIngest();
  OpenIngest(std::chrono::milliseconds(5));
  ExpectSoon("SELECT count(), sum(cost) FROM facts FINAL", "3\t3500000");
  // A span of the same trace after another restart: the trace is read back, nothing counts twice.
  CloseIngest();
  OpenIngest();
  ASSERT_TRUE(Send(Body({{.name = "late",
                          .id = "00000000000000a9",
                          .parent = "00000000000000a1",
                          .start_ns = NowNs()}}))
                  .status.ok());
  ExpectSoon("SELECT count(), sum(cost), countIf(user_id = 'u1') FROM facts FINAL",
             "4\t3500000\t4");
  ExpectSoon("SELECT spans, cost FROM traces FINAL", "4\t3500000");
}

TEST_P(IngestTest, APoisonSpanIsQuarantinedAndTheOthersAreStored) {
  ASSERT_TRUE(Execute("ALTER TABLE spans ADD CONSTRAINT no_poison CHECK name != 'poison'").ok());
  OpenIngest();
  std::vector<TestSpan> spans;
  for (int i = 0; i < 20; ++i) {
    spans.push_back({.name = i == 13 ? "poison" : "fine",
                     .id = fmt::format("00000000000000{:02x}", i + 1),
                     .start_ns = NowNs()});
  }
  ASSERT_EQ(Send(Body(spans)).accepted, 20);
  ExpectSoon("SELECT count(), countIf(name = 'poison') FROM spans", "19\t0");
  ExpectSoon("SELECT count() FROM facts FINAL", "19");
  EXPECT_EQ(Dropped(Drop::kQuarantined), 1u);
  size_t files = 0;
  for (const auto& file : std::filesystem::directory_iterator(folder_ / "data/quarantine")) {
    ++files;
    EXPECT_NE(ReadFile(file.path())->find("no_poison"), std::string::npos) << file.path();
  }
  EXPECT_EQ(files, 1u);
}

TEST_P(IngestTest, AFullSpoolTurnsSendersAwayAndForgetsNothing) {
  if (GetParam() != StoreMode::kRemote) GTEST_SKIP() << "the embedded store is never away";
  spool_options_.max_bytes = 64 << 10;
  spool_options_.segment_bytes = 16 << 10;
  OpenIngest();
  ASSERT_TRUE(Send(Body(AgentRun())).status.ok());
  ExpectSoon("SELECT count() FROM spans", "3");
  server_.Kill();
  int acknowledged = 3;
  IngestReply reply;
  for (int i = 0; i < 1000; ++i) {
    std::vector<TestSpan> spans;
    for (int j = 0; j < 10; ++j) {
      spans.push_back({.name = "away",
                       .id = fmt::format("{:016x}", 0x1000 + i * 10 + j),
                       .attributes = Text("note", std::string(100, 'n')),
                       .start_ns = NowNs()});
    }
    reply = Send(Body(spans));
    if (!reply.status.ok()) break;
    acknowledged += 10;
  }
  EXPECT_EQ(reply.status.code(), absl::StatusCode::kUnavailable) << reply.status;
  EXPECT_GT(RetryAfter(reply.status).count(), 0);
  EXPECT_GT(acknowledged, 100);
  EXPECT_GT(Dropped(Drop::kSpoolFull), 0u);
  server_.Start();
  ExpectSoon("SELECT count() FROM spans FINAL", std::to_string(acknowledged));
  ExpectSoon("SELECT count() FROM facts FINAL", std::to_string(acknowledged));
  EXPECT_TRUE(
      Send(Body({{.name = "back", .id = "00000000000000ff", .start_ns = NowNs()}})).status.ok());
}

TEST_P(IngestTest, AMalformedRequestIsRefusedInWordsAndCounted) {
  OpenIngest();
  const IngestReply reply = Send("{\"resourceSpans\":[{]");
  EXPECT_EQ(reply.status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(Dropped(Drop::kMalformedRequest), 1u);
  const auto sources = ingest_->receipts().Sources();
  ASSERT_EQ(sources.size(), 1u);
  EXPECT_EQ(sources[0].failed_requests, 1u);
  EXPECT_FALSE(sources[0].last_error.empty());
}

TEST_P(IngestTest, LogsAndMetricsAreStoredAndSaidToBeNotInterpreted) {
  OpenIngest();
  IngestRequest logs;
  logs.signal = Signal::kLogs;
  logs.format = WireFormat::kJson;
  logs.body = fmt::format(
      R"({{"resourceLogs":[{{"scopeLogs":[{{"logRecords":[{{"timeUnixNano":"{}","body":)"
      R"({{"stringValue":"hello"}},"severityNumber":9}}]}}]}}]}})",
      NowNs());
  EXPECT_EQ(Send(std::move(logs)).accepted, 1);
  IngestRequest metrics;
  metrics.signal = Signal::kMetrics;
  metrics.format = WireFormat::kJson;
  metrics.body = fmt::format(
      R"({{"resourceMetrics":[{{"scopeMetrics":[{{"metrics":[{{"name":"m","sum":{{"dataPoints":)"
      R"([{{"timeUnixNano":"{}","asDouble":1.5}}]}}}}]}}]}}]}})",
      NowNs());
  EXPECT_EQ(Send(std::move(metrics)).accepted, 1);
  ExpectSoon("SELECT count() FROM logs", "1");
  ExpectSoon("SELECT count() FROM metric_points", "1");
  EXPECT_EQ(Dropped(Drop::kNotInterpreted), 2u);
}

}  // namespace
}  // namespace pitot
