#include "ingest/live.h"

#include <gtest/gtest.h>

#include <string>

namespace pitot {
namespace {

constexpr UnixNanos kNow = 1'795'000'000'000'000'000;

std::vector<LiveSpans> Spans(size_t count, std::string_view name = "span") {
  std::vector<LiveSpans> out(1);
  Span span;
  span.name = name;
  for (size_t i = 0; i < count; ++i) out.back().Add(span);
  return out;
}

TEST(LiveSpans, KeepOwnValuesWithoutContents) {
  Piece piece{.text = "a secret plan", .hash = {}};
  const JsonAttr attr{"team", "\"blue\""};
  const SpanEvent event{.time_ns = 1, .name = "note"};
  Span span;
  span.trace_id.bytes[3] = 7;
  span.name = "chat";
  span.kind = Kind::kLlm;
  span.model = "m";
  span.cost = NanoUsd{5};
  span.has_usage = true;
  span.usage[UsageBucket::kInput] = 12;
  span.attributes = {&attr, 1};
  span.input = {&piece, 1};
  span.events = {&event, 1};
  LiveSpans spans;
  spans.Add(span);
  spans.Add(span);
  ASSERT_EQ(spans.size(), 2u);
  EXPECT_EQ(spans.items.find("secret"), std::string::npos);

  Arena arena;
  Span read;
  ASSERT_TRUE(ReadLiveSpan(spans, 1, arena, &read));
  EXPECT_EQ(read.trace_id, span.trace_id);
  EXPECT_EQ(read.name, "chat");
  EXPECT_EQ(read.kind, Kind::kLlm);
  EXPECT_EQ(read.cost->value, 5);
  EXPECT_EQ(read.usage, span.usage);
  ASSERT_EQ(read.attributes.size(), 1u);
  EXPECT_EQ(read.attributes[0].key, "team");
  EXPECT_TRUE(read.input.empty());
  EXPECT_TRUE(read.events.empty());
}

TEST(LiveFeed, NumbersRiseByOneAndNeverRepeat) {
  FakeClock clock(kNow);
  LiveFeed feed({}, clock);
  LiveFeed::Cursor cursor = feed.Subscribe("p", std::nullopt);
  EXPECT_EQ(cursor.next_id, static_cast<uint64_t>(kNow / 1000));
  EXPECT_EQ(feed.Pull(cursor).batch, nullptr);
  feed.Publish("p", Spans(3));
  feed.Publish("p", Spans(2));
  LivePull pull = feed.Pull(cursor);
  ASSERT_NE(pull.batch, nullptr);
  EXPECT_EQ(pull.batch->first_id, cursor.next_id);
  cursor.next_id += 2;
  pull = feed.Pull(cursor);
  EXPECT_EQ(pull.first, 2u) << "in the middle of a batch";
  cursor.next_id += 1;
  EXPECT_EQ(feed.Pull(cursor).batch->first_id, cursor.next_id) << "the batch behind it";
  EXPECT_EQ(feed.Pull(cursor).first, 0u);

  feed.Unsubscribe("p");
  clock.Advance(std::chrono::seconds(61));
  feed.Expire();
  EXPECT_EQ(feed.stats().projects, 0u);
  clock.Set(kNow - kNanosPerDay);  // A clock set back.
  const LiveFeed::Cursor again = feed.Subscribe("p", cursor.next_id);
  EXPECT_TRUE(again.broken);
  EXPECT_GT(again.next_id, cursor.next_id);
}

TEST(LiveFeed, HoldsOnlyWhatItMay) {
  FakeClock clock(kNow);
  LiveFeed feed({.bytes = 4000}, clock);
  const LiveFeed::Cursor quiet = feed.Subscribe("quiet", std::nullopt);
  const LiveFeed::Cursor cursor = feed.Subscribe("p", std::nullopt);
  feed.Publish("quiet", Spans(1));
  uint64_t published = 0;
  for (int i = 0; i < 200; ++i, published += 2) {
    clock.Advance(std::chrono::microseconds(1));
    feed.Publish("p", Spans(2, "a name of some length"));
    ASSERT_LE(feed.stats().bytes, 4000u);
  }
  EXPECT_EQ(feed.Pull(quiet).lost, 1u) << "the oldest goes first, whoever's it is";
  const LivePull pull = feed.Pull(cursor);
  ASSERT_NE(pull.batch, nullptr);
  EXPECT_EQ(pull.batch->first_id, cursor.next_id + *pull.lost);
  EXPECT_GT(*pull.lost, 0u);
  EXPECT_EQ(feed.stats().dropped, *pull.lost + 1);
  feed.Publish("p", Spans(1, std::string(5000, 'x')));
  const LivePull after = feed.Pull(cursor);
  EXPECT_EQ(after.batch, nullptr) << "one that is over the limit by itself";
  EXPECT_EQ(after.lost, published + 1);
}

TEST(LiveFeed, ForgetsAfterAMinute) {
  FakeClock clock(kNow);
  LiveFeed feed({}, clock);
  const LiveFeed::Cursor cursor = feed.Subscribe("p", std::nullopt);
  feed.Publish("p", Spans(1));
  clock.Advance(std::chrono::seconds(61));
  feed.Publish("p", Spans(1));
  EXPECT_EQ(feed.Pull(cursor).lost, 1u);
  EXPECT_EQ(feed.stats().dropped, 0u) << "age is not want of room";
  EXPECT_TRUE(feed.Wants("p"));
}

TEST(LiveFeed, ManyProjectsOneAfterAnother) {
  FakeClock clock(kNow);
  LiveFeed feed({}, clock);
  for (int i = 0; i < 1000; ++i) {
    clock.Advance(std::chrono::microseconds(1));
    feed.Subscribe("p" + std::to_string(i), std::nullopt);
    feed.Unsubscribe("p" + std::to_string(i));
  }
  EXPECT_LE(feed.stats().projects, 256u);
  EXPECT_TRUE(feed.Wants("p999"));
  EXPECT_FALSE(feed.Wants("p0"));
}

}  // namespace
}  // namespace pitot
