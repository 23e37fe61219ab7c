#include "alert/preflight/preflight_test_util.h"
#include "base/file.h"
#include "store/day.h"

namespace pitot {
namespace {

class QltPointsTest : public PreflightTestBase {
 protected:
  struct Score {
    std::string name = "helpful";
    double value = 1;
    std::string source = "judge";
    std::string trace;  // 32 hex digits; empty: none.
    std::string type = "numeric";
    std::string text;
  };
  void Add(const std::string& project, const std::vector<Score>& scores) {
    std::string sql =
        "INSERT INTO scores (keep_days, day, project, id, rev, is_deleted, at_ns, name, type, "
        "value, text, trace_id, source) VALUES ";
    const UnixNanos at = now_ - kNanosPerMinute;
    for (const Score& score : scores) {
      sql += fmt::format(
          "(30, toDate({}), '{}', 's{}', 1, 0, {}, '{}', '{}', {}, '{}', "
          "toFixedString(unhex('{}'), 16), '{}'),",
          DayOf(at), project, ++last_score_, at, score.name, score.type, score.value, score.text,
          score.trace, score.source);
    }
    sql.pop_back();
    const absl::Status status = Execute(sql);
    ASSERT_TRUE(status.ok()) << status.ToString();
  }
  static std::string Trace(int i) { return fmt::format("{:032x}", 0xaaaa0000 + i); }
  TestSpan CallIn(int trace) {
    return Call().With("trace_id", fmt::format("\"{}\"", Trace(trace)));
  }
  int last_score_ = 0;
};
PITOT_FOR_EACH_STORE(QltPointsTest);

TEST_P(QltPointsTest, Datasets) {
  std::string lines;
  for (int i = 0; i < 50; ++i) lines += "{\"question\":1}\n\n";
  const std::string file = folder_ / "cases.jsonl";
  ASSERT_TRUE(WriteFileAtomic(file, lines).ok());
  Run("QLT-01", {{"none", Lines(Call(), 1), kFail, "names no dataset"}});
  config_.alerts.preflight.datasets = {
      {.name = "carts", .feature = "checkout", .version = "3", .file = file}};
  Run("QLT-01",
      {{"fifty", Lines(Call(), 1), kPass, "1 dataset with 50 cases or more each"},
       {"another feature", Lines(Call(), 1) + Lines(Call().With("feature", "\"search\""), 1), kFail,
        "no dataset for search"}});
  config_.alerts.preflight.datasets[0].version.clear();
  Run("QLT-01", {{"no version", Lines(Call(), 1), kFail, "carts has no version"}});
  ASSERT_TRUE(WriteFileAtomic(file, "{}\n{}").ok());
  Run("QLT-01", {{"two cases", Lines(Call(), 1), kFail, "carts has 2 cases, 50 are needed"}});
  config_.alerts.preflight.datasets[0].file = folder_ / "absent";
  Run("QLT-01", {{"no file", Lines(Call(), 1), kFail, "No such file"}});
}

TEST_P(QltPointsTest, Power) {
  Run("QLT-02", kLack, "no score has 50 values in 30 days", "nothing");
  std::vector<Score> scores;
  for (int i = 0; i < 60; ++i) scores.push_back({.value = i % 2 == 0 ? 1.0 : 0.0});
  Add("coin", scores);
  Expect(kFail, "QLT-02", "coin", "helpful shows differences from 0.258 on, wanted is 0.02",
         "a coin's spread");
  for (size_t i = 0; i < scores.size(); ++i) scores[i].value = 0.8 + (i % 2 == 0 ? 0.001 : 0);
  Add("steady", scores);
  Expect(kPass, "QLT-02", "steady", "helpful shows differences from", "hardly any spread");
  Record("QLT-02", "told", {{"mde", "0.015"}});
  Expect(kPass, "QLT-02", "told", "can show is 0.015, wanted is 0.02", "recorded");
  Record("QLT-02", "told", {{"mde", "0.03"}});
  Expect(kFail, "QLT-02", "told", "can show is 0.03", "recorded, too coarse");
}

TEST_P(QltPointsTest, Gate) {
  Run("QLT-03", kFail, "no release gate has told its verdict", "never ran");
  Record("QLT-03", "shop", {{"verdict", "ship"}});
  Expect(kPass, "QLT-03", "shop", "the last verdict is ship", "ran");
  Record("QLT-03", "shop", {{"verdict", "regression"}});
  Expect(kFail, "QLT-03", "shop", "the last verdict is regression", "said no");
  Record("QLT-03", "shop", {{"verdict", "inconclusive"}});
  Expect(kLack, "QLT-03", "shop", "the last verdict is inconclusive", "could not tell");
  Record("QLT-03", "old", {{"verdict", "ship"}}, 8 * kNanosPerDay);
  Expect(kLack, "QLT-03", "old", "is 8d 00h old", "too long ago");
}

TEST_P(QltPointsTest, OnlineEvals) {
  std::string lines;
  for (int i = 0; i < 60; ++i) {
    lines += Lines(i < 2 ? CallIn(i).With("status", "\"error\"") : CallIn(i), 1);
  }
  ASSERT_TRUE(Ingested(lines, "scored").ok());
  Expect(kFail, "QLT-04", "scored", "no trace was scored by an evaluator", "nothing");
  Add("scored",
      {{.trace = Trace(0)}, {.trace = Trace(30)}, {.source = "human", .trace = Trace(1)}});
  Expect(kFail, "QLT-04", "scored", "1 of 2 traces (50 %) that failed were not scored",
         "a failed one is missing");
  Add("scored", {{.trace = Trace(1)}});
  Expect(kPass, "QLT-04", "scored", "3 of 60 traces (5 %) were scored; all 2 that failed too",
         "all failed ones");
  Run("QLT-04", kLack, "0 traces", "no traffic");
}

TEST_P(QltPointsTest, Calibration) {
  Run("QLT-05", kLack, "has a person's label too", "nothing");
  const auto labels = [&](const std::string& project, int agree, int differ) {
    std::vector<Score> scores;
    for (int i = 0; i < agree + differ; ++i) {
      const double judge = i % 2 == 0 ? 1 : 0;
      scores.push_back({.value = judge, .trace = Trace(i)});
      scores.push_back(
          {.value = i < agree ? judge : 1 - judge, .source = "human", .trace = Trace(i)});
    }
    Add(project, scores);
  };
  labels("good", 54, 6);
  Expect(kPass, "QLT-05", "good", "helpful: kappa is 0.80 over 60 labels", "nine of ten agree");
  labels("bad", 40, 20);
  Expect(kFail, "QLT-05", "bad", "helpful: kappa is 0.33", "two of three agree");
  labels("few", 10, 0);
  Expect(kLack, "QLT-05", "few", "helpful has 10 labels by people, 50 are needed", "few labels");
}

TEST_P(QltPointsTest, Rollback) {
  Run("QLT-06", kLack, "no rollback drill was recorded", "never");
  Record("QLT-06", "shop", {{"seconds", "140"}});
  Expect(kPass, "QLT-06", "shop", "the last drill took 140 s", "fast");
  Record("QLT-06", "shop", {{"seconds", "900"}});
  Expect(kFail, "QLT-06", "shop", "took 900 s, at most 300 s", "slow");
  Record("QLT-06", "old", {{"seconds", "140"}}, 91 * kNanosPerDay);
  Expect(kLack, "QLT-06", "old", "old, at most", "too long ago");
}

}  // namespace
}  // namespace pitot
