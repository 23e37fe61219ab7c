// What costs more than usual, since when, and why.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "alert/rules/system_figures.h"
#include "alert/runbook/changes.h"
#include "alert/runbook/investigation.h"
#include "alert/runbook/repetition.h"
#include "alert/runbook/spend.h"
#include "base/status.h"
#include "base/text.h"

namespace pitot {
namespace {

constexpr double kLoopUsdMin = 0.5;  // L7 of the loop detectors: dearer runs stand out.
constexpr int64_t kStepsWarn = 30;   // L6

struct Dimension {
  std::string_view name;  // In words, and in `pitot cost --by`.
  std::string_view by;
  std::string_view sql;
};
constexpr Dimension kDimensions[] = {
    {"feature", "feature", "f.feature"},
    {"user", "user_id", "f.user_id"},
    {"model", "model", "f.model"},
    {"prompt", "prompt_name,prompt_version",
     "if(f.prompt_name = '', '', trimRight(concat(f.prompt_name, ' ', f.prompt_version)))"},
    {"workflow", "workflow", "f.workflow"},
};

class Cost {
 public:
  explicit Cost(Investigation& run) : run_(run) {}

  absl::Status Run() {
    RETURN_IF_ERROR(FindMoment());
    Ledger();
    Decompose();
    Loops();
    Actions();
    Affected();
    return absl::OkStatus();
  }

 private:
  absl::Status FindMoment();
  void Ledger();
  void Unpriced(Finding& finding);
  void Decompose();
  void VersionCauses(const Finding& finding);
  void Loops();
  void AddLoop(const BusyTrace& trace, Finding& finding);
  void Actions();
  void Affected();
  double ShareOf(double usd) const {
    return total_.Rise() > 0 ? std::clamp(usd / total_.Rise(), 0.0, 1.0) : 0;
  }
  // Whether more is spent than noise explains.
  bool Risen() const { return total_.Rise() >= 0.01 && total_.usd >= 1.3 * total_.usual_usd; }

  Investigation& run_;
  bool from_days_ = true;  // What is usual: the same time of other days, else the day before.
  Spend total_;
  std::vector<std::vector<Spend>> groups_{std::size(kDimensions)};  // Each: what rose most first.
  std::vector<BusyTrace> busy_;
};

absl::Status Cost::FindMoment() {
  ASSIGN_OR_RETURN(const Investigation::Series series,
                   run_.ReadSeries(kBearsSql, "0", {}, /*calls_only=*/true));
  if (const auto part = FindHigherLevel(series.costs)) {
    // It may have begun before the time that is looked at; that stays.
    run_.SetMoment(std::max(series.At(part->begin), run_.look().since_ns),
                   part->end < series.costs.size() ? series.At(part->end) : 0);
  }
  return absl::OkStatus();
}

void Cost::Ledger() {
  Finding& finding = run_.Step("1", "Where the money goes");
  finding.query = "pitot cost --by feature,model" + run_.Args();
  absl::StatusOr<std::vector<Spend>> all = ReadSpend(run_, "''", from_days_);
  if (!all.ok()) {
    run_.Failed(finding, all.status());
    run_.report().summary = finding.words;
    return;
  }
  if (!all->empty()) total_ = all->front();
  for (size_t i = 0; i < std::size(kDimensions); ++i) {
    absl::StatusOr<std::vector<Spend>> spend = ReadSpend(run_, kDimensions[i].sql, from_days_);
    if (!spend.ok()) return run_.Failed(finding, spend.status());
    groups_[i] = *std::move(spend);
    std::erase_if(groups_[i], [](const Spend& s) { return s.key.empty(); });
    std::ranges::stable_sort(groups_[i], [](auto& a, auto& b) { return a.Rise() > b.Rise(); });
  }
  const std::string usual = fmt::format(
      "usually {} ({})", DollarsText(total_.usual_usd),
      from_days_ ? "median of the same time of other days" : "average of the day before");
  finding.words = fmt::format("{}{}, {}", DollarsText(total_.usd), run_.Since(), usual);
  if (total_.calls == 0) {
    finding.state = FindingState::kUnknown;
    finding.words = fmt::format("Nothing was spent{}.", run_.Since());
    run_.report().summary = finding.words;
    return;
  }
  Unpriced(finding);
  if (!Risen()) {
    finding.words += ": no more than usual.";
    run_.report().summary = finding.words;
    return;
  }
  finding.state = FindingState::kFound;
  finding.words += fmt::format(": {} more.", DollarsText(total_.Rise()));
  run_.report().summary = finding.words;
  for (size_t i = 0; i < std::size(kDimensions); ++i) {
    // One group is all there is: that says nothing.
    if (groups_[i].size() < 2) continue;
    for (size_t at = 0; at < 2; ++at) {
      const Spend& spend = groups_[i][at];
      const double share = ShareOf(spend.Rise());
      if (share < 0.2) continue;
      finding.detail.push_back(fmt::format("{} {}: {} instead of {}, {} of the increase",
                                           kDimensions[i].name, spend.key, DollarsText(spend.usd),
                                           DollarsText(spend.usual_usd), PercentWords(share)));
    }
  }
  finding.trace_ids = run_.Examples(kBearsSql, "ifNull(f.cost, 0) DESC", run_.filter());
}

// What passed without a price is in no figure above.
void Cost::Unpriced(Finding& finding) {
  SqlPiece where = FactsWhere(run_.In(run_.current()), /*calls_only=*/true);
  const absl::StatusOr<Table> table = ReadTable(
      run_.query(),
      fmt::format("SELECT f.provider, f.model, count() AS n FROM facts AS f FINAL WHERE {} "
                  "AND f.unpriced GROUP BY f.provider, f.model ORDER BY n DESC, f.model "
                  "LIMIT 3",
                  where.sql),
      std::move(where.params), 3);
  for (size_t i = 0; table.ok() && i < table->rows.size(); ++i) {
    const boost::json::array& row = table->rows[i].get_array();
    const std::string words =
        fmt::format("{} of {} have no known price and are in no figure: add one to the price file",
                    CountWords(IntAt(row, 2), "call"), ModelText(TextAt(row, 0), TextAt(row, 1)));
    finding.detail.push_back(words);
    const bool meant = run_.Label(kAlertNameLabel) == "UnpricedModel" &&
                       (run_.Label("model").empty() || run_.Label("model") == TextAt(row, 1));
    run_.AddCause({.kind = "unpriced_model",
                   .words = words + ".",
                   .score = meant ? 0.95 : 0.1,
                   .step = finding.step});
  }
}

// How much of a rise calls, tokens a call and dollars a token account for: shares of logarithms.
struct Factors {
  double calls = 1, tokens = 1, price = 1;
  explicit Factors(const Spend& spend) {
    if (spend.usual_calls <= 0 || spend.usual_tokens <= 0 || spend.usual_usd <= 0 ||
        spend.calls <= 0 || spend.tokens <= 0 || spend.usd <= 0) {
      return;
    }
    calls = spend.calls / spend.usual_calls;
    tokens = (spend.tokens / spend.calls) / (spend.usual_tokens / spend.usual_calls);
    price = (spend.usd / spend.tokens) / (spend.usual_usd / spend.usual_tokens);
  }
  bool known() const { return calls != 1 || tokens != 1 || price != 1; }
  double Share(double factor) const {
    const double whole = std::log(calls * tokens * price);
    return whole <= 0 ? 0 : std::clamp(std::log(factor) / whole, 0.0, 1.0);
  }
};

std::string FactorWords(const Factors& factors) {
  std::vector<std::string> changed;
  std::vector<std::string> usual;
  const auto add = [&](double factor, std::string_view what) {
    if (factor < 1.1 && factor > 0.9) {
      usual.emplace_back(what);
    } else {
      changed.push_back(fmt::format("{} the {}", TimesText(factor), what));
    }
  };
  add(factors.calls, "calls");
  add(factors.tokens, "tokens a call");
  add(factors.price, "price a token");
  std::string words = ListText(changed);
  if (!usual.empty() && !changed.empty()) words += "; " + ListText(usual) + " as usual";
  return changed.empty() ? "calls, tokens and prices as usual" : words;
}

void Cost::Decompose() {
  Finding& finding = run_.Step("2", "More calls, longer calls or dearer tokens");
  finding.query = "pitot cost --by model" + run_.Args();
  if (!Risen()) {
    finding.words = "There is no increase to take apart.";
    return;
  }
  const Factors all(total_);
  if (!all.known()) {
    finding.state = FindingState::kUnknown;
    finding.words = "Nothing was spent at this time before: there is nothing to compare with.";
  } else {
    finding.state = FindingState::kFound;
    finding.words = fmt::format("Compared with usual: {}.", FactorWords(all));
  }
  for (size_t i = 0; i < 2; ++i) {
    if (groups_[i].empty()) continue;
    const Spend& top = groups_[i][0];
    const double share = ShareOf(top.Rise());
    if (share < 0.3) continue;
    const Factors factors(top);
    const std::string who = fmt::format("{} {}", kDimensions[i].name, top.key);
    std::string words =
        fmt::format("{} costs {} instead of {}, {} of the increase", who, DollarsText(top.usd),
                    DollarsText(top.usual_usd), PercentWords(share));
    words[0] = static_cast<char>(std::toupper(static_cast<unsigned char>(words[0])));
    if (factors.known()) words += ": " + FactorWords(factors);
    finding.detail.push_back(words);
    Cause cause{.kind = "more_spend",
                .words = words + ".",
                .score = (i == 0 ? 0.55 : 0.5) * share,
                .step = finding.step};
    if (factors.Share(factors.calls) > 0.6) cause.kind = "more_calls";
    if (factors.Share(factors.tokens) > 0.6) cause.kind = "longer_calls";
    if (factors.Share(factors.price) > 0.6) cause.kind = "dearer_tokens";
    (i == 0 ? cause.subject.feature : cause.subject.user) = top.key;
    cause.subject.project = run_.input().project;
    run_.AddCause(std::move(cause));
  }
  VersionCauses(finding);
}

// A prompt or a model that came into use and costs more a call.
void Cost::VersionCauses(const Finding& finding) {
  const absl::StatusOr<std::vector<VersionChange>> changes = ReadVersionChanges(run_);
  if (!changes.ok()) return;
  for (const VersionChange& change : *changes) {
    const double before = change.before.Mean(change.before.cost_sum);
    const double after = change.after.Mean(change.after.cost_sum);
    if (before <= 0 || after < 1.3 * before) continue;
    const double extra = (after - before) * static_cast<double>(change.after.n);
    run_.AddCause(
        {.kind = change.model_changed ? "model_changed" : "prompt_changed",
         .words = fmt::format(
             "{} since {}: a call costs {} instead of {}{}, {} of the increase.",
             change.model_changed
                 ? fmt::format("{} calls {} instead of {}", change.what, change.to, change.from)
                 : fmt::format("Prompt {} {} is in use", change.what, change.to),
             ClockWords(change.since, run_.now()), DollarsText(after), DollarsText(before),
             change.OutputRatio() >= 1.3
                 ? fmt::format(", with {} the output tokens", TimesText(change.OutputRatio()))
             : change.InputRatio() >= 1.3
                 ? fmt::format(", with {} the input tokens", TimesText(change.InputRatio()))
                 : "",
             PercentWords(ShareOf(extra))),
         .score = 0.85 * ShareOf(extra),
         .step = finding.step,
         .subject = {.project = run_.input().project, .feature = change.feature}});
  }
}

void Cost::AddLoop(const BusyTrace& trace, Finding& finding) {
  const bool repeats = trace.repetition.has_value();
  std::string words = fmt::format("trace {}: ", ShortTrace(trace.trace_id));
  words += repeats
               ? RepetitionWords(*trace.repetition)
               : fmt::format("{} and {} in one run", CountWords(trace.model_calls, "model call"),
                             CountWords(trace.tool_calls, "tool call"));
  if (repeats) {
    words += fmt::format(" since {}; {}", ClockWords(trace.repeats_since, run_.now()),
                         CountWords(trace.model_calls, "model call"));
  }
  words += fmt::format(", {} so far", DollarsText(trace.cost_usd));
  if (!trace.feature.empty()) words += fmt::format(" (feature {})", trace.feature);
  const bool sure = repeats && trace.repetition->times >= Repetition::kSure &&
                    (trace.repetition->same_result || trace.repetition->failing);
  double score = sure ? 0.75 : repeats ? 0.45 : 0.4;
  score = std::max(score, 0.9 * ShareOf(trace.cost_usd));
  if (trace.named) score += 0.2;
  finding.state = FindingState::kFound;
  finding.detail.push_back(words);
  finding.trace_ids.push_back(trace.trace_id);
  run_.AddCause(
      {.kind = repeats ? "loop" : "long_run",
       .words = words + ".",
       .score = score,
       .step = finding.step,
       .trace_ids = {trace.trace_id},
       .subject = {
           .project = run_.input().project, .feature = trace.feature, .trace_id = trace.trace_id}});
  if (!sure && !trace.named) return;
  Action block = run_.MakeAction(finding, ActionKind::kBlockTrace, ActionMode::kAuto);
  block.target.trace_id = trace.trace_id;
  block.words = fmt::format(
      "Refuse further model calls of trace {} for {}: its agent is told why and "
      "can finish.",
      ShortTrace(trace.trace_id), SpanText(block.ttl_ns));
  block.rollback = "the run may go on";
  finding.actions.push_back(std::move(block));
}

void Cost::Loops() {
  Finding& finding = run_.Step("3", "Agents that run in circles, runs that stand out");
  finding.query = "pitot traces" + run_.Args("trace.cost > 0.5usd");
  absl::StatusOr<std::vector<BusyTrace>> busy = ReadBusyTraces(run_);
  if (!busy.ok()) return run_.Failed(finding, busy.status());
  busy_ = *std::move(busy);
  std::vector<double> costs;
  for (const BusyTrace& trace : busy_) costs.push_back(trace.cost_usd);
  const double typical = MedianOf(costs);
  std::ranges::stable_sort(busy_, [](const BusyTrace& a, const BusyTrace& b) {
    const auto weight = [](const BusyTrace& t) {
      return std::tuple(t.named, t.repetition ? t.repetition->times : 0, t.cost_usd);
    };
    return weight(a) > weight(b);
  });
  for (const BusyTrace& trace : busy_) {
    const bool dear = trace.cost_usd >= std::max(5 * typical, kLoopUsdMin);
    const bool loops =
        trace.repetition && (trace.repetition->times >= Repetition::kSure ||
                             trace.repetition->same_result || trace.repetition->failing);
    const bool much = trace.model_calls >= kStepsWarn;
    if (!loops && !dear && !much && !trace.named) continue;
    AddLoop(trace, finding);
    if (finding.detail.size() == kExemplarsMax) break;
  }
  if (finding.detail.empty()) {
    finding.words = fmt::format(
        "None: of the {} that did most, none repeats a call and none stands out by its cost.",
        CountWords(static_cast<int64_t>(busy_.size()), "run"));
    return;
  }
  finding.words = finding.detail.front() + ".";
  finding.words[0] = static_cast<char>(std::toupper(static_cast<unsigned char>(finding.words[0])));
  finding.detail.erase(finding.detail.begin());
  if (!Risen()) run_.report().summary = finding.words;
}

void Cost::Actions() {
  Finding& finding = run_.Step("4", "What stops it");
  finding.query = "pitot runbook actions";
  finding.words = "Nothing to stop.";
  const bool loops = std::ranges::any_of(run_.report().causes,
                                         [](const Cause& cause) { return cause.kind == "loop"; });
  if (!Risen() && !loops) return;
  finding.state = FindingState::kFound;
  finding.words = loops ? "Block the runs of step 3 first; the rest is for what remains."
                        : "From mild to strong:";
  const Spend* feature = groups_[0].empty() ? nullptr : &groups_[0][0];
  const Spend* model = groups_[2].empty() ? nullptr : &groups_[2][0];
  if (!Risen()) return;
  if (model != nullptr && model->calls > 0) {
    Action cap = run_.MakeAction(finding, ActionKind::kCap, ActionMode::kAuto);
    cap.target.model = model->key;
    // Ten times what a call usually costs: what is ordinary passes.
    cap.settings.request_usd =
        std::max(0.01, 10 * (model->usual_calls > 0 ? model->usual_usd / model->usual_calls
                                                    : model->usd / model->calls));
    cap.words = fmt::format("Refuse single calls of {} that may cost over {}, for {}.", model->key,
                            DollarsText(cap.settings.request_usd), SpanText(cap.ttl_ns));
    cap.guard = "undone when calls fail more often than before";
    cap.rollback = "no cap on a call";
    finding.actions.push_back(std::move(cap));
    Action advice = run_.MakeAction(finding, ActionKind::kAdvice, ActionMode::kSuggest);
    advice.words = fmt::format("Lower max_tokens, or use a cheaper model than {}.", model->key);
    finding.actions.push_back(std::move(advice));
  }
  if (feature == nullptr || ShareOf(feature->Rise()) < 0.3) return;
  Action throttle = run_.MakeAction(finding, ActionKind::kThrottle, ActionMode::kConfirm);
  throttle.target.feature = feature->key;
  const double minutes =
      static_cast<double>(run_.current().until_ns - run_.current().since_ns) / kNanosPerMinute;
  throttle.settings.calls_per_minute = std::max(1.0, std::ceil(feature->usual_calls / minutes));
  throttle.words =
      fmt::format("Hold feature {} to {} calls a minute, as many as usual, for {}.", feature->key,
                  FigureText(throttle.settings.calls_per_minute), SpanText(throttle.ttl_ns));
  throttle.rollback = "no limit of its calls a minute";
  finding.actions.push_back(std::move(throttle));
  Action disable = run_.MakeAction(finding, ActionKind::kDisableScope, ActionMode::kConfirm);
  disable.target.feature = feature->key;
  disable.words = fmt::format("Refuse all model calls of feature {} for {}.", feature->key,
                              SpanText(disable.ttl_ns));
  disable.rollback = "its calls go through again";
  finding.actions.push_back(std::move(disable));
}

void Cost::Affected() {
  Finding& finding = run_.Step("5", "Budgets, and how what is stopped starts again");
  finding.query = "pitot budget list";
  if (run_.deps().figures == nullptr) {
    finding.words = "No gateway runs here: no budget holds.";
    return;
  }
  int near = 0;
  for (const BudgetFigure& budget : run_.deps().figures->Budgets()) {
    if (!budget.project.empty() && budget.project != run_.input().project) continue;
    const std::string name =
        budget.counter.empty() ? budget.id : fmt::format("{} of {}", budget.id, budget.counter);
    const std::string spent =
        fmt::format("{} of {}", DollarsText(budget.spent_usd), DollarsText(budget.limit_usd));
    if (budget.exhausted || budget.disabled) {
      finding.detail.push_back(
          fmt::format("{} is {} ({}): it starts again {}, or by pitot budget enable {}", name,
                      budget.disabled ? "disabled" : "used up", spent,
                      budget.window_end == 0 ? "when somebody enables it"
                                             : "at " + ClockWords(budget.window_end, run_.now()),
                      budget.id));
    } else if (budget.limit_usd > 0 && budget.spent_usd >= 0.8 * budget.limit_usd) {
      ++near;
      finding.detail.push_back(fmt::format(
          "{} is at {} ({})", name, PercentWords(budget.spent_usd / budget.limit_usd), spent));
    }
  }
  if (finding.detail.empty()) {
    finding.words = "No budget is used up, disabled or above 80 % of its limit.";
    return;
  }
  finding.state = FindingState::kFound;
  finding.words =
      fmt::format("{} used up or disabled, {} above 80 %.",
                  CountWords(static_cast<int64_t>(finding.detail.size()) - near, "budget"), near);
}

}  // namespace

absl::Status RunCost(Investigation& run) { return Cost(run).Run(); }

}  // namespace pitot
