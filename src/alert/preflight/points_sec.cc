// SEC: does what is kept harm nobody?
#include <fmt/ranges.h>

#include <algorithm>
#include <boost/json.hpp>

#include "alert/preflight/content_sample.h"
#include "alert/preflight/point.h"
#include "alert/preflight/probe.h"
#include "base/status.h"
#include "base/text.h"
#include "measure/glob.h"
#include "store/state.h"

namespace pitot {
namespace {

void AddFound(const ContentFindings& found, Judgement& judgement) {
  judgement.Count("texts", found.texts);
  judgement.Count("bytes", found.bytes);
  judgement.Count("hits", found.hits);
  judgement.Count("redacted_already", found.redacted_already);
  std::vector<std::string> kinds;
  for (const auto& [rule, hits] : found.by_rule) {
    kinds.push_back(fmt::format("{}:{}", JsonText(rule), hits));
  }
  judgement.Json("hits_by_rule", fmt::format("{{{}}}", fmt::join(kinds, ",")));
  if (!found.example.empty()) judgement.Text("example", found.example);
  for (const std::string& trace : found.trace_ids) judgement.Sample(trace);
}

std::string KindsText(const ContentFindings& found) {
  std::vector<std::string> kinds;
  for (const auto& [rule, hits] : found.by_rule) {
    kinds.push_back(fmt::format("{} ({})", rule, hits));
  }
  return fmt::format("{}", fmt::join(kinds, ", "));
}

absl::Status JudgeSecrets(const PointContext& context, Judgement& judgement) {
  judgement.Flag("redaction_secrets", context.config.redact_secrets);
  ASSIGN_OR_RETURN(const ContentFindings found, SearchContents(context, {.secrets = true}));
  AddFound(found, judgement);
  if (!Enough(judgement, found.texts, "stored text")) return absl::OkStatus();
  judgement.Check(context.config.redact_secrets, context.config.redact_secrets
                                                     ? "secrets are replaced before they are stored"
                                                     : "redaction.secrets is off");
  judgement.Check(found.hits == 0,
                  found.hits == 0
                      ? fmt::format("none in a sample of {}", CountOf(found.texts, "text"))
                      : fmt::format("{} in a sample of {}: {}", CountOf(found.hits, "secret"),
                                    CountOf(found.texts, "text"), KindsText(found)));
  return absl::OkStatus();
}

absl::Status JudgePersonalData(const PointContext& context, Judgement& judgement) {
  const std::vector<std::string>& kinds = context.config.redact_personal;
  judgement.Json("redaction_personal", [&] {
    std::vector<std::string> texts;
    for (const std::string& kind : kinds) texts.push_back(JsonText(kind));
    return fmt::format("[{}]", fmt::join(texts, ","));
  }());
  // What the policy leaves in is not looked for; without a policy everything is.
  RedactionOptions look{.secrets = false, .personal = kinds};
  if (kinds.empty()) look.personal = {"email", "phone", "credit_card", "iban"};
  ASSIGN_OR_RETURN(const ContentFindings found, SearchContents(context, look));
  AddFound(found, judgement);
  if (!Enough(judgement, found.texts, "stored text")) return absl::OkStatus();
  if (found.hits > 0) {
    judgement.Fail(fmt::format(
        "{} in a sample of {}{}: {}",
        found.hits == 1 ? "personal data" : fmt::format("personal data {} times", found.hits),
        CountOf(found.texts, "text"), kinds.empty() ? ", and redaction.personal names no kind" : "",
        KindsText(found)));
    return absl::OkStatus();
  }
  judgement.Pass(fmt::format("no {} in a sample of {}", fmt::join(look.personal, ", "),
                             CountOf(found.texts, "text")));
  judgement.Lack("nobody has signed the policy: pitot preflight attest SEC-02");
  return absl::OkStatus();
}

absl::Status JudgeDeletion(const PointContext& context, Judgement& judgement) {
  judgement.Count("retention_days", context.config.retention_days);
  judgement.Check(context.config.retention_days > 0,
                  context.config.retention_days > 0
                      ? fmt::format("what is older than {} is dropped",
                                    CountOf(context.config.retention_days, "day"))
                      : "retention.days is 0: nothing is ever dropped");
  if (!CanProbe(context, context.sandbox, judgement)) return absl::OkStatus();
  return ProbeDeletion(context, judgement);
}

absl::Status JudgeTools(const PointContext& context, Judgement& judgement) {
  const std::vector<std::string>& allowed = context.config.alerts.preflight.tools_allowed;
  ASSIGN_OR_RETURN(
      const Table table,
      ReadDay(context,
              fmt::format("SELECT toString(f.tool_name) AS tool, count() AS n, "
                          "groupArray(2)(lower(hex(f.trace_id))) "
                          "FROM facts AS f FINAL WHERE {{where}} AND {} "
                          "AND f.tool_status != 'blocked' GROUP BY tool ORDER BY n DESC, tool",
                          kIsToolCallSql),
              false, 3));
  int64_t calls = 0;
  std::vector<std::string> unlisted;
  std::vector<std::string> rows;
  for (const boost::json::value& value : table.rows) {
    const boost::json::array& row = value.get_array();
    const std::string tool(TextAt(row, 0));
    calls += IntAt(row, 1);
    const bool listed = MatchesAnyGlob(allowed, tool);
    rows.push_back(fmt::format(R"({{"tool":{},"calls":{},"listed":{}}})", JsonText(tool),
                               IntAt(row, 1), listed));
    if (listed) continue;
    unlisted.push_back(tool.empty() ? "(no name)" : tool);
    judgement.Samples(row[2]);
  }
  judgement.Count("calls", calls);
  judgement.Json("tools", fmt::format("[{}]", fmt::join(rows, ",")));
  if (allowed.empty()) {
    judgement.Fail("alerts.preflight.tools_allowed is empty: nobody decided what agents may call");
    return absl::OkStatus();
  }
  if (!unlisted.empty()) {
    judgement.Fail(fmt::format("{} that nobody allowed: {}",
                               CountOf(static_cast<int64_t>(unlisted.size()), "tool"),
                               fmt::join(unlisted, ", ")));
    return absl::OkStatus();
  }
  if (!Enough(judgement, calls, "tool call")) return absl::OkStatus();
  judgement.Pass(
      fmt::format("each of {} was of a tool that is allowed", CountOf(calls, "tool call")));
  return absl::OkStatus();
}

absl::Status JudgeAccess(const PointContext& context, Judgement& judgement) {
  const PreflightConfig& config = context.config;
  const auto days = static_cast<int64_t>(context.Threshold(90));
  judgement.Threshold("admin_key_days_max", static_cast<double>(days));
  judgement.Flag("keys_required", config.keys_required);
  judgement.Flag("listens_on_network", config.network);
  judgement.Check(config.keys_required, config.keys_required
                                            ? "nobody gets in without a key"
                                            : "no key is needed: whoever reaches this server may "
                                              "do everything");
  std::vector<std::string> old;
  int64_t admins = 0;
  for (const PreflightKey& key : config.keys) {
    if (std::ranges::find(key.scopes, "admin") == key.scopes.end()) continue;
    if (key.expires_at != 0 && key.expires_at <= context.query.now) continue;
    ++admins;
    const std::string name = key.name.empty() ? key.id : key.name;
    if (key.created_at == 0) {
      old.push_back(fmt::format("{} (of unknown age)", name));
    } else if (context.query.now - key.created_at > days * kNanosPerDay) {
      old.push_back(
          fmt::format("{} ({})", name, FormatDuration(context.query.now - key.created_at)));
    }
  }
  judgement.Count("admin_keys", admins);
  if (!old.empty()) {
    judgement.Fail(
        fmt::format("admin keys not rotated in {} days: {}", days, fmt::join(old, ", ")));
  } else if (admins > 0) {
    judgement.Pass(fmt::format("{} not older than {} days", CountOf(admins, "admin key"), days));
  }
  if (context.state == nullptr) {
    judgement.Fail("nothing is audited");
    return absl::OkStatus();
  }
  ASSIGN_OR_RETURN(
      const std::vector<StateEvent> audit,
      context.state->History(context.query.engine, kAuditKind, "", 1, std::chrono::seconds(10)));
  if (audit.empty()) {
    judgement.Lack("the audit log is empty");
  } else {
    judgement.Text("last_audit_at", FormatTime(audit[0].at_ns));
    judgement.Text("last_audit_by", audit[0].actor);
    judgement.Pass(fmt::format("the audit log's last entry is of {}",
                               FormatTime(audit[0].at_ns).substr(0, 10)));
  }
  return absl::OkStatus();
}

constexpr PointRow kRows[] = {
    {{.id = "SEC-01",
      .title = "Secrets absent from telemetry",
      .how = "Q",
      .wants = "A sample of what was stored in the last day has no secret.",
      .remedy = "Set redaction.secrets: true, delete the traces shown, and replace the secret."},
     JudgeSecrets},
    {{.id = "SEC-02",
      .title = "PII policy enforced",
      .how = "Q+A",
      .wants = "A sample of what was stored has no personal data of the kinds in "
               "redaction.personal, and a person has signed the policy.",
      .remedy = "Set redaction.personal: [email, phone, ...], and attest SEC-02."},
     JudgePersonalData},
    {{.id = "SEC-03",
      .title = "Retention and deletion work",
      .how = "P",
      .wants = "Spans of the sandbox's user are found, deleted, and not found any more.",
      .remedy = "Look at the log for what the deletion reports; set retention.days."},
     JudgeDeletion},
    {{.id = "SEC-04",
      .title = "Tool allow-list, side effects need approval",
      .how = "C+Q",
      .wants =
          "Each tool called in the last day is in alerts.preflight.tools_allowed, or was blocked.",
      .remedy =
          "List the tools in alerts.preflight.tools_allowed, or take the others from the agent."},
     JudgeTools},
    {{.id = "SEC-05",
      .title = "Access: SSO/roles/audit on, admin key rotated < 90 d",
      .how = "C+A",
      .wants = "Keys are needed, no admin key is older than 90 days, and the audit log is written.",
      .remedy = "Set auth.mode: keys, and rotate: pitot key rotate ID."},
     JudgeAccess},
};

}  // namespace

std::span<const PointRow> SecPoints() { return kRows; }

}  // namespace pitot
