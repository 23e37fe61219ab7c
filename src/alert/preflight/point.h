// alert/preflight/point.h
//
// Internal to preflight/: how one point is judged. A judge looks at what its context gives and says
// in parts what it saw; the worst part decides.
#pragma once

#include <absl/status/statusor.h>
#include <fmt/format.h>

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "alert/preflight/preflight.h"
#include "query/figures/answer.h"

namespace pitot {

// Fewer calls in the last day than this say nothing.
inline constexpr int64_t kPreflightCallsMin = 50;

struct PointContext {
  const PreflightPoint& point;
  const PreflightConfig& config;
  const QueryContext& query;
  std::string project;
  Window day;  // The last 24 hours.
  bool probes = false;
  Sandbox* sandbox = nullptr;     // Null where none was wired, or without probes.
  AlertReplay* replay = nullptr;  // As sandbox.
  const PreflightHooks& hooks;
  StateLog* state = nullptr;
  std::optional<PreflightEvidence> recorded;
  std::string run;  // Of this run: marks what probes write. Letters and digits.

  // What the configuration says for this point, else `by_default`.
  double Threshold(double by_default) const;
};

class Judgement {
 public:
  void Pass(std::string words) { Add(PreflightStatus::kPass, std::move(words)); }
  void Fail(std::string words) { Add(PreflightStatus::kFail, std::move(words)); }
  void Lack(std::string words) { Add(PreflightStatus::kInsufficientData, std::move(words)); }
  void Check(bool ok, std::string words) { ok ? Pass(std::move(words)) : Fail(std::move(words)); }

  // Evidence, in the order given.
  void Text(std::string name, std::string_view value);
  void Number(std::string name, double value);
  void Count(std::string name, int64_t value);
  void Flag(std::string name, bool value);
  void Json(std::string name, std::string json);
  void Threshold(std::string name, double value) {
    thresholds_.emplace_back(std::move(name), value);
  }
  // A JSON array of 32-digit ids, or one of them; at most 5 in all are kept.
  void Samples(const boost::json::value& trace_ids);
  void Sample(std::string trace_id);

  PreflightStatus status() const { return status_; }
  // What there is to say of the worst parts, one sentence a part.
  std::string Words() const;
  // Moves evidence, thresholds, samples and verdict to a result.
  void MoveTo(PreflightResult& result) &&;

 private:
  void Add(PreflightStatus status, std::string words);

  PreflightStatus status_ = PreflightStatus::kPass;
  std::vector<std::pair<PreflightStatus, std::string>> parts_;
  std::vector<std::pair<std::string, std::string>> evidence_;
  std::vector<std::pair<std::string, double>> thresholds_;
  std::vector<std::string> samples_;
};

// An error: it could not be judged, which is insufficient data with the error's words.
using PointJudge = absl::Status (*)(const PointContext& context, Judgement& judgement);

struct PointRow {
  PreflightPoint point;
  PointJudge judge;
};

// By area, in the order shown: points_ins.cc, points_alr.cc, ...
std::span<const PointRow> InsPoints();
std::span<const PointRow> AlrPoints();
std::span<const PointRow> OpsPoints();
std::span<const PointRow> CstPoints();
std::span<const PointRow> QltPoints();
std::span<const PointRow> SecPoints();

// Other folders of alert/ write figures in words of their own.
namespace point_words {

// "98.7 %"; never 100 % for what is less.
std::string ShareText(double share);

}  // namespace point_words
using namespace point_words;

// "3 of 60 calls (5 %)"
std::string ShareText(int64_t part, int64_t whole, std::string_view of);
// "1 call", "2 calls"; `many` where an s does not do.
std::string CountOf(int64_t n, std::string_view one, std::string_view many = {});
// The rows of `sql` over facts of the last day: WHERE and its parameters are added at "{where}".
absl::StatusOr<Table> ReadDay(const PointContext& context, std::string_view sql, bool calls_only,
                              size_t columns, std::vector<SqlParam> params = {});
// Whether the point has enough calls to say anything; else says so.
bool Enough(Judgement& judgement, int64_t n, std::string_view of);
// A value of the recorded evidence as a number, none: absent or no number.
std::optional<double> RecordedNumber(const PointContext& context, std::string_view name);
std::string RecordedText(const PointContext& context, std::string_view name);
// Of evidence recorded within `max_age_ns`; else says what is missing and gives false.
bool RecordedWithin(const PointContext& context, int64_t max_age_ns, std::string_view what,
                    Judgement& judgement);
// A probe is wanted and there is what it needs; else says so.
bool CanProbe(const PointContext& context, const void* needs, Judgement& judgement);

}  // namespace pitot
