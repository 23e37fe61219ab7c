// Reports as JSON.
#include <fmt/format.h>

#include "alert/runbook/action_json.h"
#include "alert/runbook/runbook.h"
#include "base/text.h"
#include "http/message.h"

namespace pitot {
namespace {

std::string TimeJson(UnixNanos at) {
  return at == 0 ? "null" : fmt::format("\"{}\"", FormatTimeNanos(at));
}

std::string WindowText(const Window& window) {
  return fmt::format("{{\"since\":{},\"until\":{}}}", TimeJson(window.since_ns),
                     TimeJson(window.until_ns));
}

std::string TextsJson(const std::vector<std::string>& texts) {
  std::string out = "[";
  for (const std::string& text : texts) out += (out.size() == 1 ? "" : ",") + QuoteJson(text);
  return out + "]";
}

std::string FindingJson(const Finding& finding) {
  std::string actions;
  for (const Action& action : finding.actions) {
    actions += (actions.empty() ? "" : ",") + ActionJson(action);
  }
  return fmt::format(
      "{{\"step\":{},\"title\":{},\"query\":{},\"state\":\"{}\",\"words\":{},\"detail\":{},"
      "\"trace_ids\":{},\"actions\":[{}]}}",
      QuoteJson(finding.step), QuoteJson(finding.title), QuoteJson(finding.query),
      Name(finding.state), QuoteJson(finding.words), TextsJson(finding.detail),
      TextsJson(finding.trace_ids), actions);
}

std::string CauseJson(const Cause& cause) {
  return fmt::format(
      "{{\"kind\":\"{}\",\"words\":{},\"score\":{:.3f},\"step\":{},\"trace_ids\":{},\"subject\":{}}"
      "}",
      cause.kind, QuoteJson(cause.words), cause.score, QuoteJson(cause.step),
      TextsJson(cause.trace_ids), TargetJson(cause.subject));
}

}  // namespace

std::string ReportJson(const RunbookReport& report) {
  std::string causes;
  for (const Cause& cause : report.causes) {
    causes += (causes.empty() ? "\n" : ",\n") + CauseJson(cause);
  }
  std::string steps;
  for (const Finding& finding : report.steps) {
    steps += (steps.empty() ? "\n" : ",\n") + FindingJson(finding);
  }
  return fmt::format(
      "{{\"runbook\":\"{}\",\"alert\":{},\"project\":{},\"at\":{},\"took_ms\":{:.1f},\"window\":{},"
      "\"since\":{},\"baseline\":{},\"summary\":{},\n\"causes\":[{}],\n\"steps\":[{}]}}",
      report.runbook,
      report.fingerprint == 0 ? "null" : QuoteJson(FingerprintText(report.fingerprint)),
      QuoteJson(report.project), TimeJson(report.at),
      static_cast<double>(report.took_ns) / kNanosPerMilli, WindowText(report.window),
      TimeJson(report.since), WindowText(report.baseline), QuoteJson(report.summary), causes,
      steps);
}

}  // namespace pitot
