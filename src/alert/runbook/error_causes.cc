// What is behind a kind of failure, and what helps: by class.
#include <algorithm>

#include "alert/runbook/changes.h"
#include "alert/runbook/error_cells.h"
#include "base/status.h"
#include "base/text.h"

namespace pitot {
namespace {

constexpr std::string_view kNewest = "f.end_ns DESC";
constexpr int64_t kTogetherNs = 5 * kNanosPerMinute;
// Calls a minute against those of the hour before: from there on, load explains refusals.
constexpr double kLoadRatio = 1.5;

std::vector<std::string> ExamplesOf(const Investigation& run, const ErrorCell& cell) {
  return run.Examples(fmt::format("{} AND {}", cell.SpansSql(), cell.BadSql()), kNewest,
                      run.filter(), cell.Params());
}

// "search_orders: 38 % of calls (usually 1 %) have invalid arguments"
std::string Head(const ErrorCell& cell) {
  return fmt::format("{}: {} of calls{} {}", cell.What(), PercentWords(cell.now.share()),
                     cell.base.trials < kUsualMin
                         ? ""
                         : fmt::format(" (usually {})", PercentWords(cell.base.share())),
                     FailureWords(cell.category));
}

Action Advice(const Investigation& run, const Finding& finding, std::string words) {
  Action action = run.MakeAction(finding, ActionKind::kAdvice, ActionMode::kSuggest);
  action.words = std::move(words);
  return action;
}

Cause ToolCause(const Investigation& run, const ErrorCell& cell, double share) {
  Cause cause{.kind = "tool_failing", .words = Head(cell) + run.Since(), .score = 0.7 * share};
  const auto blame = FindPromptBlame(run, cell.SpansSql(), cell.BadSql(), cell.Params());
  const PromptBlame* prompt = blame.ok() && *blame ? &**blame : nullptr;
  absl::StatusOr<DefinitionView> definitions = DefinitionView();
  if (cell.category == "invalid_args" || cell.category == "parse") {
    definitions = ReadDefinitions(run, cell.name);
  }
  const DefinitionChange* changed =
      definitions.ok() && definitions->change ? &*definitions->change : nullptr;
  if (changed != nullptr) {
    cause.kind = "tool_schema_changed";
    cause.score = 0.95 * share;
    cause.words = fmt::format("{} since its definition changed at {}{}", Head(cell),
                              ClockWords(changed->since, run.now()),
                              changed->words.empty() ? "" : ": " + changed->words);
    if (prompt != nullptr && std::abs(prompt->since - changed->since) <= kTogetherNs) {
      cause.words += fmt::format("; prompt {} {} came with it", prompt->prompt, prompt->to);
    }
  } else if (prompt != nullptr) {
    cause.kind = "prompt_changed";
    cause.score = 0.9 * share;
    cause.words = fmt::format(
        "{} since prompt {} {} came into use at {}: {} of its calls, {} of {}'s", Head(cell),
        prompt->prompt, prompt->to, ClockWords(prompt->since, run.now()),
        PercentWords(prompt->after.share()), PercentWords(prompt->before.share()), prompt->from);
  } else if (cell.category == "invalid_args" && definitions.ok()) {
    cause.words +=
        definitions->known
            ? "; neither its definition nor a prompt changed, so what it accepts may have"
            : "; no prompt changed, and calls carry no definitions of it to compare";
  }
  return cause;
}

// How load and features stand now, against the hour before.
struct Load {
  double ratio = 1;  // Calls a minute.
  double per_minute = 0;
  std::string top;  // The feature whose calls grew most.
  int features = 0;
  int failing = 0;  // Of them, those that fail so.
  double input_ratio = 1;
  double input = 0;
};

Load ReadLoad(const Investigation& run, const ErrorCell& cell) {
  Load load;
  Window before = run.current();
  before.until_ns = run.current().since_ns;
  before.since_ns = std::max<UnixNanos>(before.until_ns - kNanosPerHour, 0);
  SqlPiece where = FactsWhere(run.In({before.since_ns, run.current().until_ns}));
  std::ranges::move(cell.Params(), std::back_inserter(where.params));
  where.params.push_back({"split", fmt::to_string(before.until_ns)});
  constexpr std::string_view kInput =
      "f.input_tokens + f.cache_read_tokens + f.cache_write_5m_tokens + f.cache_write_1h_tokens";
  const absl::StatusOr<Table> table = ReadTable(
      run.query(),
      fmt::format(
          "SELECT f.feature, countIf(f.end_ns >= {{split:Int64}}), "
          "countIf(f.end_ns < {{split:Int64}}), countIf(f.end_ns >= {{split:Int64}} AND {0}), "
          "toFloat64(sumIf({1}, f.end_ns >= {{split:Int64}})), "
          "toFloat64(sumIf({1}, f.end_ns < {{split:Int64}})) "
          "FROM facts AS f FINAL WHERE {2} AND {3} GROUP BY f.feature LIMIT 1000",
          cell.BadSql(), kInput, where.sql, cell.SpansSql()),
      std::move(where.params), 6);
  if (!table.ok()) return load;
  const auto minutes = [](const Window& w) {
    return std::max(static_cast<double>(w.until_ns - w.since_ns) / kNanosPerMinute, 1.0 / 6);
  };
  const double now_minutes = minutes(run.current());
  const double before_minutes = minutes(before);
  double now = 0;
  double base = 0;
  double input_now = 0;
  double input_base = 0;
  double grew = 0;
  for (const boost::json::value& value : table->rows) {
    const boost::json::array& row = value.get_array();
    const double here = DoubleAt(row, 1);
    const double growth = here / now_minutes - DoubleAt(row, 2) / before_minutes;
    now += here;
    base += DoubleAt(row, 2);
    input_now += DoubleAt(row, 4);
    input_base += DoubleAt(row, 5);
    if (here >= kNowMin) {
      ++load.features;
      load.failing += IntAt(row, 3) > 0 && DoubleAt(row, 3) >= 0.3 * cell.now.share() * here;
    }
    if (growth > grew) {
      grew = growth;
      load.top = TextAt(row, 0);
    }
  }
  load.per_minute = now / now_minutes;
  if (base >= kUsualMin) load.ratio = load.per_minute / (base / before_minutes);
  if (now > 0) load.input = input_now / now;
  if (base >= kUsualMin && input_base > 0 && now > 0) {
    load.input_ratio = load.input / (input_base / base);
  }
  return load;
}

bool BlamesTheProvider(std::string_view category) {
  return category == "overloaded" || category == "timeout" || category == "internal" ||
         category == "network" || category == "unknown";
}

Cause ModelCause(const Investigation& run, const ErrorCell& cell, double share) {
  Cause cause{.kind = "model_failing", .words = Head(cell) + run.Since(), .score = 0.85 * share};
  cause.subject.project = run.input().project;
  cause.subject.upstream = cell.provider;
  cause.subject.model = cell.name;
  const Load load = ReadLoad(run, cell);
  const std::string whom = load.features > 1 && load.failing == load.features
                               ? fmt::format(", for all {} features that call it", load.features)
                           : load.features > 1 && load.failing == 1 && !load.top.empty()
                               ? ", for one feature only"
                               : "";
  if (cell.category == "rate_limit" || cell.category == "overloaded") {
    cause.kind = cell.category == "overloaded" ? "provider_failing" : "rate_limited";
    if (load.ratio >= kLoadRatio) {
      cause.kind = "load";
      cause.words += fmt::format("; calls a minute rose {} to {}", TimesText(load.ratio),
                                 FigureText(load.per_minute));
      if (!load.top.empty()) {
        cause.words += fmt::format(", most by feature {}", load.top);
        cause.subject.feature = load.top;
      }
    } else {
      cause.words += fmt::format(
          "{}; we do not call more often than before ({} a minute): the limit, "
          "or the provider, changed",
          whom, FigureText(load.per_minute));
    }
  } else if (cell.category == "context_length") {
    cause.kind = "context_length";
    cause.words += fmt::format(
        "; prompts have {} input tokens on average{}", FigureText(load.input),
        load.input_ratio >= 1.2 ? ", " + TimesText(load.input_ratio) + " as many as before" : "");
  } else if (cell.category == "auth" || cell.category == "quota") {
    cause.kind = cell.category;
    cause.words += cell.category == "auth"
                       ? "; the key was revoked, has expired or is not allowed this model"
                       : "; retrying does not help until somebody pays or raises it";
  } else if (BlamesTheProvider(cell.category)) {
    cause.kind = "provider_failing";
    cause.words += whom;
  }
  const bool by_prompt = cell.category == "invalid_args" || cell.category == "context_length" ||
                         cell.category == "content_filter" || cell.category == "parse" ||
                         cell.category == kCutOff;
  if (!by_prompt) return cause;
  const auto blame = FindPromptBlame(run, cell.SpansSql(), cell.BadSql(), cell.Params());
  if (!blame.ok() || !*blame) return cause;
  cause.kind = "prompt_changed";
  cause.score = 0.9 * share;
  cause.words += fmt::format("; prompt {} {} came into use at {}: {} of its calls, {} of {}'s",
                             (*blame)->prompt, (*blame)->to, ClockWords((*blame)->since, run.now()),
                             PercentWords((*blame)->after.share()),
                             PercentWords((*blame)->before.share()), (*blame)->from);
  return cause;
}

// What helps against a class of failure.
void Offer(const Investigation& run, const ErrorCell& cell, const Cause& cause, Finding& finding) {
  const std::string what = cell.What();
  if (cause.kind == "tool_schema_changed" || cause.kind == "prompt_changed") {
    finding.actions.push_back(
        Advice(run, finding,
               cause.kind == "prompt_changed"
                   ? fmt::format("Roll the prompt back; compare both with pitot compare.")
                   : fmt::format("Roll the definition of {} back, or teach the prompt the new one.",
                                 what)));
    return;
  }
  if (cell.category == "rate_limit" || cell.category == "rate_limited" ||
      cell.category == "overloaded") {
    finding.actions.push_back(Advice(
        run, finding,
        "Let retries honour Retry-After with backoff and jitter (the gateway does), and shed batch "
        "work first."));
    if (!cause.subject.feature.empty()) {
      Action action = run.MakeAction(finding, ActionKind::kThrottle, ActionMode::kConfirm);
      action.target.feature = cause.subject.feature;
      action.settings.calls_per_minute = 60;
      action.words = fmt::format("Hold feature {} to 60 calls a minute for {}.",
                                 cause.subject.feature, SpanText(action.ttl_ns));
      action.rollback = "no limit of its calls a minute";
      finding.actions.push_back(std::move(action));
    }
  }
  if (!cell.is_tool && BlamesTheProvider(cell.category) && cell.now.share() > 0.5) {
    Action action = run.MakeAction(finding, ActionKind::kBreaker, ActionMode::kAuto);
    action.target.upstream = cell.provider;
    action.target.model = cell.name;
    action.ttl_ns = std::min<int64_t>(action.ttl_ns, 5 * kNanosPerMinute);
    action.words = fmt::format(
        "Hold the breaker of {} open for {}: its calls go to the fallbacks at "
        "once instead of waiting to fail.",
        what, SpanText(action.ttl_ns));
    action.rollback = "the breaker closes";
    finding.actions.push_back(std::move(action));
  }
  if (cell.category == "context_length") {
    finding.actions.push_back(Advice(run, finding,
                                     "Cut the prompt (oldest tool outputs first, cap what is "
                                     "retrieved), or use a model with a larger context."));
  }
  if (cell.category == kCutOff) {
    finding.actions.push_back(
        Advice(run, finding, "Raise max_tokens where answers are cut, or ask for shorter ones."));
  }
  if (cell.category == "content_filter") {
    finding.actions.push_back(Advice(run, finding,
                                     "Read the examples. Do not retry, and do not send them to "
                                     "another model to evade the filter."));
  }
  if (cell.category == "auth" || cell.category == "quota") {
    finding.actions.push_back(
        Advice(run, finding,
               fmt::format("Tell who owns the account of {}: nothing else helps.",
                           cell.provider.empty() ? what : cell.provider)));
  }
  if (cell.is_tool && cause.kind == "tool_failing") {
    finding.actions.push_back(Advice(run, finding, fmt::format("Tell who owns {}.", what)));
  }
}

}  // namespace

void ExplainCell(Investigation& run, const ErrorCell& cell, double share, Finding& finding) {
  Cause cause = cell.is_tool ? ToolCause(run, cell, share) : ModelCause(run, cell, share);
  cause.words += ".";
  cause.step = finding.step;
  cause.trace_ids = ExamplesOf(run, cell);
  finding.detail.push_back(cause.words);
  Offer(run, cell, cause, finding);
  // Two cells may call for the same.
  for (size_t i = 0; i < finding.actions.size(); ++i) {
    const auto same = [&](const Action& other) { return other.words == finding.actions[i].words; };
    const auto behind = finding.actions.begin() + static_cast<std::ptrdiff_t>(i) + 1;
    finding.actions.erase(std::remove_if(behind, finding.actions.end(), same),
                          finding.actions.end());
  }
  run.AddCause(std::move(cause));
}

}  // namespace pitot
