#include "gateway/key_budget.h"

#include <gtest/gtest.h>

namespace pitot {
namespace {

BudgetSpec HardPer(BudgetScope scope) {
  BudgetSpec spec;
  spec.id = "b";
  spec.scope = scope;
  spec.window = BudgetWindow::kDay;
  spec.limit = NanoUsd{1'000'000'000};
  spec.hard = true;
  return spec;
}

ApiKey Key(std::map<std::string, std::string> pins, KeyScope scope = KeyScope::kGateway) {
  ApiKey key;
  key.id = "k1";
  key.scopes = static_cast<uint32_t>(scope);
  key.pins = std::move(pins);
  return key;
}

TEST(BudgetOfKeyTest, IsABudgetOverThatKey) {
  ApiKey key = Key({});
  key.budget = BudgetLine{.limit = NanoUsd{12'340'000'000}, .window = "week", .timezone = "UTC"};
  const auto spec = BudgetOfKey(key);
  ASSERT_TRUE(spec.ok()) << spec.status();
  EXPECT_EQ(spec->id, "key-k1");
  EXPECT_EQ(spec->scope, BudgetScope::kKey);
  EXPECT_EQ(spec->match, "k1");
  EXPECT_EQ(spec->window, BudgetWindow::kWeek);
  EXPECT_EQ(spec->limit.value, 12'340'000'000);
  EXPECT_TRUE(spec->hard);
}

TEST(LooseBudgetsTest, AreHardOnesOverWhatNoKeyPins) {
  const std::vector<BudgetSpec> by_feature = {HardPer(BudgetScope::kFeature)};
  EXPECT_EQ(LooseBudgets(by_feature, {}).size(), 1u);
  EXPECT_EQ(LooseBudgets(by_feature, {Key({{"user", "u"}})}).size(), 1u);
  EXPECT_EQ(LooseBudgets(by_feature, {Key({{"feature", "f"}})}).size(), 0u);
  EXPECT_EQ(LooseBudgets(by_feature, {Key({{"feature", "f"}}), Key({}, KeyScope::kRead)}).size(),
            0u);
  EXPECT_EQ(LooseBudgets({HardPer(BudgetScope::kGlobal)}, {}).size(), 0u);
  std::vector<BudgetSpec> soft = by_feature;
  soft[0].hard = false;
  EXPECT_EQ(LooseBudgets(soft, {}).size(), 0u);
}

}  // namespace
}  // namespace pitot
