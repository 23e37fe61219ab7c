#include "server/config.h"

#include <gtest/gtest.h>

#include <map>

#include "base/status.h"
#include "server/settings.h"

namespace pitot {
namespace {

GetEnv Env(std::map<std::string, std::string> values) {
  return [values = std::move(values)](const std::string& name) -> std::optional<std::string> {
    const auto it = values.find(name);
    return it == values.end() ? std::nullopt : std::optional(it->second);
  };
}

TEST(Config, DefaultsNeedNoFile) {
  const auto options = ParseConfig("", "", Env({}));
  ASSERT_TRUE(options.ok()) << options.status();
  EXPECT_EQ(options->http_address, "127.0.0.1:4318");
  EXPECT_EQ(options->retention_days, 30);
}

TEST(Config, FileThenEnvironment) {
  const auto options = ParseConfig(
      R"(
listen: {http: "127.0.0.1:9000", cors_origins: [https://a.example, https://b.example]}
spool: {max_bytes: 2GiB}
ingest: {batch_delay: 250ms, open_timeout: 5m}
limits: {request_bytes: 1MiB}
redaction:
  personal: [email]
  rules: [{name: ticket, pattern: "TICK-[0-9]+"}]
)",
      "pitot.yaml",
      Env({{"PITOT_LISTEN_HTTP", "127.0.0.1:0"}, {"PITOT_LIMITS_REQUEST_BYTES", "2MiB"}}));
  ASSERT_TRUE(options.ok()) << options.status();
  EXPECT_EQ(options->http_address, "127.0.0.1:0");
  EXPECT_EQ(options->cors_origins.size(), 2u);
  EXPECT_EQ(options->spool_max_bytes, 2LL << 30);
  EXPECT_EQ(options->ingest_batch_delay_ns, 250'000'000);
  EXPECT_EQ(options->limits.request_bytes, 2 << 20);
  ASSERT_EQ(options->redact_rules.size(), 1u);
  EXPECT_EQ(options->redact_rules[0].name, "ticket");
}

TEST(Config, RefusalsNameLineKeyValueAndWhatIsAccepted) {
  const auto refused = [](std::string_view yaml, std::initializer_list<std::string_view> words) {
    const auto options = ParseConfig(yaml, "pitot.yaml", Env({}));
    ASSERT_FALSE(options.ok()) << yaml;
    for (const std::string_view word : words) {
      EXPECT_NE(Message(options.status()).find(word), std::string_view::npos)
          << "no \"" << word << "\" in: " << options.status();
    }
  };
  refused("retenton: {days: 3}", {"pitot.yaml:1", "retenton", "did you mean \"retention\"?"});
  refused("\nretention: {dayz: 3}", {"pitot.yaml:2", "retention.dayz", "retention.days"});
  refused("retention: {days: 0}", {"retention.days", "0", "1 to 65000"});
  refused("retention: {days: three}", {"\"three\" is not a whole number"});
  refused("spool: {max_bytes: lots}", {"spool.max_bytes", "lots", "GiB"});
  refused("store: {mode: remot}", {"remot", "embedded, remote", "did you mean \"remote\"?"});
  refused("store: {mode: remote}", {"store.urls"});
  refused("redaction: {personal: [emial]}", {"emial", "did you mean \"email\"?"});
  refused("limits: {depth: 100000}", {"limits.depth", "100000", "4 to 512"});
  refused("listen: nonsense", {"listen must be a map"});
  refused("a: [", {"pitot.yaml"});
  refused("data_dir: x\ndata_dir: y", {"data_dir"});
}

TEST(Config, WhatIsPrintedReadsBackAsTheSame) {
  const auto options =
      ParseConfig("ingest: {batch_delay: 123ms}\nspool: {max_bytes: 3GiB}", "", Env({}));
  ASSERT_TRUE(options.ok());
  const std::string printed = PrintConfig(*options);
  const auto again = ParseConfig(printed, "printed", Env({}));
  ASSERT_TRUE(again.ok()) << again.status() << "\n" << printed;
  EXPECT_EQ(PrintConfig(*again), printed);
  EXPECT_EQ(again->ingest_batch_delay_ns, 123'000'000);
}

}  // namespace
}  // namespace pitot
