#include "normalize/pitot_sdk.h"

#include <gtest/gtest.h>

#include "normalize/normalize.h"

namespace pitot {
namespace {

Attr Flag(std::string_view key, bool value) {
  Attr attr;
  attr.key = key;
  attr.value.type = AttrType::kBool;
  attr.value.boolean = value;
  return attr;
}

Span Normalized(std::string_view scope, Source source, const std::vector<Attr>& attributes) {
  RawBatch batch;
  batch.scopes.push_back({scope, "1.0", {}});
  RawSpan raw;
  raw.name = "step";
  raw.start_ns = 1'000;
  raw.end_ns = 1'500;
  raw.attributes = attributes;
  Arena arena;
  DropCounts drops;
  const Limits limits;
  Span span;
  Normalizer(batch, arena, limits, drops, source).Normalize(raw, &span);
  return span;
}

TEST(PitotSdk, IsASourceOfItsOwn) {
  EXPECT_EQ(Normalized("pitot-sdk", Source::kOtlp, {}).source, Source::kSdk);
  EXPECT_EQ(Normalized("my-agent", Source::kOtlp, {}).source, Source::kOtlp);
  EXPECT_EQ(Normalized("pitot-sdk", Source::kJsonl, {}).source, Source::kJsonl)
      << "a file is where it came from";
}

TEST(PitotSdk, AnAnnouncementRunsFromItsStart) {
  const Span running = Normalized("pitot-sdk", Source::kOtlp, {Flag("pitot.running", true)});
  EXPECT_EQ(running.status, SpanStatus::kRunning);
  EXPECT_EQ(running.end_ns, running.start_ns);
  const Span ended = Normalized("pitot-sdk", Source::kOtlp, {Flag("pitot.running", false)});
  EXPECT_EQ(ended.status, SpanStatus::kUnset);
  EXPECT_EQ(ended.end_ns, 1'500);
}

TEST(PitotSdk, WhatIsNoCountIsCounted) {
  Attr count;
  count.key = "pitot.usage.output_tokens";
  count.value.type = AttrType::kInt;
  count.value.integer = 12;
  DropCounts drops;
  std::vector<Attr> attributes = {Flag("pitot.usage.exact", true), count};
  ASSERT_TRUE(ReadExactUsage(attributes, drops).has_value());
  EXPECT_EQ((*ReadExactUsage(attributes, drops))[UsageBucket::kOutput], 12);
  attributes[1].value.integer = -1;
  EXPECT_FALSE(ReadExactUsage(attributes, drops).has_value());
  EXPECT_EQ(drops[Drop::kAttrType], 1u);
  attributes[0] = Flag("pitot.usage.exact", false);
  attributes[1].value.integer = 12;
  EXPECT_FALSE(ReadExactUsage(attributes, drops).has_value())
      << "it does not say that they are exact";
}

}  // namespace
}  // namespace pitot
