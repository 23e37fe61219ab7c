#include "gateway/budget/spec.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/status.h"

namespace pitot {
namespace {

using ::testing::HasSubstr;
using Fields = std::vector<std::pair<std::string, std::string>>;

TEST(BudgetSpec, DefaultsOfItsScope) {
  const auto day = [](std::string scope) {
    return *BudgetFromFields(
        Fields{{"id", "a"}, {"scope", std::move(scope)}, {"window", "day"}, {"limit_usd", "1"}});
  };
  for (const std::string scope : {"user", "key"}) EXPECT_TRUE(day(scope).each()) << scope;
  for (const std::string scope : {"global", "project", "feature", "workflow", "model"}) {
    EXPECT_FALSE(day(scope).each()) << scope;
  }
  for (const std::string scope : {"session", "trace", "request"}) {
    const auto spec = BudgetFromFields(Fields{{"id", "a"}, {"scope", scope}, {"limit_usd", "1"}});
    ASSERT_TRUE(spec.ok()) << spec.status();
    EXPECT_TRUE(spec->each()) << scope;
    EXPECT_EQ(spec->the_window(), BudgetWindow::kLifetime) << scope;
  }
}

TEST(BudgetSpec, RejectsWithFieldValueAndLimit) {
  const Fields good = {{"id", "a"}, {"scope", "user"}, {"window", "day"}, {"limit_usd", "1"}};
  const auto bad = [&](const Fields& changes, std::string_view message) {
    Fields fields = good;
    for (const auto& [key, value] : changes) {
      std::erase_if(fields, [&](const auto& field) { return field.first == key; });
      if (value != "-") fields.emplace_back(key, value);
    }
    const auto spec = BudgetFromFields(fields);
    ASSERT_FALSE(spec.ok()) << message;
    EXPECT_THAT(std::string(Message(spec.status())), HasSubstr(std::string(message)));
  };
  ASSERT_TRUE(BudgetFromFields(good).ok());
  bad({{"id", ""}}, "budget id \"\"");
  bad({{"id", "a/b"}}, "budget id \"a/b\"");
  bad({{"scope", "-"}}, "scope is missing");
  bad({{"scope", "usr"}}, "did you mean \"user\"?");
  bad({{"limit_usd", "-"}}, "limit_usd is missing");
  bad({{"limit_usd", "-1"}}, "limit_usd: \"-1\" is not a number of dollars from 0");
  bad({{"limit_usd", "0.0000000001"}}, "at most 9 decimals");
  bad({{"limit_usd", "1e3"}}, "is not a number of dollars");
  bad({{"limit_usd", "9007200"}}, "is not a number of dollars from 0 to 9007199.254740992");
  bad({{"window", "-"}}, "window is missing");
  bad({{"window", "lifetime"}}, "is for session, trace and request, not user");
  bad({{"window", "fortnight"}}, "is not one of");
  bad({{"window", "rolling"}}, "is not from 1m to 366d");
  bad({{"window", "rolling"}, {"length", "30s"}}, "is not from 1m to 366d");
  bad({{"length", "1h"}}, "length is of rolling windows only");
  bad({{"scope", "trace"}}, "leave window out");
  bad({{"scope", "trace"}, {"window", "-"}, {"per", "all"}}, "has no end");
  bad({{"scope", "global"}, {"per", "each"}}, "has no meaning for scope global");
  bad({{"timezone", "Mars/Olympus"}}, "timezone \"Mars/Olympus\" is not known");
  bad({{"mode", "expected"}}, "mode expected needs hard: true");
  bad({{"on_exceed", "cut"}}, "on_exceed cut needs hard: true");
  bad({{"match", ""}}, "match is empty");
  bad({{"limit", "1"}}, "unknown key \"limit\"");
}

TEST(BudgetSpec, JsonAndBack) {
  for (const std::string_view json :
       {R"({"id":"a","scope":"user","window":"day","limit_usd":2,"hard":true})",
        R"({"id":"b","scope":"feature","match":"chat-*","per":"each","window":"rolling",
            "length":"36h","limit_usd":0.1,"project":"p"})",
        R"({"id":"c","scope":"trace","limit_usd":"1.234567891","hard":true,"mode":"expected",
            "on_exceed":"cut","unknown_price":"allow","timezone":"Europe/Berlin"})"}) {
    const auto spec = BudgetFromJson(json);
    ASSERT_TRUE(spec.ok()) << spec.status() << ' ' << json;
    const auto again = BudgetFromJson(BudgetToJson(*spec), spec->id);
    ASSERT_TRUE(again.ok()) << again.status() << ' ' << BudgetToJson(*spec);
    EXPECT_EQ(BudgetToJson(*again), BudgetToJson(*spec));
    EXPECT_EQ(again->limit, spec->limit);
  }
}

TEST(BudgetSpec, JsonRejects) {
  const auto bad = [](std::string_view json, std::string_view message) {
    const auto spec = BudgetFromJson(json, "mine");
    ASSERT_FALSE(spec.ok()) << json;
    EXPECT_THAT(std::string(Message(spec.status())), HasSubstr(std::string(message))) << json;
  };
  bad("{", "not JSON");
  bad("[]", "a JSON object is expected");
  bad(R"({"id":"other","scope":"user"})", "is not \"mine\" of the path");
  bad(R"({"scope":["user"]})", "scope: a text, a number, true or false is expected");
  bad(R"({"scope":"user","limit_usd":1,"window":"day","hard":1})", "hard: \"1\" is not one of");
}

TEST(BudgetSpec, MoneyAsText) {
  EXPECT_EQ(UsdText(NanoUsd{0}), "0");
  EXPECT_EQ(UsdText(NanoUsd{12'500'000'000}), "12.5");
  EXPECT_EQ(UsdText(NanoUsd{1}), "0.000000001");
  EXPECT_EQ(UsdText(NanoUsd{-1'500'000'000}), "-1.5");
}

}  // namespace
}  // namespace pitot
