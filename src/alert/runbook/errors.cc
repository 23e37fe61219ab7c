// What fails, since when, and why.
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "alert/rules/system_figures.h"
#include "alert/runbook/error_cells.h"
#include "alert/runbook/provider_view.h"
#include "base/status.h"
#include "base/text.h"

namespace pitot {
namespace {

constexpr std::string_view kNewest = "f.end_ns DESC";
constexpr size_t kExplained = 3;
constexpr size_t kShown = 8;

class Errors {
 public:
  explicit Errors(Investigation& run) : run_(run) {}

  absl::Status Run() {
    RETURN_IF_ERROR(FindMoment());
    Classify();
    Explain();
    Breakers();
    Impact();
    return absl::OkStatus();
  }

 private:
  absl::Status FindMoment();
  void Classify();
  void Explain();
  void Breakers();
  void Impact();
  // Whether the alert is about that model or tool.
  bool Meant(const ErrorCell& cell) const;

  Investigation& run_;
  std::vector<ErrorCell> cells_;  // Those that have risen, worst first.
  double excess_ = 0;
};

bool Errors::Meant(const ErrorCell& cell) const {
  const std::string_view tool = run_.Label("tool");
  if (!tool.empty()) return cell.is_tool && cell.name == tool;
  const std::string_view model = run_.Label("model");
  if (!model.empty()) return !cell.is_tool && cell.name == model;
  const std::string_view provider = run_.Label("provider");
  return !provider.empty() && !cell.is_tool && cell.provider == provider;
}

// From when on the kind of failure that rose most did.
absl::Status Errors::FindMoment() {
  ASSIGN_OR_RETURN(const std::vector<ErrorCell> cells, ReadErrorCells(run_));
  const ErrorCell* worst = nullptr;
  for (const ErrorCell& cell : cells) {
    if (cell.category.empty() || cell.now.hits < kNowMin) continue;
    const bool worse = worst == nullptr || Meant(cell) > Meant(*worst) ||
                       (Meant(cell) == Meant(*worst) && cell.Excess() > worst->Excess());
    if (worse) worst = &cell;
  }
  if (worst == nullptr) return absl::OkStatus();
  ASSIGN_OR_RETURN(
      const Investigation::Series series,
      run_.ReadSeries(worst->SpansSql(), worst->BadSql(), worst->Params(), /*calls_only=*/false));
  if (const auto part = FindWorseShare(series.counts)) {
    run_.SetMoment(series.At(part->begin),
                   part->end < series.counts.size() ? series.At(part->end) : 0);
  }
  return absl::OkStatus();
}

void Errors::Classify() {
  Finding& finding = run_.Step("1", "What fails, and how");
  finding.query = "pitot errors" + run_.Args();
  absl::StatusOr<std::vector<ErrorCell>> cells = ReadErrorCells(run_);
  if (!cells.ok()) {
    run_.Failed(finding, cells.status());
    run_.report().summary = finding.words;
    return;
  }
  Proportion now;
  Proportion base;
  std::set<std::tuple<bool, std::string, std::string>> seen;
  for (ErrorCell& cell : *cells) {
    if (seen.emplace(cell.is_tool, cell.provider, cell.name).second) {
      now.trials += cell.now.trials;
      base.trials += cell.base.trials;
    }
    if (cell.category.empty()) continue;
    now.hits += cell.now.hits;
    base.hits += cell.base.hits;
    if (cell.Risen()) cells_.push_back(std::move(cell));
  }
  std::ranges::stable_sort(cells_, [&](const ErrorCell& a, const ErrorCell& b) {
    if (Meant(a) != Meant(b)) return Meant(a);
    return a.Excess() > b.Excess();
  });
  for (const ErrorCell& cell : cells_) excess_ += std::max(cell.Excess(), 0.0);
  if (now.trials == 0) {
    finding.state = FindingState::kUnknown;
    finding.words = fmt::format("No model or tool call ended{}.", run_.Since());
    run_.report().summary = finding.words;
    return;
  }
  finding.words = fmt::format(
      "{} of {} {}{}{}", PercentWords(now.share()), CountWords(now.trials, "model and tool call"),
      AboutCutOff(run_) ? FailureWords(kCutOff) : "fail", run_.Since(),
      base.trials < kUsualMin ? "" : fmt::format(" (usually {})", PercentWords(base.share())));
  if (cells_.empty()) {
    finding.words += ": no kind of failure is more frequent than usual.";
    run_.report().summary = finding.words;
    return;
  }
  finding.state = FindingState::kFound;
  finding.words += ".";
  run_.report().summary = finding.words;
  for (size_t i = 0; i < std::min(cells_.size(), kShown); ++i) {
    const ErrorCell& cell = cells_[i];
    finding.detail.push_back(fmt::format("{}: {} {} of {} ({}; usually {})", cell.What(),
                                         FormatCount(static_cast<uint64_t>(cell.now.hits)),
                                         cell.category, CountWords(cell.now.trials, "call"),
                                         PercentWords(cell.now.share()),
                                         PercentWords(cell.base.share())));
  }
  finding.trace_ids =
      run_.Examples(fmt::format("{} AND {}", cells_[0].SpansSql(), cells_[0].BadSql()), kNewest,
                    run_.filter(), cells_[0].Params());
}

void Errors::Explain() {
  Finding& finding = run_.Step("2", "What is behind it");
  finding.query = "pitot errors" + run_.Args();
  if (cells_.empty()) {
    finding.words = "Nothing fails more often than usual.";
    return;
  }
  finding.state = FindingState::kFound;
  finding.query = fmt::format("pitot {}{}", cells_[0].is_tool ? "tools" : "errors",
                              run_.Args(cells_[0].FilterText()));
  for (size_t i = 0; i < std::min(cells_.size(), kExplained); ++i) {
    double share = excess_ > 0 ? std::clamp(cells_[i].Excess() / excess_, 0.0, 1.0) : 0;
    // What the alert is about is what is to be explained, whatever else fails.
    if (Meant(cells_[i])) share = std::max(share, 0.9);
    ExplainCell(run_, cells_[i], share, finding);
  }
  finding.words = finding.detail.front();
  finding.detail.erase(finding.detail.begin());
}

void Errors::Breakers() {
  Finding& finding = run_.Step("3", "What the provider says, and its breakers");
  const auto model = std::ranges::find_if(cells_, [](const ErrorCell& c) { return !c.is_tool; });
  if (model != cells_.end()) return ViewProvider(run_, model->provider, finding);
  finding.query = "pitot providers" + run_.Args();
  if (run_.deps().figures == nullptr) {
    finding.words = "No model fails more often than usual; no gateway runs here.";
    return;
  }
  finding.words = "No model fails more often than usual";
  for (const BreakerFigure& breaker : run_.deps().figures->Breakers()) {
    if (breaker.state == "closed") continue;
    finding.state = FindingState::kFound;
    finding.words += fmt::format(", but the breaker of {} is {} since {} ({})",
                                 ModelText(breaker.provider, breaker.model), breaker.state,
                                 ClockWords(breaker.opened_at, run_.now()), breaker.opened_why);
  }
  finding.words += finding.state == FindingState::kFound ? "." : ", and every breaker is closed.";
}

// Whom it hurts: runs that failed in the end, after all retries.
void Errors::Impact() {
  Finding& finding = run_.Step("4", "Whom it hurts");
  finding.query = "pitot traces" + run_.Args("trace.status = error");
  SqlPiece where = FactsWhere(run_.In({run_.base().since_ns, run_.current().until_ns}));
  where.params.push_back({"split", fmt::to_string(run_.current().since_ns)});
  const absl::StatusOr<Table> table = ReadTable(
      run_.query(),
      fmt::format(
          "SELECT countIf(f.end_ns >= {{split:Int64}}), "
          "countIf(f.end_ns >= {{split:Int64}} AND f.status = 'error'), "
          "countIf(f.end_ns < {{split:Int64}}), "
          "countIf(f.end_ns < {{split:Int64}} AND f.status = 'error'), "
          "uniqExactIf(f.user_id, f.end_ns >= {{split:Int64}} AND f.status = 'error' AND f.user_id "
          "!= ''), "
          "topKIf(3)(toString(f.feature), f.end_ns >= {{split:Int64}} AND f.status = 'error' AND "
          "f.feature != '') FROM facts AS f FINAL WHERE {} AND f.is_root AND (NOT f.is_orphan OR "
          "f.kind = 'agent') AND f.status != 'running'",
          where.sql),
      std::move(where.params), 6);
  if (!table.ok()) return run_.Failed(finding, table.status());
  if (table->rows.empty()) {
    finding.state = FindingState::kUnknown;
    finding.words = "No run ended.";
    return;
  }
  const boost::json::array& row = table->rows[0].get_array();
  const Proportion now{IntAt(row, 1), IntAt(row, 0)};
  const Proportion base{IntAt(row, 3), IntAt(row, 2)};
  if (now.trials == 0) {
    finding.state = FindingState::kUnknown;
    finding.words = fmt::format("No run ended{}.", run_.Since());
    return;
  }
  if (now.hits == 0) {
    finding.words = fmt::format("None of {} that ended{} failed as a whole: agents recover.",
                                CountWords(now.trials, "run"), run_.Since());
    return;
  }
  finding.state = FindingState::kFound;
  finding.words = fmt::format(
      "{} of {} failed as a whole ({}; usually {})", FormatCount(static_cast<uint64_t>(now.hits)),
      CountWords(now.trials, "run"), PercentWords(now.share()), PercentWords(base.share()));
  if (const int64_t users = IntAt(row, 4); users > 0) {
    finding.words += fmt::format(", of {}", CountWords(users, "user"));
  }
  std::vector<std::string> features;
  if (const boost::json::array* top = row[5].if_array()) {
    for (const boost::json::value& feature : *top) {
      if (feature.is_string()) features.emplace_back(feature.get_string());
    }
  }
  if (!features.empty()) finding.words += ", in " + ListText(features);
  finding.words += ".";
  finding.trace_ids =
      run_.Examples("f.is_root AND (NOT f.is_orphan OR f.kind = 'agent') AND f.status = 'error'",
                    kNewest, run_.filter());
  run_.report().summary += " " + finding.words;
}

}  // namespace

absl::Status RunErrors(Investigation& run) { return Errors(run).Run(); }

}  // namespace pitot
