// A report as JSON and as Markdown.
#include <fmt/ranges.h>

#include "alert/preflight/preflight.h"
#include "base/text.h"
#include "http/message.h"
#include "query/figures/answer.h"

namespace pitot {
namespace {

std::string NoteJson(const std::optional<PreflightNote>& note, std::string_view words_name) {
  if (!note) return "null";
  return fmt::format(R"({{"by":{},"at":"{}","until":"{}","{}":{}}})", QuoteJson(note->by),
                     IsoTime(note->at), IsoTime(note->until), words_name, QuoteJson(note->words));
}

std::string PointJson(const PreflightResult& result) {
  std::vector<std::string> evidence;
  for (const auto& [name, json] : result.evidence) {
    evidence.push_back(fmt::format("{}:{}", QuoteJson(name), json));
  }
  std::vector<std::string> thresholds;
  for (const auto& [name, value] : result.thresholds) {
    thresholds.push_back(fmt::format("{}:{}", QuoteJson(name), NumberJson(value)));
  }
  std::vector<std::string> samples;
  for (const std::string& id : result.sample_trace_ids) samples.push_back(QuoteJson(id));
  const PreflightPoint& point = *result.point;
  return fmt::format(
      R"({{"id":"{}","title":{},"how":"{}","star":{},"status":"{}","judged":"{}",)"
      R"("stops_launch":{},"words":{},"wants":{},"remedy":{},"evidence":{{{}}},)"
      R"("thresholds":{{{}}},"sample_trace_ids":[{}],"checked_at":"{}","attestation":{},)"
      R"("waiver":{}}})",
      point.id, QuoteJson(point.title), point.how, point.star, Name(result.status),
      Name(result.judged), result.stops_launch(), QuoteJson(result.words), QuoteJson(point.wants),
      QuoteJson(point.remedy), fmt::join(evidence, ","), fmt::join(thresholds, ","),
      fmt::join(samples, ","), IsoTime(result.checked_at), NoteJson(result.attestation, "comment"),
      NoteJson(result.waiver, "reason"));
}

// Text in a cell of a table: on one line, and no bar ends the cell.
std::string Cell(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '|') out += '\\';
    out += c == '\n' || c == '\r' ? ' ' : c;
  }
  return out;
}

constexpr std::string_view kMarks[] = {"pass", "**FAIL**", "no data", "attested", "waived"};
static_assert(std::size(kMarks) == kPreflightStatusNames.size());

}  // namespace

std::string PreflightJson(const PreflightReport& report) {
  const auto counts = report.Counts();
  std::vector<std::string> counted;
  for (size_t i = 0; i < counts.size(); ++i) {
    counted.push_back(fmt::format("\"{}\":{}", kPreflightStatusNames[i], counts[i]));
  }
  std::vector<std::string> points;
  for (const PreflightResult& result : report.results) points.push_back(PointJson(result));
  return fmt::format(
      R"({{"project":{},"checked_at":"{}","took_ms":{},"probes":{},"launch":{},"counts":{{{}}},)"
      R"("points":[{}]}})",
      QuoteJson(report.project), IsoTime(report.at), report.took_ns / kNanosPerMilli, report.probes,
      report.Launch(), fmt::join(counted, ","), fmt::join(points, ","));
}

std::string PreflightMarkdown(const PreflightReport& report) {
  const auto counts = report.Counts();
  const auto count = [&](PreflightStatus status) { return counts[static_cast<size_t>(status)]; };
  std::string out = fmt::format(
      "# Preflight of {}: {}\n\n{} of {} pass, {} fail, {} without data, {} attested, {} waived. "
      "Checked {}{}.\n\n| point | | what | result | because |\n|---|---|---|---|---|\n",
      Cell(report.project), report.Launch() ? "ready" : "not ready", count(PreflightStatus::kPass),
      report.results.size(), count(PreflightStatus::kFail),
      count(PreflightStatus::kInsufficientData), count(PreflightStatus::kAttested),
      count(PreflightStatus::kWaived), FormatTime(report.at).substr(0, 16),
      report.probes ? "" : ", without probes");
  for (const PreflightResult& result : report.results) {
    out += fmt::format("| {} | {} | {} | {} | {} |\n", result.point->id,
                       result.point->star ? "\\*" : "", Cell(result.point->title),
                       kMarks[static_cast<size_t>(result.status)], Cell(result.words));
  }
  std::string todo;
  for (const PreflightResult& result : report.results) {
    if (!result.stops_launch()) continue;
    todo += fmt::format("- **{}** {}\n", result.point->id, Cell(result.point->remedy));
  }
  if (!todo.empty()) out += "\nBefore the launch:\n\n" + todo;
  return out;
}

}  // namespace pitot
