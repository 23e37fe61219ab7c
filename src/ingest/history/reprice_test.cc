// Repricing, over both kinds of store.
#include "ingest/history/reprice.h"

#include <gtest/gtest.h>

#include <random>

#include "base/hex.h"
#include "base/text.h"
#include "ingest/write_test_util.h"

namespace pitot {
namespace {

constexpr std::string_view kModels[] = {"gpt-4o", "claude-sonnet-4-5", "house-model",
                                        "nobody-knows"};

std::shared_ptr<const PriceBook> BookWith(std::string_view model, std::string_view input,
                                          std::string_view output) {
  const std::vector<std::pair<std::string, std::string>> fields = {
      {"model", std::string(model)},
      {"per_million_usd.input", std::string(input)},
      {"per_million_usd.output", std::string(output)}};
  std::string error;
  auto entry = ParseOverride(fields, &error);
  EXPECT_TRUE(entry.has_value()) << error;
  return PriceBook::BuiltIn({*entry});
}

class RepriceTest : public WriteTestBase {
 protected:
  RepriceTotals Reprice(const std::shared_ptr<const PriceBook>& book, bool dry_run = false) {
    if (!dry_run) ingest_->SetBook(book);
    EXPECT_TRUE(ingest_->WaitWritten().ok());
    Repricer repricer(*ingest_, engine(), book, "default", wall_.Now(), dry_run);
    std::vector<RepriceSpan> spans;
    const std::string rows =
        Tsv("SELECT hex(trace_id), hex(span_id), counted FROM facts FINAL "
            "WHERE project = 'default' ORDER BY trace_id, span_id");
    for (const std::string_view row : SplitText(rows, '\n')) {
      const std::vector<std::string_view> fields = SplitText(row, '\t');
      if (fields.size() != 3) continue;
      RepriceSpan& span = spans.emplace_back();
      EXPECT_TRUE(FromHex(fields[0], reinterpret_cast<char*>(span.ref.trace_id.bytes.data()), 16));
      EXPECT_TRUE(FromHex(fields[1], reinterpret_cast<char*>(span.ref.span_id.bytes.data()), 8));
      span.counted = fields[2] == "true";
    }
    const absl::Status status = repricer.Add(spans);
    EXPECT_TRUE(status.ok()) << status;
    return repricer.totals();
  }

  // Some trees of calls, the same for the same seed.
  std::string RandomLines(uint32_t seed, int traces) {
    std::mt19937 random(seed);
    std::string lines;
    for (int t = 0; t < traces; ++t) {
      const std::string trace = fmt::format("{:x}", 0xa000 + t);
      lines += Line(trace, fmt::format("{:x}", t * 100 + 1), "",
                    R"("name":"run","kind":"agent","duration_ms":100)");
      const int calls = 1 + static_cast<int>(random() % 5);
      for (int c = 0; c < calls; ++c) {
        const std::string_view model = kModels[random() % std::size(kModels)];
        std::string attrs =
            fmt::format(R"("gen_ai.operation.name":"chat","gen_ai.request.model":"{}",)"
                        R"("gen_ai.usage.input_tokens":{},"gen_ai.usage.output_tokens":{})",
                        model, random() % 100'000, random() % 5'000);
        if (random() % 4 == 0) attrs += R"(,"gen_ai.usage.cost":0.0125)";
        if (random() % 3 == 0) attrs += R"(,"gen_ai.usage.cache_read.input_tokens":500)";
        lines += Line(
            trace, fmt::format("{:x}", t * 100 + 2 + c), fmt::format("{:x}", t * 100 + 1),
            fmt::format(R"("name":"chat","kind":"llm","duration_ms":50,"attrs":{{{}}})", attrs));
      }
    }
    return lines;
  }

  std::string Figures(std::string_view project) {
    return Tsv(fmt::format(
               "SELECT hex(trace_id), hex(span_id), cost, price_confidence, estimated, counted "
               "FROM facts FINAL WHERE project = '{0}' ORDER BY trace_id, span_id",
               project)) +
           "\n" +
           Tsv(fmt::format("SELECT hex(trace_id), cost, unpriced_calls, spans FROM traces FINAL "
                           "WHERE project = '{}' ORDER BY trace_id",
                           project)) +
           "\n" +
           Tsv(fmt::format("SELECT hex(trace_id), hex(span_id), cost, cost_by_bucket, "
                           "cost_reported, price_source, price_rule, estimated, name, "
                           "input_tokens FROM spans FINAL WHERE project = '{}' "
                           "ORDER BY trace_id, span_id",
                           project));
  }
};

PITOT_FOR_EACH_STORE(RepriceTest);

TEST_P(RepriceTest, EveryFigureIsWhatIngestWouldHaveMadeOfIt) {
  OpenIngest();
  // The body must differ between projects only in where it goes: times are taken once.
  const std::string lines = RandomLines(11, 40);
  ASSERT_EQ(Send(lines).rejected, 0);
  const auto book = BookWith("house-model", "2.50", "7.125");
  const RepriceTotals dry = Reprice(book, /*dry_run=*/true);
  EXPECT_GT(dry.all.changed, 0u);
  EXPECT_GT(dry.all.after, dry.all.before);
  EXPECT_EQ(Tsv("SELECT count() FROM spans FINAL WHERE repriced_ns > 0"), "0");
  const RepriceTotals done = Reprice(book);
  EXPECT_EQ(done.all.changed, dry.all.changed);
  EXPECT_EQ(done.all.after, dry.all.after);
  EXPECT_EQ(done.all.before, dry.all.before);
  ASSERT_EQ(Send(lines, "fresh").rejected, 0);
  ExpectSoon("SELECT count() FROM traces FINAL WHERE project = 'fresh'", "40");
  EXPECT_EQ(Figures("default"), Figures("fresh"));
  // What it was stays with the span.
  EXPECT_EQ(Tsv("SELECT countIf(repriced_ns > 0 AND cost IS NOT NULL AND cost_previous IS NULL AND "
                "model = 'house-model'), countIf(repriced_ns > 0) FROM spans FINAL"),
            fmt::format("{0}\t{0}", done.all.changed));

  // Once more changes nothing at all.
  const std::string versions = Tsv("SELECT sum(version), count() FROM spans");
  const RepriceTotals again = Reprice(book);
  EXPECT_EQ(again.all.changed, 0u);
  EXPECT_EQ(again.all.before, again.all.after);
  EXPECT_EQ(again.all.after, done.all.after);
  EXPECT_EQ(Tsv("SELECT sum(version), count() FROM spans"), versions);

  // Back to the old book: as it was.
  Reprice(PriceBook::BuiltIn({}));
  ingest_->SetBook(PriceBook::BuiltIn({}));
  ASSERT_EQ(Send(lines, "before").rejected, 0);
  ExpectSoon("SELECT count() FROM traces FINAL WHERE project = 'before'", "40");
  EXPECT_EQ(Figures("default"), Figures("before"));
}

TEST_P(RepriceTest, ALaterDeliveryWinsAndNewSpansHaveTheNewPrice) {
  OpenIngest();
  const auto call = [this](int tokens) {
    return Line(
        "a", "1", "",
        fmt::format(R"("name":"chat","kind":"llm","duration_ms":5,"attrs":{{)"
                    R"("gen_ai.operation.name":"chat","gen_ai.request.model":"house-model",)"
                    R"("gen_ai.usage.input_tokens":{},"gen_ai.usage.output_tokens":0}})",
                    tokens));
  };
  ASSERT_EQ(Send(call(1'000'000)).accepted, 1);
  for (const char* price : {"1.00", "2.00", "3.00"}) Reprice(BookWith("house-model", price, "0"));
  ExpectSoon("SELECT cost FROM facts FINAL", "3000000000");
  EXPECT_EQ(Tsv("SELECT cost_previous FROM spans FINAL"), "2000000000");
  ASSERT_EQ(Send(call(2'000'000)).accepted, 1);
  ExpectSoon("SELECT cost FROM facts FINAL", "6000000000");
  // After a restart nothing of it is in memory.
  ingest_.reset();
  OpenIngest(BookWith("house-model", "3.00", "0"));
  Reprice(BookWith("house-model", "0.50", "0"));
  EXPECT_EQ(Tsv("SELECT cost FROM facts FINAL"), "1000000000");
  EXPECT_EQ(Tsv("SELECT cost FROM traces FINAL"), "1000000000");
}

TEST_P(RepriceTest, BesideIngestNothingIsLost) {
  OpenIngest();
  const auto call = [this](int trace, int span) {
    return Line(fmt::format("{:x}", trace + 1), fmt::format("{:x}", span + 1), "",
                R"("name":"chat","kind":"llm","duration_ms":5,"attrs":{)"
                R"("gen_ai.operation.name":"chat","gen_ai.request.model":"house-model",)"
                R"("gen_ai.usage.input_tokens":1000000,"gen_ai.usage.output_tokens":0})");
  };
  std::atomic<bool> stop{false};
  int sent = 0;
  std::thread sender([&] {
    for (int i = 0; !stop && i < 3000; ++i, ++sent) {
      EXPECT_EQ(Send(call(i % 7, i)).accepted, 1);
    }
  });
  for (int round = 1; round <= 6; ++round) {
    Reprice(BookWith("house-model", fmt::format("{}.00", round), "0"));
  }
  stop = true;
  sender.join();
  Reprice(BookWith("house-model", "7.00", "0"));
  EXPECT_EQ(Tsv("SELECT count(), countIf(cost != 7000000000) FROM facts FINAL"),
            fmt::format("{}\t0", sent));
  EXPECT_EQ(Tsv("SELECT sum(spans), sum(cost) FROM traces FINAL"),
            fmt::format("{}\t{}", sent, sent * 7'000'000'000));
}

}  // namespace
}  // namespace pitot
