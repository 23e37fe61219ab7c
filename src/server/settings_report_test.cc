#include "server/settings_report.h"

#include <gmock/gmock.h>

#include <algorithm>

#include "server/config.h"
#include "server/settings.h"

namespace pitot {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST(SettingsReport, TellsEveryKeyAndWhetherItIsTheDefault) {
  ServerOptions options;
  options.retention_days = 90;
  options.redact_rules = {{"ticket", "TICK-[0-9]+"}};
  const ServerSettings report = ReportSettings(options, 4318, 4317);
  EXPECT_EQ(report.http_address, "127.0.0.1:4318");
  EXPECT_EQ(report.grpc_address, "127.0.0.1:4317");
  EXPECT_EQ(report.retention_days, 90);
  EXPECT_THAT(report.redact_rules, testing::ElementsAre("ticket"));
  ASSERT_EQ(report.values.size(), Settings().size());
  for (const SettingValue& value : report.values) {
    EXPECT_EQ(value.is_default, value.path != "retention.days") << value.path;
    EXPECT_FALSE(value.meaning.empty()) << value.path;
  }
  EXPECT_EQ(report.config, PrintConfig(options));
}

TEST(SettingsReport, SaysThePortInUse) {
  ServerOptions options;
  options.http_address = "[::1]:0";
  options.grpc_address = "off";
  const ServerSettings report = ReportSettings(options, 40'123, std::nullopt);
  EXPECT_EQ(report.http_address, "[::1]:40123");
  EXPECT_EQ(report.grpc_address, "");
}

TEST(SettingsReport, HasNoSecret) {
  const auto none = [](const std::string&) -> std::optional<std::string> { return std::nullopt; };
  const auto options = ParseConfig(
      R"(
store: {mode: remote, urls: ["https://pitot:hunter2@ch1:8443", "http://pitot:hun@ter2@ch2:8123/x"]}
alerts:
  receivers: [{name: ops, slack: {url: "https://hooks.example/hunter2"}}]
)",
      "pitot.yaml", none);
  ASSERT_TRUE(options.ok()) << options.status();
  const ServerSettings report = ReportSettings(*options, 4318, 4317);
  EXPECT_THAT(report.config, HasSubstr("https://***@ch1:8443"));
  EXPECT_THAT(report.config, Not(HasSubstr("hunter2")));
  EXPECT_THAT(report.config, Not(HasSubstr("ter2")));
  for (const SettingValue& value : report.values) {
    EXPECT_THAT(value.value, Not(HasSubstr("ter2"))) << value.path;
  }
}

TEST(HideUserInfo, LeavesOtherTextAlone) {
  for (const char* text : {"", "a@b", "http://host/a@b", "[http://a, http://b] c@d", "://"}) {
    EXPECT_EQ(HideUserInfo(text), text);
  }
  EXPECT_EQ(HideUserInfo("[http://a, http://b@c] x://d@"), "[http://a, http://***@c] x://***@");
}

}  // namespace
}  // namespace pitot
