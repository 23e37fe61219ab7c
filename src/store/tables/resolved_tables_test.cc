// Tests of the tables the resolver writes and of payloads.
#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "store/day.h"
#include "store/tables/facts_table.h"
#include "store/tables/payloads_table.h"
#include "store/tables/table_test_util.h"
#include "store/tables/traces_table.h"

namespace pitot {
namespace {

std::vector<std::string> Sorted(std::vector<std::pair<std::string, std::string>> keyed) {
  std::ranges::sort(keyed);
  std::vector<std::string> rows;
  for (auto& [key, row] : keyed) rows.push_back(std::move(row));
  return rows;
}

TEST(PayloadsTable, RowsComeBackAsTheyWere) {
  constexpr std::string_view kProject = "payload rows";
  Arena arena;
  Random random(1, arena);
  const std::string huge(20 << 20, 'p');
  PayloadsBlock block;
  std::vector<std::pair<std::string, std::string>> expected;
  for (int i = 0; i < 300; ++i) {
    const PayloadRow row{kProject, static_cast<uint16_t>(random.Below(2)),
                         static_cast<int32_t>(random.Below(3)) * 40'000 - 1,
                         random.NewId<Hash128>(), i == 7 ? huge : random.Text()};
    block.Append(row);
    RowBinaryWriter out;
    out.Number(row.keep_days);
    out.Number<uint16_t>(ClampDay(row.day));
    out.Text(row.project);
    out.Raw(row.hash.view());
    out.Text(row.content);
    expected.emplace_back(row.hash.view(), out.Take());
  }
  Engine& engine = EngineForTest();
  ASSERT_NO_FATAL_FAILURE(InsertBlock(engine, PayloadsBlock::kTable, block));
  ExpectRows(SelectRowBinary(
                 engine, "SELECT * FROM payloads WHERE project = {project:String} ORDER BY hash",
                 kProject),
             Sorted(std::move(expected)));
}

FactRow RandomFact(Random& random) {
  FactRow row;
  row.is_call = random.Bool();
  row.start_ns = static_cast<int64_t>(random.Below(2 * kNanosPerDay));
  row.end_ns = row.start_ns + static_cast<int64_t>(random.Below(kNanosPerDay));
  row.trace_id = random.NewId<TraceId>();
  row.span_id = random.NewId<SpanId>();
  row.rev = static_cast<uint64_t>(random.Int());
  row.is_deleted = random.Bool();
  row.kind = random.Enum(Kind::kEnd);
  row.is_root = random.Bool();
  row.is_orphan = random.Bool();
  row.status = random.Enum(SpanStatus::kEnd);
  for (std::string_view* text :
       {&row.name, &row.service, &row.environment, &row.release, &row.feature, &row.workflow,
        &row.user_id, &row.session_id, &row.agent, &row.prompt_name, &row.prompt_version,
        &row.provider, &row.model, &row.counted_reason, &row.tool_name}) {
    *text = random.Text();
  }
  row.finish_reason = random.Enum(FinishReason::kEnd);
  row.ttft_ns = random.Maybe<int64_t>([&] { return random.Int(); });
  row.streaming = random.Bool();
  row.role = random.Enum(UsageRole::kEnd);
  row.counted = random.Bool();
  if (random.Bool()) row.counted_by = random.NewId<SpanId>();
  for (int64_t& tokens : row.usage.tokens) tokens = random.UInt32();
  row.usage.web_searches = random.UInt32();
  row.cost = random.Maybe<NanoUsd>([&] { return NanoUsd{random.Int()}; });
  row.unpriced = random.Bool();
  row.estimated = random.Bool();
  row.price_confidence = random.Enum(PriceConfidence::kEnd);
  row.tool_status = random.Enum(ToolStatus::kEnd);
  row.retry_count = random.UInt32();
  row.error_category = random.Enum(ErrorCategory::kEnd);
  return row;
}

std::string Expected(std::string_view project, uint16_t keep_days, const FactRow& row) {
  RowBinaryWriter out;
  out.Number(keep_days);
  out.Number<uint16_t>(DayOf(row.end_ns));
  out.Text(project);
  out.Number<uint8_t>(row.is_call);
  out.Number(row.end_ns);
  out.Raw(row.trace_id.view());
  out.Raw(row.span_id.view());
  out.Number(row.rev);
  out.Number<uint8_t>(row.is_deleted);
  out.Number<int64_t>(row.end_ns - row.start_ns);
  out.Enum(row.kind);
  out.Number<uint8_t>(row.is_root);
  out.Number<uint8_t>(row.is_orphan);
  out.Enum(row.status);
  for (std::string_view text :
       {row.name, row.service, row.environment, row.release, row.feature, row.workflow, row.user_id,
        row.session_id, row.agent, row.prompt_name, row.prompt_version, row.provider, row.model}) {
    out.Text(text);
  }
  out.Enum(row.finish_reason);
  out.Nullable<int64_t>(row.ttft_ns);
  out.Number<uint8_t>(row.streaming);
  out.Enum(row.role);
  out.Number<uint8_t>(row.counted);
  out.Text(row.counted_reason);
  out.Raw(row.counted_by.view());
  for (int64_t tokens : row.usage.tokens) out.Number(static_cast<uint32_t>(tokens));
  out.Number(static_cast<uint32_t>(row.usage.web_searches));
  out.Number(static_cast<uint32_t>(row.usage.file_searches));
  out.Nullable<int64_t>(row.cost ? std::optional<int64_t>(row.cost->value) : std::nullopt);
  out.Number<uint8_t>(row.unpriced);
  out.Number<uint8_t>(row.estimated);
  out.Enum(row.price_confidence);
  out.Text(row.tool_name);
  out.Enum(row.tool_status);
  out.Number(static_cast<uint32_t>(row.retry_count));
  out.Enum(row.error_category);
  return out.Take();
}

TEST(FactsTable, RandomRowsComeBackAsTheyWere) {
  constexpr std::string_view kProject = "random facts";
  Arena arena;
  Random random(2, arena);
  FactsBlock block;
  std::vector<std::pair<std::string, std::string>> expected;
  for (int i = 0; i < 1000; ++i) {
    const FactRow row = i == 0 ? FactRow{} : RandomFact(random);
    const auto keep_days = static_cast<uint16_t>(random.Below(2));
    block.Append(kProject, keep_days, row);
    expected.emplace_back(row.trace_id.view(), Expected(kProject, keep_days, row));
  }
  Engine& engine = EngineForTest();
  ASSERT_NO_FATAL_FAILURE(InsertBlock(engine, FactsBlock::kTable, block));
  ExpectRows(SelectRowBinary(engine,
                             "SELECT * FROM facts WHERE project = {project:String} "
                             "ORDER BY trace_id, span_id",
                             kProject),
             Sorted(std::move(expected)));
}

TraceRow RandomTrace(Random& random) {
  TraceRow row;
  row.trace_id = random.NewId<TraceId>();
  row.rev = random.Below(1000);
  row.is_deleted = random.Bool();
  row.start_ns = static_cast<int64_t>(random.Below(2 * kNanosPerDay));
  row.end_ns = row.start_ns + static_cast<int64_t>(random.Below(kNanosPerDay));
  row.status = random.Enum(SpanStatus::kEnd);
  for (std::string_view* text :
       {&row.root_name, &row.status_message, &row.service, &row.environment, &row.feature,
        &row.workflow, &row.user_id, &row.session_id, &row.agent}) {
    *text = random.Text();
  }
  for (uint32_t* count : {&row.spans, &row.errors, &row.orphans, &row.llm_calls, &row.tool_calls,
                          &row.unpriced_calls}) {
    *count = random.UInt32();
  }
  row.input_tokens = random.Int();
  row.output_tokens = random.Int();
  row.cost.value = random.Int();
  for (uint64_t i = random.Below(4); i > 0; --i) row.models.push_back(random.Text());
  return row;
}

std::string Expected(std::string_view project, uint16_t keep_days, const TraceRow& row) {
  RowBinaryWriter out;
  out.Number(keep_days);
  out.Number<uint16_t>(DayOf(row.start_ns));
  out.Text(project);
  out.Raw(row.trace_id.view());
  out.Number(row.rev);
  out.Number<uint8_t>(row.is_deleted);
  out.Number(row.start_ns);
  out.Number<int64_t>(row.end_ns - row.start_ns);
  out.Text(row.root_name);
  out.Enum(row.status);
  out.Text(row.status_message);
  for (uint32_t count : {row.spans, row.errors, row.orphans, row.llm_calls, row.tool_calls}) {
    out.Number(count);
  }
  out.Number(row.input_tokens);
  out.Number(row.output_tokens);
  out.Number(row.cost.value);
  out.Number(row.unpriced_calls);
  for (std::string_view text : {row.service, row.environment, row.feature, row.workflow,
                                row.user_id, row.session_id, row.agent}) {
    out.Text(text);
  }
  out.Count(row.models.size());
  for (std::string_view model : row.models) out.Text(model);
  return out.Take();
}

TEST(TracesTable, RandomRowsComeBackAsTheyWere) {
  constexpr std::string_view kProject = "random traces";
  Arena arena;
  Random random(3, arena);
  TracesBlock block;
  std::vector<std::pair<std::string, std::string>> expected;
  for (int i = 0; i < 1000; ++i) {
    const TraceRow row = i == 0 ? TraceRow{} : RandomTrace(random);
    const auto keep_days = static_cast<uint16_t>(random.Below(2));
    block.Append(kProject, keep_days, row);
    expected.emplace_back(row.trace_id.view(), Expected(kProject, keep_days, row));
  }
  Engine& engine = EngineForTest();
  ASSERT_NO_FATAL_FAILURE(InsertBlock(engine, TracesBlock::kTable, block));
  ExpectRows(SelectRowBinary(engine,
                             "SELECT * FROM traces WHERE project = {project:String} "
                             "ORDER BY trace_id",
                             kProject),
             Sorted(std::move(expected)));
}

}  // namespace
}  // namespace pitot
