// INS: is what agents do recorded such that the five questions can be answered?
#include <boost/json.hpp>

#include "alert/preflight/point.h"
#include "alert/preflight/probe.h"
#include "base/status.h"
#include "base/text.h"
#include "store/day.h"

namespace pitot {
namespace {

double Share(int64_t part, int64_t whole) {
  return whole == 0 ? 0 : static_cast<double>(part) / static_cast<double>(whole);
}

// A call that failed has no tokens and no finish_reason to report.
constexpr std::string_view kAnsweredSql = "f.status NOT IN ('error', 'unfinished')";

constexpr std::string_view kNoTokensSql =
    "(f.input_tokens + f.cache_read_tokens + f.cache_write_5m_tokens + f.cache_write_1h_tokens + "
    "f.input_audio_tokens + f.input_image_tokens + f.output_tokens + f.reasoning_tokens + "
    "f.output_audio_tokens + f.output_image_tokens = 0)";

struct FieldRow {
  std::string_view name;
  std::string_view missing;  // SQL over facts AS f.
  bool answered_only;
  double wants;  // Share that has it.
};
constexpr FieldRow kCallFields[] = {
    {"tokens", kNoTokensSql, true, 0.995},
    {"cost", "f.cost IS NULL", true, 0.99},
    {"latency", "f.duration_ns <= 0", false, 0.995},
    {"model", "f.model = ''", false, 0.995},
    {"finish_reason", "f.finish_reason = ''", true, 0.995},
};
constexpr size_t kCallFieldCount = std::size(kCallFields);

absl::Status JudgeCallFields(const PointContext& context, Judgement& judgement) {
  std::string columns;
  for (const FieldRow& field : kCallFields) {
    const std::string missing = field.answered_only
                                    ? fmt::format("({} AND {})", kAnsweredSql, field.missing)
                                    : fmt::format("({})", field.missing);
    columns +=
        fmt::format(", countIf{}, groupArrayIf(5)(lower(hex(f.trace_id)), {})", missing, missing);
  }
  ASSIGN_OR_RETURN(
      const Table table,
      ReadDay(context,
              fmt::format("SELECT toString(f.model) AS name, count() AS n, countIf({}){} "
                          "FROM facts AS f FINAL WHERE {{where}} AND {} "
                          "GROUP BY name ORDER BY n DESC, name",
                          kAnsweredSql, columns, kIsLlmCallSql),
              true, 3 + 2 * kCallFieldCount));
  int64_t calls = 0;
  int64_t answered = 0;
  int64_t missing[kCallFieldCount] = {};
  int64_t worst_missing[kCallFieldCount] = {};
  std::string worst[kCallFieldCount];
  for (const boost::json::value& value : table.rows) {
    const boost::json::array& row = value.get_array();
    calls += IntAt(row, 1);
    answered += IntAt(row, 2);
    for (size_t i = 0; i < kCallFieldCount; ++i) {
      const int64_t n = IntAt(row, 3 + 2 * i);
      missing[i] += n;
      if (n > worst_missing[i]) {
        worst_missing[i] = n;
        worst[i] = TextAt(row, 0).empty() ? "(no model)" : std::string(TextAt(row, 0));
      }
    }
  }
  judgement.Count("calls", calls);
  judgement.Count("answered", answered);
  judgement.Threshold("field_share_min", context.Threshold(kCallFields[0].wants));
  judgement.Threshold("cost_share_min", kCallFields[1].wants);
  if (!Enough(judgement, calls, "model call")) return absl::OkStatus();
  for (size_t i = 0; i < kCallFieldCount; ++i) {
    const FieldRow& field = kCallFields[i];
    const int64_t of = field.answered_only ? answered : calls;
    const double wants = field.name == "cost" ? field.wants : context.Threshold(field.wants);
    judgement.Count(fmt::format("without_{}", field.name), missing[i]);
    if (missing[i] > 0) judgement.Text(fmt::format("{}_worst_model", field.name), worst[i]);
    if (1 - Share(missing[i], of) >= wants) continue;
    judgement.Fail(fmt::format("{} have no {}, most of them {}", ShareText(missing[i], of, "call"),
                               field.name, worst[i]));
    for (const boost::json::value& row : table.rows) judgement.Samples(row.at(4 + 2 * i));
  }
  judgement.Pass(fmt::format("{} have tokens, cost, latency, model and finish_reason",
                             CountOf(calls, "call")));
  return absl::OkStatus();
}

absl::Status JudgeToolFields(const PointContext& context, Judgement& judgement) {
  ASSIGN_OR_RETURN(
      const Table table,
      ReadDay(context,
              fmt::format("SELECT toString(f.tool_name) AS tool, count() AS n, "
                          "countIf(f.tool_status = ''), countIf(f.status = 'error'), "
                          "countIf(f.status = 'error' AND f.error_category = ''), "
                          "sum(f.retry_count), "
                          "groupArrayIf(5)(lower(hex(f.trace_id)), f.tool_status = '' OR "
                          "(f.status = 'error' AND f.error_category = '')) "
                          "FROM facts AS f FINAL WHERE {{where}} AND {} "
                          "GROUP BY tool ORDER BY n DESC, tool",
                          kIsToolCallSql),
              false, 7));
  int64_t calls = 0;
  int64_t no_status = 0;
  int64_t errors = 0;
  int64_t no_category = 0;
  int64_t retries = 0;
  std::string tools = "[";
  std::string bad;
  for (const boost::json::value& value : table.rows) {
    const boost::json::array& row = value.get_array();
    calls += IntAt(row, 1);
    no_status += IntAt(row, 2);
    errors += IntAt(row, 3);
    no_category += IntAt(row, 4);
    retries += IntAt(row, 5);
    judgement.Samples(row[6]);
    if (IntAt(row, 2) + IntAt(row, 4) > 0 && bad.empty()) bad = TextAt(row, 0);
    if (tools.size() > 1) tools += ",";
    tools += fmt::format(
        R"({{"tool":{},"calls":{},"without_status":{},"errors":{},"errors_without_category":{},)"
        R"("retries":{}}})",
        JsonText(TextAt(row, 0)), IntAt(row, 1), IntAt(row, 2), IntAt(row, 3), IntAt(row, 4),
        IntAt(row, 5));
  }
  judgement.Count("calls", calls);
  judgement.Count("without_status", no_status);
  judgement.Count("errors", errors);
  judgement.Count("errors_without_category", no_category);
  judgement.Count("retries", retries);
  judgement.Json("tools", tools + "]");
  if (!Enough(judgement, calls, "tool call")) return absl::OkStatus();
  if (no_status > 0) {
    judgement.Fail(fmt::format("{} have no status, first of all {}",
                               ShareText(no_status, calls, "tool call"), bad));
  }
  if (no_category > 0) {
    judgement.Fail(fmt::format("{} that failed have no error category, first of all {}",
                               ShareText(no_category, errors, "tool call"), bad));
  }
  judgement.Pass(fmt::format(
      "{} have a status, {} that failed a category; {}", CountOf(calls, "tool call"),
      FormatCount(static_cast<uint64_t>(errors)), CountOf(retries, "retry", "retries")));
  return absl::OkStatus();
}

// Of the newest errors: what an exception said must be there. Newer conventions put it into
// error.type instead of an event.
constexpr std::string_view kRecordedErrorsSql =
    "SELECT name, count() AS n, countIf(NOT recorded) AS lost, "
    "groupArrayIf(5)(lower(hex(trace_id)), NOT recorded) FROM ("
    "SELECT s.trace_id AS trace_id, toString(s.name) AS name, "
    "position(s.events, '\"name\":\"exception\"') > 0 OR s.error_type != '' AS recorded "
    "FROM spans AS s WHERE s.project = {project:String} "
    "AND toUInt16(s.day) BETWEEN {first_day:UInt16} AND {max_day:UInt16} "
    "AND (s.trace_id, s.span_id) IN ("
    "SELECT f.trace_id, f.span_id FROM facts AS f FINAL WHERE {where} AND f.status = 'error' "
    "AND f.role IN ('', 'leaf', 'rollup', 'wrapper') ORDER BY f.end_ns DESC LIMIT 5000) "
    "ORDER BY s.version DESC LIMIT 1 BY s.trace_id, s.span_id"
    ") GROUP BY name ORDER BY lost DESC, n DESC, name";

absl::Status JudgeErrorsRecorded(const PointContext& context, Judgement& judgement) {
  ASSIGN_OR_RETURN(
      const Table table,
      ReadDay(context, kRecordedErrorsSql, false, 4,
              {{"first_day", fmt::to_string(DayOf(context.day.since_ns - kNanosPerDay))}}));
  int64_t errors = 0;
  int64_t lost = 0;
  for (const boost::json::value& value : table.rows) {
    errors += IntAt(value.get_array(), 1);
    lost += IntAt(value.get_array(), 2);
    judgement.Samples(value.at(3));
  }
  const double wants = context.Threshold(0.99);
  judgement.Threshold("recorded_share_min", wants);
  judgement.Count("errors", errors);
  judgement.Count("errors_without_exception", lost);
  if (lost > 0) judgement.Text("worst_span", TextAt(table.rows[0].get_array(), 0));
  if (errors == 0) {
    judgement.Pass("no span failed in the last 24 hours");
  } else if (1 - Share(lost, errors) >= wants) {
    judgement.Pass(
        fmt::format("{} say what was raised", ShareText(errors - lost, errors, "failed span")));
  } else {
    judgement.Fail(fmt::format("{} say nothing of what was raised, most of them \"{}\"",
                               ShareText(lost, errors, "failed span"),
                               TextAt(table.rows[0].get_array(), 0)));
  }
  if (!CanProbe(context, context.sandbox, judgement)) return absl::OkStatus();
  return ProbeErrorReachesRoot(context, judgement);
}

absl::Status JudgeContext(const PointContext& context, Judgement& judgement) {
  ASSIGN_OR_RETURN(const Table table,
                   ReadDay(context,
                           "SELECT count(), countIf(f.is_orphan), "
                           "groupArrayIf(5)(lower(hex(f.trace_id)), f.is_orphan), "
                           "topKIf(1)(toString(f.service), f.is_orphan) "
                           "FROM facts AS f FINAL WHERE {where}",
                           false, 4));
  const boost::json::array& row = table.rows.at(0).get_array();
  const int64_t spans = IntAt(row, 0);
  const int64_t orphans = IntAt(row, 1);
  const double wants = context.Threshold(0.01);
  judgement.Threshold("orphan_share_max", wants);
  judgement.Count("spans", spans);
  judgement.Count("orphans", orphans);
  if (Enough(judgement, spans, "span")) {
    if (Share(orphans, spans) <= wants) {
      judgement.Pass(
          fmt::format("{} have a parent that never came", ShareText(orphans, spans, "span")));
    } else {
      judgement.Samples(row[2]);
      const boost::json::array* service = row[3].if_array();
      judgement.Fail(
          fmt::format("{} have a parent that never came, most of them from service \"{}\"",
                      ShareText(orphans, spans, "span"),
                      service == nullptr || service->empty() ? "" : TextAt(*service, 0)));
    }
  }
  if (!CanProbe(context, context.sandbox, judgement)) return absl::OkStatus();
  return ProbeContextReachesChild(context, judgement);
}

absl::Status JudgeStreaming(const PointContext& context, Judgement& judgement) {
  ASSIGN_OR_RETURN(
      const Table table,
      ReadDay(context,
              fmt::format("SELECT count(), countIf(f.streaming AND {0}), "
                          "countIf(f.streaming AND {0} AND f.ttft_ns IS NULL), "
                          "countIf(f.streaming AND {0} AND {2}), "
                          "groupArrayIf(5)(lower(hex(f.trace_id)), f.streaming AND {0} AND "
                          "(f.ttft_ns IS NULL OR {2})), "
                          "countIf(f.streaming AND {0} AND (f.ttft_ns IS NULL OR {2})) "
                          "FROM facts AS f FINAL WHERE {{where}} AND {1}",
                          kAnsweredSql, kIsLlmCallSql, kNoTokensSql),
              true, 6));
  const boost::json::array& row = table.rows.at(0).get_array();
  const int64_t streamed = IntAt(row, 1);
  const int64_t missing = IntAt(row, 5);
  const double wants = context.Threshold(0.99);
  judgement.Threshold("share_min", wants);
  judgement.Count("calls", IntAt(row, 0));
  judgement.Count("streamed", streamed);
  judgement.Count("without_ttft", IntAt(row, 2));
  judgement.Count("without_usage", IntAt(row, 3));
  if (!Enough(judgement, IntAt(row, 0), "model call")) return absl::OkStatus();
  if (streamed == 0) {
    judgement.Pass("no call streams");
    return absl::OkStatus();
  }
  if (!Enough(judgement, streamed, "streamed call")) return absl::OkStatus();
  judgement.Check(1 - Share(missing, streamed) >= wants,
                  fmt::format("{} have ttft and usage",
                              ShareText(streamed - missing, streamed, "streamed call")));
  if (judgement.status() == PreflightStatus::kFail) judgement.Samples(row[4]);
  return absl::OkStatus();
}

absl::Status JudgePrompts(const PointContext& context, Judgement& judgement) {
  constexpr std::string_view kMissing = "(f.prompt_name = '' OR f.prompt_version = '')";
  ASSIGN_OR_RETURN(
      const Table table,
      ReadDay(context,
              fmt::format("SELECT toString(if(f.feature != '', f.feature, f.service)) AS caller, "
                          "count(), countIf{0} AS missing, "
                          "groupArrayIf(5)(lower(hex(f.trace_id)), {0}) "
                          "FROM facts AS f FINAL WHERE {{where}} AND {1} "
                          "GROUP BY caller ORDER BY missing DESC, caller",
                          kMissing, kIsLlmCallSql),
              true, 4));
  int64_t calls = 0;
  int64_t missing = 0;
  std::string callers = "[";
  for (const boost::json::value& value : table.rows) {
    const boost::json::array& row = value.get_array();
    calls += IntAt(row, 1);
    missing += IntAt(row, 2);
    judgement.Samples(row[3]);
    if (IntAt(row, 2) == 0) continue;
    if (callers.size() > 1) callers += ",";
    callers += fmt::format(R"({{"caller":{},"calls":{},"unversioned":{}}})",
                           JsonText(TextAt(row, 0)), IntAt(row, 1), IntAt(row, 2));
  }
  const double wants = context.Threshold(0.95);
  judgement.Threshold("share_min", wants);
  judgement.Count("calls", calls);
  judgement.Count("unversioned", missing);
  judgement.Json("unversioned_callers", callers + "]");
  if (!Enough(judgement, calls, "model call")) return absl::OkStatus();
  const std::string words =
      fmt::format("{} name prompt and version", ShareText(calls - missing, calls, "call"));
  if (1 - Share(missing, calls) >= wants) {
    judgement.Pass(words);
  } else {
    judgement.Fail(fmt::format("{}; most that do not come from \"{}\"", words,
                               TextAt(table.rows[0].get_array(), 0)));
  }
  return absl::OkStatus();
}

absl::Status JudgeTags(const PointContext& context, Judgement& judgement) {
  ASSIGN_OR_RETURN(
      const Table table,
      ReadDay(context,
              fmt::format("SELECT count(), countIf(f.feature = ''), countIf(f.user_id = ''), "
                          "countIf(f.session_id = ''), "
                          "sumIf(f.cost, f.counted AND (f.feature = '' OR f.user_id = '' OR "
                          "f.session_id = '')) / 1e9, "
                          "countIf(position(f.user_id, '@') > 0 OR position(f.user_id, ' ') > 0), "
                          "groupArrayIf(5)(lower(hex(f.trace_id)), f.feature = '' OR "
                          "f.user_id = '' OR f.session_id = '' OR position(f.user_id, '@') > 0 OR "
                          "position(f.user_id, ' ') > 0) "
                          "FROM facts AS f FINAL WHERE {{where}} AND {}",
                          kIsLlmCallSql),
              true, 7));
  const boost::json::array& row = table.rows.at(0).get_array();
  const int64_t calls = IntAt(row, 0);
  const double wants = context.Threshold(0.95);
  judgement.Threshold("share_min", wants);
  judgement.Count("calls", calls);
  judgement.Number("untagged_usd", DoubleAt(row, 4));
  if (!Enough(judgement, calls, "model call")) return absl::OkStatus();
  constexpr std::string_view kTags[] = {"feature", "user", "session"};
  for (size_t i = 0; i < std::size(kTags); ++i) {
    const int64_t missing = IntAt(row, 1 + i);
    judgement.Count(fmt::format("without_{}", kTags[i]), missing);
    if (1 - Share(missing, calls) >= wants) continue;
    judgement.Fail(fmt::format("{} name no {}", ShareText(missing, calls, "call"), kTags[i]));
  }
  const int64_t in_clear = IntAt(row, 5);
  judgement.Count("users_in_clear", in_clear);
  if (in_clear > 0) {
    judgement.Fail(fmt::format("{} name their user by address or name instead of a hash",
                               ShareText(in_clear, calls, "call")));
  }
  if (judgement.status() == PreflightStatus::kFail) judgement.Samples(row[6]);
  judgement.Pass(fmt::format("{} name feature, user and session ({} of 100 at least)",
                             CountOf(calls, "call"), wants * 100));
  return absl::OkStatus();
}

// What a bill that was compared may be off by.
constexpr double kBillDifferencePercent = 2;

absl::Status JudgePrices(const PointContext& context, Judgement& judgement) {
  ASSIGN_OR_RETURN(const Table table,
                   ReadDay(context,
                           "SELECT toString(f.model) AS name, count(), countIf(f.unpriced) AS "
                           "missing, groupArrayIf(5)(lower(hex(f.trace_id)), f.unpriced) "
                           "FROM facts AS f FINAL WHERE {where} AND f.counted "
                           "GROUP BY name ORDER BY missing DESC, name",
                           true, 4));
  int64_t calls = 0;
  int64_t unpriced = 0;
  std::string models = "[";
  for (const boost::json::value& value : table.rows) {
    const boost::json::array& row = value.get_array();
    calls += IntAt(row, 1);
    unpriced += IntAt(row, 2);
    judgement.Samples(row[3]);
    if (IntAt(row, 2) == 0) continue;
    if (models.size() > 1) models += ",";
    models += JsonText(TextAt(row, 0));
  }
  judgement.Count("calls", calls);
  judgement.Count("models", static_cast<int64_t>(table.rows.size()));
  judgement.Count("unpriced", unpriced);
  judgement.Json("unpriced_models", models + "]");
  const double wants = context.Threshold(kBillDifferencePercent);
  judgement.Threshold("bill_difference_percent_max", wants);
  if (Enough(judgement, calls, "model call")) {
    if (unpriced > 0) {
      judgement.Fail(fmt::format("{} have no price, first of all {}",
                                 ShareText(unpriced, calls, "call"),
                                 TextAt(table.rows[0].get_array(), 0)));
    } else {
      judgement.Pass(fmt::format("each of {} has a price",
                                 CountOf(static_cast<int64_t>(table.rows.size()), "model")));
    }
  }
  if (!RecordedWithin(context, 90 * kNanosPerDay, "comparison with a provider's bill", judgement)) {
    return absl::OkStatus();
  }
  const auto percent = RecordedNumber(context, "difference_percent");
  if (!percent) {
    judgement.Lack("the recorded comparison has no number difference_percent");
  } else {
    judgement.Check(std::abs(*percent) <= wants,
                    fmt::format("the ledger and the provider's bill differ by {} %", *percent));
  }
  return absl::OkStatus();
}

constexpr PointRow kRows[] = {
    {{.id = "INS-01",
      .title = "Every LLM call has tokens, cost, latency, model, finish_reason",
      .how = "Q",
      .star = true,
      .wants =
          "99.5 % of the calls have each of them, 99 % a known cost; of calls that failed model "
          "and latency.",
      .remedy =
          "Use an instrumentation that reports usage, or send the calls through the gateway."},
     JudgeCallFields},
    {{.id = "INS-02",
      .title = "Every tool call records status, retry count, error category",
      .how = "Q",
      .star = true,
      .wants = "No tool call is without a status, none that failed without a category.",
      .remedy = "Set tool.status, retry_count and error.type on the tool's spans."},
     JudgeToolFields},
    {{.id = "INS-03",
      .title = "Errors caught, recorded, re-raised",
      .how = "Q+P",
      .star = true,
      .wants = "99 % of failed spans have an exception event or error.type; a provider's 500 makes "
               "the root of the probe fail.",
      .remedy = "Record the exception on the span and raise it again."},
     JudgeErrorsRecorded},
    {{.id = "INS-04",
      .title = "traceparent reaches sub-agents",
      .how = "Q+P",
      .star = true,
      .wants = "At most 1 % of spans have a parent that never came; the probe's child agent is in "
               "its parent's trace.",
      .remedy = "Pass traceparent on in every call to another service, queue or process."},
     JudgeContext},
    {{.id = "INS-05",
      .title = "Streaming: TTFT and usage captured",
      .how = "Q",
      .wants = "99 % of streamed calls have both.",
      .remedy = "Ask the provider for usage in streams (include_usage), or use the gateway."},
     JudgeStreaming},
    {{.id = "INS-06",
      .title = "Prompt id and version on each call",
      .how = "Q",
      .wants = "95 % of the calls have both.",
      .remedy = "Set pitot.prompt and pitot.prompt_version, or the headers x-pitot-prompt and "
                "x-pitot-prompt-version."},
     JudgePrompts},
    {{.id = "INS-07",
      .title = "feature, user (hashed), session tags",
      .how = "Q",
      .wants = "95 % of the calls have each, and no user is an address or a name.",
      .remedy = "Set feature, user.id (hashed) and session.id, or pin them to keys."},
     JudgeTags},
    {{.id = "INS-08",
      .title = "Pricing covers every model seen; ledger vs provider bill within 2 %",
      .how = "Q+A",
      .wants = "No call is without a price, and a bill was compared within 90 days.",
      .remedy = "Add the model to prices.yaml; compare a bill and record difference_percent."},
     JudgePrices},
};

}  // namespace

std::span<const PointRow> InsPoints() { return kRows; }

}  // namespace pitot
