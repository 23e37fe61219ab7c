// QLT: would anybody notice that answers got worse?
#include <fcntl.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <boost/json.hpp>
#include <cmath>
#include <map>
#include <set>

#include "alert/preflight/point.h"
#include "base/file.h"
#include "base/status.h"
#include "base/text.h"
#include "store/day.h"

namespace pitot {
namespace {

constexpr int64_t kItemsMin = 50;
constexpr uint64_t kDatasetBytesMax = 1ULL << 30;

// Lines that are not blank.
absl::StatusOr<int64_t> CountCases(const std::string& path) {
  ASSIGN_OR_RETURN(const File file, File::Open(path, O_RDONLY));
  ASSIGN_OR_RETURN(const uint64_t bytes, file.Size());
  if (bytes > kDatasetBytesMax) {
    return InvalidArgument("{} has {}, at most {} are read", path, FormatBytes(bytes),
                           FormatBytes(kDatasetBytesMax));
  }
  std::string chunk(1 << 16, '\0');
  int64_t cases = 0;
  bool blank = true;
  for (uint64_t at = 0; at < bytes;) {
    ASSIGN_OR_RETURN(const size_t got, file.ReadAt(at, chunk.data(), chunk.size()));
    if (got == 0) break;
    at += got;
    for (const char c : std::string_view(chunk.data(), got)) {
      if (c == '\n') {
        cases += blank ? 0 : 1;
        blank = true;
      } else if (c != ' ' && c != '\t' && c != '\r') {
        blank = false;
      }
    }
  }
  return cases + (blank ? 0 : 1);
}

absl::StatusOr<std::set<std::string>> FeaturesInUse(const PointContext& context) {
  ASSIGN_OR_RETURN(const Table table,
                   ReadDay(context,
                           fmt::format("SELECT DISTINCT toString(f.feature) AS feature "
                                       "FROM facts AS f FINAL WHERE {{where}} AND {} "
                                       "AND f.feature != '' ORDER BY feature LIMIT 1000",
                                       kIsLlmCallSql),
                           true, 1));
  std::set<std::string> features;
  for (const boost::json::value& row : table.rows) {
    features.emplace(TextAt(row.get_array(), 0));
  }
  return features;
}

absl::Status JudgeDatasets(const PointContext& context, Judgement& judgement) {
  const auto& datasets = context.config.alerts.preflight.datasets;
  const auto items_min = static_cast<int64_t>(context.Threshold(kItemsMin));
  judgement.Threshold("items_min", static_cast<double>(items_min));
  ASSIGN_OR_RETURN(std::set<std::string> bare, FeaturesInUse(context));
  std::vector<std::string> rows;
  for (const auto& dataset : datasets) {
    bare.erase(dataset.feature);
    const auto cases = CountCases(dataset.file);
    rows.push_back(fmt::format(R"({{"name":{},"feature":{},"version":{},"items":{}}})",
                               JsonText(dataset.name), JsonText(dataset.feature),
                               JsonText(dataset.version),
                               cases.ok() ? fmt::to_string(*cases) : "null"));
    if (!cases.ok()) {
      judgement.Fail(fmt::format("{}: {}", dataset.name, Message(cases.status())));
    } else if (*cases < items_min) {
      judgement.Fail(fmt::format("{} has {}, {} are needed", dataset.name, CountOf(*cases, "case"),
                                 items_min));
    } else if (dataset.version.empty()) {
      judgement.Fail(fmt::format("{} has no version", dataset.name));
    }
  }
  judgement.Json("datasets", fmt::format("[{}]", fmt::join(rows, ",")));
  if (datasets.empty()) {
    judgement.Fail("alerts.preflight.datasets names no dataset");
  } else if (!bare.empty()) {
    judgement.Fail(fmt::format("no dataset for {}", fmt::join(bare, ", ")));
  }
  judgement.Pass(fmt::format("{} with {} cases or more each, versioned",
                             CountOf(static_cast<int64_t>(datasets.size()), "dataset"), items_min));
  return absl::OkStatus();
}

// WHERE of scores given within `days`.
SqlPiece ScoresWhere(const PointContext& context, int64_t days) {
  const UnixNanos since = context.query.now - days * kNanosPerDay;
  return {.sql =
              "c.project = {project:String} "
              "AND toUInt16(c.day) BETWEEN {scores_min_day:UInt16} AND {scores_max_day:UInt16} "
              "AND c.at_ns >= {scores_since:Int64} AND c.at_ns < {scores_until:Int64}",
          .params = {{"project", context.project},
                     {"scores_min_day", fmt::to_string(DayOf(since))},
                     {"scores_max_day", fmt::to_string(DayOf(context.query.now))},
                     {"scores_since", fmt::to_string(since)},
                     {"scores_until", fmt::to_string(context.query.now)}}};
}

// z of a two-sided test at 5 % plus z of a power of 80 %.
constexpr double kZ = 1.959963984540054 + 0.8416212335729143;

absl::Status JudgePower(const PointContext& context, Judgement& judgement) {
  const double margin = context.Threshold(0.02);
  judgement.Threshold("margin", margin);
  if (const auto mde = RecordedNumber(context, "mde")) {
    if (!RecordedWithin(context, 90 * kNanosPerDay, "baseline run", judgement)) {
      return absl::OkStatus();
    }
    judgement.Check(*mde <= margin, fmt::format("the smallest difference the baseline run can show "
                                                "is {}, wanted is {}",
                                                *mde, margin));
    return absl::OkStatus();
  }
  SqlPiece where = ScoresWhere(context, 30);
  ASSIGN_OR_RETURN(
      const Table table,
      ReadTable(context.query,
                fmt::format("SELECT toString(c.name) AS name, count() AS n, stddevSamp(c.value) "
                            "FROM scores AS c FINAL WHERE {} AND c.type != 'categorical' "
                            "GROUP BY name HAVING n >= {} ORDER BY n DESC, name",
                            where.sql, kItemsMin),
                std::move(where.params), 3));
  if (table.rows.empty()) {
    judgement.Lack(
        fmt::format("no score has {} values in 30 days, and no mde was recorded", kItemsMin));
    return absl::OkStatus();
  }
  double best = 0;
  std::string name;
  int64_t needed = 0;
  for (const boost::json::value& value : table.rows) {
    const boost::json::array& row = value.get_array();
    const double mde = kZ * DoubleAt(row, 2) * std::sqrt(2.0 / static_cast<double>(IntAt(row, 1)));
    if (!name.empty() && mde >= best) continue;
    best = mde;
    name = TextAt(row, 0);
    needed = static_cast<int64_t>(std::ceil(2 * std::pow(kZ * DoubleAt(row, 2) / margin, 2)));
  }
  judgement.Text("score", name);
  judgement.Number("mde", best);
  judgement.Count("needed", needed);
  if (best <= margin) {
    judgement.Pass(
        fmt::format("{} shows differences from {:.3g} on, wanted is {}", name, best, margin));
  } else {
    judgement.Fail(fmt::format("{} shows differences from {:.3g} on, wanted is {}: that takes {}",
                               name, best, margin, CountOf(needed, "value")));
  }
  return absl::OkStatus();
}

absl::Status JudgeGate(const PointContext& context, Judgement& judgement) {
  const auto days = static_cast<int64_t>(context.Threshold(7));
  judgement.Threshold("days_max", static_cast<double>(days));
  if (!context.recorded) {
    judgement.Fail(
        "no release gate has told its verdict; let CI run: pitot preflight evidence "
        "QLT-03 verdict=...");
    return absl::OkStatus();
  }
  if (!RecordedWithin(context, days * kNanosPerDay, "verdict of a release gate", judgement)) {
    return absl::OkStatus();
  }
  const std::string verdict = RecordedText(context, "verdict");
  if (verdict.empty()) {
    judgement.Lack("the recorded run of the gate has no verdict");
  } else if (verdict.starts_with("regression") || verdict == "fail") {
    judgement.Fail(fmt::format("the last verdict is {}", verdict));
  } else if (verdict == "inconclusive" || verdict == "error") {
    judgement.Lack(fmt::format("the last verdict is {}", verdict));
  } else {
    judgement.Pass(fmt::format("the last verdict is {}", verdict));
  }
  return absl::OkStatus();
}

absl::Status JudgeOnlineEvals(const PointContext& context, Judgement& judgement) {
  SqlPiece scores = ScoresWhere(context, 2);
  const std::string sql = fmt::format(
      "SELECT count(), countIf(scored), countIf(failed), countIf(failed AND scored), "
      "groupArrayIf(5)(lower(hex(trace_id)), failed AND NOT scored) FROM ("
      "SELECT f.trace_id AS trace_id, f.status = 'error' AS failed, f.trace_id IN ("
      "SELECT c.trace_id FROM scores AS c FINAL WHERE {} AND c.source != 'human') AS scored "
      "FROM facts AS f FINAL WHERE {{where}} AND f.is_root AND NOT f.is_orphan "
      "AND f.status != 'running')",
      scores.sql);
  std::erase_if(scores.params, [](const SqlParam& param) { return param.name == "project"; });
  ASSIGN_OR_RETURN(const Table table, ReadDay(context, sql, false, 5, std::move(scores.params)));
  const boost::json::array& row = table.rows.at(0).get_array();
  const int64_t traces = IntAt(row, 0);
  const int64_t scored = IntAt(row, 1);
  const int64_t failed = IntAt(row, 2);
  const int64_t failed_scored = IntAt(row, 3);
  judgement.Count("traces", traces);
  judgement.Count("scored", scored);
  judgement.Count("failed", failed);
  judgement.Count("failed_scored", failed_scored);
  if (!Enough(judgement, traces, "trace")) return absl::OkStatus();
  judgement.Check(scored > 0,
                  scored > 0 ? fmt::format("{} were scored", ShareText(scored, traces, "trace"))
                             : "no trace was scored by an evaluator");
  if (failed_scored < failed) {
    judgement.Fail(fmt::format("{} that failed were not scored",
                               ShareText(failed - failed_scored, failed, "trace")));
    judgement.Samples(row[4]);
  } else if (failed > 0) {
    judgement.Pass(
        fmt::format("all {} that failed too", FormatCount(static_cast<uint64_t>(failed))));
  }
  return absl::OkStatus();
}

// A judge's and a person's label of the same thing, the newest of each.
constexpr std::string_view kLabelPairsSql =
    "SELECT name, judge, human, count() FROM ("
    "SELECT toString(c.name) AS name, c.trace_id AS trace_id, c.span_id AS span_id, "
    "argMaxIf(if(c.type = 'categorical', c.text, if(c.value >= 0.5, 'pass', 'fail')), c.at_ns, "
    "c.source != 'human') AS judge, "
    "argMaxIf(if(c.type = 'categorical', c.text, if(c.value >= 0.5, 'pass', 'fail')), c.at_ns, "
    "c.source = 'human') AS human "
    "FROM scores AS c FINAL WHERE {scores} "
    "GROUP BY name, trace_id, span_id "
    "HAVING countIf(c.source != 'human') > 0 AND countIf(c.source = 'human') > 0"
    ") GROUP BY name, judge, human ORDER BY name, judge, human";

struct Confusion {
  int64_t labels = 0;
  int64_t agreed = 0;
  std::map<std::string, int64_t> judge, human;
  std::vector<std::string> cells;  // JSON

  // Cohen's: agreement beyond what chance gives. Nothing when both always say the same.
  std::optional<double> Kappa() const {
    const auto n = static_cast<double>(labels);
    double chance = 0;
    for (const auto& [label, count] : judge) {
      const auto found = human.find(label);
      if (found == human.end()) continue;
      chance += static_cast<double>(count) / n * (static_cast<double>(found->second) / n);
    }
    if (labels == 0 || chance >= 1) return std::nullopt;
    return (static_cast<double>(agreed) / n - chance) / (1 - chance);
  }
};

absl::Status JudgeCalibration(const PointContext& context, Judgement& judgement) {
  const double wants = context.Threshold(0.6);
  judgement.Threshold("kappa_min", wants);
  judgement.Threshold("labels_min", kItemsMin);
  SqlPiece where = ScoresWhere(context, 90);
  std::string sql(kLabelPairsSql);
  constexpr std::string_view kPlace = "{scores}";
  sql.replace(sql.find(kPlace), kPlace.size(), where.sql);
  ASSIGN_OR_RETURN(const Table table, ReadTable(context.query, sql, std::move(where.params), 4));
  std::map<std::string, Confusion> by_name;
  for (const boost::json::value& value : table.rows) {
    const boost::json::array& row = value.get_array();
    Confusion& confusion = by_name[std::string(TextAt(row, 0))];
    const int64_t n = IntAt(row, 3);
    const std::string judge(TextAt(row, 1));
    const std::string human(TextAt(row, 2));
    confusion.labels += n;
    confusion.judge[judge] += n;
    confusion.human[human] += n;
    if (judge == human) confusion.agreed += n;
    confusion.cells.push_back(
        fmt::format(R"({{"judge":{},"human":{},"n":{}}})", JsonText(judge), JsonText(human), n));
  }
  if (by_name.empty()) {
    judgement.Lack("nothing that a judge scored in 90 days has a person's label too");
    return absl::OkStatus();
  }
  for (const auto& [name, confusion] : by_name) {
    const auto kappa = confusion.Kappa();
    judgement.Json(fmt::format("{}_confusion", name),
                   fmt::format("[{}]", fmt::join(confusion.cells, ",")));
    judgement.Json(fmt::format("{}_kappa", name), NumberJson(kappa));
    if (confusion.labels < kItemsMin) {
      judgement.Lack(fmt::format("{} has {} by people, {} are needed", name,
                                 CountOf(confusion.labels, "label"), kItemsMin));
    } else if (!kappa) {
      judgement.Lack(
          fmt::format("{}: judge and people gave one label only, which tells nothing", name));
    } else {
      judgement.Check(*kappa >= wants, fmt::format("{}: kappa is {:.2f} over {}", name, *kappa,
                                                   CountOf(confusion.labels, "label")));
    }
  }
  return absl::OkStatus();
}

absl::Status JudgeRollback(const PointContext& context, Judgement& judgement) {
  const double wants = context.Threshold(300);
  judgement.Threshold("seconds_max", wants);
  if (!RecordedWithin(context, 90 * kNanosPerDay, "rollback drill", judgement)) {
    return absl::OkStatus();
  }
  const auto seconds = RecordedNumber(context, "seconds");
  if (!seconds) {
    judgement.Lack("the recorded drill has no number of seconds");
  } else {
    judgement.Check(
        *seconds >= 0 && *seconds <= wants,
        fmt::format("the last drill took {} s, at most {} s are wanted", *seconds, wants));
  }
  return absl::OkStatus();
}

constexpr PointRow kRows[] = {
    {{.id = "QLT-01",
      .title = "Eval dataset per feature",
      .how = "C",
      .wants = "Each feature that calls models has a versioned dataset of 50 cases or more.",
      .remedy = "Name the files in alerts.preflight.datasets: {name, feature, version, file}."},
     JudgeDatasets},
    {{.id = "QLT-02",
      .title = "Baseline run + power known",
      .how = "Q",
      .wants = "The smallest difference that a baseline run can show is within the margin (0.02).",
      .remedy = "Run the baseline on more cases; record mde=..., or send its scores."},
     JudgePower},
    {{.id = "QLT-03",
      .title = "Release gate uses verdict",
      .how = "C",
      .wants = "CI told the gate's verdict within 7 days, and it is no regression.",
      .remedy = "In CI: pitot preflight evidence QLT-03 verdict=ship"},
     JudgeGate},
    {{.id = "QLT-04",
      .title = "Online evals sampled",
      .how = "Q",
      .wants = "Some traces of the last day were scored, and all that failed.",
      .remedy = "Score a sample of live traces and every failed one: POST /api/v1/scores."},
     JudgeOnlineEvals},
    {{.id = "QLT-05",
      .title = "Judge calibrated",
      .how = "Q",
      .wants = "Each judge agrees with people: kappa 0.6 or more over 50 labels.",
      .remedy =
          "Label 50 of its answers by hand (scores with source human) and sharpen its rubric."},
     JudgeCalibration},
    {{.id = "QLT-06",
      .title = "Rollback to previous prompt <= 5 min",
      .how = "P",
      .wants = "A drill within 90 days took 300 s or less.",
      .remedy = "Roll a prompt back and forth, then: pitot preflight evidence QLT-06 seconds=..."},
     JudgeRollback},
};

}  // namespace

std::span<const PointRow> QltPoints() { return kRows; }

}  // namespace pitot
