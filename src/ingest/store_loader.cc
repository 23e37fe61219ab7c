#include "ingest/store_loader.h"

#include <absl/container/flat_hash_map.h>

#include <algorithm>
#include <map>

#include "base/hex.h"
#include "base/status.h"
#include "store/read_traces.h"
#include "store/tables/row_binary.h"
#include "store/tables/spans_table.h"

namespace pitot {
namespace {

constexpr std::chrono::milliseconds kDeadline(60'000);
constexpr size_t kPageTraces = 200'000;
// A row last written may lie outside the trace as its spans are now: an announcement's at its start,
// one of a span that was sent again with another end near it.
constexpr int64_t kSlackNanos = 3600 * kNanosPerSecond;

struct ProjectRefs {
  std::vector<TraceId> ids;
  std::vector<uint32_t> refs;
};

std::map<std::string_view, ProjectRefs> ByProject(std::span<const TraceRef> refs) {
  std::map<std::string_view, ProjectRefs> projects;
  for (uint32_t i = 0; i < refs.size(); ++i) {
    ProjectRefs& project = projects[refs[i].project];
    project.ids.push_back(refs[i].trace_id);
    project.refs.push_back(i);
  }
  return projects;
}

absl::flat_hash_map<TraceId, uint32_t, IdHash<16>> IndexOf(const ProjectRefs& project) {
  absl::flat_hash_map<TraceId, uint32_t, IdHash<16>> index;
  for (size_t i = 0; i < project.ids.size(); ++i) index[project.ids[i]] = project.refs[i];
  return index;
}

int64_t Widen(int64_t time_ns, int64_t by) {
  int64_t sum = 0;
  if (__builtin_add_overflow(time_ns, by, &sum)) return by < 0 ? INT64_MIN : INT64_MAX;
  return sum;
}

}  // namespace

absl::Status StoreLoader::FilterExisting(std::span<const TraceRef> refs,
                                         std::vector<uint32_t>& existing) {
  for (const auto& [name, project] : ByProject(refs)) {
    std::vector<std::string> hex;
    hex.reserve(project.ids.size());
    for (const TraceId& id : project.ids) hex.push_back(ToHex(id.view()));
    QueryOptions options;
    options.deadline = kDeadline;
    options.format = "RowBinary";
    options.params = {{"project", std::string(name)}, {"trace_ids", QuoteArray(hex)}};
    ASSIGN_OR_RETURN(
        const QueryResult result,
        engine_.Query("SELECT DISTINCT trace_id FROM spans "
                      "WHERE project = {project:String} AND trace_id IN (SELECT "
                      "toFixedString(unhex(arrayJoin({trace_ids:Array(String)})), 16))",
                      options));
    const auto index = IndexOf(project);
    RowBinaryReader in(result.body);
    while (!in.AtEnd()) {
      const auto it = index.find(TraceId::FromBytes(in.Bytes(16)));
      if (it != index.end()) existing.push_back(it->second);
    }
    if (!in.ok()) return Internal("{} answered with broken RowBinary", engine_.Describe());
  }
  return absl::OkStatus();
}

absl::Status StoreLoader::Load(std::span<const TraceRef> refs, TraceSink& sink) {
  for (const auto& [name, project] : ByProject(refs)) {
    RETURN_IF_ERROR(LoadProject(name, project.ids, project.refs, sink));
  }
  return absl::OkStatus();
}

absl::Status StoreLoader::LoadProject(std::string_view project, std::span<const TraceId> ids,
                                      std::span<const uint32_t> ref_of, TraceSink& sink) {
  Arena arena;
  absl::flat_hash_map<TraceId, uint32_t, IdHash<16>> index;
  for (size_t i = 0; i < ids.size(); ++i) index[ids[i]] = ref_of[i];
  ASSIGN_OR_RETURN(const std::vector<StoredSpan> spans,
                   ReadTraceSpans(engine_, project, ids, arena, kDeadline));
  if (spans.empty()) return absl::OkStatus();
  int64_t earliest = INT64_MAX;
  int64_t latest = INT64_MIN;
  for (const StoredSpan& stored : spans) {
    const Span& span = stored.span;
    earliest = std::min(earliest, span.start_ns);
    latest = std::max(latest, span.end_ns);
    sink.OnSpan(index[span.trace_id], span, SpanVersion(span.status, stored.recv_ns),
                stored.keep_days);
  }
  earliest = Widen(earliest, -kSlackNanos);
  latest = Widen(latest, kSlackNanos);
  ASSIGN_OR_RETURN(const std::vector<StoredFact> facts,
                   ReadTraceFacts(engine_, project, ids, earliest, latest, arena, kDeadline));
  for (const StoredFact& fact : facts) {
    sink.OnFact(index[fact.row.trace_id], fact.row, fact.keep_days);
  }
  ASSIGN_OR_RETURN(const std::vector<StoredTrace> traces,
                   ReadTraceRows(engine_, project, ids, earliest, latest, arena, kDeadline));
  for (const StoredTrace& trace : traces) {
    sink.OnTrace(index[trace.row.trace_id], trace.row, trace.keep_days);
  }
  return absl::OkStatus();
}

absl::StatusOr<bool> StoreLoader::ListStored(std::string& cursor,
                                             const std::function<void(const TraceRef&)>& visit) {
  // The cursor is the key of the page's last row: project, hour, trace id (32 hex digits).
  std::string project;
  std::string hour = std::to_string(INT64_MIN);
  std::string trace_id = std::string(32, '0');
  if (!cursor.empty()) {
    const size_t first = cursor.find('\n');
    const size_t second = cursor.find('\n', first + 1);
    project = cursor.substr(0, first);
    hour = cursor.substr(first + 1, second - first - 1);
    trace_id = cursor.substr(second + 1);
  }
  QueryOptions options;
  options.deadline = kDeadline;
  options.format = "RowBinary";
  options.params = {{"project", project},
                    {"hour", hour},
                    {"trace_id", trace_id},
                    {"page", std::to_string(kPageTraces)}};
  ASSIGN_OR_RETURN(
      const QueryResult result,
      engine_.Query("SELECT project, intDiv(start_ns, 3600000000000) AS hour, trace_id FROM traces "
                    "WHERE (project, hour, trace_id) > "
                    "({project:String}, {hour:Int64}, toFixedString(unhex({trace_id:String}), 16)) "
                    "ORDER BY project, hour, trace_id LIMIT {page:UInt64}",
                    options));
  RowBinaryReader in(result.body);
  size_t rows = 0;
  while (!in.AtEnd()) {
    const std::string_view row_project = in.String();
    const int64_t row_hour = in.Number<int64_t>();
    const TraceId id = TraceId::FromBytes(in.Bytes(16));
    if (!in.ok()) return Internal("{} answered with broken RowBinary", engine_.Describe());
    visit({row_project, id});
    if (++rows == kPageTraces) {
      cursor = fmt::format("{}\n{}\n{}", row_project, row_hour, ToHex(id.view()));
    }
  }
  return rows == kPageTraces;
}

absl::Status StoreLoader::ListOpen(
    const std::function<void(const TraceRef&, int64_t start_ns)>& visit) {
  QueryOptions options;
  options.deadline = kDeadline;
  options.format = "RowBinary";
  ASSIGN_OR_RETURN(const QueryResult result,
                   engine_.Query("SELECT project, trace_id, start_ns FROM traces FINAL "
                                 "WHERE status = 'running'",
                                 options));
  RowBinaryReader in(result.body);
  while (!in.AtEnd()) {
    const std::string_view project = in.String();
    const TraceId id = TraceId::FromBytes(in.Bytes(16));
    const int64_t start_ns = in.Number<int64_t>();
    if (!in.ok()) return Internal("{} answered with broken RowBinary", engine_.Describe());
    visit({project, id}, start_ns);
  }
  return absl::OkStatus();
}

}  // namespace pitot
