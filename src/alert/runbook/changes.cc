#include "alert/runbook/changes.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "base/status.h"

namespace pitot {
namespace {

constexpr double kSignificance = 1e-3;
// A model that took over from another has at least this part of the feature's calls.
constexpr double kTakenOver = 0.2;

double Times(double now, double base) { return base > 0 && now > 0 ? now / base : 1; }

Side Sum(Side a, const Side& b) {
  // Medians of the larger part: they only say what is usual.
  if (b.n > a.n) {
    a.p50 = b.p50;
    a.p99 = b.p99;
  }
  a.n += b.n;
  a.errors += b.errors;
  a.duration_sum += b.duration_sum;
  a.input_sum += b.input_sum;
  a.output_sum += b.output_sum;
  return a;
}

// Groups of one prompt, or of one feature: key[0] names it, `version` its version.
struct Versioned {
  const Pair* newest = nullptr;
  Side before;
  std::string from;
  int64_t from_n = 0;
};

// Of groups with equal first keys, the newest that came into use recently, and what was before it.
std::vector<Versioned> FindNew(const Investigation& run, const std::vector<Pair>& pairs) {
  std::map<std::string, Versioned> by_name;
  const UnixNanos from = run.current().since_ns - kChangeNs;
  for (const Pair& pair : pairs) {
    Versioned& of = by_name[pair.key[0]];
    if (pair.first_seen >= from && pair.now.n >= kNowMin &&
        (of.newest == nullptr || pair.now.n > of.newest->now.n)) {
      of.newest = &pair;
    }
  }
  for (const Pair& pair : pairs) {
    Versioned& of = by_name[pair.key[0]];
    if (of.newest == nullptr || &pair == of.newest || pair.first_seen >= of.newest->first_seen ||
        pair.base.n == 0) {
      continue;
    }
    of.before = Sum(of.before, pair.base);
    if (pair.base.n > of.from_n) {
      of.from_n = pair.base.n;
      of.from = pair.key.back();
    }
  }
  std::vector<Versioned> out;
  for (auto& [name, of] : by_name) {
    if (of.newest != nullptr && of.before.n >= kUsualMin && !name.empty()) out.push_back(of);
  }
  return out;
}

VersionChange ChangeOf(const Versioned& of) {
  VersionChange change;
  change.since = of.newest->first_seen;
  change.before = of.before;
  change.after = of.newest->now;
  // Slow only after it had been in use for a while: then it is not what changed.
  if (of.newest->base.n >= kUsualMin) change.before = of.newest->base;
  change.excess =
      std::max(0.0, change.after.duration_sum - static_cast<double>(change.after.n) *
                                                    change.before.Mean(change.before.duration_sum));
  return change;
}

std::string VersionText(std::string_view version) {
  const std::string text = PromptText("", version);
  return text.substr(text.front() == ' ' ? 1 : 0);
}

}  // namespace

double VersionChange::Ratio() const {
  return before.p50 && after.p50 ? Times(*after.p50, *before.p50) : 1;
}
double VersionChange::OutputRatio() const {
  return Times(after.Mean(after.output_sum), before.Mean(before.output_sum));
}
double VersionChange::InputRatio() const {
  return Times(after.Mean(after.input_sum), before.Mean(before.input_sum));
}

absl::StatusOr<std::vector<VersionChange>> ReadVersionChanges(const Investigation& run) {
  constexpr std::string_view kPromptKeys[] = {"f.prompt_name", "f.prompt_version"};
  constexpr std::string_view kModelKeys[] = {"f.feature", "f.model"};
  ASSIGN_OR_RETURN(const std::vector<Pair> prompts, run.Compare(kPromptKeys, kIsLlmCallSql, true));
  ASSIGN_OR_RETURN(const std::vector<Pair> models, run.Compare(kModelKeys, kIsLlmCallSql, true));
  std::vector<VersionChange> out;
  for (const Versioned& of : FindNew(run, prompts)) {
    VersionChange change = ChangeOf(of);
    change.what = of.newest->key[0];
    change.from = VersionText(of.from);
    change.to = VersionText(of.newest->key[1]);
    out.push_back(std::move(change));
  }
  std::map<std::string, int64_t> calls;
  for (const Pair& pair : models) calls[pair.key[0]] += pair.now.n;
  for (const Versioned& of : FindNew(run, models)) {
    const std::string& feature = of.newest->key[0];
    if (static_cast<double>(of.newest->now.n) < kTakenOver * static_cast<double>(calls[feature])) {
      continue;
    }
    VersionChange change = ChangeOf(of);
    change.model_changed = true;
    change.what = "feature " + feature;
    change.feature = feature;
    change.from = of.from;
    change.to = of.newest->key[1];
    out.push_back(std::move(change));
  }
  std::ranges::stable_sort(out, [](const auto& a, const auto& b) { return a.excess > b.excess; });
  return out;
}

std::string DescribeLatencyOf(const VersionChange& change, UnixNanos now) {
  std::string words = change.model_changed
                          ? fmt::format("{} calls {} instead of {} since {}", change.what,
                                        change.to, change.from, ClockWords(change.since, now))
                          : fmt::format("{} {} came into use at {}", change.what, change.to,
                                        ClockWords(change.since, now));
  if (!change.before.p50 || !change.after.p50) return words;
  const double ratio = change.Ratio();
  if (ratio < kSlowRatio) {
    return words + fmt::format(": its calls are as fast as before (median {}, before {})",
                               SecondsText(*change.after.p50), SecondsText(*change.before.p50));
  }
  words += fmt::format(": its calls take {} as long as before ({} instead of {})", TimesText(ratio),
                       SecondsText(*change.after.p50), SecondsText(*change.before.p50));
  const double output = change.OutputRatio();
  const double input = change.InputRatio();
  if (output >= 1.3) {
    words += fmt::format(", with {} the output tokens ({} instead of {})", TimesText(output),
                         FigureText(change.after.Mean(change.after.output_sum)),
                         FigureText(change.before.Mean(change.before.output_sum)));
  }
  if (input >= 1.3) {
    words += fmt::format(", with {} the input tokens ({} instead of {})", TimesText(input),
                         FigureText(change.after.Mean(change.after.input_sum)),
                         FigureText(change.before.Mean(change.before.input_sum)));
  }
  if (output < 1.3 && input < 1.3 && !change.model_changed) {
    words += ", with as many tokens: the version explains little";
  }
  return words;
}

absl::StatusOr<std::optional<PromptBlame>> FindPromptBlame(const Investigation& run,
                                                           std::string_view spans,
                                                           std::string_view bad,
                                                           std::vector<SqlParam> params) {
  const Window both{run.base().since_ns, run.current().until_ns};
  SqlPiece where = FactsWhere(run.In(both));
  std::ranges::move(params, std::back_inserter(where.params));
  where.params.push_back({"split", fmt::to_string(run.current().since_ns)});
  const std::string sql = fmt::format(
      "SELECT f.prompt_name, f.prompt_version, toString(min(f.end_ns)), "
      "countIf(f.end_ns >= {{split:Int64}}), countIf(f.end_ns >= {{split:Int64}} AND {0}), "
      "countIf(f.end_ns < {{split:Int64}}), countIf(f.end_ns < {{split:Int64}} AND {0}) "
      "FROM facts AS f FINAL WHERE {1} AND {2} AND f.prompt_name != '' "
      "GROUP BY f.prompt_name, f.prompt_version LIMIT 500",
      bad, where.sql, spans);
  ASSIGN_OR_RETURN(const Table table, ReadTable(run.query(), sql, std::move(where.params), 7));
  struct Version {
    std::string name;
    UnixNanos first = 0;
    Proportion now;
    Proportion before;
  };
  std::map<std::string, std::vector<Version>> prompts;
  for (const boost::json::value& value : table.rows) {
    const boost::json::array& row = value.get_array();
    prompts[std::string(TextAt(row, 0))].push_back(
        {.name = std::string(TextAt(row, 1)),
         .first = std::strtoll(std::string(TextAt(row, 2)).c_str(), nullptr, 10),
         .now = {IntAt(row, 4), IntAt(row, 3)},
         .before = {IntAt(row, 6), IntAt(row, 5)}});
  }
  std::optional<PromptBlame> best;
  for (auto& [prompt, versions] : prompts) {
    std::ranges::sort(versions, {}, [](const Version& v) { return v.first; });
    for (size_t i = 1; i < versions.size(); ++i) {
      const Version& after = versions[i];
      if (after.first < run.current().since_ns - kChangeNs || after.now.trials < kNowMin) continue;
      // The version before it, wherever it is still in use: if that fails as often now, it is not
      // the prompt.
      const Version& before = versions[i - 1];
      const Proportion old{before.before.hits + before.now.hits,
                           before.before.trials + before.now.trials};
      const Proportion fresh{after.now.hits + after.before.hits,
                             after.now.trials + after.before.trials};
      const bool still_good =
          before.now.trials < 10 || before.now.share() < 0.5 * after.now.share();
      if (old.trials < kUsualMin || fresh.share() < 2 * old.share() || !still_good ||
          TwoProportionP(old, fresh) > kSignificance) {
        continue;
      }
      if (best && best->after.hits >= fresh.hits) continue;
      best = PromptBlame{.prompt = prompt,
                         .from = VersionText(before.name),
                         .to = VersionText(after.name),
                         .since = after.first,
                         .before = old,
                         .after = fresh};
    }
  }
  return best;
}

}  // namespace pitot
