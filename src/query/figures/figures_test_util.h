// query/figures/figures_test_util.h
//
// Tests of figures over rows of `facts` that a test writes down, in both engines. What the resolver
// makes of spans is tested elsewhere: here the rows are the input.
#pragma once

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "base/hex.h"
#include "base/status.h"
#include "query/filter/filter.h"
#include "query/scope.h"
#include "store/day.h"
#include "store/testing/store_test_base.h"

namespace pitot {

// One row: a finished model call of 100 ms, unless said otherwise.
struct TestFact {
  UnixNanos end_ns = 0;
  int64_t duration_ns = 100 * kNanosPerMilli;
  std::string kind = "llm";
  std::string role = "leaf";
  std::string status = "unset";
  std::string model = "m1";
  std::string tool_name = "";
  std::string tool_status = "";
  int64_t retry_count = 0;
  std::string prompt_name = "";
  std::string prompt_version = "";
  std::string error_category = "";
  std::optional<int64_t> ttft_ns = std::nullopt;
  bool streaming = false;
  int64_t output_tokens = 0;
  int64_t reasoning_tokens = 0;
  int trace = 0;  // 0: one of its own.
  int span = 0;   // 0: the next number.
  uint64_t rev = 1;
  bool is_deleted = false;
  std::string feature = "";
  std::string finish_reason = "";
  int64_t input_tokens = 0;
  int64_t cache_read_tokens = 0;
  std::optional<int64_t> cost = std::nullopt;  // Nano-USD.
  bool unpriced = false;
};

class FiguresTestBase : public StoreTestBase {
 protected:
  void SetUp() override {
    StoreTestBase::SetUp();
    clock_.Set(kNow);
  }

  void Add(const std::vector<TestFact>& facts) {
    std::string sql =
        "INSERT INTO facts (keep_days, day, project, is_call, end_ns, trace_id, span_id, rev, "
        "is_deleted, duration_ns, kind, status, name, model, ttft_ns, streaming, role, counted, "
        "output_tokens, reasoning_tokens, tool_name, tool_status, retry_count, prompt_name, "
        "prompt_version, error_category, feature, finish_reason, input_tokens, cache_read_tokens, "
        "cost, unpriced) VALUES ";
    for (const TestFact& fact : facts) {
      const int span = fact.span != 0 ? fact.span : ++last_span_;
      sql += fmt::format(
          "(30, toDate({}), 'default', {}, {}, unhex('{:032x}'), unhex('{:016x}'), {}, {}, {}, "
          "'{}', '{}', "
          "'span {}', '{}', {}, {}, '{}', {}, {}, {}, '{}', '{}', {}, '{}', '{}', '{}', '{}', "
          "'{}', "
          "{}, {}, {}, {}),",
          DayOf(fact.end_ns),
          fact.kind == "llm" || fact.kind == "embedding" || fact.kind == "reranker", fact.end_ns,
          fact.trace != 0 ? fact.trace : span, span, fact.rev, int{fact.is_deleted},
          fact.duration_ns, fact.kind, fact.status, span, fact.model,
          fact.ttft_ns ? fmt::to_string(*fact.ttft_ns) : "NULL", fact.streaming, fact.role,
          fact.role == "leaf", fact.output_tokens, fact.reasoning_tokens, fact.tool_name,
          fact.tool_status, fact.retry_count, fact.prompt_name, fact.prompt_version,
          fact.error_category, fact.feature, fact.finish_reason, fact.input_tokens,
          fact.cache_read_tokens, fact.cost ? fmt::to_string(*fact.cost) : "NULL", fact.unpriced);
    }
    sql.pop_back();
    Run(sql);
  }

  void Run(const std::string& sql) {
    const absl::Status status = Execute(sql);
    ASSERT_TRUE(status.ok()) << status.ToString() << "\n" << sql.substr(0, 2000);
  }

  QueryContext Context() {
    return {.engine = engine(),
            .limits = limits_,
            .now = clock_.Now(),
            .deadline = std::chrono::steady_clock::now() + kStoreTestDeadline};
  }

  // The last `length` before now.
  Scope Last(int64_t length_ns, std::string_view filter = "") {
    Scope scope;
    scope.project = "default";
    scope.window = {kNow - length_ns, kNow};
    auto parsed = ParseFilter(filter);
    EXPECT_TRUE(parsed.ok()) << parsed.status().ToString();
    if (parsed.ok()) scope.filter = *parsed;
    return scope;
  }

  static boost::json::value Json(const absl::StatusOr<std::string>& answer) {
    EXPECT_TRUE(answer.ok()) << answer.status().ToString();
    if (!answer.ok()) return {};
    boost::system::error_code error;
    boost::json::value value = boost::json::parse(*answer, error);
    EXPECT_FALSE(error) << "no JSON: " << *answer;
    return value;
  }

  static constexpr UnixNanos kNow = 1'795'000'000'000'000'000;  // 2026-11-18T11:06:40Z
  static constexpr int64_t kMs = kNanosPerMilli;
  static constexpr int64_t kMinute = kNanosPerMinute;
  static constexpr int64_t kHour = 60 * kNanosPerMinute;

  Limits limits_;
  int last_span_ = 0;
};

}  // namespace pitot
