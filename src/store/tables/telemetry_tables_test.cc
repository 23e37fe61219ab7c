// Tests of the tables for logs and metric points.
#include <gtest/gtest.h>

#include <vector>

#include "store/tables/logs_table.h"
#include "store/tables/points_table.h"
#include "store/tables/table_test_util.h"

namespace pitot {
namespace {

const Attr kResourceAttrs[] = {
    {"service.name", {.type = AttrType::kString, .text = "checkout"}},
    {"pid", {.type = AttrType::kInt, .integer = 12}},
};
const Attr kScopeAttrs[] = {{"k", {.type = AttrType::kBool, .boolean = true}}};
const Attr kRecordAttrs[] = {{"f", {.type = AttrType::kDouble, .number = 2}}};

const RawResource kResource{.attributes = kResourceAttrs};
const RawScope kScope{.name = "lib", .version = "1.0", .attributes = kScopeAttrs};

std::string Tsv(std::string_view columns, std::string_view table, std::string_view project) {
  QueryOptions options;
  options.format = "TSV";
  options.params = {{"project", std::string(project)}};
  const std::string sql = "SELECT " + std::string(columns) + " FROM " + std::string(table) +
                          " WHERE project = {project:String} ORDER BY time_ns";
  auto result = EngineForTest().Query(sql, options);
  EXPECT_TRUE(result.ok()) << result.status().ToString();
  return result.ok() ? result->body : "";
}

TEST(LogsTable, EveryColumn) {
  RawLog log;
  log.time_ns = 5;
  log.observed_ns = 6;
  log.severity = 9;
  log.severity_text = "INFO";
  log.event_name = "user_prompt";
  log.body = {.type = AttrType::kJson, .text = R"({"a":[1]})"};
  log.trace_id.bytes.fill(0xaa);
  log.span_id.bytes.fill(0xbb);
  log.attributes = kRecordAttrs;
  LogsBlock block;
  block.Append({"a log", 7, 99, log, kResource, kScope});
  ASSERT_NO_FATAL_FAILURE(InsertBlock(EngineForTest(), LogsBlock::kTable, block));
  EXPECT_EQ(Tsv("keep_days, day, time_ns, recv_ns, observed_ns, severity, severity_text, "
                "event_name, service, scope, lower(hex(trace_id)), lower(hex(span_id)), body, "
                "attributes, resource",
                "logs", "a log"),
            "7\t1970-01-01\t5\t99\t6\t9\tINFO\tuser_prompt\tcheckout\tlib\t"
            "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\tbbbbbbbbbbbbbbbb\t{\"a\":[1]}\t{'f':'2.0'}\t"
            "{'service.name':'\"checkout\"','pid':'12','scope.k':'true','scope.version':'\"1.0\"'}"
            "\n");
}

TEST(LogsTable, TimeFallsBackToObservedThenReceived) {
  RawLog observed;
  observed.observed_ns = 20;
  const RawLog neither;
  RawLog odd;
  odd.time_ns = 40;
  odd.severity = -3;
  LogsBlock block;
  block.Append({"log times", 1, 30, observed, {}, {}});
  block.Append({"log times", 1, 30, neither, {}, {}});
  block.Append({"log times", 1, 30, odd, {}, {}});
  ASSERT_NO_FATAL_FAILURE(InsertBlock(EngineForTest(), LogsBlock::kTable, block));
  EXPECT_EQ(Tsv("time_ns, severity, body", "logs", "log times"), "20\t0\t\n30\t0\t\n40\t0\t\n");
}

// A replay must meet its own key; two records that differ anywhere must not share one.
TEST(LogsTable, TheSameRecordIsOneRowAndAnyDifferenceAnother) {
  RawLog log;
  log.time_ns = 1;
  log.body = {.type = AttrType::kString, .text = "1"};
  RawLog other_type = log;
  other_type.body = {.type = AttrType::kInt, .integer = 1};
  RawLog other_attributes = log;
  other_attributes.attributes = kRecordAttrs;
  LogsBlock block;
  for (int delivery = 0; delivery < 2; ++delivery) {
    block.Clear();
    const auto recv_ns = static_cast<uint64_t>(100 + delivery);
    block.Append({"same logs", 1, recv_ns, log, {}, {}});
    block.Append({"same logs", 1, recv_ns, other_type, {}, {}});
    block.Append({"same logs", 1, recv_ns, other_attributes, {}, {}});
    block.Append({"same logs", 1, recv_ns, log, kResource, {}});
    block.Append({"same logs", 1, recv_ns, log, {}, kScope});
    ASSERT_NO_FATAL_FAILURE(InsertBlock(EngineForTest(), LogsBlock::kTable, block));
  }
  EXPECT_EQ(Tsv("count(), min(recv_ns), any(time_ns) AS time_ns", "logs FINAL", "same logs"),
            "5\t101\t1\n");
}

TEST(PointsTable, EveryColumn) {
  RawPoint point;
  point.metric = "gen_ai.client.token.usage";
  point.unit = "{token}";
  point.type = MetricType::kExpHistogram;
  point.temporality = 1;
  point.monotonic = true;
  point.start_ns = 3;
  point.time_ns = 4;
  point.value = 0.5;
  point.count = 17;
  point.detail = R"({"scale":1})";
  point.attributes = kRecordAttrs;
  RawPoint timeless;
  timeless.metric = "m";
  PointsBlock block;
  block.Append({"points", 7, 99, point, kResource, kScope});
  block.Append({"points", 7, 99, timeless, {}, {}});
  ASSERT_NO_FATAL_FAILURE(InsertBlock(EngineForTest(), PointsBlock::kTable, block));
  EXPECT_EQ(Tsv("keep_days, day, metric, time_ns, recv_ns, start_ns, unit, type, temporality, "
                "monotonic, value, count, detail, service, scope, attributes, resource",
                "metric_points", "points"),
            "7\t1970-01-01\tgen_ai.client.token.usage\t4\t99\t3\t{token}\texp_histogram\t1\ttrue\t"
            "0.5\t17\t{\"scale\":1}\tcheckout\tlib\t{'f':'2.0'}\t"
            "{'service.name':'\"checkout\"','pid':'12','scope.k':'true','scope.version':'\"1.0\"'}"
            "\n"
            "7\t1970-01-01\tm\t99\t99\t0\t\tgauge\t0\tfalse\t0\t0\t\t\t\t{}\t{}\n");
}

}  // namespace
}  // namespace pitot
