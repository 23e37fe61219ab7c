// alert/options.h
//
// What alerting is told: the configuration's `alerts` and `slos`. Read and validated once, by
// server/alerts_config.h; immutable afterwards. docs/alerts.md lists every key.
#pragma once

#include <absl/status/status.h>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "alert/matcher.h"
#include "alert/rule.h"
#include "alert/slo/slo.h"

namespace pitot {

// A secret in the environment ("env:NAME") or in a file ("file:/path"), or, for URLs that are none,
// the text itself. Read when needed, never shown.
using SecretRef = std::string;

// One way of telling somebody. Exactly the fields of its `kind` are used.
struct ChannelOptions {
  std::string kind;  // webhook, slack, pagerduty, email, alertmanager, command
  SecretRef url;     // webhook, slack (incoming webhook), alertmanager (several: `urls`), pagerduty
  std::vector<std::string> urls;  // alertmanager: every one of them is sent everything.
  SecretRef secret;               // webhook: of its signature; pagerduty: the routing key.
  SecretRef token;                // slack: of a bot (chat.postMessage); then `channel` is needed.
  std::string channel;            // slack
  std::string username, from, smarthost;  // email: "smtp.example.com:587"
  SecretRef password;                     // email
  std::vector<std::string> to;            // email
  std::string tls = "starttls";           // email: starttls, tls or none.
  std::vector<std::string> command;  // command: program and arguments; the notification on stdin.
  std::string ca_file;               // PEM; empty: the system's certificates.
  std::vector<std::pair<std::string, std::string>> headers;  // webhook, alertmanager
  int64_t timeout_ns = 10 * kNanosPerSecond;
  bool send_resolved = true;
};

struct ReceiverOptions {
  std::string name;
  std::vector<ChannelOptions> channels;
};

// The first route that matches takes an alert, unless it says `continue`. The last, implicit one
// matches everything and goes to `default_receiver`.
struct RouteRule {
  Matchers match;
  std::string receiver;
  std::vector<std::string> group_by;  // Empty: those of AlertOptions.
  std::optional<int64_t> group_wait_ns, group_interval_ns, repeat_interval_ns;
  bool goes_on = false;  // `continue: true`
};

struct InhibitRule {
  Matchers source;
  Matchers target;
  std::vector<std::string> equal;
};

// `alerts.rules.ID`: what differs from the built-in rule.
struct RuleOverride {
  std::optional<bool> enabled;
  std::optional<double> threshold;
  std::optional<AlertSeverity> severity;
  std::optional<int64_t> for_ns, keep_firing_ns;
  std::string runbook;
};

// `alerts.custom`: aggregate over what a filter matches, compared.
struct CustomRule {
  RuleSpec spec;
  std::string project;    // Empty: every project.
  std::string filter;     // docs/filter.md
  std::string of;         // rate only: what the share is of; empty: all spans.
  std::string aggregate;  // count, rate, sum, avg, min, max, p50, p90, p95, p99, distinct
  std::string field;      // duration, ttft, cost, tokens, user_id, ...: of all but count and rate.
  std::vector<std::string> by;
  int64_t window_ns = 5 * kNanosPerMinute;
  std::string op = ">";   // > >= < <=
  int64_t count_min = 1;  // Fewer spans than this say nothing.
  Annotations annotations;
};

// What runbooks may do by themselves, `alerts.actions`.
struct ActionOptions {
  std::string mode = "suggest";  // suggest, confirm, auto: the most that is allowed.
  std::vector<std::string>
      automatic;  // Kinds of action that may be auto: "block_trace", "reroute" ...
  int64_t ttl_ns = 30 * kNanosPerMinute;
  std::vector<std::string> approved_models;  // Globs: where a reroute may lead.
};

struct StatusPageOptions {
  std::string provider;
  std::string url;                      // Of the page: "https://status.claude.com"
  std::vector<std::string> components;  // Names; empty: the whole page.
};

// Of `preflight`: thresholds and what cannot be told from data.
struct PreflightOptions {
  std::string owner;  // OPS-04: who is on call.
  std::string escalation;
  std::vector<std::string> tools_allowed;    // SEC-04, globs.
  std::map<std::string, double> thresholds;  // By point: "INS-01": 0.995
  // Of CST-06: a provider's quota, by model glob.
  struct Quota {
    std::string model;
    int64_t tokens_per_minute = 0;
    int64_t requests_per_minute = 0;
  };
  std::vector<Quota> quotas;
  struct Dataset {
    std::string name, feature, version, file;  // JSON Lines, one case a line.
  };
  std::vector<Dataset> datasets;
};

struct AlertOptions {
  bool enabled = true;
  int64_t interval_ns = 30 * kNanosPerSecond;  // Between evaluations.
  std::string external_url;                    // Of this server's pages, for links.
  std::vector<ReceiverOptions> receivers;
  std::string default_receiver;  // Empty: nobody is told; alerts are only shown.
  std::vector<RouteRule> routes;
  std::vector<std::string> group_by = {"alertname", "slo", "environment", "project"};
  int64_t group_wait_ns = 30 * kNanosPerSecond;
  int64_t group_interval_ns = 5 * kNanosPerMinute;
  int64_t repeat_interval_ns = 4 * 60 * kNanosPerMinute;
  // Of groups in which something of severity `page` fires.
  int64_t page_group_wait_ns = 0;
  int64_t page_repeat_interval_ns = 60 * kNanosPerMinute;
  std::vector<InhibitRule> inhibit;  // Beside the built-in ones (DefaultInhibitRules).
  std::map<std::string, RuleOverride> rules;
  std::vector<CustomRule> custom;
  std::vector<SloSpec> slos;
  ActionOptions actions;
  std::vector<StatusPageOptions> status_pages;  // Empty: none is asked.
  PreflightOptions preflight;

  // Names option, value and what is accepted: receivers that are complete, routes to receivers there
  // are. Ids of rules are checked where the rules are (AlertService::Open).
  absl::Status Validate() const;
};

// A rule as the configuration wants it: `spec` with what `alerts.rules` changes of it.
RuleSpec Overridden(RuleSpec spec, const AlertOptions& options);

}  // namespace pitot
