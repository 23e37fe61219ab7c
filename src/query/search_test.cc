#include "query/search.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/hash.h"
#include "base/status.h"
#include "query/field_values.h"
#include "query/filter/phrase.h"
#include "query/snippet.h"
#include "store/day.h"
#include "store/tables/facts_table.h"
#include "store/tables/payloads_table.h"
#include "store/tables/spans_table.h"
#include "store/testing/store_test_base.h"

namespace pitot {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr int64_t kNow = 1'795'000'000'000'000'000;
constexpr int64_t kHour = 3'600'000'000'000;

Snippet SnippetOf(std::string_view text, std::string_view words) {
  re2::RE2::Options options;
  options.set_dot_nl(true);
  return MakeSnippet(text, re2::RE2(MakePhrase(words).captured, options));
}

TEST(Snippet, CutsBetweenCharactersAndCountsThem) {
  using Pairs = std::vector<std::pair<size_t, size_t>>;
  EXPECT_FALSE(SnippetOf("refunds", "refund").found());
  EXPECT_EQ(SnippetOf("a refund, Refund.", "refund").highlights, (Pairs{{2, 8}, {10, 16}}));
  EXPECT_EQ(SnippetOf("žluť refund", "refund").highlights, (Pairs{{5, 11}}));
  const Snippet json = SnippetOf(R"({"text":"say \"hi\"\nrefund"})", "\"hi\" refund");
  EXPECT_EQ(json.text, "{\"text\":\"say \"hi\"\nrefund\"}");
  EXPECT_EQ(json.highlights, (Pairs{{13, 24}}));
  for (size_t n = 0; n < 300; ++n) {
    std::string text;
    for (size_t i = 0; i < n; ++i) text += "ž";
    const Snippet snippet = SnippetOf(text + " refund " + text, "refund");
    ASSERT_TRUE(snippet.found());
    ASSERT_LE(snippet.text.size(), 260u);
    ASSERT_EQ(snippet.text.find(static_cast<char>(0xBE)) % 2, 1u) << n;
    ASSERT_EQ(snippet.highlights.front().second - snippet.highlights.front().first, 6u);
  }
}

class SearchTest : public StoreTestBase {
 protected:
  void SetUp() override {
    StoreTestBase::SetUp();
    // Twelve days of traces with a call each; every one is told about refunds.
    for (int i = 0; i < 12; ++i) AddCall(i, fmt::format("case {}: please refund\\nmy order", i));
    AddCall(20, "zebra " + std::string(20'000, 'x') + " unicorn here");
    Write(spans_);
    Write(facts_);
    Write(payloads_);
  }

  void AddCall(int days_ago, const std::string& words) {
    const std::string content = fmt::format(R"({{"role":"user","parts":[{{"text":"{}{}"}}]}})",
                                            words, std::string(150, '.'));
    std::vector<Piece> pieces = {{.text = content, .hash = {Sha128(content)}}};
    Span span;
    span.trace_id.bytes[15] = static_cast<uint8_t>(1 + days_ago);
    span.span_id.bytes[7] = static_cast<uint8_t>(1 + days_ago);
    span.name = "chat";
    span.kind = Kind::kLlm;
    span.model = days_ago < 3 ? "gpt-4o" : "o3";
    span.start_ns = kNow - days_ago * kNanosPerDay - 2 * kHour;
    span.end_ns = span.start_ns + kHour;
    span.input = pieces;
    spans_.Append({"default", 30, 1, span});
    payloads_.Append({"default", 30, DayOf(span.start_ns), pieces[0].hash, content});
    FactRow fact;
    fact.trace_id = span.trace_id;
    fact.span_id = span.span_id;
    fact.rev = 1;
    fact.is_call = true;
    fact.kind = span.kind;
    fact.name = span.name;
    fact.model = span.model;
    fact.start_ns = span.start_ns;
    fact.end_ns = span.end_ns;
    facts_.Append("default", 30, fact);
  }

  template <typename Block>
  void Write(Block& block) {
    const absl::Status status = Insert(Block::kTable, block.Finish());
    ASSERT_TRUE(status.ok()) << status;
  }

  QueryContext Context() {
    return {engine(), limits_, kNow, std::chrono::steady_clock::now() + std::chrono::seconds(60),
            nullptr};
  }
  static Scope Days(int days, std::string_view q = "") {
    return {"default", {kNow - days * kNanosPerDay, kNow}, ParseFilter(q).value()};
  }
  std::string Found(SearchRequest request) {
    const auto answer = Search(Context(), request);
    return answer.ok() ? *answer : std::string(Message(answer.status()));
  }
  static size_t Hits(std::string_view answer) {
    size_t hits = 0;
    for (size_t at = 0; (at = answer.find("\"snippet\"", at)) != answer.npos; ++at) ++hits;
    return hits;
  }

  Limits limits_;
  SpansBlock spans_;
  FactsBlock facts_;
  PayloadsBlock payloads_;
};

TEST_P(SearchTest, FindsAndPages) {
  const std::string day = Found({.scope = Days(1), .words = "Refund my ORDER"});
  EXPECT_EQ(Hits(day), 1u) << day;
  EXPECT_THAT(day, HasSubstr(R"("where":"input")"));
  EXPECT_THAT(day, HasSubstr(R"("at":"2026-11-18T10:06:40.000000000Z")"));
  EXPECT_THAT(day, HasSubstr(R"("words":["Refund","my","ORDER"])"));
  EXPECT_THAT(day, HasSubstr(R"(please refund\u000amy order)"));

  SearchRequest request{.scope = Days(30), .words = "refund", .limit = 5};
  std::vector<size_t> pages;
  std::string all;
  for (int i = 0; i < 5; ++i) {
    const std::string page = Found(request);
    pages.push_back(Hits(page));
    all += page;
    const size_t next = page.find("\"next\":\"");
    if (next == page.npos) break;
    request.cursor = page.substr(next + 8, page.find('"', next + 8) - next - 8);
  }
  EXPECT_EQ(pages, (std::vector<size_t>{5, 5, 2})) << all;
  for (int i = 0; i < 12; ++i) EXPECT_THAT(all, HasSubstr(fmt::format("case {}:", i)));
  EXPECT_EQ(Hits(Found({.scope = Days(30, "model = gpt-4o"), .words = "refund"})), 3u);
}

TEST_P(SearchTest, OfLongContentsThePartIsShown) {
  const std::string found = Found({.scope = Days(30), .words = "unicorn"});
  EXPECT_EQ(Hits(found), 1u);
  EXPECT_THAT(found, HasSubstr("unicorn here"));
  EXPECT_THAT(found, Not(HasSubstr("zebra")));
  EXPECT_THAT(found, Not(HasSubstr("\"highlights\":[]")));
  EXPECT_LT(found.size(), 1000u);
}

TEST_P(SearchTest, Refuses) {
  EXPECT_THAT(Found({.scope = Days(1), .words = " "}), HasSubstr("query is empty"));
  EXPECT_THAT(Found({.scope = Days(1), .words = std::string(2000, 'a')}),
              HasSubstr("limits.filter_regex_bytes"));
  EXPECT_THAT(Found({.scope = Days(1), .words = "\xff"}), HasSubstr("not UTF-8"));
  EXPECT_THAT(Found({.scope = Days(1), .words = "a", .cursor = "1.2"}), HasSubstr("cursor"));
}

TEST_P(SearchTest, ValuesOfFields) {
  const auto values = [&](std::string field, std::string prefix = "") {
    const auto answer = ReadFieldValues(
        Context(), {.scope = Days(30), .field = std::move(field), .prefix = std::move(prefix)});
    return answer.ok() ? *answer : std::string(Message(answer.status()));
  };
  EXPECT_EQ(values("model"),
            R"({"values":[{"value":"o3","count":10},{"value":"gpt-4o","count":3}]})");
  EXPECT_EQ(values("model", "GPT"), R"({"values":[{"value":"gpt-4o","count":3}]})");
  EXPECT_EQ(values("kind"), R"({"values":[{"value":"llm","count":13}]})");
  EXPECT_EQ(values("streaming"), R"({"values":[{"value":"false","count":13}]})");
  for (const std::string field : {"op", "tags", "tag.x", "attr.x", "trace.models", "source"}) {
    EXPECT_THAT(values(field), HasSubstr("{\"values\":[")) << field;
  }
  EXPECT_THAT(values("modell"), HasSubstr("did you mean \"model\"?"));
  EXPECT_THAT(values("cost"), HasSubstr("its values are not listed"));
  EXPECT_THAT(FieldsJson(), HasSubstr("{\"name\":\"kind\",\"type\":\"enum\",\"groupable\":true,"));
}

PITOT_FOR_EACH_STORE(SearchTest);

}  // namespace
}  // namespace pitot
