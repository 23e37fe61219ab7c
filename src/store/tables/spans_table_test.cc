#include "store/tables/spans_table.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "store/day.h"
#include "store/tables/attr_json.h"
#include "store/tables/table_test_util.h"

namespace pitot {
namespace {

constexpr std::string_view kSelect =
    "SELECT * FROM spans WHERE project = {project:String} ORDER BY trace_id, span_id, version";

void WritePieces(RowBinaryWriter& out, std::span<const Piece> pieces) {
  out.Count(pieces.size());
  for (const Piece& piece : pieces) {
    out.Text(piece.hash.empty() ? "=" + std::string(piece.text)
                                : "#" + std::string(piece.hash.view()));
  }
}

void WriteMap(RowBinaryWriter& out, std::span<const JsonAttr> attributes) {
  out.Count(attributes.size());
  for (const JsonAttr& attribute : attributes) {
    out.Text(attribute.key);
    out.Text(attribute.json);
  }
}

void WriteModelCall(RowBinaryWriter& out, const Span& span) {
  out.Text(span.provider);
  out.Text(span.model_requested);
  out.Text(span.model);
  out.Text(span.response_id);
  out.Text(span.service_tier);
  out.Enum(span.finish_reason);
  out.Text(span.finish_raw);
  out.Nullable<int64_t>(span.ttft_ns);
  out.Nullable<uint8_t>(span.streaming);
  out.Nullable<double>(span.temperature);
  out.Nullable<int64_t>(span.max_tokens);
  out.Number<uint8_t>(span.has_usage);
  out.Number<uint8_t>(span.usage_rollup);
  out.Enum(span.usage_convention);
  out.Number(span.usage_flags);
  for (int64_t tokens : span.usage.tokens) out.Number(static_cast<uint32_t>(tokens));
  out.Number(static_cast<uint32_t>(span.usage.web_searches));
  out.Number(static_cast<uint32_t>(span.usage.file_searches));
}

void WriteMoney(RowBinaryWriter& out, const Span& span) {
  const auto money = [&](const std::optional<NanoUsd>& value) {
    out.Nullable<int64_t>(value ? std::optional<int64_t>(value->value) : std::nullopt);
  };
  money(span.cost);
  const bool has_buckets =
      std::ranges::any_of(span.cost_by_bucket, [](int64_t v) { return v != 0; });
  out.Count(has_buckets ? kUsageBuckets : 0);
  for (size_t i = 0; has_buckets && i < kUsageBuckets; ++i) out.Number(span.cost_by_bucket[i]);
  money(span.cost_reported);
  out.Enum(span.price_source);
  out.Enum(span.price_confidence);
  out.Text(span.price_version);
  out.Text(span.price_rule);
  out.Number<uint8_t>(span.estimated);
}

void WriteContent(RowBinaryWriter& out, const Span& span) {
  WritePieces(out, span.input);
  WritePieces(out, span.output);
  WritePieces(out, span.system);
  WritePieces(out, span.tool_definitions);
  WritePieces(out, span.reasoning);
  std::string json;
  AppendEventsJson(span.events, json);
  out.Text(json);
  json.clear();
  AppendLinksJson(span.links, json);
  out.Text(json);
  WriteMap(out, span.attributes);
}

// The row as it must lie in the table, every column in the table's order.
std::string Expected(const SpanRow& row) {
  const Span& span = row.span;
  RowBinaryWriter out;
  out.Number(row.keep_days);
  out.Number<uint16_t>(DayOf(span.start_ns));
  out.Text(row.project);
  out.Raw(span.trace_id.view());
  out.Raw(span.span_id.view());
  out.Raw(span.parent_span_id.view());
  out.Number(SpanVersion(span.status, row.recv_ns));
  out.Text(span.name);
  out.Enum(span.kind);
  out.Text(span.op);
  out.Number(span.start_ns);
  out.Number<int64_t>(span.end_ns - span.start_ns);
  out.Enum(span.status);
  out.Text(span.status_message);
  out.Text(span.service);
  out.Text(span.environment);
  out.Text(span.release);
  out.Text(span.feature.name);
  out.Number<uint8_t>(span.feature.explicit_);
  out.Text(span.workflow);
  out.Text(span.user_id);
  out.Text(span.session_id);
  out.Text(span.agent);
  out.Text(span.agent_id);
  WriteMap(out, span.tags);
  out.Text(span.prompt_name);
  out.Text(span.prompt_version);
  WriteModelCall(out, span);
  WriteMoney(out, span);
  out.Text(span.tool_name);
  out.Text(span.tool_call_id);
  out.Enum(span.tool_status);
  out.Number(static_cast<uint32_t>(span.retry_count));
  out.Text(span.mcp_server);
  out.Text(span.error_type);
  out.Enum(span.error_category);
  WriteContent(out, span);
  out.Text(span.scope);
  out.Text(span.scope_version);
  out.Text(span.emitter);
  out.Enum(span.source);
  out.Number<uint8_t>(1);  // Never repriced: no previous cost,
  out.Text("");            // no version of its price,
  out.Number<int64_t>(0);  // no time of it.
  return out.Take();
}

// Inserts the rows of one project as one block and compares the table with them.
void RoundTrip(std::vector<SpanRow> rows) {
  SpansBlock block;
  for (const SpanRow& row : rows) block.Append(row);
  EXPECT_EQ(block.rows(), rows.size());
  Engine& engine = EngineForTest();
  ASSERT_NO_FATAL_FAILURE(InsertBlock(engine, SpansBlock::kTable, block));
  std::vector<std::pair<TraceId, std::string>> expected;
  for (const SpanRow& row : rows) expected.emplace_back(row.span.trace_id, Expected(row));
  std::ranges::sort(expected);
  std::vector<std::string> bytes;
  for (auto& [id, row] : expected) bytes.push_back(std::move(row));
  ExpectRows(SelectRowBinary(engine, kSelect, rows.front().project), bytes);
}

std::span<Piece> RandomPieces(Random& random, Arena& arena) {
  const std::span<Piece> pieces = arena.NewArray<Piece>(random.Below(4));
  for (Piece& piece : pieces) {
    if (random.Bool()) {
      piece.hash = random.NewId<Hash128>();
    } else {
      piece.text = random.Text();
    }
  }
  return pieces;
}

std::span<const JsonAttr> RandomAttributes(Random& random, Arena& arena) {
  const std::span<JsonAttr> attributes = arena.NewArray<JsonAttr>(random.Below(5));
  for (JsonAttr& attribute : attributes) attribute = {random.Text(), random.Text()};
  return attributes;
}

void FillText(Random& random, Span& span) {
  for (std::string_view* text : {&span.name,           &span.op,
                                 &span.status_message, &span.service,
                                 &span.environment,    &span.release,
                                 &span.feature.name,   &span.workflow,
                                 &span.user_id,        &span.session_id,
                                 &span.agent,          &span.agent_id,
                                 &span.prompt_name,    &span.prompt_version,
                                 &span.provider,       &span.model_requested,
                                 &span.model,          &span.response_id,
                                 &span.service_tier,   &span.finish_raw,
                                 &span.price_version,  &span.price_rule,
                                 &span.tool_name,      &span.tool_call_id,
                                 &span.mcp_server,     &span.error_type,
                                 &span.scope,          &span.scope_version,
                                 &span.emitter}) {
    *text = random.Text();
  }
}

void FillFigures(Random& random, Span& span) {
  const auto number = [&] { return random.Int(); };
  const auto money = [&] { return NanoUsd{random.Int()}; };
  span.ttft_ns = random.Maybe<int64_t>(number);
  span.streaming = random.Maybe<bool>([&] { return random.Bool(); });
  span.temperature = random.Maybe<double>([&] { return 1.0 / static_cast<double>(random.Int()); });
  span.max_tokens = random.Maybe<int64_t>(number);
  span.has_usage = random.Bool();
  span.usage_rollup = random.Bool();
  span.usage_convention = static_cast<UsageConvention>(random.Below(5));
  span.usage_flags = static_cast<uint8_t>(random.Below(256));
  for (int64_t& tokens : span.usage.tokens) tokens = random.UInt32();
  span.usage.web_searches = random.UInt32();
  span.usage.file_searches = random.UInt32();
  span.cost = random.Maybe<NanoUsd>(money);
  if (random.Bool()) std::ranges::generate(span.cost_by_bucket, number);
  span.cost_reported = random.Maybe<NanoUsd>(money);
  span.estimated = random.Bool();
  span.retry_count = random.UInt32();
}

Span RandomSpan(Random& random, Arena& arena) {
  Span span;
  span.trace_id = random.NewId<TraceId>();
  span.span_id = random.NewId<SpanId>();
  if (random.Bool()) span.parent_span_id = random.NewId<SpanId>();
  // Within two days: an insert must not touch more than 100 partitions.
  span.start_ns = static_cast<int64_t>(random.Below(2 * kNanosPerDay));
  span.end_ns = span.start_ns + static_cast<int64_t>(random.Below(1ull << random.Below(62)));
  FillText(random, span);
  FillFigures(random, span);
  span.feature.explicit_ = random.Bool();
  span.kind = random.Enum(Kind::kEnd);
  span.status = random.Enum(SpanStatus::kEnd);
  span.finish_reason = random.Enum(FinishReason::kEnd);
  span.price_source = random.Enum(PriceSource::kEnd);
  span.price_confidence = random.Enum(PriceConfidence::kEnd);
  span.tool_status = random.Enum(ToolStatus::kEnd);
  span.error_category = random.Enum(ErrorCategory::kEnd);
  span.source = random.Enum(Source::kEnd);
  span.tags = RandomAttributes(random, arena);
  span.attributes = RandomAttributes(random, arena);
  span.input = RandomPieces(random, arena);
  span.output = RandomPieces(random, arena);
  span.system = RandomPieces(random, arena);
  span.tool_definitions = RandomPieces(random, arena);
  span.reasoning = RandomPieces(random, arena);
  if (random.Bool()) {
    const std::span<SpanEvent> events = arena.NewArray<SpanEvent>(2);
    events[0] = {random.Int(), random.Text(), span.attributes};
    span.events = events;
    const std::span<SpanLink> links = arena.NewArray<SpanLink>(1);
    links[0].trace_id = span.trace_id;
    span.links = links;
  }
  return span;
}

TEST(SpansTable, RandomRowsComeBackAsTheyWere) {
  for (uint64_t seed = 1; seed <= 5; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    const std::string project = "random rows " + std::to_string(seed);
    Arena arena;
    Random random(seed, arena);
    std::vector<Span> spans;
    for (int i = 0; i < 400; ++i) spans.push_back(RandomSpan(random, arena));
    std::vector<SpanRow> rows;
    for (const Span& span : spans) {
      rows.push_back(
          {project, static_cast<uint16_t>(random.Below(2)), random.Below(1ull << 62), span});
    }
    ASSERT_NO_FATAL_FAILURE(RoundTrip(rows));
  }
}

TEST(SpansTable, DefaultSpan) {
  Span span;
  RoundTrip({{"a span of defaults", 0, 0, span}});
}

TEST(SpansTable, OneHugeValueAndThousandsOfAttributes) {
  const std::string huge(20 << 20, 'x');
  std::vector<std::string> keys;
  for (int i = 0; i < 10'000; ++i) keys.push_back("key." + std::to_string(i));
  std::vector<JsonAttr> attributes;
  for (const std::string& key : keys) attributes.push_back({key, "1"});
  Span wide;
  wide.trace_id.bytes[0] = 1;
  wide.attributes = attributes;
  Piece piece{.text = huge};
  Span large;
  large.trace_id.bytes[0] = 2;
  large.input = {&piece, 1};
  large.status_message = huge;
  RoundTrip({{"huge values", 1, 2, wide}, {"huge values", 1, 2, large}});
}

TEST(SpansTable, TimesAtTheEndsOfTheirRange) {
  std::vector<Span> spans(5);
  const int64_t starts[] = {0, kNanosPerDay - 1, 84'006 * kNanosPerDay, -1,
                            std::numeric_limits<int64_t>::max()};
  std::vector<SpanRow> rows;
  for (size_t i = 0; i < spans.size(); ++i) {
    spans[i].trace_id.bytes[0] = static_cast<uint8_t>(i + 1);
    spans[i].start_ns = spans[i].end_ns = starts[i];
    rows.push_back({"times at the ends", 30, 1, spans[i]});
  }
  RoundTrip(rows);
}

TEST(SpansTable, CountsOutsideTheirColumnAreClamped) {
  Span span;
  span.trace_id.bytes[0] = 1;
  span.usage[UsageBucket::kInput] = int64_t{1} << 40;
  span.usage[UsageBucket::kOutput] = -1;
  span.retry_count = -1;
  SpansBlock block;
  block.Append({"clamped", 1, 1, span});
  Engine& engine = EngineForTest();
  ASSERT_NO_FATAL_FAILURE(InsertBlock(engine, SpansBlock::kTable, block));
  RowBinaryWriter expected;
  expected.Number<uint32_t>(0xffffffff);
  expected.Number<uint32_t>(0);
  expected.Number<uint32_t>(0);
  ExpectRows(SelectRowBinary(engine,
                             "SELECT input_tokens, output_tokens, retry_count FROM spans WHERE "
                             "project = {project:String}",
                             "clamped"),
             {expected.Take()});
}

TEST(SpansTable, AnEndWinsOverAnAnnouncementAndTheNewestOverOlderEnds) {
  const uint64_t late = 1'763'600'000 * kNanosPerSecond;
  EXPECT_GT(SpanVersion(SpanStatus::kOk, 1), SpanVersion(SpanStatus::kRunning, late));
  EXPECT_GT(SpanVersion(SpanStatus::kUnset, 2), SpanVersion(SpanStatus::kError, 1));
  EXPECT_EQ(RecvOfVersion(SpanVersion(SpanStatus::kOk, 77)), 77u);
  EXPECT_EQ(RecvOfVersion(SpanVersion(SpanStatus::kRunning, 77)), 77u);
}

}  // namespace
}  // namespace pitot
