// What is slow, since when, and why.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "alert/runbook/changes.h"
#include "alert/runbook/investigation.h"
#include "alert/runbook/provider_view.h"
#include "alert/runbook/slowness.h"
#include "base/status.h"
#include "base/text.h"
#include "measure/glob.h"

namespace pitot {
namespace {

constexpr int64_t kHardTimeoutNs = 30 * kNanosPerSecond;
constexpr std::string_view kToolsSql =
    "f.kind IN ('tool', 'retriever') AND f.role != 'inner' AND f.status != 'running'";
constexpr std::string_view kSlowest = "f.duration_ns DESC";
constexpr double kToolShare = 0.5;

class Latency {
 public:
  explicit Latency(Investigation& run) : run_(run) {}

  absl::Status Run() {
    RETURN_IF_ERROR(FindMoment());
    Localise();
    Provider();
    Changes();
    FasterModels();
    LongCalls();
    Tools();
    Summarise();
    return absl::OkStatus();
  }

 private:
  absl::Status FindMoment();
  absl::StatusOr<bool> FindMomentOf(std::string_view key, std::string_view spans, bool calls_only);
  void Localise();
  void ModelCauses();
  void FeatureCauses();
  void Provider();
  void Changes();
  void FasterModels();
  void LongCalls();
  void Tools();
  void Summarise();
  // Models slower than usual, what they add most first.
  std::vector<const Pair*> SlowModels() const;
  std::vector<const Pair*> FeaturesOf(const Pair& model) const;
  double ShareOf(double excess) const { return excess_ > 0 ? excess / excess_ : 0; }

  Investigation& run_;
  std::vector<Pair> models_;    // By provider and model.
  std::vector<Pair> features_;  // The same by feature.
  std::vector<Pair> tools_;
  double excess_ = 0;  // Time that calls and tools took longer, all together.
};

// The moment from which model calls, else tools, take far longer than each of them usually does.
absl::Status Latency::FindMoment() {
  ASSIGN_OR_RETURN(const bool found, FindMomentOf("concat(f.provider, char(31), f.model)",
                                                  kIsLlmCallSql, /*calls_only=*/true));
  if (found) return absl::OkStatus();
  return FindMomentOf("concat(f.kind, char(31), f.tool_name)", kToolsSql, /*calls_only=*/false)
      .status();
}

absl::StatusOr<bool> Latency::FindMomentOf(std::string_view key, std::string_view spans,
                                           bool calls_only) {
  const std::string_view keys[] = {key};
  ASSIGN_OR_RETURN(const std::vector<Pair> usual, run_.Compare(keys, spans, calls_only));
  std::vector<std::string> names;
  std::string limits = "[";
  for (const Pair& pair : usual) {
    // Without calls before the time that is looked at, its own median has to do.
    const std::optional<double> limit = pair.base.n >= kUsualMin ? pair.base.p95 : pair.now.p50;
    if (!limit) continue;
    names.push_back(pair.key[0]);
    limits += fmt::format("{}{:.0f}", names.size() == 1 ? "" : ",", *limit * 1.5);
  }
  if (names.empty()) return false;
  ASSIGN_OR_RETURN(
      const Investigation::Series series,
      run_.ReadSeries(spans,
                      fmt::format("f.duration_ns > transform({}, {{names:Array(String)}}, "
                                  "{{limits:Array(Float64)}}, 1e18)",
                                  key),
                      {{"names", QuoteArray(names)}, {"limits", limits + "]"}}, calls_only));
  const auto part = FindWorseShare(series.counts);
  if (!part) return false;
  run_.SetMoment(series.At(part->begin),
                 part->end < series.counts.size() ? series.At(part->end) : 0);
  return true;
}

std::vector<const Pair*> Latency::SlowModels() const {
  std::vector<const Pair*> slow;
  for (const Pair& pair : models_) {
    if (pair.Comparable() && pair.Ratio() >= kSlowRatio) slow.push_back(&pair);
  }
  std::ranges::stable_sort(slow, [](auto a, auto b) { return a->Excess() > b->Excess(); });
  return slow;
}

std::vector<const Pair*> Latency::FeaturesOf(const Pair& model) const {
  std::vector<const Pair*> out;
  for (const Pair& pair : features_) {
    const bool same =
        pair.key[kProvider] == model.key[kProvider] && pair.key[kModel] == model.key[kModel];
    if (same && pair.Comparable()) out.push_back(&pair);
  }
  return out;
}

void Latency::Localise() {
  Finding& finding = run_.Step("1", "Where it is slow");
  finding.query = "pitot latency --by provider,model" + run_.Args();
  constexpr std::string_view kModelKeys[] = {"f.provider", "f.model"};
  constexpr std::string_view kFeatureKeys[] = {"f.provider", "f.model", "f.feature"};
  constexpr std::string_view kToolKeys[] = {"f.kind", "f.tool_name"};
  auto models = run_.Compare(kModelKeys, kIsLlmCallSql, true);
  auto features = run_.Compare(kFeatureKeys, kIsLlmCallSql, true);
  auto tools = run_.Compare(kToolKeys, kToolsSql, /*calls_only=*/false);
  for (const auto* pairs : {&models, &features, &tools}) {
    if (!pairs->ok()) {
      run_.Failed(finding, pairs->status());
      return;
    }
  }
  models_ = *std::move(models);
  features_ = *std::move(features);
  tools_ = *std::move(tools);
  for (const std::vector<Pair>* pairs : {&models_, &tools_}) {
    for (const Pair& pair : *pairs) excess_ += pair.Excess();
  }

  int64_t calls = 0;
  bool comparable = false;
  for (const Pair& pair : models_) {
    calls += pair.now.n;
    comparable = comparable || pair.Comparable();
  }
  if (calls == 0) {
    finding.state = FindingState::kUnknown;
    finding.words = fmt::format("No model call ended{}.", run_.Since());
    return;
  }
  if (!comparable) {
    finding.state = FindingState::kUnknown;
    finding.words = fmt::format(
        "{} ended{}; there are too few from before to say what is usual ({} a model are needed).",
        CountWords(calls, "model call"), run_.Since(), kUsualMin);
    return;
  }
  const std::vector<const Pair*> slow = SlowModels();
  for (const Pair& pair : models_) {
    if (!pair.Comparable()) continue;
    const double ratio = pair.Ratio();
    finding.detail.push_back(fmt::format(
        "{}: {}, median {} ({}), p99 {}", NameOf(pair), CountWords(pair.now.n, "call"),
        SecondsText(pair.now.p50.value_or(0)),
        ratio < kSlowRatio && ratio > 1 / kSlowRatio ? "as usual" : TimesText(ratio) + " the usual",
        SecondsText(pair.now.p99.value_or(0))));
    if (finding.detail.size() == 8) break;
  }
  if (slow.empty()) {
    finding.words = fmt::format("No model is slower than usual{}: {} ended.", run_.Since(),
                                CountWords(calls, "model call"));
    return;
  }
  finding.state = FindingState::kFound;
  finding.words = fmt::format("{} ({}{}).", SlowWords(*slow[0]), CountWords(slow[0]->now.n, "call"),
                              run_.Since());
  if (const std::string shape = ShapeWords(*slow[0]); !shape.empty()) finding.words += " " + shape;
  finding.trace_ids =
      run_.Examples(kIsLlmCallSql, kSlowest,
                    run_.And(fmt::format("model = {}", FilterValue(slow[0]->key[kModel]))));
  ModelCauses();
  FeatureCauses();
}

// A provider or a model that is slow for everybody.
void Latency::ModelCauses() {
  const std::vector<const Pair*> slow = SlowModels();
  std::map<std::string, std::vector<const Pair*>> by_provider;
  std::map<std::string, int> comparable;
  for (const Pair* pair : slow) by_provider[pair->key[kProvider]].push_back(pair);
  for (const Pair& pair : models_) comparable[pair.key[kProvider]] += pair.Comparable();
  for (const auto& [provider, pairs] : by_provider) {
    double excess = 0;
    double provider_part = 0;  // Of it, what longer prompts and answers do not explain.
    std::vector<std::string> each;
    for (const Pair* pair : pairs) {
      const Shape shape(*pair);
      const double tokens = std::max(shape.Explains(shape.output), shape.Explains(shape.input));
      excess += pair->Excess();
      provider_part += pair->Excess() * (1 - tokens);
      each.push_back(fmt::format("{} {}", pair->key[kModel], TimesText(pair->Ratio())));
    }
    const Pair& worst = *pairs[0];
    const std::vector<const Pair*> features = FeaturesOf(worst);
    std::vector<std::string> slow_features;
    for (const Pair* feature : features) {
      if (feature->Ratio() >= kSlowRatio) slow_features.push_back(feature->key[kFeature]);
    }
    const bool everybody = features.size() == slow_features.size();
    std::string whom;
    if (features.size() > 1) {
      whom = everybody
                 ? fmt::format(", for all {} features that call it", features.size())
                 : fmt::format(", for {} of {} features that call it ({})", slow_features.size(),
                               features.size(), ListText(slow_features));
    }
    const bool all = pairs.size() > 1 && static_cast<int>(pairs.size()) == comparable[provider];
    const std::string words =
        all ? fmt::format("{} answers {} slower than usual, with all its models ({}){}: {} {}",
                          provider, TimesText(worst.Ratio()), ListText(each), whom,
                          worst.key[kModel], FigureWords(worst))
            : SlowWords(worst) + whom;
    // Slow for few of many: what they ask for is more likely the reason.
    const double spread = features.empty() ? 1
                                           : static_cast<double>(slow_features.size()) /
                                                 static_cast<double>(features.size());
    const double whole = excess > 0 ? provider_part / excess : 0;
    run_.AddCause({.kind = "provider_slow",
                   .words = words + ".",
                   .score = 0.95 * ShareOf(excess) * whole * (spread >= 0.6 ? 1 : spread),
                   .step = "latency.1",
                   .trace_ids = run_.report().steps.front().trace_ids,
                   .subject = {.project = run_.input().project,
                               .upstream = provider,
                               .model = pairs.size() == 1 ? worst.key[kModel] : ""}});
  }
}

// What one feature asks for is longer, or only its calls are slow.
void Latency::FeatureCauses() {
  for (const Pair& pair : features_) {
    if (!pair.Comparable() || pair.Ratio() < kSlowRatio) continue;
    const Shape shape(pair);
    const std::string feature =
        pair.key[kFeature].empty() ? "calls without a feature" : pair.key[kFeature];
    const ActionTarget subject{.project = run_.input().project,
                               .upstream = pair.key[kProvider],
                               .model = pair.key[kModel],
                               .feature = pair.key[kFeature]};
    const double share = ShareOf(pair.Excess());
    const double output = shape.Explains(shape.output);
    const double input = shape.Explains(shape.input);
    if (output >= 0.3 && output >= input) {
      run_.AddCause(
          {.kind = "longer_answers",
           .words = fmt::format(
               "Answers of {} are {} longer ({} output tokens a call instead of "
               "{}), and take {} as long.",
               feature, TimesText(shape.output), FigureText(pair.now.Mean(pair.now.output_sum)),
               FigureText(pair.base.Mean(pair.base.output_sum)), TimesText(shape.ratio)),
           .score = 0.8 * share * output,
           .step = "latency.1",
           .subject = subject});
    } else if (input >= 0.3) {
      run_.AddCause(
          {.kind = "longer_prompts",
           .words = fmt::format(
               "Prompts of {} are {} longer ({} input tokens a call instead of {}), "
               "and its calls take {} as long.",
               feature, TimesText(shape.input), FigureText(pair.now.Mean(pair.now.input_sum)),
               FigureText(pair.base.Mean(pair.base.input_sum)), TimesText(shape.ratio)),
           .score = 0.8 * share * input,
           .step = "latency.1",
           .subject = subject});
    }
  }
}

void Latency::Provider() {
  Finding& finding = run_.Step("2", "What the provider says, and how it fails");
  const std::vector<const Pair*> slow = SlowModels();
  const std::string provider = !slow.empty()      ? slow[0]->key[kProvider]
                               : !models_.empty() ? models_[0].key[kProvider]
                                                  : std::string();
  ViewProvider(run_, provider, finding);
}

void Latency::Changes() {
  Finding& finding = run_.Step("3", "What changed in the two hours before");
  finding.query = "pitot compare" + run_.Args();
  const absl::StatusOr<std::vector<VersionChange>> changes = ReadVersionChanges(run_);
  if (!changes.ok()) return run_.Failed(finding, changes.status());
  finding.query = "pitot prompts" + run_.Args();
  for (const VersionChange& change : *changes) {
    finding.detail.push_back(DescribeLatencyOf(change, run_.now()));
    const double ratio = change.Ratio();
    const double tokens = std::max(change.OutputRatio(), change.InputRatio());
    if (ratio < kSlowRatio) continue;
    finding.state = FindingState::kFound;
    // Its calls are slower, and nothing about them but the version is new: the provider would be the
    // better guess, were they not longer too.
    const double explained = change.model_changed ? 1
                             : tokens < kTokensRatio
                                 ? 0.2
                                 : std::min(1.0, std::log(tokens) / std::log(ratio));
    run_.AddCause({.kind = change.model_changed ? "model_changed" : "prompt_changed",
                   .words = DescribeLatencyOf(change, run_.now()) + ".",
                   .score = 0.9 * ShareOf(change.excess) * explained,
                   .step = finding.step,
                   .trace_ids = change.trace_ids,
                   .subject = {.project = run_.input().project, .feature = change.feature}});
    Action rollback = run_.MakeAction(finding, ActionKind::kAdvice, ActionMode::kSuggest);
    rollback.target.feature = change.feature;
    rollback.words = fmt::format(
        "Roll {} back to {}, or shorten it: drop the oldest tool outputs, "
        "cap what is retrieved.",
        change.what, change.from);
    finding.actions.push_back(std::move(rollback));
  }
  if (finding.detail.empty()) {
    finding.words = "No prompt version and no model came into use.";
  } else {
    finding.words = fmt::format("{}.", finding.detail[0]);
    finding.detail.erase(finding.detail.begin());
  }
}

void Latency::FasterModels() {
  Finding& finding = run_.Step("4", "Whether an approved model is faster now");
  finding.query = "pitot models" + run_.Args();
  const std::vector<const Pair*> slow = SlowModels();
  if (slow.empty()) {
    finding.words = "No model is slow: nothing to send elsewhere.";
    return;
  }
  const Pair& from = *slow[0];
  const std::vector<std::string>& approved = run_.actions().approved_models;
  std::vector<std::string> not_approved;
  std::vector<std::string> other_api;
  for (const Pair& pair : models_) {
    const bool faster = pair.now.n >= kUsualMin && pair.now.p99 && from.now.p99 &&
                        *pair.now.p99 < 0.5 * *from.now.p99 && pair.now.ErrorShare() < 0.05;
    if (!faster || &pair == &from) continue;
    const std::string name = NameOf(pair);
    finding.detail.push_back(fmt::format("{}: p99 {}, {} of calls fail", name,
                                         SecondsText(*pair.now.p99),
                                         PercentWords(pair.now.ErrorShare())));
    if (!MatchesAnyGlob(approved, pair.key[kModel])) {
      not_approved.push_back(name);
      continue;
    }
    if (DialectFamily(pair.key[kProvider]) != DialectFamily(from.key[kProvider])) {
      other_api.push_back(name);
      continue;
    }
    if (finding.state == FindingState::kFound) continue;
    finding.state = FindingState::kFound;
    finding.words =
        fmt::format("{} is approved and answers in {} at p99, {} in {}.", name,
                    SecondsText(*pair.now.p99), NameOf(from), SecondsText(*from.now.p99));
    Action action = run_.MakeAction(finding, ActionKind::kReroute, ActionMode::kAuto);
    action.target.upstream = from.key[kProvider];
    action.target.model = from.key[kModel];
    if (pair.key[kProvider] != from.key[kProvider]) {
      action.settings.to_upstream = pair.key[kProvider];
    }
    action.settings.to_model = pair.key[kModel];
    action.settings.share = 0.1;
    action.words = fmt::format(
        "Send new runs' calls for {} to {}: 10 % of them, then 50 %, then "
        "all, for {}.",
        NameOf(from), name, SpanText(action.ttl_ns));
    action.guard = "undone when calls fail more often than before";
    action.rollback = "runs that were sent elsewhere end there; new ones go where they used to";
    finding.actions.push_back(std::move(action));
  }
  if (finding.state == FindingState::kFound) return;
  if (!other_api.empty()) {
    finding.state = FindingState::kFound;
    finding.words = fmt::format(
        "{} is approved and faster, but speaks another API than {}: its "
        "callers would have to change.",
        ListText(other_api), from.key[kProvider]);
    return;
  }
  finding.words =
      not_approved.empty()
          ? fmt::format("No other model with at least {} calls answers in less than half the time.",
                        kUsualMin)
          : fmt::format("{} would be faster, and is not among alerts.actions.approved_models.",
                        ListText(not_approved));
}

void Latency::LongCalls() {
  Finding& finding = run_.Step("5", "Calls over 30 s");
  finding.query = "pitot traces" + run_.Args("kind = llm AND duration > 30s");
  int64_t calls = 0;
  Side now;
  Side base;
  const Pair* most = nullptr;
  for (const Pair& pair : models_) {
    now.n += pair.now.n;
    now.long_calls += pair.now.long_calls;
    base.n += pair.base.n;
    base.long_calls += pair.base.long_calls;
    if (pair.now.long_calls > calls) {
      calls = pair.now.long_calls;
      most = &pair;
    }
  }
  if (now.long_calls == 0) {
    finding.words = fmt::format("None of {}.", CountWords(now.n, "model call"));
    return;
  }
  finding.state = FindingState::kFound;
  finding.words = fmt::format(
      "{} of {} took over 30 s ({}; usually {}), most of them of {} ({}).",
      FormatCount(static_cast<uint64_t>(now.long_calls)), CountWords(now.n, "model call"),
      PercentWords(now.Mean(static_cast<double>(now.long_calls))),
      PercentWords(base.Mean(static_cast<double>(base.long_calls))), NameOf(*most), calls);
  finding.trace_ids = run_.Examples(
      fmt::format("{} AND f.duration_ns > {}", kIsLlmCallSql, static_cast<int64_t>(kLongCallNs)),
      kSlowest, run_.filter());
  Action action = run_.MakeAction(finding, ActionKind::kTimeout, ActionMode::kAuto);
  action.target.upstream = most->key[kProvider];
  action.target.model = most->key[kModel];
  action.settings.timeout_ns = kHardTimeoutNs;
  action.words = fmt::format(
      "Give calls of {} 30 s in all, retries included, for {}; then the cache, "
      "a fallback or the configured answer stands in.",
      NameOf(*most), SpanText(action.ttl_ns));
  action.guard = "undone when calls fail more often than before";
  action.rollback = "the configured deadlines hold again";
  finding.actions.push_back(std::move(action));
}

void Latency::Tools() {
  Finding& finding = run_.Step("6", "Whether it is the model at all");
  finding.query = "pitot tools" + run_.Args();
  double model_now = 0;
  double model_base = 0;
  double tool_now = 0;
  double tool_base = 0;
  for (const Pair& pair : models_) {
    model_now += pair.now.duration_sum;
    model_base += pair.base.duration_sum;
  }
  for (const Pair& pair : tools_) {
    tool_now += pair.now.duration_sum;
    tool_base += pair.base.duration_sum;
  }
  if (model_now + tool_now <= 0) {
    finding.state = FindingState::kUnknown;
    finding.words = fmt::format("No model or tool call ended{}.", run_.Since());
    return;
  }
  const double share = tool_now / (model_now + tool_now);
  finding.words =
      fmt::format("Tools and retrieval take {} of the time of all steps", PercentWords(share));
  if (model_base + tool_base > 0) {
    finding.words +=
        fmt::format(" (usually {})", PercentWords(tool_base / (model_base + tool_base)));
  }
  finding.words += ".";
  const Pair* worst = nullptr;
  for (const Pair& pair : tools_) {
    if (!pair.Comparable() || pair.Ratio() < kSlowRatio) continue;
    const std::string words = fmt::format(
        "{} {} takes {} as long as usual: median {}, p99 {} ({}{})", pair.key[0], pair.key[1],
        TimesText(pair.Ratio()), Instead(pair.now.p50, pair.base.p50),
        Instead(pair.now.p99, pair.base.p99), CountWords(pair.now.n, "call"), run_.Since());
    finding.detail.push_back(words);
    std::string cause = words + ".";
    cause[0] = static_cast<char>(std::toupper(static_cast<unsigned char>(cause[0])));
    run_.AddCause({.kind = "tool_slow",
                   .words = std::move(cause),
                   .score = 0.95 * ShareOf(pair.Excess()),
                   .step = finding.step,
                   .trace_ids = run_.Examples(
                       "f.kind IN ('tool', 'retriever')", kSlowest,
                       run_.And(fmt::format("tool_name = {}", FilterValue(pair.key[1]))))});
    if (worst == nullptr || pair.Excess() > worst->Excess()) worst = &pair;
  }
  if (worst == nullptr && share <= kToolShare) return;
  if (worst == nullptr && tool_base > 0 && share < 1.2 * tool_base / (model_base + tool_base))
    return;
  finding.state = FindingState::kFound;
  if (worst != nullptr) {
    std::string first = finding.detail[0];
    first[0] = static_cast<char>(std::toupper(static_cast<unsigned char>(first[0])));
    finding.words += " " + first + ".";
    finding.detail.erase(finding.detail.begin());
  }
  Action ticket = run_.MakeAction(finding, ActionKind::kAdvice, ActionMode::kSuggest);
  ticket.words =
      worst != nullptr
          ? fmt::format("Tell who owns {}: the model is not what is slow.", worst->key[1])
          : "Look at the tools before the model: most of the time is theirs.";
  finding.actions.push_back(std::move(ticket));
}

void Latency::Summarise() {
  RunbookReport& report = run_.report();
  const std::vector<const Pair*> slow = SlowModels();
  Side now;
  Side base;
  for (const Pair& pair : models_) {
    if (!pair.Comparable()) continue;
    now.n += pair.now.n;
    now.duration_sum += pair.now.duration_sum;
    base.n += pair.base.n;
    base.duration_sum += pair.base.duration_sum;
  }
  if (now.n == 0) {
    report.summary = report.steps.front().words;
    return;
  }
  const double mean = now.Mean(now.duration_sum);
  const double usual = base.Mean(base.duration_sum);
  if (slow.empty() && report.causes.empty()) {
    report.summary =
        fmt::format("Nothing is slow{}: {} took {} on average, usually {}.", run_.Since(),
                    CountWords(now.n, "model call"), SecondsText(mean), SecondsText(usual));
    return;
  }
  report.summary =
      fmt::format("Model calls take {} on average{}, usually {}: {} so far.", SecondsText(mean),
                  run_.Since(), SecondsText(usual), CountWords(now.n, "call"));
}

}  // namespace

absl::Status RunLatency(Investigation& run) { return Latency(run).Run(); }

}  // namespace pitot
