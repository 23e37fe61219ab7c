#include "price/price.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <limits>
#include <numeric>
#include <sstream>
#include <thread>

#include "price/catalogue.h"

namespace pitot {
namespace {

using Fields = std::vector<std::pair<std::string, std::string>>;

int64_t Day(std::string_view day) { return ParseDay(day).value(); }

std::shared_ptr<const PriceBook> BookWith(std::vector<Fields> entries) {
  std::vector<PriceOverride> overrides;
  for (const Fields& fields : entries) {
    std::string error;
    std::optional<PriceOverride> one = ParseOverride(fields, &error);
    EXPECT_TRUE(one) << error;
    overrides.push_back(std::move(*one));
  }
  return PriceBook::BuiltIn(std::move(overrides));
}

Usage Tokens(int64_t input, int64_t output) {
  Usage usage;
  usage[UsageBucket::kInput] = input;
  usage[UsageBucket::kOutput] = output;
  return usage;
}

struct Call {
  std::string provider;
  std::string model;
  int64_t at_ns = 0;
  std::string tier;
  Usage usage;
};

// "call PROVIDER MODEL DAY key=value ...", as in tests/golden/price/catalogue.test.
Call ReadCall(const std::string& line) {
  std::istringstream words(line);
  std::string word;
  Call call;
  words >> word >> call.provider >> call.model >> word;
  if (call.provider == "-") call.provider.clear();
  call.at_ns = Day(word.substr(0, 10));
  if (word.size() > 10) {
    call.at_ns += (std::stoi(word.substr(11, 2)) * 60 + std::stoi(word.substr(14, 2))) *
                  int64_t{60'000'000'000};
  }
  while (words >> word) {
    const size_t equals = word.find('=');
    const std::string key = word.substr(0, equals);
    const std::string value = word.substr(equals + 1);
    bool known = true;
    if (key == "tier") {
      call.tier = value;
    } else if (key == "web_searches") {
      call.usage.web_searches = std::stoll(value);
    } else if (key == "file_searches") {
      call.usage.file_searches = std::stoll(value);
    } else {
      known = false;
      for (size_t i = 0; i < kUsageBuckets; ++i) {
        if (key != PriceKey(static_cast<UsageBucket>(i))) continue;
        call.usage.tokens[i] = std::stoll(value);
        known = true;
      }
    }
    EXPECT_TRUE(known) << "unknown key " << key << " in: " << line;
  }
  return call;
}

std::string Describe(const Price& price) {
  if (!price.cost) return "=> unknown";
  std::ostringstream out;
  out << "=> " << price.cost->value << ' ' << Name(price.confidence) << " \"" << price.rule << '"';
  if (price.fees > 0) out << " fees=" << price.fees;
  if (price.estimated) out << " estimated";
  return out.str();
}

TEST(PriceGolden, Catalogue) {
  const std::filesystem::path path =
      std::filesystem::path(PITOT_SOURCE_DIR) / "tests/golden/price/catalogue.test";
  std::ifstream file(path);
  ASSERT_TRUE(file) << path;
  const bool update = std::getenv("UPDATE_GOLDEN") != nullptr;
  PriceCache prices(PriceBook::BuiltIn({}));
  std::string rewritten;
  std::string asked;
  std::string answer;
  int calls = 0;
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("=>")) {
      EXPECT_TRUE(update || line == answer)
          << asked << "\nwant " << line << "\n got " << answer
          << "\nIf the new answer is right: UPDATE_GOLDEN=1 build/tests/price_test";
      answer.clear();
      continue;
    }
    EXPECT_TRUE(update || answer.empty()) << "no answer after: " << asked;
    rewritten += line + "\n";
    answer.clear();
    if (!line.starts_with("call ")) continue;
    const Call call = ReadCall(line);
    const Price price =
        prices.PriceOf({call.provider, call.model, call.at_ns, call.tier, call.usage});
    const int64_t parts =
        std::accumulate(price.by_bucket.begin(), price.by_bucket.end(), price.fees);
    EXPECT_EQ(parts, price.cost.value_or(NanoUsd()).value) << line;
    asked = line;
    answer = Describe(price);
    rewritten += answer + "\n";
    ++calls;
  }
  EXPECT_GT(calls, 30);
  if (update) std::ofstream(path) << rewritten;
}

TEST(PriceBook, BuiltInCatalogueIsWhole) {
  std::string error;
  const std::optional<Catalogue> catalogue =
      ParseCatalogue(BuiltInPrices(), BuiltInRules(), &error);
  ASSERT_TRUE(catalogue) << error;
  EXPECT_GE(catalogue->providers.size(), 40u);
  for (const auto& alias : catalogue->aliases) {
    const auto provider =
        std::ranges::find(catalogue->providers, alias.second, &CatalogueProvider::id);
    EXPECT_TRUE(provider != catalogue->providers.end())
        << "pricing_rules.json: alias " << alias.first << " means " << alias.second
        << ", which no provider is";
  }
  for (const ServiceTier& tier : catalogue->service_tiers) {
    size_t models = 0;
    for (const CatalogueProvider& provider : catalogue->providers) {
      for (const CatalogueModel& model : provider.models) {
        models += std::ranges::find(model.service_tiers, &tier) != model.service_tiers.end();
      }
    }
    EXPECT_GT(models, 0u) << "pricing_rules.json: service tier " << tier.name << " fits no model";
  }
}

TEST(PriceBook, KnowsContextAndLists) {
  const auto book = BookWith(
      {{{"model", "mine"}, {"per_million_usd.input", "1"}, {"per_million_usd.output", "2"}}});
  EXPECT_EQ(book->ContextTokens("anthropic", "claude-sonnet-4-5"), 200'000);
  EXPECT_EQ(book->ContextTokens("openai", "no-such-model"), std::nullopt);
  const std::vector<PriceListRow> list = book->List();
  ASSERT_GT(list.size(), 1500u);
  EXPECT_EQ(list[0].model, "mine");
  EXPECT_EQ(list[0].source, PriceSource::kOverride);
  EXPECT_EQ(list[0].band.pico[0], 1'000'000);
  EXPECT_EQ(list[1].source, PriceSource::kCatalogue);
}

TEST(PriceBook, RefusesAWrongCatalogueWhole) {
  const std::string head = R"({"format":1,"version":"v","published":"d","providers":[)";
  const auto refused = [&](const char* want, const std::string& prices) {
    std::string error;
    EXPECT_EQ(PriceBook::Create(prices, BuiltInRules(), {}, &error), nullptr) << want;
    EXPECT_THAT(error, testing::HasSubstr(want));
  };
  refused("not a JSON object", "");
  refused("format 1 only", R"({"format":2})");
  const auto model = [&](const std::string& body) {
    return head + R"({"id":"p","models":[{"id":"m","match":{"equals":["m"]},)" + body + "}]}]}";
  };
  refused("p/m: a row has no \"input\"", model(R"("prices":[{"output":1}])"));
  refused("p/m input: not an integer", model(R"("prices":[{"input":1.5}])"));
  refused("out of range", model(R"("prices":[{"input":-1}])"));
  refused("out of range or order", model(R"("prices":[{"input":[1,9,2,9,3]}])"));
  refused("tiers come in pairs", model(R"("prices":[{"input":[1,9]}])"));
  refused("not a day: soon", model(R"("prices":[{"input":1,"from":"soon"}])"));
  refused("not a time of day: 24:00", model(R"("prices":[{"input":1,"daily":["24:00","01:00"]}])"));
  refused("empty word in match",
          head + R"({"id":"p","models":[{"id":"m","match":{"equals":[""]}}]}]})");
  std::string error;
  EXPECT_NE(PriceBook::Create(model(R"("prices":[{"input":1}])"), BuiltInRules(), {}, &error),
            nullptr)
      << error;
}

TEST(PriceBook, OverridesComeFirstInOrder) {
  PriceCache prices(BookWith({
      {{"model", "gpt-4o"},
       {"service_tier", "batch"},
       {"per_million_usd.input", "0.5"},
       {"per_million_usd.output", "0"}},
      {{"model", "gpt-4o"},
       {"until", "2026-01-01"},
       {"per_million_usd.input", "7"},
       {"per_million_usd.output", "0"}},
      {{"model", "gpt-4*"},
       {"provider", "openai"},
       {"per_million_usd.input", "0"},
       {"per_million_usd.output", "0"},
       {"tiers.0.above_input_tokens", "1000"},
       {"tiers.0.input", "1"}},
      {{"model", "llama-local"},
       {"provider", "ollama"},
       {"per_million_usd.input", "0.25"},
       {"per_million_usd.output", "0"}},
  }));
  const auto expect = [&](const char* why, std::string_view provider, std::string_view model,
                          std::string_view day, std::string_view tier, int64_t input, int64_t cost,
                          std::string_view rule) {
    const Usage usage = Tokens(input, 0);
    const Price price = prices.PriceOf({provider, model, Day(day), tier, usage});
    ASSERT_TRUE(price.cost) << why;
    EXPECT_EQ(price.cost->value, cost) << why;
    EXPECT_EQ(price.rule, rule) << why;
  };
  expect("by tier", "openai", "gpt-4o", "2026-05-01", "BATCH", 1000, 500'000, "gpt-4o +batch");
  expect("by date", "openai", "gpt-4o", "2025-12-31", "", 1000, 7'000'000, "gpt-4o");
  expect("0 is a price", "openai", "GPT-4o", "2026-01-01", "", 1000, 0, "openai/gpt-4*");
  expect("tier of size", "openai", "gpt-4o", "2026-01-01", "", 1001, 1'001'000,
         "openai/gpt-4* above 1000");
  expect("another provider", "azure", "gpt-4o", "2026-01-01", "", 1000, 2'500'000, "openai/gpt-4o");
  expect("self-hosted", "ollama", "llama-local", "2026-01-01", "", 1000, 250'000,
         "ollama/llama-local");
  const Usage usage = Tokens(1, 1);
  const Price price = prices.PriceOf({"openai", "gpt-4o", Day("2026-01-01"), "flex", usage});
  EXPECT_EQ(price.source, PriceSource::kOverride);
  EXPECT_EQ(price.confidence, PriceConfidence::kPrefix) << "a glob";
  EXPECT_TRUE(price.estimated) << "the entry does not say what flex costs";
  EXPECT_THAT(std::string(price.version), testing::StartsWith("prices.yaml#"));
}

TEST(PriceBook, OverrideVersionTellsListsApart) {
  const Fields one = {
      {"model", "m"}, {"per_million_usd.input", "1"}, {"per_million_usd.output", "1"}};
  Fields other = one;
  other[1].second = "2";
  EXPECT_EQ(BookWith({one})->override_version(), BookWith({one})->override_version());
  EXPECT_NE(BookWith({one})->override_version(), BookWith({other})->override_version());
  EXPECT_EQ(BookWith({})->override_version(), "");
}

TEST(PriceBook, HostileNamesAndCountsAreUnknown) {
  PriceCache prices(PriceBook::BuiltIn({}));
  const Usage usage = Tokens(10, 10);
  const std::string long_name(kPricedNameBytesMax + 1, 'g');
  EXPECT_FALSE(prices.PriceOf({"openai", long_name, 0, "", usage}).cost);
  EXPECT_FALSE(prices.PriceOf({long_name, "gpt-4o", 0, "", usage}).cost);
  EXPECT_FALSE(prices.PriceOf({"openai", "", 0, "", usage}).cost);
  EXPECT_FALSE(prices.PriceOf({"openai", " \t", 0, "", usage}).cost);
  EXPECT_FALSE(prices.PriceOf({"/", "/", 0, "", usage}).cost);
  EXPECT_FALSE(prices.PriceOf({"", "openai/", 0, "", usage}).cost);
  EXPECT_FALSE(prices.PriceOf({"", "\xff\xfe/\x80", 0, "", usage}).cost);
  EXPECT_FALSE(prices.PriceOf({"openai", "gpt-4o", 0, "", Tokens(-1, 0)}).cost);
  constexpr int64_t kEnds[] = {std::numeric_limits<int64_t>::min(),
                               std::numeric_limits<int64_t>::max()};
  for (const int64_t at : kEnds) {
    EXPECT_TRUE(prices.PriceOf({"deepseek", "deepseek-chat", at, "", usage}).cost);
  }
  EXPECT_TRUE(prices.PriceOf({"openai", "gpt-4o", 0, std::string(10'000, 't'), usage}).estimated);
}

TEST(PriceCache, AnswersAsTheBookDoesWhenItOverflows) {
  const auto book = PriceBook::BuiltIn({});
  PriceCache prices(book);
  const Usage usage = Tokens(1000, 1000);
  const std::vector<PriceListRow> list = book->List();
  for (int round = 0; round < 2; ++round) {
    for (const PriceListRow& row : list) {
      const PriceInput input{row.provider, row.model, Day("2026-10-01"), "", usage};
      const Price cached = prices.PriceOf(input);
      const Price direct = book->PriceOf(input);
      ASSERT_EQ(cached.cost, direct.cost) << row.rule;
      ASSERT_EQ(cached.rule, direct.rule) << row.rule;
    }
  }
}

TEST(PriceBook, IsSharedByThreads) {
  const auto book = PriceBook::BuiltIn({});
  std::vector<std::jthread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&book] {
      PriceCache prices(book);
      const Usage usage = Tokens(1000, 0);
      for (int k = 0; k < 1000; ++k) {
        ASSERT_EQ(prices.PriceOf({"openai", "gpt-4o", 0, "", usage}).cost, NanoUsd{2'500'000});
      }
    });
  }
}

TEST(Settle, Table) {
  Price table;
  table.cost = NanoUsd{1000};
  table.by_bucket[0] = 1000;
  table.source = PriceSource::kCatalogue;
  table.rule = "a/b";
  Price free = table;
  free.cost = NanoUsd{0};
  const Price unknown;
  const auto expect = [](const char* why, const Price& from, std::optional<int64_t> reported,
                         const Usage& usage, std::optional<int64_t> cost, PriceSource source,
                         ReportedCost fate) {
    const auto money = [](std::optional<int64_t> n) {
      return n ? std::optional<NanoUsd>(NanoUsd{*n}) : std::nullopt;
    };
    const Price out = Settle(from, money(reported), usage);
    EXPECT_EQ(out.cost, money(cost)) << why;
    EXPECT_EQ(out.source, source) << why;
    EXPECT_EQ(out.reported, fate) << why;
  };
  const Usage some = Tokens(1, 1);
  constexpr PriceSource kTable = PriceSource::kCatalogue;
  constexpr PriceSource kProvider = PriceSource::kProvider;
  expect("none reported", table, {}, some, 1000, kTable, ReportedCost::kNone);
  expect("negative", table, -5, some, 1000, kTable, ReportedCost::kNone);
  expect("reported wins", table, 900, some, 900, kProvider, ReportedCost::kUsed);
  expect("0 with tokens", table, 0, some, 1000, kTable, ReportedCost::kZeroIgnored);
  expect("0 with tokens, no table", unknown, 0, some, {}, PriceSource::kNone,
         ReportedCost::kZeroIgnored);
  expect("0 without tokens", table, 0, Usage(), 0, kProvider, ReportedCost::kUsed);
  expect("100 times", table, 100'000, some, 100'000, kProvider, ReportedCost::kUsed);
  expect("over 100 times", table, 100'001, some, 1000, kTable, ReportedCost::kDisbelieved);
  expect("a free model", free, 100'000, some, 100'000, kProvider, ReportedCost::kUsed);
  expect("no table", unknown, 7, some, 7, kProvider, ReportedCost::kUsed);
  expect("any int64", table, std::numeric_limits<int64_t>::max(), some, 1000, kTable,
         ReportedCost::kDisbelieved);
}

}  // namespace
}  // namespace pitot
