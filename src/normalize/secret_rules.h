// normalize/secret_rules.h
//
// The table of secrets. Sources: each issuer's description of its token format.
#pragma once

#include <cstdint>
#include <string_view>

namespace pitot {

enum SecretTrait : uint8_t {
  kAnyCase = 1,     // The literal is found in any case; written in lower case here.
  kWordStart = 2,   // Not in the middle of a word: "task-..." holds no "sk-...".
  kNeedsDigit = 4,  // All-letter values are words, not keys.
  kValueCheck = 8,  // The value may be a placeholder or prose, see IsPlausibleValue.
};

struct SecretRule {
  std::string_view name;
  std::string_view literal;
  // Four bytes of the literal (fewer when it is shorter) that are rare in prose; the scan's anchor.
  uint8_t anchor;
  uint8_t traits;
  // RE2, matched from the literal's first byte. The last group that took part, if there is one, is
  // what gets replaced. Empty: the literal, then kAssignedPattern.
  std::string_view pattern;
};

// What stands between a name and its value, in any case: in code, JSON, and JSON inside JSON
// strings. The value:
// 1. "name":"value" with real quotes: all up to the closing one. An unescaped quote after the name
//    means that it is a key, so the value's quotes are a string's own.
// 2. The same once more inside a JSON string: name\":\"value\".
// 3. name\\\": \\\"value, name = \"value: up to the next quote or backslash.
// 4. name=value, name: value, name='value': one word. Where the quote is a JSON string's end, what
//    follows it (one of ,:]} or space) is no first byte of a value.
inline constexpr std::string_view kAssignedPattern =
    R"re((?:[a-z0-9_-]{0,24}"\s*:\s*"((?:[^"\\]|\\.)+)"|)re"
    R"re([a-z0-9_-]{0,24}\\"\s*:\s*\\"((?:[^"\\]|\\\\(?:\\["\\]|[^"\\]))+)\\"|)re"
    R"re([a-z0-9_-]{0,24}(?:\\+")?\s*(?:=>|:=|=|:)\s*\\+"([^"\\,}\]:\s][^"\\]{2,})|)re"
    R"re([a-z0-9_-]{0,24}['`]?\s*(?:=>|:=|=|:)\s*["'`]?)re"
    R"re(([^\s"'`\\,;&<>(){}\[\]$:=][^\s"'`\\,;&<>(){}\[\]$]{5,})))re";

inline constexpr SecretRule kSecretRules[] = {
    {"anthropic_key", "sk-ant-", 1, kWordStart, R"(sk-ant-[A-Za-z0-9_-]{16,})"},
    {"openai_key", "sk-", 0, kWordStart | kNeedsDigit,
     R"(sk-(?:[A-Za-z0-9]{20,}|(?:proj|svcacct|admin|None|or-v1|lf)-[A-Za-z0-9_-]{20,}))"},
    {"langfuse_key", "pk-lf-", 1, kWordStart, R"(pk-lf-[a-f0-9-]{30,})"},
    {"pitot_key", "pk-pitot-", 1, kWordStart, R"(pk-pitot-[a-z0-9]{8}-[A-Za-z0-9]{43})"},
    {"google_key", "AIza", 0, kWordStart, R"(AIza[0-9A-Za-z_-]{35})"},
    {"google_oauth", "ya29.", 0, kWordStart, R"(ya29\.[0-9A-Za-z_-]{20,})"},
    {"google_oauth", "GOCSPX-", 1, kWordStart, R"(GOCSPX-[0-9A-Za-z_-]{20,})"},
    {"aws_access_key", "AKIA", 0, kWordStart, R"(AKIA[A-Z2-7]{16}\b)"},
    {"aws_access_key", "ASIA", 0, kWordStart, R"(ASIA[A-Z2-7]{16}\b)"},
    {"github_token", "ghp_", 0, kWordStart, R"(ghp_[A-Za-z0-9]{36,})"},
    {"github_token", "gho_", 0, kWordStart, R"(gho_[A-Za-z0-9]{36,})"},
    {"github_token", "ghu_", 0, kWordStart, R"(ghu_[A-Za-z0-9]{36,})"},
    {"github_token", "ghs_", 0, kWordStart, R"(ghs_[A-Za-z0-9]{36,})"},
    {"github_token", "ghr_", 0, kWordStart, R"(ghr_[A-Za-z0-9]{36,})"},
    {"github_token", "github_pat_", 5, kWordStart, R"(github_pat_[A-Za-z0-9_]{22,})"},
    {"gitlab_token", "glpat-", 0, kWordStart, R"(glpat-[A-Za-z0-9_-]{20,})"},
    {"slack_token", "xoxa-", 0, kWordStart, R"(xoxa-[A-Za-z0-9-]{10,})"},
    {"slack_token", "xoxb-", 0, kWordStart, R"(xoxb-[A-Za-z0-9-]{10,})"},
    {"slack_token", "xoxp-", 0, kWordStart, R"(xoxp-[A-Za-z0-9-]{10,})"},
    {"slack_token", "xoxr-", 0, kWordStart, R"(xoxr-[A-Za-z0-9-]{10,})"},
    {"slack_token", "xoxs-", 0, kWordStart, R"(xoxs-[A-Za-z0-9-]{10,})"},
    {"slack_token", "xapp-", 1, kWordStart, R"(xapp-[A-Za-z0-9-]{10,})"},
    {"slack_webhook", "hooks.slack.com/services/", 4, 0,
     R"(hooks\.slack\.com/services/([A-Za-z0-9/]{20,}))"},
    {"stripe_key", "sk_live_", 1, kWordStart, R"(sk_live_[A-Za-z0-9]{16,})"},
    {"stripe_key", "sk_test_", 1, kWordStart, R"(sk_test_[A-Za-z0-9]{16,})"},
    {"stripe_key", "rk_live_", 1, kWordStart, R"(rk_live_[A-Za-z0-9]{16,})"},
    {"stripe_key", "rk_test_", 1, kWordStart, R"(rk_test_[A-Za-z0-9]{16,})"},
    {"webhook_secret", "whsec_", 1, kWordStart, R"(whsec_[A-Za-z0-9+/=]{16,})"},
    {"sendgrid_key", "SG.", 0, kWordStart, R"(SG\.[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16,})"},
    {"npm_token", "npm_", 0, kWordStart, R"(npm_[A-Za-z0-9]{36})"},
    {"huggingface_token", "hf_", 0, kWordStart, R"(hf_[A-Za-z0-9]{30,})"},
    {"jwt", "eyJ", 0, kWordStart, R"(eyJ[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*)"},
    // Line ends are real, or escaped once or more (\n inside JSON, \\n inside that).
    {"private_key", "-----BEGIN", 5, 0,
     R"(-----BEGIN [A-Z ]{0,30}PRIVATE KEY(?: BLOCK)?-----)"
     R"((?:(?:[A-Za-z0-9+/=:, \r\n\t.]|-[^-"\\]|\\+[nrt])*?-----END [A-Z ]{0,30}KEY(?: BLOCK)?-----|)"
     R"((?:[A-Za-z0-9+/=\r\n]|\\+[nrt])*))"},
    {"bearer_token", "bearer ", 3, kAnyCase | kWordStart | kNeedsDigit,
     R"((?i)bearer +([A-Za-z0-9._~+/=-]{16,}))"},
    {"authorization", "authorization", 6, kAnyCase,
     R"((?i)authorization\\*["']?\s*[:=]\s*\\*["']?(?:basic|token|bearer|apikey|digest)\s+([A-Za-z0-9+/=_.~-]{6,}))"},
    {"password", "password", 2, kAnyCase | kValueCheck, {}},
    {"password", "passwd", 2, kAnyCase | kValueCheck, {}},
    {"password", "passphrase", 3, kAnyCase | kValueCheck, {}},
    {"secret", "secret", 1, kAnyCase | kValueCheck, {}},
    {"api_key", "api_key", 2, kAnyCase | kValueCheck, {}},
    {"api_key", "apikey", 0, kAnyCase | kValueCheck, {}},
    {"api_key", "api-key", 2, kAnyCase | kValueCheck, {}},
    {"token", "access_token", 6, kAnyCase | kValueCheck, {}},
    {"token", "refresh_token", 7, kAnyCase | kValueCheck, {}},
    {"token", "auth_token", 4, kAnyCase | kValueCheck, {}},
    {"token", "accesstoken", 4, kAnyCase | kValueCheck, {}},
    {"token", "private_token", 7, kAnyCase | kValueCheck, {}},
    {"url_password", "://", 0, kValueCheck,
     R"(://[^\s:/@"'\\<>]{0,64}:([^\s:/@"'\\<>]{2,128})@[A-Za-z0-9.\[-])"},
};

}  // namespace pitot
