#include "alert/rules/traffic.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "alert/rules/usual.h"
#include "base/status.h"
#include "query/figures/answer.h"

namespace pitot {
namespace {

// More groups than that is a label gone wild (a request id as a model's name): the busiest count.
constexpr int kRowsMax = 50'000;

// Columns of kTrafficSql.
enum Column {
  kClass,
  kAge,
  kRoot,
  kService,
  kEnvironment,
  kFeature,
  kProvider,
  kModel,
  kKind,
  kStreaming,
  kTool,
  kSpans,
  kErrors,
  kProviderErrors,
  kFinished,
  kCut,
  kUnpriced,
  kJudged,
  kInvalidArgs,
  kBuckets,
  kBucketCounts,
  kBad,
  kColumns,
};

std::string AgeSql() {
  std::string sql = "multiIf(";
  for (const int age : kTrafficAges) {
    if (age == 300) break;
    sql += fmt::format("f.end_ns >= {{until_ns:Int64}} - {}000000000, {}, ", age, age);
  }
  return sql + "300)";
}

std::string TrafficSql(std::string_view where) {
  return fmt::format(
      "WITH {classes} AS class, {run} AS root, class != 0 OR root AS named "
      "SELECT class, {age} AS age, root, f.service AS k_service, "
      "if(named, f.environment, '') AS k_environment, if(named, f.feature, '') AS k_feature, "
      "if(class = 1, f.provider, '') AS k_provider, if(class = 1, f.model, '') AS k_model, "
      "if(class = 1, toString(f.kind), '') AS k_kind, class = 1 AND f.streaming AS k_streaming, "
      "if(class = 2, f.tool_name, '') AS k_tool, count() AS n, {errors}, {provider_errors}, "
      "countIf(class = 1 AND f.finish_reason != ''), "
      "countIf(class = 1 AND f.finish_reason = 'length'), countIf(f.unpriced), "
      "countIf(class = 2 AND f.tool_status != ''), "
      "countIf(class = 2 AND f.tool_status = 'invalid_args'), "
      "(sumMapIf([{bucket}], [toUInt64(1)], class = 1 AND {timed}) AS buckets).1, buckets.2, "
      "groupUniqArrayIf(5)(lower(hex(f.trace_id)), if(class = 2, f.tool_status = 'invalid_args', "
      "f.status = 'error' AND f.error_category != 'cancelled')) "
      "FROM facts AS f FINAL WHERE {where} AND f.status != 'running' "
      "GROUP BY class, age, root, k_service, k_environment, k_feature, k_provider, k_model, "
      "k_kind, "
      "k_streaming, k_tool ORDER BY n DESC LIMIT {limit}",
      fmt::arg("classes", kTrafficClassSql), fmt::arg("run", kIsRunSql), fmt::arg("age", AgeSql()),
      fmt::arg("errors", kErrorsSql), fmt::arg("provider_errors", kProviderErrorsSql),
      fmt::arg("bucket", kDurationBucketSql), fmt::arg("timed", kTimedSql),
      fmt::arg("where", where), fmt::arg("limit", kRowsMax));
}

TrafficRow RowOf(const boost::json::array& row) {
  TrafficRow out;
  out.of = static_cast<TrafficClass>(IntAt(row, kClass));
  out.age = static_cast<int>(IntAt(row, kAge));
  out.is_run = BoolAt(row, kRoot);
  out.service = TextAt(row, kService);
  out.environment = TextAt(row, kEnvironment);
  out.feature = TextAt(row, kFeature);
  out.provider = TextAt(row, kProvider);
  out.model = TextAt(row, kModel);
  out.kind = TextAt(row, kKind);
  out.streaming = BoolAt(row, kStreaming);
  out.tool = TextAt(row, kTool);
  out.spans = IntAt(row, kSpans);
  out.errors = IntAt(row, kErrors);
  out.provider_errors = IntAt(row, kProviderErrors);
  out.finished = IntAt(row, kFinished);
  out.cut = IntAt(row, kCut);
  out.unpriced = IntAt(row, kUnpriced);
  out.judged = IntAt(row, kJudged);
  out.invalid_args = IntAt(row, kInvalidArgs);
  out.durations = HistogramAt(row, kBuckets);
  out.bad = TextsAt(row, kBad);
  return out;
}

absl::StatusOr<TrafficTable> ReadTraffic(const EvalContext& context) {
  const UnixNanos now = context.query.now;
  const Scope scope{.project = context.project,
                    .window = {std::max<UnixNanos>(0, now - kTrafficWindowNs), now},
                    .filter = {}};
  SqlPiece where = FactsWhere(scope);
  ASSIGN_OR_RETURN(const Table table, ReadTable(context.query, TrafficSql(where.sql),
                                                std::move(where.params), kColumns));
  TrafficTable out{.now = now, .rows = {}, .spans = 0};
  out.rows.reserve(table.rows.size());
  for (const boost::json::value& row : table.rows) {
    out.rows.push_back(RowOf(row.get_array()));
    out.spans += out.rows.back().spans;
  }
  return out;
}

// Usual figures of a project nobody asked about for as long are forgotten.
constexpr int64_t kForgetNs = 2 * 60 * kNanosPerMinute;
constexpr int64_t kHourNs = 60 * kNanosPerMinute;
constexpr int64_t kRetryNs = 5 * kNanosPerMinute;

}  // namespace

LatencyKey LatencyKeyOf(const TrafficRow& row) {
  return {row.provider, row.model, row.kind, row.streaming};
}

struct TrafficSource::Project {
  UsualTraffic usual;
  bool known = false;
  UnixNanos asked = 0;
  UnixNanos due = 0;
};

TrafficSource::TrafficSource() = default;
TrafficSource::~TrafficSource() = default;

absl::StatusOr<const TrafficTable*> TrafficSource::Now(const EvalContext& context) {
  if (context.query.now != now_at_) {
    now_.clear();
    now_at_ = context.query.now;
  }
  if (const auto known = now_.find(context.project); known != now_.end()) return &known->second;
  ASSIGN_OR_RETURN(TrafficTable table, ReadTraffic(context));
  return &now_.insert_or_assign(context.project, std::move(table)).first->second;
}

absl::StatusOr<const UsualTraffic*> TrafficSource::Usual(const EvalContext& context) {
  const UnixNanos now = context.query.now;
  std::unique_ptr<Project>& slot = usual_[context.project];
  if (slot == nullptr) slot = std::make_unique<Project>();
  Project& project = *slot;
  project.asked = now;
  // Also when the clock was set back by more than an hour.
  if (project.known && now < project.due && project.due - now <= 2 * kHourNs) {
    return &project.usual;
  }
  std::erase_if(usual_, [&](const auto& entry) { return now - entry.second->asked > kForgetNs; });
  ASSIGN_OR_RETURN(const TrafficTable* const table, Now(context));
  absl::StatusOr<UsualTraffic> usual = ReadUsual(context, *table);
  if (!usual.ok()) {
    // What was usual an hour ago will do for some minutes more.
    if (!project.known) return usual.status();
    project.due = now + kRetryNs;
    return &project.usual;
  }
  project.usual = *std::move(usual);
  project.known = true;
  // A little after the hour, projects not all at once.
  const int64_t spread =
      static_cast<int64_t>(std::hash<std::string>()(context.project) % 240) * kNanosPerSecond;
  project.due = now - now % kHourNs + kHourNs + spread;
  return &project.usual;
}

}  // namespace pitot
