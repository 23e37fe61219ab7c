#include "store/erase.h"

#include <algorithm>

#include "base/hex.h"
#include "base/status.h"
#include "store/day.h"
#include "store/engine/statement.h"
#include "store/tables/erased_table.h"
#include "store/tables/row_binary.h"
#include "store/tables/spans_table.h"

namespace pitot {
namespace {

constexpr std::chrono::milliseconds kReadDeadline = std::chrono::minutes(2);
// A mutation of one partition.
constexpr std::chrono::milliseconds kDeleteDeadline = std::chrono::minutes(10);
constexpr size_t kBlockRows = 100'000;
// How long it is remembered which spans of a user are erased. Only the spool could bring them back,
// and it has been written to the store before they were listed: days are ample.
constexpr uint16_t kUserKeepDays = 7;
// A row last written may lie outside the trace as its spans are now: by less than a day.
constexpr uint16_t kSlackDays = 1;

constexpr std::string_view kWhole = "toFixedString('', 8)";

// Text of a user's as SQL that cannot be anything else.
std::string Literal(std::string_view text) { return fmt::format("unhex('{}')", ToHex(text)); }

// Of every table with trace_id (and, unless `whole_only`, span_id).
std::string Marked(const Erasure& erasure, bool whole_only) {
  const std::string list = fmt::format("FROM erased WHERE erasure = {} AND project = {}",
                                       QuoteLiteral(erasure.id), Literal(erasure.project));
  const std::string whole =
      fmt::format("trace_id IN (SELECT trace_id {} AND span_id = {})", list, kWhole);
  if (whole_only || erasure.what == Erasure::What::kTrace) return whole;
  // The first condition alone can use the tables' keys.
  return fmt::format(
      "trace_id IN (SELECT trace_id {0}) AND ({1} OR (trace_id, span_id) IN (SELECT trace_id, "
      "span_id {0} AND span_id != {2}))",
      list, whole, kWhole);
}

// The rows of `table` that are to be erased, once MarkErased has listed them.
std::string Condition(const Erasure& erasure, const ErasureMark& mark, std::string_view table) {
  std::string condition = fmt::format("project = {} AND {}", Literal(erasure.project),
                                      Marked(erasure, /*whole_only=*/table == "traces"));
  if (erasure.what == Erasure::What::kTrace) return condition;
  if (table == "spans") {
    condition += fmt::format(" AND bitAnd(version, {}) <= {}", kEndedVersion - 1, erasure.at_ns);
  } else if (table == "logs") {
    condition += fmt::format(" AND recv_ns <= {}", erasure.at_ns);
  } else if (table == "facts" || table == "traces") {
    condition += fmt::format(" AND bitAnd(rev, {}) <= {}", kEndedVersion - 1, mark.at_ns);
  }
  return condition;
}

// All tables but spans, which is read by key, and scores, which is not ordered by a time of the
// trace's, have their rows within these days.
std::string DaysOf(const ErasureMark& mark, std::string_view table) {
  if (table == "spans" || table == "scores") return "1";
  return fmt::format("toUInt16(day) BETWEEN {} AND {}", mark.min_day, mark.max_day);
}

QueryOptions Options(std::vector<SqlParam> params = {}) {
  QueryOptions options;
  options.params = std::move(params);
  options.format = "RowBinary";
  options.deadline = kReadDeadline;
  options.with_hidden = true;
  return options;
}

absl::Status Broken(Engine& engine) {
  return Internal("{} answered with broken RowBinary", engine.Describe());
}

absl::StatusOr<uint64_t> QueryNumber(Engine& engine, const std::string& sql,
                                     std::vector<SqlParam> params = {}) {
  ASSIGN_OR_RETURN(const QueryResult result, engine.Query(sql, Options(std::move(params))));
  RowBinaryReader in(result.body);
  const auto number = in.Number<uint64_t>();
  if (!in.ok() || !in.AtEnd()) return Broken(engine);
  return number;
}

ErasureRows RowsOf(const Erasure& erasure, uint16_t keep_days) {
  return {erasure.id, erasure.project, erasure.at_ns, keep_days};
}

// Inserts (trace_id, span_id) pairs as `sql` gives them.
absl::Status MarkListed(Engine& engine, const Erasure& erasure, std::string_view sql,
                        uint64_t* rows) {
  ASSIGN_OR_RETURN(const QueryResult result,
                   engine.Query(sql, Options({{"project", erasure.project},
                                              {"user_id", erasure.subject},
                                              {"erasure", erasure.id}})));
  RowBinaryReader in(result.body);
  ErasedBlock block;
  while (true) {
    if (block.rows() == kBlockRows || (in.AtEnd() && block.rows() > 0)) {
      RETURN_IF_ERROR(engine.Insert(ErasedBlock::kTable, block.Finish(), kReadDeadline));
      block.Clear();
    }
    if (in.AtEnd()) break;
    const TraceId trace_id = TraceId::FromBytes(in.Bytes(16));
    const SpanId span_id = SpanId::FromBytes(in.Bytes(8));
    if (!in.ok()) break;
    block.Append(RowsOf(erasure, kUserKeepDays), trace_id, span_id, ErasedUntil(erasure));
    ++*rows;
  }
  return in.ok() ? absl::OkStatus() : Broken(engine);
}

absl::Status MarkUser(Engine& engine, const Erasure& erasure, ErasureMark& mark) {
  RETURN_IF_ERROR(MarkListed(engine, erasure,
                             "SELECT DISTINCT trace_id, toFixedString('', 8) FROM traces FINAL "
                             "WHERE project = {project:String} AND user_id = {user_id:String}",
                             &mark.traces));
  uint64_t spans = 0;
  return MarkListed(
      engine, erasure,
      "SELECT DISTINCT trace_id, span_id FROM facts FINAL "
      "WHERE project = {project:String} AND user_id = {user_id:String} AND trace_id NOT IN "
      "(SELECT trace_id FROM erased WHERE erasure = {erasure:String} "
      "AND project = {project:String} AND span_id = toFixedString('', 8))",
      &spans);
}

}  // namespace

uint64_t ErasedUntil(const Erasure& erasure) {
  if (erasure.what == Erasure::What::kTrace) return kErasedForGood;
  return static_cast<uint64_t>(erasure.at_ns);
}

std::vector<TableFilter> HiddenBy(const Erasure& erasure) {
  std::vector<TableFilter> filters;
  const auto hide = [&](std::string_view table, const std::string& condition) {
    filters.push_back({std::string(table), fmt::format("NOT (project = {} AND ({}))",
                                                       Literal(erasure.project), condition)});
  };
  if (erasure.what == Erasure::What::kTrace) {
    for (const std::string_view table : kErasableTables) {
      hide(table, fmt::format("trace_id = toFixedString({}, 16)",
                              fmt::format("unhex('{}')", erasure.subject)));
    }
    return filters;
  }
  for (const std::string_view table : kErasableTables) {
    std::string condition = Marked(erasure, /*whole_only=*/table == "traces");
    if (table != "scores" && table != "logs") {
      condition = fmt::format("user_id = {} OR ({})", Literal(erasure.subject), condition);
    }
    hide(table, condition);
  }
  return filters;
}

absl::StatusOr<ErasureMark> MarkErased(Engine& engine, const Erasure& erasure, uint16_t keep_days,
                                       UnixNanos now_ns) {
  ErasureMark mark;
  mark.at_ns = now_ns;
  if (erasure.what == Erasure::What::kTrace) {
    TraceId trace_id;
    if (!FromHex(erasure.subject, reinterpret_cast<char*>(trace_id.bytes.data()), 16)) {
      return Internal("erasure {} names no trace: \"{}\"", erasure.id, erasure.subject);
    }
    ErasedBlock block;
    block.Append(RowsOf(erasure, keep_days), trace_id, SpanId{}, ErasedUntil(erasure));
    RETURN_IF_ERROR(engine.Insert(ErasedBlock::kTable, block.Finish(), kReadDeadline));
  } else {
    RETURN_IF_ERROR(MarkUser(engine, erasure, mark));
  }
  ASSIGN_OR_RETURN(
      const QueryResult result,
      engine.Query(fmt::format("SELECT uniqExact(trace_id, span_id), min(toUInt16(day)), "
                               "toUInt16(greatest(max(toUInt16(day)), least(65535, "
                               "max(intDiv(end_ns, 86400000000000))))) FROM spans WHERE {}",
                               Condition(erasure, mark, "spans")),
                   Options()));
  if (result.body.size() != sizeof(uint64_t) + 2 * sizeof(uint16_t)) return Broken(engine);
  RowBinaryReader in(result.body);
  mark.spans = in.Number<uint64_t>();
  const auto min_day = in.Number<uint16_t>();
  const auto max_day = in.Number<uint16_t>();
  mark.min_day = static_cast<uint16_t>(std::max<int>(0, min_day - kSlackDays));
  mark.max_day = static_cast<uint16_t>(std::min<int>(UINT16_MAX, max_day + kSlackDays));
  if (erasure.what == Erasure::What::kTrace) mark.traces = mark.spans > 0 ? 1 : 0;
  return mark;
}

absl::Status ReadErased(Engine& engine, std::string_view erasure_id,
                        const std::function<void(const ErasedRow&)>& visit) {
  ASSIGN_OR_RETURN(
      const QueryResult result,
      engine.Query("SELECT DISTINCT project, trace_id, span_id, recv_until FROM erased "
                   "WHERE empty({erasure:String}) OR erasure = {erasure:String}",
                   Options({{"erasure", std::string(erasure_id)}})));
  RowBinaryReader in(result.body);
  while (!in.AtEnd()) {
    ErasedRow row;
    row.project = in.String();
    row.trace_id = TraceId::FromBytes(in.Bytes(16));
    row.span_id = SpanId::FromBytes(in.Bytes(8));
    row.received_until = in.Number<uint64_t>();
    if (!in.ok()) break;
    visit(row);
  }
  return in.ok() ? absl::OkStatus() : Broken(engine);
}

absl::StatusOr<std::vector<std::string>> ErasedPartitions(Engine& engine, const Erasure& erasure,
                                                          const ErasureMark& mark,
                                                          std::string_view table) {
  QueryOptions options = Options();
  ASSIGN_OR_RETURN(
      const QueryResult result,
      engine.Query(fmt::format("SELECT DISTINCT _partition_id AS id FROM {} WHERE {} AND {} "
                               "ORDER BY id",
                               table, DaysOf(mark, table), Condition(erasure, mark, table)),
                   options));
  RowBinaryReader in(result.body);
  std::vector<std::string> partitions;
  while (!in.AtEnd()) partitions.emplace_back(in.String());
  if (!in.ok()) return Broken(engine);
  return partitions;
}

absl::Status DeletePayloads(Engine& engine, const Erasure& erasure, const ErasureMark& mark,
                            std::string_view partition) {
  // `kept` looks at one column after another of all other spans of the day, at those hashes only.
  const std::string condition = Condition(erasure, mark, "spans");
  const std::string pieces = fmt::format(
      "SELECT arrayJoin(arrayConcat(input, output, system, tool_definitions, reasoning)) AS piece "
      "FROM spans WHERE _partition_id = {{partition:String}} AND project = {}",
      Literal(erasure.project));
  const std::string gone = fmt::format(
      "SELECT substring(piece, 2) AS hash FROM ({} AND {}) WHERE startsWith(piece, '#')", pieces,
      condition);
  const std::string kept = fmt::format(
      "SELECT substring(piece, 2) AS hash FROM ({} AND NOT ({})) WHERE startsWith(piece, '#') AND "
      "hash IN ({})",
      pieces, condition, gone);
  ASSIGN_OR_RETURN(
      const QueryResult result,
      engine.Query(fmt::format("SELECT DISTINCT toFixedString(hash, 16) FROM ({}) WHERE hash NOT "
                               "IN ({})",
                               gone, kept),
                   Options({{"partition", std::string(partition)}})));
  if (result.body.empty()) return absl::OkStatus();
  ErasedPayloadsBlock block;
  RowBinaryReader in(result.body);
  while (!in.AtEnd()) {
    const Hash128 hash = Hash128::FromBytes(in.Bytes(16));
    if (!in.ok()) return Broken(engine);
    block.Append(RowsOf(erasure, kUserKeepDays), partition, hash);
  }
  RETURN_IF_ERROR(engine.Insert(ErasedPayloadsBlock::kTable, block.Finish(), kReadDeadline));
  const std::string listed = fmt::format(
      "project = {0} AND hash IN (SELECT hash FROM erased_payloads WHERE erasure = {1} AND "
      "project = {0} AND partition = {2})",
      Literal(erasure.project), QuoteLiteral(erasure.id), QuoteLiteral(partition));
  RETURN_IF_ERROR(engine.Execute(fmt::format("DELETE FROM payloads IN PARTITION ID {} WHERE {}",
                                             QuoteLiteral(partition), listed),
                                 kDeleteDeadline));
  ASSIGN_OR_RETURN(
      const uint64_t left,
      QueryNumber(engine,
                  fmt::format("SELECT count() FROM payloads WHERE _partition_id = {} AND {}",
                              QuoteLiteral(partition), listed)));
  if (left == 0) return absl::OkStatus();
  return Internal("{} payloads are still there after erasure {}", left, erasure.id);
}

absl::Status DeleteRows(Engine& engine, const Erasure& erasure, const ErasureMark& mark,
                        std::string_view table, std::string_view partition) {
  return engine.Execute(fmt::format("DELETE FROM {} IN PARTITION ID {} WHERE {}", table,
                                    QuoteLiteral(partition), Condition(erasure, mark, table)),
                        kDeleteDeadline);
}

absl::StatusOr<uint64_t> CountErasedPayloads(Engine& engine, const Erasure& erasure) {
  return QueryNumber(engine,
                     "SELECT uniqExact(partition, hash) FROM erased_payloads "
                     "WHERE erasure = {erasure:String}",
                     {{"erasure", erasure.id}});
}

absl::Status VerifyErased(Engine& engine, const Erasure& erasure, const ErasureMark& mark) {
  for (const std::string_view table : kErasableTables) {
    ASSIGN_OR_RETURN(
        const uint64_t left,
        QueryNumber(engine, fmt::format("SELECT count() FROM {} WHERE {} AND {}", table,
                                        DaysOf(mark, table), Condition(erasure, mark, table))));
    if (left > 0) {
      return Internal("{} rows of {} are still there after erasure {}", left, table, erasure.id);
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<std::vector<TraceId>> TracesLeft(Engine& engine, const Erasure& erasure) {
  std::vector<TraceId> traces;
  if (erasure.what == Erasure::What::kTrace) return traces;
  ASSIGN_OR_RETURN(
      const QueryResult result,
      engine.Query("SELECT DISTINCT trace_id FROM spans WHERE project = {project:String} AND "
                   "trace_id IN (SELECT trace_id FROM erased WHERE erasure = {erasure:String} AND "
                   "project = {project:String})",
                   Options({{"project", erasure.project}, {"erasure", erasure.id}})));
  RowBinaryReader in(result.body);
  while (!in.AtEnd()) traces.push_back(TraceId::FromBytes(in.Bytes(16)));
  if (!in.ok()) return Broken(engine);
  return traces;
}

}  // namespace pitot
