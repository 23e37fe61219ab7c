// alert/slo/slo_test_util.h
//
// Tests of objectives over rows of `facts` that a test writes down, in both engines.
#pragma once

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "alert/slo/slo.h"
#include "base/limits.h"
#include "query/scope.h"
#include "store/day.h"
#include "store/testing/store_test_base.h"

namespace pitot {

// A finished model call of 100 ms unless said otherwise. Ids: 0 is one of its own.
struct SloRow {
  UnixNanos end_ns = 0;
  int64_t duration_ns = 100 * kNanosPerMilli;
  std::string kind = "llm";
  std::string role = "leaf";
  std::string status = "unset";
  std::string error_category = "";
  std::string finish_reason = "";
  std::string name = "chat m1";
  std::string feature = "";
  std::string environment = "";
  std::string tool_status = "";
  std::string agent = "";
  std::string ttft = "NULL";
  bool streaming = false;
  bool is_root = false;
  int trace = 0;
  int span = 0;
  uint64_t rev = 1;
  bool is_deleted = false;
};

class SloTestBase : public StoreTestBase {
 protected:
  static constexpr UnixNanos kNow = 1'795'000'000'000'000'000;  // 2026-11-18T11:06:40Z

  void SetUp() override {
    StoreTestBase::SetUp();
    clock_.Set(kNow);
  }

  void Run(const std::string& sql) {
    const absl::Status status = Execute(sql);
    ASSERT_TRUE(status.ok()) << status.ToString() << "\n" << sql.substr(0, 2000);
  }

  void Add(const std::vector<SloRow>& rows) {
    std::string sql =
        "INSERT INTO facts (keep_days, day, project, is_call, end_ns, trace_id, span_id, rev, "
        "is_deleted, duration_ns, kind, is_root, status, name, environment, feature, agent, "
        "finish_reason, ttft_ns, streaming, role, tool_status, error_category) VALUES ";
    for (const SloRow& row : rows) {
      const int span = row.span != 0 ? row.span : ++last_;
      sql += fmt::format(
          "(30, toDate({}), 'default', {}, {}, unhex('{:032x}'), unhex('{:016x}'), {}, {}, {}, "
          "'{}', {}, '{}', '{}', '{}', '{}', '{}', '{}', {}, {}, '{}', '{}', '{}'),",
          DayOf(row.end_ns), row.kind == "llm" || row.kind == "embedding", row.end_ns,
          row.trace != 0 ? row.trace : 1'000'000 + span, span, row.rev, int{row.is_deleted},
          row.duration_ns, row.kind, row.is_root, row.status, row.name, row.environment,
          row.feature, row.agent, row.finish_reason, row.ttft, row.streaming, row.role,
          row.tool_status, row.error_category);
    }
    sql.pop_back();
    Run(sql);
  }

  // `n` rows like `row`, spread over the minute before `until`.
  static std::vector<SloRow> Many(int n, SloRow row, UnixNanos until) {
    std::vector<SloRow> rows;
    for (int i = 0; i < n; ++i) {
      row.end_ns = until - 1 - i * (kNanosPerMinute / (n + 1));
      rows.push_back(row);
    }
    return rows;
  }

  QueryContext Context(UnixNanos now) {
    return {.engine = engine(),
            .limits = limits_,
            .now = now,
            .deadline = std::chrono::steady_clock::now() + kStoreTestDeadline};
  }

  static SloSpec Ratio() {
    SloSpec spec;
    spec.name = "calls";
    return spec;
  }

  Limits limits_;
  int last_ = 0;
};

}  // namespace pitot
