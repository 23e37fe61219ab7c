#include "alert/runbook/provider_view.h"

#include <fmt/format.h>

#include "alert/rules/system_figures.h"
#include "alert/runbook/status_pages.h"

namespace pitot {
namespace {

std::string PageWords(const Investigation& run, const std::string& provider, bool& bad) {
  if (run.deps().status_pages == nullptr) return "No status page is asked (alerts.status_pages).";
  const std::optional<StatusPage> page = run.deps().status_pages->Of(provider, run.now());
  if (!page) {
    return fmt::format("No status page of {} is asked (alerts.status_pages).", provider);
  }
  if (page->fetched_at == 0) {
    return fmt::format("Its status page {} has not answered yet{}.", page->url,
                       page->error.empty() ? "" : " (" + page->error + ")");
  }
  const std::string asked =
      page->stale
          ? fmt::format("last read {}, too old to go by", AgoText(page->fetched_at, run.now()))
          : fmt::format("read {}", AgoText(page->fetched_at, run.now()));
  const PageReport& report = page->report;
  if (report.state == PageState::kUnknown) {
    return fmt::format("Its status page could not be understood ({}).", report.description);
  }
  bad =
      !page->stale && (report.state == PageState::kDegraded || report.state == PageState::kOutage);
  std::string words = fmt::format(
      "Its status page says \"{}\" ({})",
      report.description.empty() ? Name(report.state) : std::string_view(report.description),
      asked);
  if (!report.components.empty()) {
    words += fmt::format("; {}: {}", report.components[0].name, report.components[0].status);
  }
  if (!report.incidents.empty()) {
    const PageIncident& incident = report.incidents[0];
    words += fmt::format(
        "; incident \"{}\", {}{}", incident.name, incident.status,
        incident.started_at == 0 ? "" : " since " + ClockWords(incident.started_at, run.now()));
  }
  return words + ".";
}

std::string BreakerWords(const Investigation& run, const std::string& provider) {
  if (run.deps().figures == nullptr) return "";
  std::string words;
  for (const BreakerFigure& breaker : run.deps().figures->Breakers()) {
    if (breaker.provider != provider || breaker.state == "closed") continue;
    words += fmt::format(" The breaker of {} is {} since {} ({}).", breaker.model,
                         breaker.state == "half_open" ? "half open" : breaker.state,
                         ClockWords(breaker.opened_at, run.now()), breaker.opened_why);
  }
  return words;
}

}  // namespace

void ViewProvider(Investigation& run, const std::string& provider, Finding& finding) {
  if (provider.empty()) {
    finding.state = FindingState::kUnknown;
    finding.words = "Spans name no provider.";
    return;
  }
  finding.query = "pitot providers" + run.Args("provider = " + FilterValue(provider));
  constexpr std::string_view kKeys[] = {"f.provider"};
  const absl::StatusOr<std::vector<Pair>> pairs = run.Compare(kKeys, kIsCallSql, true);
  if (!pairs.ok()) return run.Failed(finding, pairs.status());
  bool failing = false;
  for (const Pair& pair : *pairs) {
    if (pair.key[0] != provider || pair.now.n == 0) continue;
    failing = pair.Comparable() && pair.now.ErrorShare() > 0.05 &&
              pair.now.ErrorShare() > 2 * pair.base.ErrorShare();
    finding.words =
        fmt::format("{} of {}'s {} fail (usually {})", PercentWords(pair.now.ErrorShare()),
                    provider, CountWords(pair.now.n, "call"), PercentWords(pair.base.ErrorShare()));
    if (pair.now.rate_limited > 0) {
      finding.words += fmt::format(", {} of them for the rate limit", pair.now.rate_limited);
    }
    finding.words += ".";
  }
  bool page_bad = false;
  const std::string breakers = BreakerWords(run, provider);
  const std::string page = PageWords(run, provider, page_bad);
  finding.words += breakers + (finding.words.empty() ? "" : " ") + page;
  if (!failing && !page_bad && breakers.empty()) return;
  finding.state = FindingState::kFound;
  if (!page_bad) return;
  for (Cause& cause : run.report().causes) {
    if (cause.subject.upstream != provider || !cause.kind.starts_with("provider")) continue;
    cause.score = std::min(1.0, cause.score + 0.05);
    cause.words += " Its status page says so too.";
  }
}

}  // namespace pitot
