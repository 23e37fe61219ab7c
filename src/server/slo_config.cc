#include "server/slo_config.h"

#include <fmt/ranges.h>
#include <glob.h>

#include <algorithm>
#include <charconv>

#include "base/file.h"
#include "base/status.h"
#include "base/text.h"
#include "server/openslo.h"

namespace pitot {
namespace {

constexpr std::string_view kKinds = "ratio|latency|ttft|cost_per_success|score";
constexpr std::string_view kSeverities = "info|ticket|warning|page";
constexpr int64_t kWindowMax = 90 * kNanosPerDay;
constexpr double kNumberMax = 1e15;

template <typename T, size_t N>
T ByName(const std::array<std::string_view, N>& names, std::string_view name) {
  return static_cast<T>(std::ranges::find(names, name) - names.begin());
}

// 0.999 or 99.9%.
void ReadTarget(ConfigSection& section, double& out) {
  std::string text;
  section.Text("target", text);
  if (text.empty()) return section.Fail("target", "it is missing: 0.99 or 99%");
  const bool percent = text.ends_with('%');
  const std::string_view digits = TrimText(std::string_view(text).substr(0, text.size() - percent));
  double value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (error != std::errc() || end != digits.data() + digits.size()) {
    return section.Fail("target", fmt::format("\"{}\" is neither 0.99 nor 99%", text));
  }
  out = percent ? value / 100 : value;
}

// Times are durations, costs dollars, scores plain numbers.
void ReadThreshold(ConfigSection& section, SloSpec& spec) {
  if (spec.kind == SloKind::kLatency || spec.kind == SloKind::kTtft) {
    int64_t ns = 0;
    section.Duration("threshold", 1, kNanosPerDay, ns);
    spec.threshold = static_cast<double>(ns) / kNanosPerMilli;
  } else {
    section.Number("threshold", -kNumberMax, kNumberMax, spec.threshold);
  }
}

void ReadBurnRule(ConfigSection& section, SloSpec& spec) {
  SloBurnRule rule;
  std::string severity = "warning";
  section.OneOf("severity", kSeverities, severity);
  rule.severity = ByName<AlertSeverity>(kSeverityNames, severity);
  section.Number("factor", 0, kNumberMax, rule.factor);
  section.Duration("window", kNanosPerMinute, kWindowMax, rule.long_ns);
  section.Duration("short_window", kNanosPerMinute, kWindowMax, rule.short_ns);
  section.Duration("for", 0, kNanosPerDay, rule.hold_ns);
  rule.name = fmt::format("rule_{}", spec.alert_rules.size() + 1);
  section.Text("name", rule.name);
  spec.alert_rules.push_back(std::move(rule));
}

SloSpec ReadSlo(ConfigSection& item, size_t index) {
  SloSpec spec;
  spec.defined_in = fmt::format("slos[{}]", index);
  std::string kind(Name(spec.kind));
  item.OneOf("kind", kKinds, kind);
  spec.kind = ByName<SloKind>(kSloKindNames, kind);
  item.Text("name", spec.name);
  item.Text("description", spec.description);
  item.Text("project", spec.project);
  item.Text("filter", spec.filter);
  item.Text("good", spec.good);
  item.Text("score", spec.score);
  ReadThreshold(item, spec);
  ReadTarget(item, spec.target);
  item.Duration("window", 0, kWindowMax, spec.window_ns);
  item.Texts("exclude", spec.exclude);
  item.OneOf("count", "outcomes|attempts", spec.count);
  item.Section("alert", [&](ConfigSection& alert) {
    alert.Bool("fast_page", spec.alert_fast_page);
    alert.Bool("fast_warning", spec.alert_fast_warn);
    alert.Bool("multiwindow", spec.alert_multiwindow);
    alert.EachItem("rules", [&](ConfigSection& rule) { ReadBurnRule(rule, spec); });
  });
  item.Bool("allow_unreachable", spec.allow_unreachable);
  std::vector<std::pair<std::string, std::string>> labels;
  item.Pairs("labels", labels);
  for (auto& [name, value] : labels) spec.labels[name] = value;
  item.OneOf("runbook", "latency|errors|cost", spec.runbook);
  item.Text("owner", spec.owner);
  return spec;
}

// Those that `pattern` names, sorted; a relative one is looked for beside the configuration.
std::vector<std::string> FilesOf(std::string_view config, const std::string& pattern) {
  std::string path = pattern;
  if (const size_t slash = config.rfind('/');
      slash != std::string_view::npos && !pattern.starts_with('/')) {
    path = fmt::format("{}/{}", config.substr(0, slash), pattern);
  }
  std::vector<std::string> files;
  glob_t found{};
  if (glob(path.c_str(), GLOB_BRACE, nullptr, &found) == 0) {
    for (size_t i = 0; i < found.gl_pathc; ++i) files.emplace_back(found.gl_pathv[i]);
  }
  globfree(&found);
  return files;
}

void ReadFiles(ConfigSection& item, std::string_view config, std::vector<OpenSloFile>& files) {
  std::string pattern;
  item.Text("openslo", pattern);
  const std::vector<std::string> names = FilesOf(config, pattern);
  if (names.empty()) {
    return item.Fail("openslo", fmt::format("no file matches \"{}\"; a relative path begins where "
                                            "the configuration is",
                                            pattern));
  }
  for (const std::string& name : names) {
    const auto same = [&](const OpenSloFile& file) { return file.name == name; };
    if (std::ranges::any_of(files, same)) continue;
    auto text = ReadFile(name);
    if (!text.ok()) return item.Fail(text.status());
    files.push_back({name, *std::move(text)});
  }
}

std::string DurationText(int64_t ns) {
  const int64_t minutes = ns / kNanosPerMinute;
  if (minutes % 1'440 == 0) return fmt::format("{}d", minutes / 1'440);
  return minutes % 60 == 0 ? fmt::format("{}h", minutes / 60) : fmt::format("{}m", minutes);
}

std::string Quoted(std::string_view text) {
  std::string out = "'";
  for (const char c : text) {
    out += c;
    if (c == '\'') out += c;
  }
  return out + "'";
}

std::string AlertText(const SloSpec& spec) {
  std::string out;
  if (!spec.alert_fast_page) out += "fast_page: false, ";
  if (!spec.alert_fast_warn) out += "fast_warning: false, ";
  if (!spec.alert_multiwindow) out += "multiwindow: false, ";
  std::string rules;
  for (const SloBurnRule& rule : spec.alert_rules) {
    rules += fmt::format(
        "{}{{name: {}, severity: {}, factor: {}, window: {}{}{}}}", rules.empty() ? "" : ", ",
        rule.name, Name(rule.severity), rule.factor, DurationText(rule.long_ns),
        rule.short_ns == 0 ? "" : fmt::format(", short_window: {}", DurationText(rule.short_ns)),
        rule.hold_ns == 0 ? "" : fmt::format(", for: {}", DurationText(rule.hold_ns)));
  }
  if (!rules.empty()) out += fmt::format("rules: [{}], ", rules);
  return out.empty() ? "" : fmt::format(", alert: {{{}}}", out.substr(0, out.size() - 2));
}

std::string ThresholdText(const SloSpec& spec) {
  if (spec.kind == SloKind::kRatio) return "";
  const bool time = spec.kind == SloKind::kLatency || spec.kind == SloKind::kTtft;
  return fmt::format(", threshold: {}{}", spec.threshold, time ? "ms" : "");
}

}  // namespace

void ReadSloConfig(ConfigSection& root, std::string_view file, std::vector<SloSpec>& slos) {
  std::vector<OpenSloFile> files;
  size_t index = 0;
  const auto add = [&](SloSpec spec) -> absl::Status {
    RETURN_IF_ERROR(spec.Validate());
    for (const SloSpec& other : slos) {
      if (other.name != spec.name) continue;
      return InvalidArgument("name: \"{}\" is that of {} too", spec.name, other.defined_in);
    }
    slos.push_back(std::move(spec));
    return absl::OkStatus();
  };
  root.EachItem("slos", [&](ConfigSection& item) {
    if (item.Has("openslo")) return ReadFiles(item, file, files);
    SloSpec spec = ReadSlo(item, index++);
    if (!item.first_error().ok()) return;
    const std::string what = spec.defined_in;
    item.Fail(Annotate(add(std::move(spec)), what));
  });
  auto more = ReadOpenSlo(files);
  if (!more.ok()) return root.Fail("slos", Message(more.status()));
  for (SloSpec& spec : *more) {
    const std::string what = fmt::format("{}: {}", spec.defined_in, spec.name);
    const absl::Status status = add(std::move(spec));
    if (!status.ok()) root.Fail("slos", fmt::format("{}: {}", what, Message(status)));
  }
}

std::string PrintSloConfig(const std::vector<SloSpec>& slos) {
  std::string out = slos.empty() ? "" : "slos:\n";
  for (const SloSpec& spec : slos) {
    out += fmt::format("  - {{name: {}, kind: {}", spec.name, Name(spec.kind));
    if (!spec.project.empty()) out += fmt::format(", project: {}", spec.project);
    if (!spec.filter.empty()) out += fmt::format(", filter: {}", Quoted(spec.filter));
    if (!spec.good.empty()) out += fmt::format(", good: {}", Quoted(spec.good));
    if (!spec.score.empty()) out += fmt::format(", score: {}", spec.score);
    out += fmt::format("{}, target: {}, window: {}, count: {}, exclude: [{}]{}{}}}  # {}\n",
                       ThresholdText(spec), spec.target, DurationText(spec.window_ns), spec.count,
                       fmt::join(spec.exclude, ", "), AlertText(spec),
                       spec.allow_unreachable ? ", allow_unreachable: true" : "", spec.defined_in);
  }
  return out;
}

}  // namespace pitot
