// A story from the store: ReadStory of query/story/story.h.
#include <boost/json.hpp>
#include <charconv>

#include "base/hex.h"
#include "base/status.h"
#include "query/sql_files.h"
#include "query/story/story.h"
#include "query/trace_list.h"
#include "query/trace_queries.h"
#include "store/day.h"
#include "store/tables/row_binary.h"

namespace pitot {
namespace {

// Structure is 200 bytes a span, and all of it is needed to tell who called whom.
constexpr size_t kSpansMax = 500'000;
// A longer payload is shown by its beginning, whatever text_bytes says.
constexpr size_t kPayloadBytes = 256 << 10;
// Read at once: bounds what the answer to one statement holds.
constexpr size_t kPayloadsAtOnce = 256;

template <typename I>
I ReadId(RowBinaryReader& in) {
  return I::FromBytes(in.Bytes(sizeof(I)));
}

StorySpan ReadStorySpan(RowBinaryReader& in) {
  StorySpan span;
  span.span_id = ReadId<SpanId>(in);
  span.parent_span_id = ReadId<SpanId>(in);
  span.name = in.String();
  span.kind = in.Enum(Kind::kEnd);
  span.status = in.Enum(SpanStatus::kEnd);
  span.status_message = in.String();
  span.start_ns = in.Number<int64_t>();
  span.duration_ns = in.Number<int64_t>();
  span.agent = in.String();
  span.model = in.String();
  span.finish_reason = in.Enum(FinishReason::kEnd);
  span.role = in.Enum(UsageRole::kEnd);
  span.input_tokens = in.Number<int64_t>();
  span.output_tokens = in.Number<int64_t>();
  span.cost = in.NullableNumber<int64_t>();
  span.tool_name = in.String();
  span.tool_call_id = in.String();
  span.tool_status = in.Enum(ToolStatus::kEnd);
  span.retry_count = in.Number<int64_t>();
  span.error_type = in.String();
  span.has_input = in.Bool();
  span.has_output = in.Bool();
  return span;
}

std::vector<std::string_view> ReadPieces(RowBinaryReader& in) {
  std::vector<std::string_view> pieces(in.Count());
  for (std::string_view& piece : pieces) piece = in.String();
  return pieces;
}

class EngineSource final : public StorySource {
 public:
  EngineSource(const QueryContext& context, const std::string& project, const std::string& trace_id)
      : context_(context), project_(project), trace_id_(trace_id) {}

  absl::StatusOr<absl::flat_hash_map<SpanId, StoryContents, IdHash<8>>> Contents(
      const std::vector<SpanId>& spans) override {
    absl::flat_hash_map<SpanId, StoryContents, IdHash<8>> contents;
    if (spans.empty()) return contents;
    std::vector<std::string> ids;
    for (const SpanId& id : spans) ids.push_back(ToHex(id.view()));
    ASSIGN_OR_RETURN(QueryResult result,
                     context_.engine.Query(SqlFile("story_contents.sql"),
                                           context_.Options({{"project", project_},
                                                             {"trace_id", trace_id_},
                                                             {"span_ids", QuoteArray(ids)}},
                                                            "RowBinary")));
    const auto bytes = std::make_shared<const std::string>(std::move(result.body));
    RowBinaryReader in(*bytes);
    while (!in.AtEnd()) {
      const auto id = ReadId<SpanId>(in);
      StoryContents& of = contents[id];
      of.day = in.Number<uint16_t>();
      of.input = ReadPieces(in);
      of.output = ReadPieces(in);
      of.system = ReadPieces(in);
      of.reasoning = ReadPieces(in);
      of.bytes = bytes;
    }
    if (!in.ok()) return Internal("the engine's answer to story_contents.sql cannot be read");
    return contents;
  }

  absl::StatusOr<StoryPayloads> Payloads(const std::vector<StoryPayloadKey>& keys) override {
    StoryPayloads payloads;
    for (size_t first = 0; first < keys.size();) {
      const uint16_t day = keys[first].first;
      std::vector<std::string> hashes;
      for (; first < keys.size() && keys[first].first == day && hashes.size() < kPayloadsAtOnce;
           ++first) {
        hashes.push_back(ToHex(keys[first].second));
      }
      RETURN_IF_ERROR(LoadPayloads(day, hashes, payloads));
    }
    return payloads;
  }

 private:
  absl::Status LoadPayloads(uint16_t day, const std::vector<std::string>& hashes,
                            StoryPayloads& payloads) {
    ASSIGN_OR_RETURN(
        const QueryResult result,
        context_.engine.Query(SqlFile("story_payloads.sql"),
                              context_.Options({{"project", project_},
                                                {"day", fmt::to_string(day)},
                                                {"bytes", fmt::to_string(kPayloadBytes)},
                                                {"hashes", QuoteArray(hashes)}},
                                               "RowBinary")));
    RowBinaryReader in(result.body);
    while (!in.AtEnd()) {
      const std::string_view hash = in.Bytes(16);
      const auto bytes = in.Number<uint64_t>();
      payloads[{day, std::string(hash)}] = {.first = std::string(in.String()), .bytes = bytes};
    }
    if (!in.ok()) return Internal("the engine's answer to story_payloads.sql cannot be read");
    return absl::OkStatus();
  }

  const QueryContext& context_;
  const std::string& project_;
  const std::string& trace_id_;
};

absl::StatusOr<size_t> ReadCursor(const std::string& cursor) {
  size_t step = 0;
  if (cursor.empty()) return step;
  const char* const end = cursor.data() + cursor.size();
  const auto [stop, error] = std::from_chars(cursor.data(), end, step);
  if (error != std::errc() || stop != end) {
    return InvalidArgument("cursor \"{}\" is not one: take `next` of the page before", cursor);
  }
  return step;
}

absl::StatusOr<std::vector<StorySpan>> ReadSpans(std::string_view rows) {
  std::vector<StorySpan> spans;
  RowBinaryReader in(rows);
  while (!in.AtEnd()) spans.push_back(ReadStorySpan(in));
  if (!in.ok()) return Internal("the engine's answer to story_spans.sql cannot be read");
  if (spans.size() > kSpansMax) {
    return Error(absl::StatusCode::kOutOfRange,
                 "the trace has over {} spans: too many to be told as a story", kSpansMax);
  }
  return spans;
}

}  // namespace

absl::StatusOr<std::string> ReadStory(const QueryContext& context, const std::string& project,
                                      const std::string& trace_id, StoryOptions options,
                                      const std::string& cursor) {
  ASSIGN_OR_RETURN(options.first_step, ReadCursor(cursor));
  ASSIGN_OR_RETURN(const TraceBounds bounds, FindTrace(context.engine, project, trace_id));
  ASSIGN_OR_RETURN(const std::string row, ReadTraceRow(context.engine, project, trace_id, bounds));
  std::vector<SqlParam> params = {
      {"project", project},
      {"trace_id", trace_id},
      {"min_day", fmt::to_string(DayOf(bounds.start_min_ns))},
      {"max_day", fmt::to_string(DayOf(bounds.end_max_ns))},
      {"min_minute", fmt::to_string(bounds.start_min_ns / kNanosPerMinute)},
      {"max_minute", fmt::to_string(bounds.end_max_ns / kNanosPerMinute)},
      {"limit", fmt::to_string(kSpansMax + 1)},
  };
  ASSIGN_OR_RETURN(const QueryResult rows,
                   context.engine.Query(SqlFile("story_spans.sql"),
                                        context.Options(std::move(params), "RowBinary")));
  ASSIGN_OR_RETURN(const std::vector<StorySpan> spans, ReadSpans(rows.body));
  const StoryOutline outline = OutlineStory(spans);
  EngineSource source(context, project, trace_id);
  ASSIGN_OR_RETURN(const StoryPage page, TellSteps(spans, outline, source, options));

  const boost::json::value trace = boost::json::parse(row);
  return fmt::format(
      "{{\"trace_id\":\"{}\",\"root_name\":{},\"status\":{},\"steps_total\":{},\"next\":{},"
      "\"steps\":[\n{}]}}",
      trace_id, boost::json::serialize(trace.at("root_name")),
      boost::json::serialize(trace.at("status")), outline.steps.size(),
      page.next == 0 ? "null" : fmt::format("\"{}\"", page.next), page.steps);
}

}  // namespace pitot
