#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <span>
#include <stdexcept>

#include "measure/binomial.h"
#include "measure/burn_rate.h"
#include "measure/exponential_histogram.h"
#include "measure/forecast.h"
#include "measure/loops.h"
#include "measure/proportions.h"
#include "measure/robust_z.h"
#include "measure/sketch.h"
#include "tests/stat_vectors/vectors.h"

namespace pitot {
namespace {

namespace json = boost::json;

double Number(const json::value& value) { return value.to_number<double>(); }
int64_t Integer(const json::value& value) { return value.to_number<int64_t>(); }

std::vector<double> Numbers(const json::value& values) {
  std::vector<double> numbers;
  for (const json::value& value : values.as_array()) numbers.push_back(Number(value));
  return numbers;
}

json::value OrNull(const std::optional<double>& value) {
  if (!value) return nullptr;
  return *value;
}

json::object Burn(const json::object& input, const json::object&) {
  json::array cases;
  for (const json::value& value : input.at("cases").as_array()) {
    json::object computed = value.as_object();
    const SliCount count = {Integer(computed.at("good")), Integer(computed.at("total"))};
    const double target = Number(computed.at("target"));
    computed["burn_rate"] = OrNull(BurnRate(count, target));
    computed["max_possible_burn"] = MaxBurn(target);
    cases.push_back(std::move(computed));
  }
  return {{"cases", std::move(cases)}};
}

json::object Factors(const json::object& input, const json::object&) {
  json::array factors;
  for (const json::value& row : input.at("rows").as_array()) {
    factors.push_back(
        TierFactor(Number(row.at(0)), Number(input.at("period_h")), Number(row.at(1))));
  }
  return {{"factors", std::move(factors)}};
}

json::object Consumed(const json::object& input, const json::object&) {
  json::array shares;
  for (const json::value& row : input.at("rows").as_array()) {
    shares.push_back(
        BudgetConsumed(Number(row.at(0)), Number(row.at(1)), Number(input.at("period_h"))));
  }
  return {{"fraction", std::move(shares)}};
}

json::object Tail(const json::object& input, const json::object&) {
  json::array tails;
  for (const json::value& row : input.at("cases").as_array()) {
    tails.push_back(BinomialUpperTail(Integer(row.at(0)), Integer(row.at(1)), Number(row.at(2))));
  }
  return {{"p", std::move(tails)}};
}

json::object Absent(const json::object& input, const json::object&) {
  return {{"seconds", AbsentFor(Number(input.at("target")), Number(input.at("factor")),
                                Number(input.at("long_s")), Number(input.at("for_s")))}};
}

json::object Detection(const json::object& input, const json::object&) {
  json::array cases;
  for (const json::value& row : input.at("cases").as_array()) {
    const double target = Number(row.at(0));
    const double errors = Number(row.at(1));
    const double factor = Number(row.at(4));
    cases.push_back(
        {{"threshold_error_rate", ThresholdErrorRatio(target, factor)},
         {"detect_minutes", OrNull(DetectionTime(target, errors, Number(row.at(2)), factor))},
         {"reset_minutes", OrNull(ResetTime(target, errors, Number(row.at(3)), factor))}});
  }
  return {{"cases", std::move(cases)}};
}

json::object Linear(const json::object& input, const json::object&) {
  json::array projected;
  for (const json::value& row : input.at("cases").as_array()) {
    projected.push_back(
        LinearDay(Number(row.at(0)), Number(row.at(1)), Number(input.at("day_hours"))));
  }
  return {{"projected", std::move(projected)}};
}

json::object Seasonal(const json::object& input, const json::object&) {
  const std::vector<double> early = Numbers(input.at("history_cum_at_h"));
  const std::vector<double> whole = Numbers(input.at("history_final"));
  if (early.size() != whole.size()) throw std::invalid_argument("histories of different length");
  std::vector<PastDay> past;
  std::vector<double> ratios;
  for (size_t i = 0; i < early.size(); ++i) {
    past.push_back({early[i], whole[i]});
    if (early[i] > 0) ratios.push_back(whole[i] / early[i]);
  }
  std::ranges::sort(ratios);
  const json::value* day_hours = input.if_contains("day_hours");
  const DayForecast forecast =
      ForecastDay({.so_far = Number(input.at("total_today")),
                   .hours_elapsed = Number(input.at("hours_elapsed")),
                   .day_hours = day_hours == nullptr ? 24 : Number(*day_hours),
                   .past = past});
  json::object computed = {{"ratios_sorted", json::value_from(ratios)},
                           {"linear", OrNull(forecast.linear)},
                           {"p10", nullptr},
                           {"p50", nullptr},
                           {"p90", nullptr}};
  if (forecast.seasonal) {
    computed["p10"] = forecast.seasonal->p10;
    computed["p50"] = forecast.seasonal->p50;
    computed["p90"] = forecast.seasonal->p90;
  }
  return computed;
}

// Numbers, or a range of whole ones: "1..1000".
std::vector<double> Values(const json::value& values) {
  if (!values.is_string()) return Numbers(values);
  const std::string text(values.get_string().data(), values.get_string().size());
  const size_t dots = text.find("..");
  if (dots == std::string::npos) throw std::invalid_argument("\"" + text + "\" is no range A..B");
  std::vector<double> numbers;
  const int64_t last = std::stoll(text.substr(dots + 2));
  for (int64_t i = std::stoll(text.substr(0, dots)); i <= last; ++i) {
    numbers.push_back(static_cast<double>(i));
  }
  return numbers;
}

// The members of one object of what is expected; none when it has no such object.
json::object Asked(const json::object& expected, std::string_view name) {
  const json::value* found = expected.if_contains({name.data(), name.size()});
  return found == nullptr ? json::object() : found->as_object();
}

std::string KeyOf(const json::key_value_pair& member) {
  return {member.key().data(), member.key().size()};
}

json::object DdSketch(const json::object& input, const json::object& expected) {
  Sketch sketch(Number(input.at("alpha")));
  for (const double value : Values(input.at("values"))) sketch.Add(value);
  json::object indices;
  for (const auto& asked : Asked(expected, "index_of")) {
    indices[asked.key()] = sketch.IndexOf(std::stod(KeyOf(asked)));
  }
  json::object quantiles;
  for (const auto& asked : Asked(expected, "quantiles")) {
    quantiles[asked.key()] = OrNull(sketch.QuantileOfBins(std::stod(KeyOf(asked))));
  }
  return {{"gamma", sketch.gamma()},
          {"bin_count", sketch.bins()},
          {"index_of", std::move(indices)},
          {"quantiles", std::move(quantiles)}};
}

int ScaleOf(int64_t scale) {
  if (scale < kExponentialScaleMin || scale > kExponentialScaleMax) {
    throw std::invalid_argument(fmt::format("scale {} is not of -10 to 20", scale));
  }
  return static_cast<int>(scale);
}

json::object OtelIndex(const json::object& input, const json::object& expected) {
  json::array indices;
  for (const json::value& row : input.at("cases").as_array()) {
    indices.push_back(ExponentialIndex(Number(row.at(0)), ScaleOf(Integer(row.at(1)))));
  }
  json::object powers;
  for (const auto& asked : Asked(expected, "exact_powers")) {
    // "v=4,scale=3"
    const std::string key = KeyOf(asked);
    const size_t comma = key.find(",scale=");
    if (!key.starts_with("v=") || comma == std::string::npos) {
      throw std::invalid_argument("\"" + key + "\" is not v=VALUE,scale=SCALE");
    }
    powers[asked.key()] =
        ExponentialIndex(std::stod(key.substr(2)), ScaleOf(std::stoll(key.substr(comma + 7))));
  }
  return {{"index", std::move(indices)}, {"exact_powers", std::move(powers)}};
}

// Only what repeats calls, at `repeats`.
LoopOptions CycleOptions(int64_t repeats) {
  LoopOptions options;
  options.same_result = {0, repeats};
  options.cycle = {0, repeats};
  options.same_error = options.polling = options.nothing_new = options.steps = {0, 0};
  options.poll_tools.clear();
  return options;
}

bool Trips(const LoopOptions& options, std::span<const std::string> calls) {
  const LoopHashes hashes(options);
  LoopDetector detector(options);
  std::vector<LoopFinding> findings;
  int64_t step = 0;
  for (const std::string& call : calls) {
    detector.AddStep();
    const LoopTool tool = {call, hashes.Key(call, "{}"), hashes.Result("done"), false};
    detector.AddTools({&tool, 1});
    findings.clear();
    detector.Check(++step + 1, findings);
  }
  return !findings.empty();
}

// [steps until it is found, length of the cycle], or nulls.
json::array FirstCycle(const std::vector<std::string>& calls, int64_t repeats, int64_t max_cycle) {
  const LoopOptions options = CycleOptions(repeats);
  for (size_t end = 1; end <= calls.size(); ++end) {
    if (!Trips(options, std::span(calls).first(end))) continue;
    // Its length is how few calls at the end suffice.
    for (int64_t length = 1; length <= max_cycle; ++length) {
      const auto needed = static_cast<size_t>(length * repeats);
      if (needed <= end && Trips(options, std::span(calls).subspan(end - needed, needed))) {
        return {end, length};
      }
    }
  }
  return {nullptr, nullptr};
}

json::object Cycles(const json::object& input, const json::object&) {
  json::array found;
  for (const json::value& sequence : input.at("sequences").as_array()) {
    std::vector<std::string> calls;
    for (const json::value& call : sequence.as_array()) {
      calls.emplace_back(call.as_string().data(), call.as_string().size());
    }
    found.push_back(
        FirstCycle(calls, Integer(input.at("repeats")), Integer(input.at("max_cycle"))));
  }
  return {{"tripped_at_step_and_cycle", std::move(found)}};
}

json::object Robust(const json::object& input, const json::object&) {
  const auto score = RobustZ(Numbers(input.at("history")), Number(input.at("x")));
  if (!score) return {{"robust_z", nullptr}};
  return {{"median", score->median},
          {"mad", score->mad},
          {"scale", score->scale},
          {"robust_z", score->z}};
}

json::object TwoProportions(const json::object& input, const json::object&) {
  const Proportion before = {Integer(input.at("x1")), Integer(input.at("n1"))};
  const Proportion after = {Integer(input.at("x2")), Integer(input.at("n2"))};
  const double z = TwoProportionZ(before, after);
  return {{"p1", before.share()},
          {"p2", after.share()},
          {"diff_2_minus_1", after.share() - before.share()},
          {"z_pooled", z},
          {"p_two_sided", 2 * UpperTailP(std::abs(z))},
          {"p_one_sided_2_less", UpperTailP(-z)}};
}

}  // namespace

std::vector<VectorKind> MeasureKinds() {
  return {
      {"absent_for", Absent},
      {"binomial_tail", Tail},
      {"budget_consumed", Consumed},
      {"burn_rate", Burn},
      {"cycle_detection", Cycles},
      {"ddsketch", DdSketch},
      {"mwmb_detection_time", Detection},
      {"mwmb_factors", Factors},
      {"otel_exponential_index", OtelIndex},
      {"projected_spend", Linear},
      {"projected_spend_seasonal", Seasonal},
      {"robust_z", Robust},
      {"two_proportion_z", TwoProportions},
  };
}

}  // namespace pitot
