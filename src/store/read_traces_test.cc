#include "store/read_traces.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <vector>

#include "store/tables/facts_table.h"
#include "store/tables/spans_table.h"
#include "store/tables/table_test_util.h"
#include "store/tables/traces_table.h"

namespace pitot {
namespace {

TraceId TraceNumber(uint8_t number) {
  TraceId id;
  id.bytes.fill(number);
  return id;
}

SpanId SpanNumber(uint8_t number) {
  SpanId id;
  id.bytes.fill(number);
  return id;
}

// A span with a value in every field that ReadTraceSpans returns.
Span FullSpan() {
  Span span;
  span.trace_id = TraceNumber(1);
  span.span_id = SpanNumber(1);
  span.parent_span_id = SpanNumber(9);
  span.name = "chat";
  span.kind = Kind::kLlm;
  span.op = "op";
  span.start_ns = 1000;
  span.end_ns = 5000;
  span.status = SpanStatus::kError;
  span.status_message = "bad";
  span.service = "svc";
  span.environment = "prod";
  span.release = "1.2";
  span.feature = {"checkout", true};
  span.workflow = "wf";
  span.user_id = "u";
  span.session_id = "s";
  span.agent = "a";
  span.prompt_name = "pn";
  span.prompt_version = "pv";
  span.provider = "openai";
  span.model_requested = "gpt";
  span.model = "gpt-1";
  span.response_id = "r1";
  span.finish_reason = FinishReason::kLength;
  span.ttft_ns = 7;
  span.streaming = false;
  span.has_usage = true;
  span.usage_rollup = true;
  span.usage_convention = UsageConvention::kUnknown;
  span.usage_flags = 3;
  for (size_t i = 0; i < kUsageBuckets; ++i) span.usage.tokens[i] = static_cast<int64_t>(i + 1);
  span.usage.web_searches = 21;
  span.usage.file_searches = 22;
  span.cost = NanoUsd{123};
  span.cost_reported = NanoUsd{-1};
  span.price_source = PriceSource::kCatalogue;
  span.price_confidence = PriceConfidence::kPrefix;
  span.estimated = true;
  span.tool_name = "tn";
  span.tool_status = ToolStatus::kBlocked;
  span.retry_count = 4;
  span.error_category = ErrorCategory::kQuota;
  span.scope = "sc";
  span.scope_version = "sv";
  span.emitter = "em";
  span.source = Source::kJsonl;
  return span;
}

void Store(std::string_view project, uint16_t keep_days, uint64_t recv_ns,
           const std::vector<Span>& spans) {
  SpansBlock block;
  for (const Span& span : spans) block.Append({project, keep_days, recv_ns, span});
  ASSERT_NO_FATAL_FAILURE(InsertBlock(EngineForTest(), SpansBlock::kTable, block));
}

std::vector<StoredSpan> Read(std::string_view project, std::vector<TraceId> ids, Arena& arena) {
  auto spans = ReadTraceSpans(EngineForTest(), project, ids, arena, kTestDeadline);
  EXPECT_TRUE(spans.ok()) << spans.status().ToString();
  return spans.ok() ? *std::move(spans) : std::vector<StoredSpan>{};
}

// The block writer is the inverse: what was read, written again, must give the same bytes.
TEST(ReadTraceSpans, EveryCoreField) {
  constexpr std::string_view kProject = "it's \"core\" fields\\";
  const Span span = FullSpan();
  Store(kProject, 30, 77, {span});
  Arena arena;
  const std::vector<StoredSpan> read = Read(kProject, {TraceNumber(1), TraceNumber(2)}, arena);
  ASSERT_EQ(read.size(), 1u);
  EXPECT_EQ(read[0].keep_days, 30);
  EXPECT_EQ(read[0].recv_ns, 77u);
  SpansBlock written;
  written.Append({kProject, 30, 77, span});
  SpansBlock again;
  again.Append({kProject, 30, 77, read[0].span});
  EXPECT_EQ(ToHex(again.Finish()), ToHex(written.Finish()));
  EXPECT_EQ(read[0].span.end_ns, 5000);
  EXPECT_EQ(read[0].span.feature.explicit_, true);
  EXPECT_EQ(read[0].span.error_category, ErrorCategory::kQuota);
}

TEST(ReadTraceSpans, NewestOfEachSpanAndAnEndBeforeAnyAnnouncement) {
  constexpr std::string_view kProject = "versions";
  Span span = FullSpan();
  span.name = "ended first";
  Store(kProject, 30, 100, {span});
  span.name = "ended last";
  Store(kProject, 30, 200, {span, span});
  span.name = "announced again";
  span.status = SpanStatus::kRunning;
  span.start_ns += 3 * kNanosPerDay;  // Even in another partition.
  Store(kProject, 30, 300, {span});
  Arena arena;
  const std::vector<StoredSpan> read = Read(kProject, {TraceNumber(1)}, arena);
  ASSERT_EQ(read.size(), 1u);
  EXPECT_EQ(read[0].span.name, "ended last");
  EXPECT_EQ(read[0].recv_ns, 200u);
}

TEST(ReadTraceSpans, OnlyOfTheProjectAndTheTracesAskedFor) {
  Span one = FullSpan();
  Span two = FullSpan();
  two.trace_id = TraceNumber(2);
  Store("mine", 30, 1, {one, two});
  Store("theirs", 30, 1, {one});
  Arena arena;
  EXPECT_EQ(Read("mine", {TraceNumber(1)}, arena).size(), 1u);
  EXPECT_EQ(Read("mine", {TraceNumber(1), TraceNumber(2)}, arena).size(), 2u);
  EXPECT_EQ(Read("theirs", {TraceNumber(2)}, arena).size(), 0u);
  EXPECT_EQ(Read("mine", {}, arena).size(), 0u);
}

FactRow FullFact() {
  FactRow row;
  row.is_call = true;
  row.start_ns = 90 * kNanosPerSecond;
  row.end_ns = 150 * kNanosPerSecond;
  row.trace_id = TraceNumber(1);
  row.span_id = SpanNumber(1);
  row.rev = 5;
  row.kind = Kind::kLlm;
  row.is_root = true;
  row.is_orphan = true;
  row.status = SpanStatus::kOk;
  row.name = "n";
  row.service = "svc";
  row.environment = "prod";
  row.release = "rel";
  row.feature = "f";
  row.workflow = "w";
  row.user_id = "u";
  row.session_id = "s";
  row.agent = "a";
  row.prompt_name = "pn";
  row.prompt_version = "pv";
  row.provider = "p";
  row.model = "m";
  row.finish_reason = FinishReason::kStop;
  row.ttft_ns = 9;
  row.streaming = true;
  row.role = UsageRole::kWrapper;
  row.counted = true;
  row.counted_reason = "leaf";
  row.counted_by = SpanNumber(7);
  row.usage[UsageBucket::kReasoning] = 8;
  row.usage.file_searches = 3;
  row.cost = NanoUsd{77};
  row.unpriced = true;
  row.estimated = true;
  row.price_confidence = PriceConfidence::kExact;
  row.tool_name = "t";
  row.tool_status = ToolStatus::kTimeout;
  row.retry_count = 2;
  row.error_category = ErrorCategory::kParse;
  return row;
}

void StoreFacts(std::string_view project, const std::vector<FactRow>& rows) {
  FactsBlock block;
  for (const FactRow& row : rows) block.Append(project, 30, row);
  ASSERT_NO_FATAL_FAILURE(InsertBlock(EngineForTest(), FactsBlock::kTable, block));
}

std::vector<StoredFact> ReadFacts(std::string_view project, int64_t min_ns, int64_t max_ns,
                                  Arena& arena) {
  const TraceId id = TraceNumber(1);
  auto facts =
      ReadTraceFacts(EngineForTest(), project, {&id, 1}, min_ns, max_ns, arena, kTestDeadline);
  EXPECT_TRUE(facts.ok()) << facts.status().ToString();
  return facts.ok() ? *std::move(facts) : std::vector<StoredFact>{};
}

TEST(ReadTraceFacts, EveryField) {
  const FactRow row = FullFact();
  StoreFacts("fact fields", {row});
  Arena arena;
  const std::vector<StoredFact> read = ReadFacts("fact fields", row.end_ns, row.end_ns, arena);
  ASSERT_EQ(read.size(), 1u);
  EXPECT_EQ(read[0].keep_days, 30);
  FactsBlock written;
  written.Append("fact fields", 30, row);
  FactsBlock again;
  again.Append("fact fields", 30, read[0].row);
  EXPECT_EQ(ToHex(again.Finish()), ToHex(written.Finish()));
}

TEST(ReadTraceFacts, NewestOfEachKeyAndTombstones) {
  FactRow old_key = FullFact();
  FactRow moved = old_key;
  moved.end_ns += 10 * kNanosPerMinute;
  FactRow newer = moved;
  newer.rev = 6;
  newer.name = "newer";
  StoreFacts("fact versions", {old_key, moved, newer});
  Arena arena;
  EXPECT_EQ(ReadFacts("fact versions", 0, kNanosPerDay, arena).size(), 2u);
  old_key.rev = 6;
  old_key.is_deleted = true;
  StoreFacts("fact versions", {old_key});
  std::vector<StoredFact> read = ReadFacts("fact versions", 0, kNanosPerDay, arena);
  ASSERT_EQ(read.size(), 2u);
  if (read[0].row.is_deleted) std::swap(read[0], read[1]);
  EXPECT_EQ(read[0].row.name, "newer");
  EXPECT_TRUE(read[1].row.is_deleted) << "a tombstone's rev must be known to be outdone";
  EXPECT_EQ(read[1].row.rev, 6u);
}

TEST(ReadTraceFacts, RangeIsInclusiveToTheMinute) {
  const FactRow row = FullFact();  // Ends at 2:30, in minute 2.
  StoreFacts("fact range", {row});
  Arena arena;
  const auto found = [&](int64_t min_s, int64_t max_s) {
    return ReadFacts("fact range", min_s * kNanosPerSecond, max_s * kNanosPerSecond, arena).size();
  };
  EXPECT_EQ(found(120, 120), 1u);
  EXPECT_EQ(found(179, 179), 1u);
  EXPECT_EQ(found(0, 119), 0u);
  EXPECT_EQ(found(180, 1000), 0u);
}

TEST(ReadTraceRows, EveryFieldAndNewestOfEachKey) {
  TraceRow row;
  row.trace_id = TraceNumber(1);
  row.rev = 1;
  row.start_ns = 7000 * kNanosPerSecond;
  row.end_ns = row.start_ns + 5;
  row.root_name = "root";
  row.status = SpanStatus::kRunning;
  row.status_message = "sm";
  row.spans = 1;
  row.errors = 2;
  row.orphans = 3;
  row.llm_calls = 4;
  row.tool_calls = 5;
  row.input_tokens = 6;
  row.output_tokens = 7;
  row.cost = NanoUsd{8};
  row.unpriced_calls = 9;
  row.service = "svc";
  row.environment = "e";
  row.feature = "f";
  row.workflow = "w";
  row.user_id = "u";
  row.session_id = "s";
  row.agent = "a";
  row.models = {"m1", "m2"};
  TraceRow older = row;
  row.rev = 2;
  row.spans = 10;
  TraceRow gone = row;
  gone.start_ns -= 2 * 3600 * kNanosPerSecond;
  gone.is_deleted = true;
  TracesBlock block;
  for (const TraceRow* each : {&older, &row, &gone}) block.Append("trace rows", 30, *each);
  ASSERT_NO_FATAL_FAILURE(InsertBlock(EngineForTest(), TracesBlock::kTable, block));

  Arena arena;
  const TraceId id = TraceNumber(1);
  auto read = ReadTraceRows(EngineForTest(), "trace rows", {&id, 1}, -kNanosPerDay, kNanosPerDay,
                            arena, kTestDeadline);
  ASSERT_TRUE(read.ok()) << read.status().ToString();
  ASSERT_EQ(read->size(), 2u);
  if ((*read)[0].row.is_deleted) std::swap((*read)[0], (*read)[1]);
  EXPECT_TRUE((*read)[1].row.is_deleted);
  TracesBlock written;
  written.Append("trace rows", 30, row);
  TracesBlock again;
  again.Append("trace rows", (*read)[0].keep_days, (*read)[0].row);
  EXPECT_EQ(ToHex(again.Finish()), ToHex(written.Finish()));
}

// The real engine, watched; its answers can be cut short.
class WatchedEngine final : public Engine {
 public:
  explicit WatchedEngine(size_t keep_bytes = SIZE_MAX) : keep_bytes_(keep_bytes) {}
  absl::StatusOr<QueryResult> Query(std::string_view sql, const QueryOptions& options) override {
    auto result = EngineForTest().Query(sql, options);
    if (result.ok()) {
      full_bytes = result->body.size();
      rows_read = result->rows_read;
      result->body.resize(std::min(keep_bytes_, full_bytes));
    }
    return result;
  }
  absl::Status Stream(std::string_view sql, const QueryOptions& options,
                      const ResultSink& sink) override {
    return EngineForTest().Stream(sql, options, sink);
  }
  absl::Status Insert(std::string_view table, std::string_view native_block,
                      std::chrono::milliseconds deadline) override {
    return EngineForTest().Insert(table, native_block, deadline);
  }
  absl::Status Execute(std::string_view sql, std::chrono::milliseconds deadline) override {
    return EngineForTest().Execute(sql, deadline);
  }
  std::string Describe() const override { return "a watched engine"; }

  size_t full_bytes = 0;
  uint64_t rows_read = 0;

 private:
  size_t keep_bytes_;
};

// Reloading one trace must not read the table: at most the granules around it.
TEST(ReadTraceSpans, ReadsByTheKey) {
  std::vector<Span> spans(40'000);
  for (size_t i = 0; i < spans.size(); ++i) {
    std::memcpy(spans[i].trace_id.bytes.data(), &i, sizeof(i));
    spans[i].span_id = SpanNumber(1);
  }
  Store("by key", 30, 1, spans);
  Arena arena;
  WatchedEngine engine;
  const auto read =
      ReadTraceSpans(engine, "by key", {&spans[20'000].trace_id, 1}, arena, kTestDeadline);
  ASSERT_TRUE(read.ok()) << read.status().ToString();
  EXPECT_EQ(read->size(), 1u);
  EXPECT_LE(engine.rows_read, 20'000u) << "the condition on trace_id does not use the key";
}

// An answer that breaks off must be an error, never fewer rows.
TEST(ReadTraceSpans, AnswerCutAtAnyByteIsAnError) {
  Store("cut answers", 30, 1, {FullSpan()});
  const TraceId id = TraceNumber(1);
  Arena arena;
  WatchedEngine whole;
  ASSERT_TRUE(ReadTraceSpans(whole, "cut answers", {&id, 1}, arena, kTestDeadline).ok());
  for (size_t keep = 1; keep < whole.full_bytes; keep += 7) {
    WatchedEngine cutting(keep);
    EXPECT_EQ(
        ReadTraceSpans(cutting, "cut answers", {&id, 1}, arena, kTestDeadline).status().code(),
        absl::StatusCode::kInternal)
        << "cut at " << keep << " of " << whole.full_bytes;
  }
}

}  // namespace
}  // namespace pitot
