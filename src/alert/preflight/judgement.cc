#include <algorithm>
#include <charconv>
#include <cmath>

#include "alert/preflight/point.h"
#include "base/text.h"
#include "http/message.h"

namespace pitot {
namespace {

constexpr size_t kSamplesMax = 5;

// A fail is worse than a lack: more data would not mend it.
int Badness(PreflightStatus status) {
  switch (status) {
    case PreflightStatus::kFail:
      return 2;
    case PreflightStatus::kInsufficientData:
      return 1;
    default:
      return 0;
  }
}

}  // namespace

double PointContext::Threshold(double by_default) const {
  const auto& thresholds = config.alerts.preflight.thresholds;
  const auto found = thresholds.find(std::string(point.id));
  return found == thresholds.end() ? by_default : found->second;
}

void Judgement::Add(PreflightStatus status, std::string words) {
  if (Badness(status) > Badness(status_)) status_ = status;
  parts_.emplace_back(status, std::move(words));
}

void Judgement::Text(std::string name, std::string_view value) {
  evidence_.emplace_back(std::move(name), QuoteJson(value));
}

void Judgement::Number(std::string name, double value) {
  evidence_.emplace_back(
      std::move(name),
      NumberJson(std::isfinite(value) ? std::optional<double>(value) : std::nullopt));
}

void Judgement::Count(std::string name, int64_t value) {
  evidence_.emplace_back(std::move(name), fmt::to_string(value));
}

void Judgement::Flag(std::string name, bool value) {
  evidence_.emplace_back(std::move(name), value ? "true" : "false");
}

void Judgement::Json(std::string name, std::string json) {
  evidence_.emplace_back(std::move(name), std::move(json));
}

void Judgement::Sample(std::string trace_id) {
  if (trace_id.empty() || samples_.size() >= kSamplesMax) return;
  if (std::ranges::find(samples_, trace_id) == samples_.end()) {
    samples_.push_back(std::move(trace_id));
  }
}

void Judgement::Samples(const boost::json::value& trace_ids) {
  if (trace_ids.is_string()) Sample(std::string(trace_ids.get_string()));
  if (!trace_ids.is_array()) return;
  for (const boost::json::value& id : trace_ids.get_array()) Samples(id);
}

std::string Judgement::Words() const {
  std::string out;
  for (const auto& [status, words] : parts_) {
    if (Badness(status) != Badness(status_) || words.empty()) continue;
    if (!out.empty()) out += "; ";
    out += words;
  }
  return out;
}

void Judgement::MoveTo(PreflightResult& result) && {
  result.judged = parts_.empty() ? PreflightStatus::kInsufficientData : status_;
  result.words = Words();
  result.evidence = std::move(evidence_);
  result.thresholds = std::move(thresholds_);
  result.sample_trace_ids = std::move(samples_);
}

namespace point_words {

std::string ShareText(double share) {
  if (share >= 1) return "100 %";
  const double percent = share * 100;
  const double shown =
      percent > 99 || percent < 1 ? std::floor(percent * 100) / 100 : std::floor(percent * 10) / 10;
  return fmt::format("{} %", shown);
}

}  // namespace point_words

std::string CountOf(int64_t n, std::string_view one, std::string_view many) {
  const std::string count = FormatCount(static_cast<uint64_t>(std::max<int64_t>(n, 0)));
  if (n == 1) return fmt::format("{} {}", count, one);
  return many.empty() ? fmt::format("{} {}s", count, one) : fmt::format("{} {}", count, many);
}

std::string ShareText(int64_t part, int64_t whole, std::string_view of) {
  return fmt::format(
      "{} of {} ({})", FormatCount(static_cast<uint64_t>(part)), CountOf(whole, of),
      ShareText(whole == 0 ? 0 : static_cast<double>(part) / static_cast<double>(whole)));
}

absl::StatusOr<Table> ReadDay(const PointContext& context, std::string_view sql, bool calls_only,
                              size_t columns, std::vector<SqlParam> params) {
  Scope scope;
  scope.project = context.project;
  scope.window = context.day;
  SqlPiece where = FactsWhere(scope, calls_only);
  std::ranges::move(params, std::back_inserter(where.params));
  constexpr std::string_view kPlace = "{where}";
  std::string text(sql);
  for (size_t at = text.find(kPlace); at != std::string::npos; at = text.find(kPlace, at)) {
    text.replace(at, kPlace.size(), where.sql);
    at += where.sql.size();
  }
  return ReadTable(context.query, text, std::move(where.params), columns);
}

bool Enough(Judgement& judgement, int64_t n, std::string_view of) {
  if (n >= kPreflightCallsMin) return true;
  judgement.Lack(
      fmt::format("{} in the last 24 hours, {} are needed", CountOf(n, of), kPreflightCallsMin));
  return false;
}

std::string RecordedText(const PointContext& context, std::string_view name) {
  if (!context.recorded) return {};
  const auto found = context.recorded->values.find(std::string(name));
  return found == context.recorded->values.end() ? std::string() : found->second;
}

std::optional<double> RecordedNumber(const PointContext& context, std::string_view name) {
  const std::string text = RecordedText(context, name);
  double value = 0;
  const auto result = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || result.ec != std::errc() || result.ptr != text.data() + text.size() ||
      !std::isfinite(value)) {
    return std::nullopt;
  }
  return value;
}

bool RecordedWithin(const PointContext& context, int64_t max_age_ns, std::string_view what,
                    Judgement& judgement) {
  const std::string how =
      fmt::format("record it: pitot preflight evidence {} ...", context.point.id);
  if (!context.recorded) {
    judgement.Lack(fmt::format("no {} was recorded; {}", what, how));
    return false;
  }
  judgement.Text("recorded_at", FormatTime(context.recorded->at));
  judgement.Text("recorded_by", context.recorded->by);
  for (const auto& [name, value] : context.recorded->values) judgement.Text(name, value);
  const int64_t age = context.query.now - context.recorded->at;
  if (age <= max_age_ns) return true;
  judgement.Lack(fmt::format("the last {} is {} old, at most {} counts; {}", what,
                             FormatDuration(age), FormatDuration(max_age_ns), how));
  return false;
}

bool CanProbe(const PointContext& context, const void* needs, Judgement& judgement) {
  if (!context.probes) {
    judgement.Lack("the probe was not run (probes=false)");
    return false;
  }
  if (needs == nullptr) {
    judgement.Lack("the probe cannot be run here: no sandbox");
    return false;
  }
  return true;
}

}  // namespace pitot
