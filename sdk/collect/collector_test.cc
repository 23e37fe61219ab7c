#include "pitot/collector.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <stdexcept>
#include <thread>

#include "pitot/span.h"
#include "sdk/base/clock.h"
#include "sdk/collect/collect_test_util.h"
#include "sdk/collect/core.h"
#include "sdk/collect/settings.h"

namespace pitot {
namespace {

using namespace std::chrono_literals;
using std::chrono::steady_clock;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;

CollectorOptions With(std::shared_ptr<SpanSink> sink) {
  CollectorOptions options;
  options.service = "test";
  options.exporters = {std::move(sink)};
  return options;
}

TEST(TraceCollector, HandsSpansToItsExporters) {
  const auto first = std::make_shared<KeepingSink>();
  const auto second = std::make_shared<KeepingSink>();
  CollectorOptions options = With(first);
  options.exporters.emplace_back(second);
  TraceCollector collector(options);
  {
    const Span turn = traced("turn", Kind::kAgent, {{"question", "why"}});
    const Span step = traced("step");
  }
  ASSERT_TRUE(collector.flush(10s));
  for (const auto& sink : {first, second}) {
    const std::vector<PlainSpan> spans = sink->spans();
    ASSERT_EQ(spans.size(), 2u);
    EXPECT_EQ(spans[0].parent_span_id, spans[1].span_id);
    EXPECT_EQ(spans[1]["question"], "why");
  }
  const CollectorStats stats = collector.stats();
  EXPECT_EQ(stats.started, 2u);
  EXPECT_EQ(stats.ended, 2u);
  EXPECT_EQ(stats.open, 0u);
  EXPECT_EQ(stats.queued, 0u);
  EXPECT_TRUE(stats.dropped.empty());
  ASSERT_EQ(stats.exporters.size(), 2u);
  EXPECT_EQ(stats.exporters[0].sent, 2u);
  EXPECT_THAT(stats.to_string(), HasSubstr("2 started, 2 ended, 0 open"));
}

TEST(TraceCollector, HandsOnWithoutAFlush) {
  const auto sink = std::make_shared<KeepingSink>();
  CollectorOptions options = With(sink);
  options.batch_delay = 10ms;
  const TraceCollector collector(options);
  for (size_t i = 1; i <= 3; ++i) {  // Each after the thread has gone idle.
    { const Span span = traced("span"); }
    EXPECT_TRUE(Eventually([&] { return sink->spans().size() == i; })) << i;
  }
}

TEST(TraceCollector, AFullBatchDoesNotWait) {
  const auto sink = std::make_shared<KeepingSink>();
  CollectorOptions options = With(sink);
  options.batch_delay = 60s;
  options.batch_spans_max = 100;
  const TraceCollector collector(options);
  for (int i = 0; i < 1000; ++i) traced("span").end();
  EXPECT_TRUE(Eventually([&] { return sink->spans().size() > 900; })) << sink->spans().size();
}

TEST(TraceCollector, BatchesAreBounded) {
  const auto sink = std::make_shared<KeepingSink>();
  CollectorOptions options = With(sink);
  options.batch_spans_max = 7;
  TraceCollector collector(options);
  for (int i = 0; i < 100; ++i) traced("span").end();
  ASSERT_TRUE(collector.flush(10s));
  EXPECT_EQ(sink->spans().size(), 100u);
  EXPECT_LE(sink->largest(), 7u);
}

TEST(TraceCollector, TheDestructorFlushes) {
  const auto sink = std::make_shared<KeepingSink>();
  testing::internal::CaptureStderr();
  {
    const TraceCollector collector(With(sink));
    for (int i = 0; i < 1000; ++i) traced("span").end();
  }
  EXPECT_EQ(sink->spans().size(), 1000u);
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "") << "nothing was lost, nothing is said";
}

TEST(TraceCollector, AFullQueueDropsCountsAndNeverBlocks) {
  const auto sink = std::make_shared<StuckSink>();
  Said said;
  CollectorOptions options = With(sink);
  options.queue_spans_max = 100;
  options.batch_spans_max = 10;
  options.batch_delay = 1ms;
  options.flush_timeout = 50ms;
  options.on_problem = said.Listener();
  auto collector = std::make_unique<TraceCollector>(options);
  traced("first").end();
  sink->WaitUntilStuck();
  const auto before = steady_clock::now();
  for (int i = 0; i < 10'000; ++i) traced("span").end();
  EXPECT_LT(steady_clock::now() - before, 5s);
  CollectorStats stats = collector->stats();
  EXPECT_EQ(stats.started, 10'001u);
  EXPECT_EQ(stats.ended, 100u);
  EXPECT_THAT(stats.dropped, ElementsAre(Pair("queue_full", 9'901u)));
  EXPECT_EQ(stats.queued, 100u);
  sink->LetGo();
  EXPECT_TRUE(collector->flush(10s));
  EXPECT_EQ(sink->got(), 100u);
  EXPECT_THAT(said.All(), HasSubstr("9901 spans were not recorded"));
  collector.reset();
  EXPECT_THAT(said.All(), HasSubstr("ends with losses: 9901 spans not recorded (queue_full)"));
}

TEST(TraceCollector, AStuckSinkDelaysNeitherFlushNorDestructorForLong) {
  const auto sink = std::make_shared<StuckSink>();
  testing::internal::CaptureStderr();
  CollectorOptions options = With(sink);
  options.batch_delay = 1ms;
  options.flush_timeout = 50ms;
  auto collector = std::make_unique<TraceCollector>(options);
  traced("first").end();
  sink->WaitUntilStuck();
  for (int i = 0; i < 9; ++i) traced("later").end();
  Span open = traced("open");
  const auto before = steady_clock::now();
  EXPECT_FALSE(collector->flush(20ms));
  EXPECT_FALSE(collector->flush());
  EXPECT_FALSE(collector->flush(-5s));
  collector.reset();
  EXPECT_LT(steady_clock::now() - before, 5s);
  const std::string words = testing::internal::GetCapturedStderr();
  EXPECT_THAT(words, HasSubstr("pitot: the trace collector ends with losses: 1 span still open; "
                               "10 spans not handed to every exporter in time"));
  EXPECT_FALSE(traced("late").recording());
  open.end();
  sink->LetGo();
  // The thread that was let go ends and gives the sink up.
  EXPECT_TRUE(Eventually([&] { return sink.use_count() == 2; })) << sink.use_count();
}

class ThrowingSink : public SpanSink {
  void on_spans(std::span<const SpanData>) override { throw std::runtime_error("no room"); }
};

TEST(TraceCollector, WhatASinkThrowsIsCountedAndStopsNobody) {
  const auto good = std::make_shared<KeepingSink>();
  Said said;
  CollectorOptions options = With(std::make_shared<ThrowingSink>());
  options.exporters.emplace_back(good);
  options.on_problem = said.Listener();
  TraceCollector collector(options);
  traced("span").end();
  ASSERT_TRUE(collector.flush(10s));
  EXPECT_EQ(good->spans().size(), 1u);
  EXPECT_THAT(collector.stats().exporters[0].dropped, ElementsAre(Pair("threw", 1u)));
  EXPECT_THAT(said.All(), HasSubstr("no room"));
}

class TracingSink : public SpanSink {
 public:
  explicit TracingSink(TraceCollector** collector) : collector_(collector) {}
  void on_spans(std::span<const SpanData>) override {
    if (calls_++ > 0) return;
    traced("from within").end();
    EXPECT_FALSE((*collector_)->flush(10s)) << "it would wait for itself";
  }

 private:
  TraceCollector** collector_;
  int calls_ = 0;
};

TEST(TraceCollector, ASinkMayTrace) {
  TraceCollector* pointer = nullptr;
  CollectorOptions options = With(std::make_shared<TracingSink>(&pointer));
  options.batch_delay = 20ms;
  TraceCollector collector(options);
  pointer = &collector;
  traced("span").end();
  EXPECT_TRUE(Eventually([&] { return collector.stats().exporters[0].sent == 2; }));
}

// Wants to be told of open spans, as a receiver that shows them does.
class AnnouncedTo : public Exporter {
 public:
  explicit AnnouncedTo(std::shared_ptr<KeepingSink> sink) : sink_(std::move(sink)) {}
  std::string_view name() const override { return "announced"; }
  bool wants_running() const override { return true; }
  void Take(std::span<const SpanData> spans) override { sink_->on_spans(spans); }
  ExporterStats Stats() const override { return {}; }

 private:
  const std::shared_ptr<KeepingSink> sink_;
};

TEST(TraceCollector, AnnouncesSpansThatAreOpenForLong) {
  const auto told = std::make_shared<KeepingSink>();
  const auto other = std::make_shared<KeepingSink>();
  CollectorOptions options = With(other);
  options.announce_after = 20ms;
  options.batch_delay = 60s;
  options.on_problem = [](std::string_view) {};
  std::vector<std::unique_ptr<Exporter>> exporters;
  exporters.push_back(std::make_unique<AnnouncedTo>(told));
  const std::shared_ptr<CollectorCore> core = CollectorCore::Make(options, std::move(exporters));
  std::vector<Span> open;
  for (size_t i = 1; i <= 3; ++i) {  // Each after the thread has gone idle.
    open.push_back(open_span("long", Kind::kAgent, {{"number", i}}));
    ASSERT_TRUE(Eventually([&] { return told->spans().size() == i; })) << i;
    EXPECT_EQ(told->spans().back().status, SpanStatus::kRunning);
    EXPECT_GE(UnixNow() - told->spans().back().start_ns, 20'000'000);
  }
  open.clear();
  ASSERT_TRUE(core->Flush(steady_clock::now() + 10s));
  const std::vector<PlainSpan> spans = told->spans();
  ASSERT_EQ(spans.size(), 6u) << "each once running, once ended";
  for (size_t i = 0; i < 3; ++i) EXPECT_EQ(spans[i + 3].status, SpanStatus::kUnset);
  EXPECT_EQ(other->spans().size(), 3u) << "others are told of ends only";
  core->Close();
}

TEST(TraceCollector, TheNewestThatLivesGetsTheSpans) {
  const auto outer_sink = std::make_shared<KeepingSink>();
  const auto inner_sink = std::make_shared<KeepingSink>();
  TraceCollector outer(With(outer_sink));
  traced("outer").end();
  Span across;
  {
    TraceCollector inner(With(inner_sink));
    traced("inner").end();
    across = open_span("across");
    ASSERT_TRUE(inner.flush(10s));
    testing::internal::CaptureStderr();
  }
  EXPECT_THAT(testing::internal::GetCapturedStderr(), HasSubstr("1 span still open"));
  across.end();
  traced("outer again").end();
  ASSERT_TRUE(outer.flush(10s));
  EXPECT_EQ(outer_sink->spans().size(), 2u);
  EXPECT_EQ(inner_sink->spans().size(), 1u);
}

TEST(TraceCollector, CountsWhatIsNotSampled) {
  const auto sink = std::make_shared<KeepingSink>();
  CollectorOptions options = With(sink);
  options.sample_ratio = 0;
  TraceCollector collector(options);
  {
    const Span root = traced("root");
    const Span child = traced("child");
    EXPECT_FALSE(child.context().sampled());
  }
  ASSERT_TRUE(collector.flush(10s));
  EXPECT_EQ(collector.stats().unsampled, 2u);
  EXPECT_EQ(collector.stats().started, 0u);
  EXPECT_TRUE(sink->spans().empty());
}

TEST(TraceCollector, RefusesOptionsOutOfRange) {
  const auto bad = [](const char* names, auto change) {
    CollectorOptions options = With(std::make_shared<KeepingSink>());
    change(options);
    try {
      const TraceCollector collector(options);
      ADD_FAILURE() << names << " was accepted";
    } catch (const std::invalid_argument& error) {
      EXPECT_THAT(error.what(), HasSubstr(names));
    }
    EXPECT_FALSE(traced("span").recording()) << "a collector that failed is nobody's";
  };
  bad("queue_spans_max is 0: from 1 to 1048576", [](auto& o) { o.queue_spans_max = 0; });
  bad("queue_bytes_max is 1000: from 65536", [](auto& o) { o.queue_bytes_max = 1000; });
  bad("attribute_bytes_max", [](auto& o) { o.attribute_bytes_max = size_t{1} << 31; });
  bad("attributes_max", [](auto& o) { o.attributes_max = 0; });
  bad("events_max", [](auto& o) { o.events_max = 1 << 20; });
  bad("batch_spans_max", [](auto& o) { o.batch_spans_max = 0; });
  bad("batch_delay is 0 ms: from 1 to 60000 ms", [](auto& o) { o.batch_delay = 0ms; });
  bad("announce_after is -1 ms", [](auto& o) { o.announce_after = -1ms; });
  bad("flush_timeout", [](auto& o) { o.flush_timeout = 2h; });
  bad("sample_ratio is 1.500000: from 0 to 1", [](auto& o) { o.sample_ratio = 1.5; });
  bad("sample_ratio", [](auto& o) { o.sample_ratio = std::stod("nan"); });
  bad("exporters is a null SpanSink", [](auto& o) { o.exporters = {std::shared_ptr<SpanSink>()}; });
}

class Settings : public testing::Test {
 protected:
  ~Settings() override {
    for (const char* name : {"OTEL_SERVICE_NAME", "OTEL_RESOURCE_ATTRIBUTES", "PITOT_EXPORTERS"}) {
      unsetenv(name);
    }
  }
};

TEST_F(Settings, TheResourceIsReadFromOptionsAndEnvironment) {
  setenv("OTEL_RESOURCE_ATTRIBUTES",
         " service.name = other , service.version=1.2,deployment.environment.name=test%20bed,"
         "team=a%2Cb%2,broken,=x,empty=",
         1);
  ExportResource resource = ResourceOf({});
  EXPECT_EQ(resource.service, "other");
  EXPECT_EQ(resource.release, "1.2");
  EXPECT_EQ(resource.environment, "test bed");
  EXPECT_EQ(resource.instance.size(), 32u);
  EXPECT_THAT(resource.attributes, ElementsAre(Pair("team", "a,b%2"), Pair("empty", "")));
  setenv("OTEL_SERVICE_NAME", "named", 1);
  EXPECT_EQ(ResourceOf({}).service, "named");
  EXPECT_EQ(ResourceOf({.service = "own", .release = "2"}).service, "own");
  EXPECT_EQ(ResourceOf({.service = "own", .release = "2"}).release, "2");
}

TEST_F(Settings, WithoutANameTheServiceIsTheProgram) {
  EXPECT_EQ(ResourceOf({}).service, "sdk_collect_test");
}

TEST_F(Settings, ExportersComeFromTheEnvironmentWhereOptionsNameNone) {
  EXPECT_EQ(ExportersOf({}).size(), 1u);
  EXPECT_TRUE(std::holds_alternative<Otlp>(ExportersOf({})[0]));
  setenv("PITOT_EXPORTERS", "jsonl, zipkin", 1);
  ASSERT_EQ(ExportersOf({}).size(), 2u);
  EXPECT_TRUE(std::holds_alternative<JsonLines>(ExportersOf({})[0]));
  EXPECT_EQ(ExportersOf(With(std::make_shared<KeepingSink>())).size(), 1u);
  setenv("PITOT_EXPORTERS", "none", 1);
  EXPECT_TRUE(ExportersOf({}).empty());
  setenv("PITOT_EXPORTERS", "oltp", 1);
  EXPECT_THROW(ExportersOf({}), std::invalid_argument);
}

}  // namespace
}  // namespace pitot
