#include "alert/preflight/preflight_test_util.h"

namespace pitot {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

// Long, so that it is stored as a payload; words that no rule minds.
std::string LongText(std::string_view more) {
  std::string text = "Which of these carts is the oldest, and what is in it? ";
  while (text.size() < 200) text += "Tell me all about it. ";
  return text + std::string(more);
}

class SecPointsTest : public PreflightTestBase {
 protected:
  TestSpan Says(const std::string& words) {
    return Call().With("input", fmt::format("[{}]", JsonText(words)));
  }
};
PITOT_FOR_EACH_STORE(SecPointsTest);

TEST_P(SecPointsTest, Secrets) {
  // Made up; in two pieces, so that nobody's scanner takes this file for a leak.
  const std::string secret =
      std::string("sk-ant-api03-") + "Xk29dLq0ZpW7vRt4Yb81NcMaGh35JsUeFiOoT6";
  const std::string clean = Lines(Says(LongText("")), 30) + Lines(Says("hello"), 60);
  Run("SEC-01", {{"nothing", clean, kPass, "none in a sample of"},
                 {"in a payload", clean + Lines(Says(LongText(secret)), 1), kFail, "1 secret in a"},
                 {"inline", clean + Lines(Says(secret), 1), kFail, "1 secret in a sample"},
                 {"no traffic", "", kLack, "0 stored texts"}});
  const PreflightResult result = Judge("SEC-01", "SEC-01-3");
  ASSERT_EQ(result.sample_trace_ids.size(), 1u);
  for (const auto& [name, json] : result.evidence) EXPECT_THAT(json, Not(HasSubstr("Xk29dLq0")));
  config_.redact_secrets = false;
  Run("SEC-01", {{"redaction is off", clean, kFail, "redaction.secrets is off"}});
}

TEST_P(SecPointsTest, PersonalData) {
  const std::string clean = Lines(Says("hello"), 60);
  const std::string mail = clean + Lines(Says("write to ada@example.com"), 2);
  Run("SEC-02", {{"nothing, but no policy", clean, kLack, "nobody has signed the policy"},
                 {"addresses", mail, kFail, "personal data 2 times in a sample of"}});
  config_.redact_personal = {"phone"};
  Run("SEC-02", {{"the policy leaves addresses in", mail, kLack, "nobody has signed"}});
  Preflight preflight(Deps());
  ASSERT_TRUE(preflight
                  .Attest({.project = "SEC-02-1", .id = "SEC-02", .by = "dpo", .actor = "test"},
                          "policy 2026-3", now_)
                  .ok());
  EXPECT_EQ(Name(Judge("SEC-02", "SEC-02-1").status), "attested");
}

TEST_P(SecPointsTest, Deletion) {
  sandbox_.write = [this](std::string lines) {
    return Ingested(std::move(lines), std::string(kSandboxProject));
  };
  sandbox_.erase = [this](std::string_view user) -> absl::StatusOr<SandboxErasure> {
    for (const char* table : {"spans", "facts", "traces"}) {
      RETURN_IF_ERROR(Execute(fmt::format("DELETE FROM {} WHERE user_id = '{}'", table, user)));
    }
    return SandboxErasure{.traces = 1, .spans = 1};
  };
  Run("SEC-03", kPass,
      "what is older than 30 days is dropped; deleting the sandbox's user left 0 "
      "of 3 rows",
      "it works");
  now_ += kNanosPerMilli;  // Another run.
  sandbox_.erase = nullptr;
  Run("SEC-03", kFail, "deleting the sandbox's user left 3 of 3 rows", "nothing is deleted");
  config_.retention_days = 0;
  Run("SEC-03", kFail, "nothing is ever dropped", "no retention");
}

TEST_P(SecPointsTest, Tools) {
  const TestSpan other = Tool().With("tool_name", "\"drop_table\"");
  Run("SEC-04",
      {{"listed", Lines(Tool(), 60), kPass, "each of 60 tool calls was of a tool that is allowed"},
       {"unlisted", Lines(Tool(), 60) + Lines(other, 1), kFail,
        "1 tool that nobody allowed: drop_table"},
       {"blocked", Lines(Tool(), 60) + Lines(other.With("tool_status", "\"blocked\""), 1), kPass,
        "60 tool calls"},
       {"no traffic", "", kLack, "0 tool calls"}});
  config_.alerts.preflight.tools_allowed.clear();
  Run("SEC-04", {{"no list", Lines(Tool(), 60), kFail, "nobody decided what agents may call"}});
}

TEST_P(SecPointsTest, Access) {
  config_.keys = {{.id = "k1", .name = "root", .scopes = {"admin"}, .created_at = now_ - 1}};
  Run("SEC-05", kLack, "the audit log is empty", "nothing was audited");
  Record("QLT-06", "nobody", {{"seconds", "1"}});  // Which is audited.
  Run("SEC-05", kPass,
      "nobody gets in without a key; 1 admin key not older than 90 days; the audit log's last "
      "entry",
      "as it should be");
  config_.keys[0].created_at = now_ - 91 * kNanosPerDay;
  Run("SEC-05", kFail, "admin keys not rotated in 90 days: root (91d 00h)", "an old key");
  config_.keys_required = false;
  Run("SEC-05", kFail, "no key is needed", "open to all");
}

}  // namespace
}  // namespace pitot
