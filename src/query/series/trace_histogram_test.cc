#include "query/series/trace_histogram.h"

#include <gmock/gmock.h>

#include <functional>

#include "query/figures/figures_test_util.h"
#include "query/series/steps.h"
#include "query/trace_list.h"

namespace pitot {
namespace {

namespace json = boost::json;
using ::testing::HasSubstr;

// A trace every 7 minutes of the two days before now, each with one model call; every 3rd calls m2,
// every 5th failed, the newest two run. The call of every 11th ends a day later than it began.
constexpr int kTraces = 411;

class TraceHistogramTest : public FiguresTestBase {
 protected:
  static UnixNanos StartOf(int n) { return kNow - 1 - n * 7 * kMinute; }
  static bool IsOfM2(int n) { return n % 3 == 0; }
  static std::string_view StatusOf(int n) {
    return n < 2 ? "running" : n % 5 == 0 ? "error" : "unset";
  }

  void SetUp() override {
    FiguresTestBase::SetUp();
    std::vector<TestFact> facts;
    std::string sql =
        "INSERT INTO traces (keep_days, day, project, trace_id, rev, is_deleted, start_ns, "
        "duration_ns, root_name, spans, status) VALUES ";
    for (int n = 0; n < kTraces; ++n) {
      const int64_t duration = n % 11 == 0 ? kNanosPerDay : kMinute;
      for (int rev = 1; rev <= 2; ++rev) {  // The first is superseded.
        sql += fmt::format(
            "(30, toDate({}), 'default', unhex('{:032x}'), {}, 0, {}, {}, 'run', 1, '{}'),",
            DayOf(StartOf(n)), n + 1, rev, StartOf(n), duration, rev == 1 ? "error" : StatusOf(n));
      }
      facts.push_back(
          {.end_ns = StartOf(n) + duration, .model = IsOfM2(n) ? "m2" : "m1", .trace = n + 1});
    }
    sql.pop_back();
    Run(sql);
    Add(facts);
  }

  json::value Histogram(const TraceHistogramRequest& request) {
    return Json(ReadTraceHistogram(Context(), request));
  }

  static void Check(const json::value& answer, const TraceHistogramRequest& request,
                    const std::function<bool(int)>& wanted) {
    const Steps steps = StepsOf(request.scope.window, request.points);
    std::vector<int64_t> traces(steps.count);
    std::vector<int64_t> errors(steps.count);
    std::vector<int64_t> running(steps.count);
    int64_t total = 0;
    for (int n = 0; n < kTraces; ++n) {
      const UnixNanos start = StartOf(n);
      if (!wanted(n) || start < request.scope.window.since_ns) continue;
      if (start >= request.scope.window.until_ns) continue;
      const auto step = static_cast<size_t>((start - steps.StartOf(0)) / steps.step_ns);
      ++total;
      ++traces[step];
      errors[step] += StatusOf(n) == "error";
      running[step] += StatusOf(n) == "running";
    }
    EXPECT_EQ(answer.at("traces"), json::value_from(traces));
    EXPECT_EQ(answer.at("errors"), json::value_from(errors));
    EXPECT_EQ(answer.at("running"), json::value_from(running));
    EXPECT_EQ(answer.at("total"), total);
    EXPECT_EQ(answer.at("starts").as_array().size(), steps.count);
  }
};

TEST_P(TraceHistogramTest, CountsTracesByTheirStart) {
  for (const int64_t width : {kHour, 36 * kHour, 60 * kNanosPerDay}) {
    for (const int64_t points : {2, 9, 1000}) {
      SCOPED_TRACE(fmt::format("{} h, {} points", width / kHour, points));
      const TraceHistogramRequest all{.scope = Last(width), .points = points};
      Check(Histogram(all), all, [](int) { return true; });
      const TraceHistogramRequest some{.scope = Last(width, "model = m2"), .points = points};
      Check(Histogram(some), some, IsOfM2);
    }
  }
}

TEST_P(TraceHistogramTest, CountsTheTracesOfTheList) {
  for (const char* q : {"", "model = m2", "trace.status = error AND model = m1", "model = none"}) {
    SCOPED_TRACE(q);
    TraceHistogramRequest request{.scope = Last(30 * kHour, q)};
    request.scope.window.until_ns -= 10 * kHour;
    TraceListRequest list{.project = "default",
                          .since = "30h",
                          .until = "10h",
                          .filter = request.scope.filter,
                          .limit = 1000};
    const json::value traces = Json(ListTraces(Context(), list));
    EXPECT_EQ(Histogram(request).at("total"), traces.at("traces").as_array().size());
  }
}

TEST_P(TraceHistogramTest, RefusesInWords) {
  for (const int64_t points : {1, 1001}) {
    const auto answer = ReadTraceHistogram(Context(), {.scope = Last(kHour), .points = points});
    ASSERT_FALSE(answer.ok());
    EXPECT_THAT(std::string(Message(answer.status())),
                HasSubstr(fmt::format("points {} is not between 2 and 1000", points)));
  }
}

PITOT_FOR_EACH_STORE(TraceHistogramTest);

}  // namespace
}  // namespace pitot
