#include "server/openslo.h"

#include <fmt/ranges.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <functional>
#include <optional>
#include <utility>

#include "base/status.h"
#include "base/text.h"
#include "server/config_section.h"
#include "server/openslo_object.h"

namespace pitot {
namespace {

constexpr std::string_view kVersion = "openslo/v1";
constexpr std::string_view kKinds =
    "DataSource|SLO|SLI|AlertPolicy|AlertCondition|AlertNotificationTarget|Service";
constexpr std::string_view kSource = "pitot";
constexpr double kNumberMax = 1e15;
struct Document {
  std::string file;
  YAML::Node node;
  std::string kind;
  std::string name;
};

// How something is measured, as far as an SLI says.
struct Indicator {
  std::string metric;  // Empty: a ratio.
  SloSpec spec;        // kind, filter, good, score, project, exclude, count
};

bool IsTrue(std::string_view text) { return text == "true"; }

class Reader {
 public:
  absl::Status Load(const std::vector<OpenSloFile>& files) {
    for (const OpenSloFile& file : files) {
      std::vector<YAML::Node> nodes;
      try {
        nodes = YAML::LoadAll(file.text);
      } catch (const YAML::Exception& error) {
        return InvalidArgument("{}:{}: {}", file.name, error.mark.line + 1, error.msg);
      }
      for (const YAML::Node& node : nodes) {
        if (!node.IsNull()) RETURN_IF_ERROR(Add(file.name, node));
      }
    }
    return absl::OkStatus();
  }

  absl::StatusOr<std::vector<SloSpec>> Read() {
    for (const Document& document : documents_) {
      if (document.kind == "SLO") ReadSlo(document);
      if (!error_.ok()) return error_;
    }
    return std::move(specs_);
  }

 private:
  absl::Status Add(const std::string& file, const YAML::Node& node) {
    Document document{file, node, "", ""};
    ConfigSection object(file, node, "", nullptr);
    std::string version;
    object.Text("apiVersion", version);
    if (version != kVersion) {
      object.Fail("apiVersion", fmt::format("\"{}\" is not {}", version, kVersion));
    }
    object.OneOf("kind", kKinds, document.kind);
    if (document.kind.empty()) object.Fail("kind", "it is missing");
    document.name = ReadMetadata(object, node).name;
    if (document.name.empty()) object.Fail("metadata", "metadata.name is missing");
    object.Ignore("spec");
    if (Find(document.kind, document.name) != nullptr) {
      object.Fail("metadata",
                  fmt::format("there is another {} \"{}\"", document.kind, document.name));
    }
    documents_.push_back(std::move(document));
    return object.Done();
  }

  const Document* Find(std::string_view kind, std::string_view name) const {
    const auto found = std::ranges::find_if(
        documents_, [&](const Document& each) { return each.kind == kind && each.name == name; });
    return found == documents_.end() ? nullptr : &*found;
  }

  // Reads an object where it stands in its own document.
  using ReadObject = std::function<void(ConfigSection& object, const Metadata& metadata)>;
  void ReadDocument(const Document& document, const ReadObject& read) {
    ConfigSection object(document.file, document.node, "", nullptr);
    object.Ignore("apiVersion");
    object.Ignore("kind");
    const Metadata metadata = ReadMetadata(object, document.node);
    read(object, metadata);
    if (const absl::Status done = object.Done(); error_.ok()) error_ = done;
  }

  // An object that is referred to by `ref_key`, or stands in `item` itself.
  void ReadRefOrInline(ConfigSection& item, const YAML::Node& node, std::string_view ref_key,
                       std::string_view kind, const ReadObject& read) {
    if (item.Has(ref_key)) {
      std::string ref;
      item.Text(ref_key, ref);
      const Document* const document = Find(kind, ref);
      if (document == nullptr) {
        return item.Fail(ref_key, fmt::format("no {} is called \"{}\"", kind, ref));
      }
      return ReadDocument(*document, read);
    }
    item.Ignore("apiVersion");
    std::string said(kind);
    item.OneOf("kind", kind, said);
    read(item, ReadMetadata(item, node));
  }

  // Where events come from: our own spans. `what` says which keys of its spec are known.
  void ReadSource(ConfigSection& metric, const std::function<void(ConfigSection& spec)>& what) {
    metric.Section("metricSource", [&](ConfigSection& source) {
      std::string ref;
      std::string type;
      source.Text("metricSourceRef", ref);
      source.Text("type", type);
      if (type.empty() && !ref.empty()) {
        const Document* const document = Find("DataSource", ref);
        if (document == nullptr) {
          return source.Fail("metricSourceRef", fmt::format("no DataSource is called \"{}\"", ref));
        }
        const YAML::Node said = Below(Below(document->node, "spec"), "type");
        if (said.IsScalar()) type = said.Scalar();
      }
      if (!EqualsIgnoreCase(type, kSource)) {
        source.Fail("type", fmt::format("\"{}\": Pitot measures its own spans only: type: {}", type,
                                        kSource));
      }
      source.Section("spec", what);
    });
  }

  // What is valid, and how it is counted.
  static void ReadTotal(ConfigSection& spec, Indicator& out) {
    spec.Text("filter", out.spec.filter);
    spec.Text("project", out.spec.project);
    spec.Texts("exclude", out.spec.exclude);
    spec.OneOf("count", "outcomes|attempts", out.spec.count);
  }

  void ReadRatio(ConfigSection& ratio, Indicator& out) {
    ratio.Ignore("counter");
    for (const std::string_view key : {"raw", "rawType"}) {
      if (ratio.Has(key)) ratio.Fail(key, "Pitot counts events; give good or bad, and total");
    }
    if (ratio.Has("good") == ratio.Has("bad")) {
      ratio.Fail("good", "give good or bad, one of them");
    }
    ratio.Section("total", [&](ConfigSection& total) {
      ReadSource(total, [&](ConfigSection& spec) { ReadTotal(spec, out); });
    });
    for (const bool good : {true, false}) {
      const std::string_view key = good ? "good" : "bad";
      if (!ratio.Has(key)) continue;
      ratio.Section(key, [&](ConfigSection& section) {
        ReadSource(section, [&](ConfigSection& spec) {
          std::string filter;
          spec.Text("filter", filter);
          if (filter.empty()) spec.Fail("filter", "it is missing");
          out.spec.good = good ? filter : fmt::format("NOT ({})", filter);
        });
      });
    }
  }

  void ReadThreshold(ConfigSection& section, Indicator& out) {
    ReadSource(section, [&](ConfigSection& spec) {
      ReadTotal(spec, out);
      spec.OneOf("metric", "duration|ttft|cost|score", out.metric);
      if (out.metric.empty()) spec.Fail("metric", "it is missing: duration, ttft, cost or score");
      spec.Text("score", out.spec.score);
      out.spec.kind = out.metric == "duration" ? SloKind::kLatency
                      : out.metric == "ttft"   ? SloKind::kTtft
                      : out.metric == "cost"   ? SloKind::kCostPerSuccess
                                               : SloKind::kScore;
    });
  }

  void ReadIndicator(ConfigSection& object, Indicator& out) {
    object.Section("spec", [&](ConfigSection& spec) {
      spec.Ignore("description");
      if (spec.Has("thresholdMetric") == spec.Has("ratioMetric")) {
        return spec.Fail("ratioMetric", "give ratioMetric or thresholdMetric, one of them");
      }
      if (spec.Has("ratioMetric")) {
        spec.Section("ratioMetric", [&](ConfigSection& ratio) { ReadRatio(ratio, out); });
      } else {
        spec.Section("thresholdMetric", [&](ConfigSection& each) { ReadThreshold(each, out); });
      }
    });
  }

  static void ReadWindow(ConfigSection& window, SloSpec& out) {
    ReadShorthand(window, "duration", out.window_ns);
    bool rolling = !window.Has("calendar");
    window.Bool("isRolling", rolling);
    if (!rolling || window.Has("calendar")) {
      window.Fail("isRolling", "only rolling windows are known: isRolling: true, no calendar");
    }
  }

  static void ReadObjective(ConfigSection& objective, const Indicator& indicator, SloSpec& out) {
    std::string title;
    objective.Text("displayName", title);
    if (out.description.empty()) out.description = title;
    for (const std::string_view key : {"timeSliceTarget", "timeSliceWindow", "compositeWeight"}) {
      if (objective.Has(key)) objective.Fail(key, "Pitot counts occurrences, each objective alone");
    }
    if (objective.Has("target") == objective.Has("targetPercent")) {
      objective.Fail("target", "give target or targetPercent, one of them");
    }
    objective.Number("target", 0, 1, out.target);
    if (objective.Has("targetPercent")) {
      double percent = 0;
      objective.Number("targetPercent", 0, 100, percent);
      out.target = percent / 100;
    }
    std::string op;
    objective.OneOf("op", "lte|lt|gte|gt", op);
    objective.Number("value", -kNumberMax, kNumberMax, out.threshold);
    if (indicator.metric.empty()) {
      if (objective.Has("value")) objective.Fail("value", "a ratioMetric has none");
      return;
    }
    if (!objective.Has("value")) objective.Fail("value", "it is missing");
    const bool least = indicator.metric == "score";
    if (!op.starts_with(least ? "gt" : "lt")) {
      objective.Fail("op", fmt::format("\"{}\": of {} what is {} is good: {}", op, indicator.metric,
                                       least ? "higher" : "lower", least ? "gte" : "lte"));
    }
  }

  static void ReadSeverity(ConfigSection& spec, AlertSeverity& out) {
    constexpr std::pair<std::string_view, AlertSeverity> kKnown[] = {
        {"page", AlertSeverity::kPage},    {"critical", AlertSeverity::kPage},
        {"sev1", AlertSeverity::kPage},    {"warning", AlertSeverity::kWarning},
        {"sev2", AlertSeverity::kWarning}, {"ticket", AlertSeverity::kTicket},
        {"sev3", AlertSeverity::kTicket},  {"info", AlertSeverity::kInfo},
        {"sev4", AlertSeverity::kInfo},
    };
    std::string text;
    spec.Text("severity", text);
    for (const auto& [name, severity] : kKnown) {
      if (EqualsIgnoreCase(name, text)) return (void)(out = severity);
    }
    spec.Fail("severity",
              fmt::format("\"{}\" is not one of page, warning, ticket, info (or critical, "
                          "sev1 to sev4)",
                          text));
  }

  static void ReadCondition(ConfigSection& object, const Metadata& metadata, SloSpec& slo) {
    SloBurnRule rule;
    rule.name = metadata.name;
    object.Section("spec", [&](ConfigSection& spec) {
      spec.Ignore("description");
      ReadSeverity(spec, rule.severity);
      spec.Section("condition", [&](ConfigSection& condition) {
        std::string kind = "burnrate";
        condition.OneOf("kind", "burnrate", kind);
        std::string op = "gt";
        condition.OneOf("op", "gt|gte|lt|lte", op);
        if (op.starts_with('l') && metadata.Annotation("pitot/op") != "exceeds") {
          condition.Fail("op", fmt::format("{} would alert while the budget is not being spent. "
                                           "Write gt; or, if \"exceeds\" is meant, as some "
                                           "examples have it, say so in the annotation "
                                           "pitot/op: exceeds",
                                           op));
        }
        condition.Number("threshold", 0, kNumberMax, rule.factor);
        ReadShorthand(condition, "lookbackWindow", rule.long_ns);
        ReadShorthand(condition, "alertAfter", rule.hold_ns);
      });
    });
    if (const auto text = metadata.Annotation("pitot/shortWindow"); !text.empty()) {
      const auto window = ParseShorthand(text);
      if (!window)
        object.Fail("metadata", fmt::format("pitot/shortWindow: \"{}\" is no duration", text));
      rule.short_ns = window.value_or(0);
    }
    slo.alert_rules.push_back(std::move(rule));
  }

  void ReadPolicy(ConfigSection& object, const YAML::Node& node, SloSpec& slo) {
    object.Section("spec", [&](ConfigSection& spec) {
      spec.Ignore("description");
      spec.Ignore("alertWhenNoData");
      spec.Ignore("alertWhenResolved");
      spec.Ignore("notificationTargets");
      bool breaching = true;
      spec.Bool("alertWhenBreaching", breaching);
      size_t conditions = 0;
      const YAML::Node list = Below(Below(node, "spec"), "conditions");
      spec.EachItem("conditions", [&](ConfigSection& item) {
        SloSpec unused;
        ReadRefOrInline(item, list[conditions++], "conditionRef", "AlertCondition",
                        [&](ConfigSection& condition, const Metadata& metadata) {
                          ReadCondition(condition, metadata, breaching ? slo : unused);
                        });
      });
      if (conditions != 1) spec.Fail("conditions", "exactly one is expected");
    });
  }

  void ReadPolicies(ConfigSection& spec, const YAML::Node& list, SloSpec& slo) {
    size_t index = 0;
    spec.EachItem("alertPolicies", [&](ConfigSection& item) {
      const YAML::Node node = list[index++];
      YAML::Node where = node;
      if (const YAML::Node ref = Below(node, "alertPolicyRef"); ref.IsScalar()) {
        const Document* const document = Find("AlertPolicy", ref.Scalar());
        if (document != nullptr) where = document->node;
      }
      ReadRefOrInline(
          item, node, "alertPolicyRef", "AlertPolicy",
          [&](ConfigSection& policy, const Metadata&) { ReadPolicy(policy, where, slo); });
    });
  }

  // What holds for all of its objectives.
  static void SetCommon(const Document& document, const Metadata& metadata, SloSpec& slo) {
    slo.defined_in = document.file;
    slo.name = metadata.name;
    slo.description = metadata.display_name;
    slo.labels = metadata.labels;
    slo.owner = metadata.Annotation("pitot/owner");
    slo.runbook = metadata.Annotation("pitot/runbook");
    slo.allow_unreachable = IsTrue(metadata.Annotation("pitot/allowUnreachable"));
  }

  void ReadSlo(const Document& document) {
    ReadDocument(document, [&](ConfigSection& object, const Metadata& metadata) {
      if (!object.Has("spec")) return object.Fail("spec", "it is missing");
      object.Section("spec", [&](ConfigSection& spec) { ReadSloSpec(document, metadata, spec); });
    });
  }

  void ReadSloSpec(const Document& document, const Metadata& metadata, ConfigSection& spec) {
    const YAML::Node node = Below(document.node, "spec");
    Indicator indicator;
    SloSpec& slo = indicator.spec;
    SetCommon(document, metadata, slo);
    spec.Text("description", slo.description);
    std::string service;
    spec.Text("service", service);
    if (!service.empty()) slo.labels["service"] = service;
    std::string budgeting = "Occurrences";
    spec.OneOf("budgetingMethod", "Occurrences|Timeslices|RatioTimeslices", budgeting);
    if (budgeting != "Occurrences") {
      spec.Fail("budgetingMethod", fmt::format("{}: Pitot counts Occurrences", budgeting));
    }
    if (spec.Has("indicator") == spec.Has("indicatorRef")) {
      spec.Fail("indicator", "give indicator or indicatorRef, one of them");
    } else if (spec.Has("indicator")) {
      spec.Section("indicator", [&](ConfigSection& object) {
        ReadMetadata(object, Below(node, "indicator"));
        ReadIndicator(object, indicator);
      });
    } else {
      ReadRefOrInline(
          spec, node, "indicatorRef", "SLI",
          [&](ConfigSection& object, const Metadata&) { ReadIndicator(object, indicator); });
    }
    if (const auto project = metadata.Annotation("pitot/project"); !project.empty()) {
      slo.project = project;
    }
    size_t windows = 0;
    spec.EachItem("timeWindow", [&](ConfigSection& window) {
      ++windows;
      ReadWindow(window, slo);
    });
    if (windows > 1) spec.Fail("timeWindow", "exactly one is expected");
    ReadPolicies(spec, Below(node, "alertPolicies"), slo);
    if (!slo.alert_rules.empty() && !IsTrue(metadata.Annotation("pitot/builtinAlerts"))) {
      slo.alert_fast_page = slo.alert_fast_warn = slo.alert_multiwindow = false;
    }
    AddObjectives(spec, indicator, Below(node, "objectives").size());
  }

  void AddObjectives(ConfigSection& spec, const Indicator& indicator, size_t count) {
    size_t index = 0;
    spec.EachItem("objectives", [&](ConfigSection& objective) {
      SloSpec slo = indicator.spec;
      ++index;
      if (count > 1) slo.name += fmt::format("-{}", index);
      ReadObjective(objective, indicator, slo);
      specs_.push_back(std::move(slo));
    });
    if (index == 0) spec.Fail("objectives", "at least one is expected");
  }

  std::vector<Document> documents_;
  std::vector<SloSpec> specs_;
  absl::Status error_;
};

}  // namespace

absl::StatusOr<std::vector<SloSpec>> ReadOpenSlo(const std::vector<OpenSloFile>& files) {
  try {
    Reader reader;
    RETURN_IF_ERROR(reader.Load(files));
    return reader.Read();
  } catch (const YAML::Exception& error) {
    return InvalidArgument("an OpenSLO document has not the form it should have: {}", error.what());
  }
}

}  // namespace pitot
