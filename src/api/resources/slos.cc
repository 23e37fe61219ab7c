// GET /api/v1/slos, GET /api/v1/slos/{slo}
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "alert/slo/slo_book.h"
#include "api/alert_view.h"
#include "api/handlers.h"
#include "base/status.h"
#include "base/text.h"

namespace pitot {
namespace {

constexpr int64_t kPointsDefault = 60;
constexpr int64_t kPointsMax = 1'000;

double Seconds(int64_t ns) { return static_cast<double>(ns) / 1e9; }

std::string CountsOf(const SliCount& count) {
  return fmt::format("\"valid\":{},\"good\":{},\"bad\":{}", count.valid, count.good, count.bad());
}

std::string BurnJson(const SloBurn& burn) {
  return fmt::format("{{\"window_s\":{},{},\"burn\":{}}}", Seconds(burn.window_ns),
                     CountsOf(burn.count), NumberOrNull(burn.burn));
}

std::string RuleJson(const SloRuleState& rule) {
  return fmt::format(
      "{{\"name\":{},\"tier\":{},\"severity\":\"{}\",\"factor\":{},\"reachable\":{},\"long\":{},"
      "\"short\":{},\"verdict\":\"{}\",\"reason\":{}}}",
      QuoteJson(rule.name), QuoteJson(rule.tier), Name(rule.severity), rule.factor, rule.reachable,
      BurnJson(rule.over_long), BurnJson(rule.over_short), Name(rule.verdict),
      TextOrNull(rule.reason));
}

// What was asked for.
std::string SpecJson(const SloSpec& spec) {
  const bool threshold = spec.kind != SloKind::kRatio;
  return fmt::format(
      "\"description\":{},\"target\":{},\"window_s\":{},\"objective\":{{\"kind\":\"{}\",\"filter\":"
      "{},"
      "\"good\":{},\"threshold\":{},\"score\":{},\"exclude\":{},\"count\":{}}},\"labels\":{},"
      "\"runbook\":{},\"owner\":{},\"defined_in\":{}",
      TextOrNull(spec.description), spec.target, Seconds(spec.window_ns), Name(spec.kind),
      TextOrNull(spec.filter), TextOrNull(spec.good),
      threshold ? fmt::format("{}", spec.threshold) : "null", TextOrNull(spec.score),
      TextsJson(spec.exclude), QuoteJson(spec.count),
      LabelsJson({spec.labels.begin(), spec.labels.end()}), TextOrNull(spec.Runbook()),
      TextOrNull(spec.owner), QuoteJson(spec.defined_in));
}

std::string StatusJson(const SloStatus& status) {
  std::vector<std::string> burns;
  for (const SloBurn& burn : status.burns) burns.push_back(BurnJson(burn));
  std::vector<std::string> rules;
  for (const SloRuleState& rule : status.rules) rules.push_back(RuleJson(rule));
  const bool known = status.as_of != 0;
  return fmt::format(
      "{{\"name\":{},\"project\":{},\"state\":\"{}\",\"error\":{},\"as_of\":{},\"loaded\":{},"
      "\"loaded_since\":{},{},\"sli\":{},\"budget_left\":{},\"burn\":{},\"time_to_exhaust_s\":{},"
      "{},\"burns\":[{}],\"rules\":[{}]}}",
      QuoteJson(status.spec->name), QuoteJson(status.project), Name(status.state),
      TextOrNull(status.error), TimeOrNull(status.as_of), status.loaded,
      TimeOrNull(status.loaded_since), CountsOf(status.total), NumberOrNull(status.sli),
      known ? fmt::format("{}", status.budget_left) : "null", NumberOrNull(status.burn),
      status.time_to_exhaust_ns ? fmt::format("{}", Seconds(*status.time_to_exhaust_ns)) : "null",
      SpecJson(*status.spec), fmt::join(burns, ","), fmt::join(rules, ","));
}

// Of the objectives that the caller may see; one that was never read stands there all the same.
std::vector<SloStatus> Seen(const ApiCall& call, const SloBook& book) {
  const AlertSight sight = SightOf(call);
  std::vector<SloStatus> statuses = book.Statuses(sight.all ? "" : sight.project);
  for (const auto& spec : book.specs()) {
    const std::string& project = spec->project.empty() ? call.Project() : spec->project;
    if (!sight.all && project != sight.project) continue;
    const auto same = [&](const SloStatus& status) { return status.spec == spec; };
    if (std::ranges::any_of(statuses, same)) continue;
    SloStatus status;
    status.spec = spec;
    status.project = project;
    status.state = SloState::kNoData;
    statuses.push_back(std::move(status));
  }
  std::ranges::stable_sort(statuses, {}, [](const SloStatus& status) { return status.spec->name; });
  return statuses;
}

absl::StatusOr<std::string> ListSlos(const ApiCall& call) {
  ASSIGN_OR_RETURN(AlertService * service, AlertsOf(call));
  std::string list;
  for (const SloStatus& status : Seen(call, service->slos())) {
    list += (list.empty() ? "\n" : ",\n") + StatusJson(status);
  }
  return fmt::format("{{\"at\":{},\"slos\":[{}]}}", TimeOrNull(call.context.deps.clock.Now()),
                     list);
}

absl::StatusOr<std::string> OneSlo(const ApiCall& call) {
  ASSIGN_OR_RETURN(AlertService * service, AlertsOf(call));
  ASSIGN_OR_RETURN(const int64_t points, ReadInt(call, "points", kPointsDefault, 1, kPointsMax));
  const SloBook& book = service->slos();
  const std::string& name = call.args[0];
  // Of several projects that have it the caller's own, else the first.
  std::optional<SloStatus> found;
  for (SloStatus& status : Seen(call, book)) {
    if (status.spec->name != name) continue;
    if (!found || status.project == call.Project()) found = std::move(status);
  }
  if (!found) {
    std::vector<std::string_view> names;
    for (const auto& spec : book.specs()) names.emplace_back(spec->name);
    return Error(absl::StatusCode::kNotFound, "no objective is called \"{}\"{}", name,
                 DidYouMean(name, names));
  }
  std::string history;
  if (const auto steps = book.History(name, found->project, static_cast<size_t>(points));
      steps.ok()) {
    for (const SloPoint& step : *steps) {
      history += fmt::format("{}{{\"from\":{},\"to\":{},{},\"budget_left\":{}}}",
                             history.empty() ? "\n" : ",\n", TimeOrNull(step.from),
                             TimeOrNull(step.to), CountsOf(step.count), step.budget_left);
    }
  }
  return fmt::format("{{\"at\":{},\"slo\":{},\"history\":[{}]}}",
                     TimeOrNull(call.context.deps.clock.Now()), StatusJson(*found), history);
}

}  // namespace

void GetSlos(ApiCall call) { SendJson(call, ListSlos(call)); }
void GetSlo(ApiCall call) { SendJson(call, OneSlo(call)); }

}  // namespace pitot
