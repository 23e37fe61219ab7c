#include "server/alerts_config.h"

#include <fmt/ranges.h>

#include <algorithm>

#include "base/status.h"
#include "base/text.h"

namespace pitot {
namespace {

constexpr std::string_view kSeverities = "info|ticket|warning|page";
constexpr std::string_view kRunbooks = "latency|errors|cost";
constexpr std::string_view kAggregates = "count|rate|sum|avg|min|max|p50|p90|p95|p99|distinct";
constexpr std::string_view kOperators = ">|>=|<|<=";
constexpr std::string_view kActionModes = "suggest|confirm|auto";
constexpr int64_t kDay = kNanosPerDay;
constexpr double kNumberMax = 1e15;

// KEY (the value itself), KEY_env or KEY_file: one of them.
void ReadSecret(ConfigSection& section, std::string_view key, SecretRef& out) {
  std::string plain;
  std::string env;
  std::string file;
  section.Text(key, plain);
  section.Text(fmt::format("{}_env", key), env);
  section.Text(fmt::format("{}_file", key), file);
  if (plain.empty() + env.empty() + file.empty() < 2) {
    section.Fail(key, fmt::format("give {0}, {0}_env or {0}_file, one of them", key));
  }
  if (!plain.empty()) out = plain;
  if (!env.empty()) out = "env:" + env;
  if (!file.empty()) out = "file:" + file;
}

void ReadSeverity(ConfigSection& section, std::optional<AlertSeverity>& out) {
  std::string name;
  section.OneOf("severity", kSeverities, name);
  for (size_t i = 0; i < kSeverityNames.size(); ++i) {
    if (kSeverityNames[i] == name) out = static_cast<AlertSeverity>(i);
  }
}

void ReadMatchers(ConfigSection& section, std::string_view key, Matchers& out) {
  std::string text;
  section.Text(key, text);
  auto matchers = ParseMatchers(text);
  if (!matchers.ok()) return section.Fail(key, Message(matchers.status()));
  out = *std::move(matchers);
}

void ReadOptionalDuration(ConfigSection& section, std::string_view key,
                          std::optional<int64_t>& out) {
  if (!section.Has(key)) return;
  int64_t value = 0;
  section.Duration(key, 0, 30 * kDay, value);
  out = value;
}

// What all channels share.
void ReadChannel(ConfigSection& section, ChannelOptions& channel) {
  section.Duration("timeout", kNanosPerMilli, 5 * kNanosPerMinute, channel.timeout_ns);
  section.Bool("send_resolved", channel.send_resolved);
  section.Text("ca_file", channel.ca_file);
}

void ReadEmail(ConfigSection& section, ChannelOptions& channel) {
  section.Texts("to", channel.to);
  section.Text("from", channel.from);
  section.Text("smarthost", channel.smarthost);
  section.Text("username", channel.username);
  ReadSecret(section, "password", channel.password);
  section.OneOf("tls", "starttls|tls|none", channel.tls);
}

struct ChannelReader {
  std::string_view kind;
  void (*read)(ConfigSection& section, ChannelOptions& channel);
};

constexpr ChannelReader kChannels[] = {
    {"webhook",
     [](ConfigSection& section, ChannelOptions& channel) {
       ReadSecret(section, "url", channel.url);
       ReadSecret(section, "secret", channel.secret);
       section.Pairs("headers", channel.headers);
     }},
    {"slack",
     [](ConfigSection& section, ChannelOptions& channel) {
       ReadSecret(section, "url", channel.url);
       ReadSecret(section, "token", channel.token);
       section.Text("channel", channel.channel);
     }},
    {"pagerduty",
     [](ConfigSection& section, ChannelOptions& channel) {
       ReadSecret(section, "routing_key", channel.secret);
       ReadSecret(section, "url", channel.url);
     }},
    {"email", ReadEmail},
    {"alertmanager",
     [](ConfigSection& section, ChannelOptions& channel) {
       section.Texts("urls", channel.urls);
       section.Pairs("headers", channel.headers);
     }},
    {"command", [](ConfigSection& section,
                   ChannelOptions& channel) { section.Texts("run", channel.command); }},
};

void ReadReceiver(ConfigSection& section, AlertOptions& options) {
  ReceiverOptions receiver;
  section.Text("name", receiver.name);
  for (const ChannelReader& each : kChannels) {
    section.Ignore(each.kind);  // Known, also where it is absent.
    if (!section.Has(each.kind)) continue;
    section.Section(each.kind, [&](ConfigSection& below) {
      ChannelOptions channel;
      channel.kind = each.kind;
      ReadChannel(below, channel);
      each.read(below, channel);
      receiver.channels.push_back(std::move(channel));
    });
  }
  options.receivers.push_back(std::move(receiver));
}

void ReadRoute(ConfigSection& section, AlertOptions& options) {
  RouteRule route;
  ReadMatchers(section, "match", route.match);
  section.Text("receiver", route.receiver);
  section.Texts("group_by", route.group_by);
  ReadOptionalDuration(section, "group_wait", route.group_wait_ns);
  ReadOptionalDuration(section, "group_interval", route.group_interval_ns);
  ReadOptionalDuration(section, "repeat_interval", route.repeat_interval_ns);
  section.Bool("continue", route.goes_on);
  options.routes.push_back(std::move(route));
}

void ReadInhibit(ConfigSection& section, AlertOptions& options) {
  InhibitRule rule;
  ReadMatchers(section, "source", rule.source);
  ReadMatchers(section, "target", rule.target);
  section.Texts("equal", rule.equal);
  if (rule.source.empty()) section.Fail("source", "it is missing: matchers of what inhibits");
  if (rule.target.empty()) section.Fail("target", "it is missing: matchers of what is inhibited");
  options.inhibit.push_back(std::move(rule));
}

void ReadRule(const std::string& id, ConfigSection& section, AlertOptions& options) {
  RuleOverride& rule = options.rules[id];
  if (section.Has("enabled")) {
    bool enabled = true;
    section.Bool("enabled", enabled);
    rule.enabled = enabled;
  }
  if (section.Has("threshold")) {
    double threshold = 0;
    section.Number("threshold", 0, kNumberMax, threshold);
    rule.threshold = threshold;
  }
  ReadSeverity(section, rule.severity);
  ReadOptionalDuration(section, "for", rule.for_ns);
  ReadOptionalDuration(section, "keep_firing", rule.keep_firing_ns);
  section.OneOf("runbook", kRunbooks, rule.runbook);
}

void ReadCustom(ConfigSection& section, AlertOptions& options) {
  CustomRule rule;
  rule.spec.defined_in = "alerts.custom";
  section.Text("id", rule.spec.id);
  if (rule.spec.id.empty()) section.Fail("id", "it is missing");
  rule.spec.alertname = rule.spec.id;
  section.Text("alertname", rule.spec.alertname);
  section.Text("summary", rule.spec.summary);
  std::optional<AlertSeverity> severity;
  ReadSeverity(section, severity);
  rule.spec.severity = severity.value_or(AlertSeverity::kWarning);
  section.Text("project", rule.project);
  section.Text("filter", rule.filter);
  section.Text("of", rule.of);
  rule.aggregate = "count";
  section.OneOf("aggregate", kAggregates, rule.aggregate);
  section.Text("field", rule.field);
  section.Texts("by", rule.by);
  section.Duration("window", kNanosPerMinute, kDay, rule.window_ns);
  section.OneOf("op", kOperators, rule.op);
  if (!section.Has("threshold")) section.Fail("threshold", "it is missing: a number");
  section.Number("threshold", -kNumberMax, kNumberMax, rule.spec.threshold);
  section.Int("min_count", 0, 1'000'000'000, rule.count_min);
  section.Duration("for", 0, 30 * kDay, rule.spec.for_ns);
  section.Duration("keep_firing", 0, 30 * kDay, rule.spec.keep_firing_ns);
  section.OneOf("runbook", kRunbooks, rule.spec.runbook);
  std::vector<std::pair<std::string, std::string>> annotations;
  section.Pairs("annotations", annotations);
  for (auto& [name, value] : annotations) rule.annotations[name] = value;
  options.custom.push_back(std::move(rule));
}

void ReadStatusPage(const std::string& provider, ConfigSection& section, AlertOptions& options) {
  StatusPageOptions page;
  page.provider = provider;
  section.Text("url", page.url);
  section.Texts("components", page.components);
  options.status_pages.push_back(std::move(page));
}

void ReadPreflight(ConfigSection& section, PreflightOptions& preflight) {
  section.Text("owner", preflight.owner);
  section.Text("escalation", preflight.escalation);
  section.Texts("tools_allowed", preflight.tools_allowed);
  std::vector<std::pair<std::string, std::string>> thresholds;
  section.Pairs("thresholds", thresholds);
  for (const auto& [id, text] : thresholds) {
    char* end = nullptr;
    const double value = std::strtod(text.c_str(), &end);
    if (text.empty() || *end != '\0') {
      section.Fail("thresholds", fmt::format("{}: \"{}\" is not a number", id, text));
    }
    preflight.thresholds[id] = value;
  }
  section.EachItem("quotas", [&](ConfigSection& item) {
    PreflightOptions::Quota quota;
    item.Text("model", quota.model);
    item.Int("tokens_per_minute", 0, 1'000'000'000'000, quota.tokens_per_minute);
    item.Int("requests_per_minute", 0, 1'000'000'000, quota.requests_per_minute);
    preflight.quotas.push_back(std::move(quota));
  });
  section.EachItem("datasets", [&](ConfigSection& item) {
    PreflightOptions::Dataset dataset;
    item.Text("name", dataset.name);
    item.Text("feature", dataset.feature);
    item.Text("version", dataset.version);
    item.Text("file", dataset.file);
    if (dataset.file.empty()) item.Fail("file", "it is missing: JSON Lines, one case a line");
    preflight.datasets.push_back(std::move(dataset));
  });
}

std::string Seconds(int64_t ns) {
  if (ns % (60 * kNanosPerMinute) == 0 && ns > 0)
    return fmt::format("{}h", ns / (60 * kNanosPerMinute));
  if (ns % kNanosPerMinute == 0 && ns > 0) return fmt::format("{}m", ns / kNanosPerMinute);
  return ns % kNanosPerSecond == 0 ? fmt::format("{}s", ns / kNanosPerSecond)
                                   : fmt::format("{}ms", ns / kNanosPerMilli);
}

std::string MatchersText(const Matchers& matchers) {
  std::string out;
  for (const LabelMatcher& matcher : matchers) out += (out.empty() ? "" : ", ") + matcher.Text();
  return out;
}

}  // namespace

void ReadAlertsConfig(ConfigSection& alerts, AlertOptions& options) {
  alerts.Bool("enabled", options.enabled);
  alerts.Duration("interval", kNanosPerSecond, 10 * kNanosPerMinute, options.interval_ns);
  alerts.Text("external_url", options.external_url);
  alerts.EachItem("receivers", [&](ConfigSection& item) { ReadReceiver(item, options); });
  alerts.Text("default_receiver", options.default_receiver);
  alerts.EachItem("routes", [&](ConfigSection& item) { ReadRoute(item, options); });
  alerts.Texts("group_by", options.group_by);
  alerts.Duration("group_wait", 0, kDay, options.group_wait_ns);
  alerts.Duration("group_interval", kNanosPerSecond, kDay, options.group_interval_ns);
  alerts.Duration("repeat_interval", kNanosPerMinute, 30 * kDay, options.repeat_interval_ns);
  alerts.Section("page", [&](ConfigSection& page) {
    page.Duration("group_wait", 0, kDay, options.page_group_wait_ns);
    page.Duration("repeat_interval", kNanosPerMinute, 30 * kDay, options.page_repeat_interval_ns);
  });
  alerts.EachItem("inhibit", [&](ConfigSection& item) { ReadInhibit(item, options); });
  alerts.EachNamed("rules", [&](const std::string& id, ConfigSection& section) {
    ReadRule(id, section, options);
  });
  alerts.EachItem("custom", [&](ConfigSection& item) { ReadCustom(item, options); });
  alerts.Section("actions", [&](ConfigSection& actions) {
    actions.OneOf("mode", kActionModes, options.actions.mode);
    actions.Texts("automatic", options.actions.automatic);
    actions.Duration("ttl", kNanosPerMinute, 30 * kDay, options.actions.ttl_ns);
    actions.Texts("approved_models", options.actions.approved_models);
  });
  alerts.EachNamed("status_pages", [&](const std::string& provider, ConfigSection& section) {
    ReadStatusPage(provider, section, options);
  });
  alerts.Section("preflight",
                 [&](ConfigSection& section) { ReadPreflight(section, options.preflight); });
  // With one receiver and nothing said of who gets what, everything goes there.
  if (options.default_receiver.empty() && options.routes.empty() && options.receivers.size() == 1) {
    options.default_receiver = options.receivers.front().name;
  }
}

std::string PrintAlertsConfig(const AlertOptions& options) {
  std::string out = fmt::format(
      "alerts:\n  enabled: {}\n  interval: {}\n  group_by: [{}]\n  group_wait: {}\n"
      "  group_interval: {}\n  repeat_interval: {}\n  page: {{group_wait: {}, repeat_interval: "
      "{}}}\n",
      options.enabled, Seconds(options.interval_ns), fmt::join(options.group_by, ", "),
      Seconds(options.group_wait_ns), Seconds(options.group_interval_ns),
      Seconds(options.repeat_interval_ns), Seconds(options.page_group_wait_ns),
      Seconds(options.page_repeat_interval_ns));
  if (!options.external_url.empty()) {
    out += fmt::format("  external_url: \"{}\"\n", options.external_url);
  }
  if (!options.receivers.empty()) out += "  # receivers, without their secrets:\n";
  for (const ReceiverOptions& receiver : options.receivers) {
    std::vector<std::string_view> kinds;
    for (const ChannelOptions& channel : receiver.channels) kinds.push_back(channel.kind);
    out += fmt::format("  #   {}: {}\n", receiver.name, fmt::join(kinds, ", "));
  }
  if (options.default_receiver.empty()) {
    out += "  # Nobody is told of what no route matches.\n";
  } else {
    out += fmt::format("  # default_receiver: {}\n", options.default_receiver);
  }
  if (!options.routes.empty()) out += "  # routes:\n";
  for (const RouteRule& route : options.routes) {
    out += fmt::format("  #   {} to {}\n", MatchersText(route.match), route.receiver);
  }
  if (!options.custom.empty()) out += "  # custom:\n";
  for (const CustomRule& rule : options.custom) {
    out += fmt::format("  #   {}: {} {} {} over {}\n", rule.spec.id, rule.aggregate, rule.op,
                       rule.spec.threshold, Seconds(rule.window_ns));
  }
  out += fmt::format("  actions: {{mode: {}, ttl: {}}}\n", options.actions.mode,
                     Seconds(options.actions.ttl_ns));
  return out;
}

}  // namespace pitot
