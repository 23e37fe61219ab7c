// The property that ingest rests on: however spans are ordered, batched, repeated, evicted and
// replayed after crashes, what queries see in the end is what resolving each whole trace at once
// gives. PITOT_SEED=N runs one case; PITOT_CASES=N that many.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <random>
#include <string>
#include <vector>

#include "ingest/resolve/active_traces.h"
#include "ingest/resolve/resolve_test_util.h"

namespace pitot {
namespace {

using testing::Delivery;
using testing::Describe;
using testing::ModelStore;
using testing::SpanIdOf;
using testing::TraceIdOf;

constexpr int64_t kStart = 1'700'000'000 * kNanosPerSecond;
constexpr int64_t kOpenTimeout = 2 * kNanosPerMinute;

class Case {
 public:
  explicit Case(uint64_t seed) : random_(seed), store_(seed) {}

  // What differs at the end; empty: nothing.
  std::string Run() {
    MakeDeliveries();
    store_.fail_percent = Pick(2) ? 10 : 0;
    store_.lie_percent = Pick(2) ? 30 : 0;
    options_.bytes_max = Pick(2) ? 0 : 1 << 20;
    options_.at_once_spans = Pick(2) ? 3 : 10'000;
    options_.open_timeout_ns = kOpenTimeout;
    CutIntoBatches();
    Restart();
    // While crashes are drawn, batches repeat; they are drawn a bounded number of times.
    while (next_batch_ < batches_.size()) Flush();
    Settle();
    return Compare();
  }

  std::string Dump() const {
    std::string out;
    for (size_t b = 0; b + 1 < ends_.size(); ++b)
      out += fmt::format("batch ends at {}\n", ends_[b]);
    for (const Delivery& d : deliveries_) {
      const Span& s = d.span;
      out += fmt::format(
          "  v{} keep={} trace={} span={} parent={} {} {} [{},{}] rollup={} usage={} in={} cost={} "
          "rid={} model={} scope={}\n",
          d.version, d.keep_days, ToHex(s.trace_id.view()).substr(28),
          ToHex(s.span_id.view()).substr(12), ToHex(s.parent_span_id.view()).substr(12),
          Name(s.kind), Name(s.status), s.start_ns - kStart, s.end_ns - kStart, s.usage_rollup,
          s.has_usage, s.usage.input_total(), s.cost ? s.cost->value : -1, s.response_id, s.model,
          s.scope);
    }
    return out;
  }

 private:
  uint64_t Pick(uint64_t n) { return random_() % n; }
  std::string_view Word(std::initializer_list<std::string_view> words) {
    return words.begin()[Pick(words.size())];
  }

  Span RandomSpan(uint64_t trace, uint64_t number, uint64_t count) {
    Span span;
    span.trace_id = TraceIdOf(trace);
    span.span_id = SpanIdOf(number);
    // Mostly a tree; sometimes lost parents, loops, spans that are their own parent.
    if (Pick(8) != 0) span.parent_span_id = SpanIdOf(1 + Pick(Pick(10) ? number : count + 2));
    span.name = Word({"plan", "answer", "look up", "chat"});
    span.kind = static_cast<Kind>(Pick(static_cast<uint64_t>(Kind::kEnd)));
    if (Pick(2)) span.kind = Kind::kLlm;
    // Some starts collide, some are days apart.
    span.start_ns = kStart + static_cast<int64_t>(Pick(20)) * 10 * kNanosPerSecond;
    if (Pick(20) == 0) span.start_ns += kNanosPerDay;
    span.end_ns = span.start_ns + static_cast<int64_t>(Pick(10)) * 20 * kNanosPerSecond;
    span.status = static_cast<SpanStatus>(Pick(3));
    span.status_message = Word({"", "boom"});
    span.service = Word({"", "api"});
    span.feature = {Word({"", "", "checkout", "search"}), Pick(2) == 0};
    span.workflow = Word({"", "", "", "nightly"});
    span.user_id = Word({"", "", "", "ann", "bob"});
    span.session_id = Word({"", "", "", "s1", "s2"});
    span.agent = Word({"", "", "", "planner"});
    span.prompt_name = Word({"", "", "", "p", "q"});
    span.prompt_version = Word({"", "", "1", "2"});
    span.scope = Word({"oi", "sdk", "gateway"});
    span.source = Pick(5) ? Source::kOtlp : Source::kGateway;
    span.tool_name = Word({"", "search", "shell"});
    span.retry_count = static_cast<int64_t>(Pick(3));
    if (Pick(3)) AddUsage(span);
    return span;
  }

  void AddUsage(Span& span) {
    span.has_usage = Pick(6) != 0;
    span.model = Word({"", "m1", "m1", "m2"});
    span.response_id = Word({"", "", "", "r1", "r2"});
    span.usage_rollup = Pick(8) == 0;
    if (Pick(6)) span.usage[UsageBucket::kInput] = static_cast<int64_t>(100 * Pick(3));
    if (Pick(3) == 0) span.usage[UsageBucket::kCacheRead] = static_cast<int64_t>(100 * Pick(2));
    if (Pick(3) == 0) span.usage[UsageBucket::kCacheWrite5m] = 100;
    if (Pick(6)) span.usage[UsageBucket::kOutput] = 10;
    span.usage_flags = static_cast<uint8_t>(Pick(8));
    span.usage_convention = Pick(3) ? UsageConvention::kInclusive : UsageConvention::kExact;
    if (Pick(2)) span.cost = NanoUsd{static_cast<int64_t>(Pick(1000))};
    if (span.cost && Pick(2)) {
      span.cost_reported = span.cost;
      span.price_source = PriceSource::kProvider;
    }
    if (Pick(3) == 0) span.ttft_ns = static_cast<int64_t>(Pick(100));
  }

  void MakeDeliveries() {
    const uint64_t traces = 1 + Pick(3);
    for (uint64_t trace = 0; trace < traces; ++trace) {
      const uint64_t count = 1 + Pick(Pick(4) ? 12 : 40);
      const std::string project = trace == 1 ? "other" : "default";
      for (uint64_t number = 1; number <= count; ++number) {
        const uint64_t times = Pick(4) ? 1 : 2 + Pick(2);
        for (uint64_t n = 0; n < times; ++n) {
          Delivery delivery{project, static_cast<uint16_t>(Pick(20) ? 30 : 90), 0,
                            RandomSpan(trace, number, count)};
          if (Pick(4) == 0) {
            delivery.span.status = SpanStatus::kRunning;
            delivery.span.end_ns = delivery.span.start_ns;
          }
          deliveries_.push_back(delivery);
        }
      }
    }
    std::shuffle(deliveries_.begin(), deliveries_.end(), random_);
    // Versions are distinct, but the clock that gives them may go back.
    std::vector<uint64_t> versions(deliveries_.size());
    for (size_t i = 0; i < versions.size(); ++i) versions[i] = 1 + i;
    if (Pick(3) == 0) std::shuffle(versions.begin(), versions.end(), random_);
    for (size_t i = 0; i < deliveries_.size(); ++i) {
      const bool ended = deliveries_[i].span.status != SpanStatus::kRunning;
      deliveries_[i].version = versions[i] | (ended ? uint64_t{1} << 62 : 0);
    }
  }

  void CutIntoBatches() {
    const size_t batch_max = 1 + Pick(Pick(2) ? 5 : 40);
    for (size_t at = 0; at < deliveries_.size();) {
      const size_t count = std::min(deliveries_.size() - at, 1 + Pick(batch_max));
      batches_.push_back({at, at + count});
      at += count;
      ends_.push_back(at);
    }
  }

  void Restart() { active_ = std::make_unique<ActiveTraces>(options_, store_); }

  bool Crash() {
    if (crashes_left_ == 0 || Pick(12) != 0) return false;
    --crashes_left_;
    Restart();
    next_batch_ = spool_front_;
    return true;
  }

  void Resolve(bool all) {
    while (!active_->Resolve(now_, changes_, all).ok()) {
    }
  }

  // Rows reach the store in any order, and not all of them when a crash comes between.
  bool WriteChanges() {
    std::vector<size_t> order(changes_.facts.size() + changes_.traces.size());
    for (size_t i = 0; i < order.size(); ++i) order[i] = i;
    std::shuffle(order.begin(), order.end(), random_);
    for (const size_t i : order) {
      if (Pick(8) == 0 && Crash()) return false;
      if (i < changes_.facts.size()) {
        store_.InsertFact(changes_.facts[i]);
      } else {
        store_.InsertTrace(changes_.traces[i - changes_.facts.size()]);
      }
    }
    return true;
  }

  void Flush() {
    now_ += static_cast<int64_t>(Pick(8)) * kNanosPerSecond;
    if (Pick(3) == 0) (void)active_->Prime();
    const auto [first, last] = batches_[next_batch_];
    for (size_t i = first; i < last; ++i) {
      if (Pick(20) == 0 && Crash()) return;
      store_.InsertSpan(deliveries_[i]);
    }
    for (size_t i = first; i < last; ++i) {
      const Delivery& d = deliveries_[i];
      active_->Add(d.project, d.keep_days, d.span, d.version, next_batch_);
    }
    if (Pick(4) == 0) active_->ExpireOpen(now_);
    Resolve(false);
    if (!WriteChanges() || Crash()) return;
    ++next_batch_;
    spool_front_ = active_->oldest_pending_batch().value_or(next_batch_);
  }

  // The end of the story: everything is primed, expired, resolved.
  void Settle() {
    if (Pick(2)) {
      Restart();
      crashes_left_ = 0;
      for (next_batch_ = spool_front_; next_batch_ < batches_.size();) Flush();
    }
    now_ = std::max(now_, kStart + (Pick(2) ? 0 : kNanosPerDay));
    crashes_left_ = 0;
    for (auto primed = active_->Prime(); !primed.ok() || !*primed; primed = active_->Prime()) {
    }
    active_->ExpireOpen(now_);
    Resolve(true);
    WriteChanges();
    // And then there is nothing more to say.
    active_->ExpireOpen(now_);
    Resolve(true);
    quiet_ = changes_.facts.empty() && changes_.traces.empty();
  }

  std::string Compare() {
    std::string out = store_.contradictions;
    if (!quiet_) out += "rows were written although nothing had changed\n";
    std::map<std::pair<std::string, TraceId>, TraceSpans> whole;
    std::shuffle(deliveries_.begin(), deliveries_.end(), random_);
    for (const Delivery& d : deliveries_) {
      whole[{d.project, d.span.trace_id}].Put(d.span, d.version, d.keep_days);
    }
    ResolveScratch scratch;
    for (const auto& [id, spans] : whole) {
      ResolvedTrace resolved;
      ResolveTrace(spans, id.second, {.open_until_ns = now_ - kOpenTimeout}, scratch, resolved);
      std::vector<std::string> want;
      uint16_t keep_days = 0;
      for (uint32_t i = 0; i < spans.size(); ++i) {
        keep_days = std::max(keep_days, spans.span(i).keep_days);
        want.push_back(fmt::format("{} {}", spans.span(i).keep_days, Describe(resolved.facts[i])));
      }
      want.push_back(fmt::format("{} {}", keep_days, Describe(resolved.trace)));
      std::sort(want.begin(), want.end());
      const std::vector<std::string> got = store_.Final(id.first, id.second);
      for (const std::string& row : want) {
        if (std::find(got.begin(), got.end(), row) == got.end()) out += "missing: " + row + "\n";
      }
      for (const std::string& row : got) {
        if (std::find(want.begin(), want.end(), row) == want.end()) out += "surplus: " + row + "\n";
      }
    }
    return out;
  }

  std::mt19937_64 random_;
  ModelStore store_;
  ActiveTracesOptions options_;
  std::unique_ptr<ActiveTraces> active_;
  TraceChanges changes_;
  std::vector<Delivery> deliveries_;
  std::vector<std::pair<size_t, size_t>> batches_;
  std::vector<size_t> ends_;
  size_t next_batch_ = 0;
  size_t spool_front_ = 0;
  int crashes_left_ = 6;
  int64_t now_ = kStart + kNanosPerMinute;
  bool quiet_ = true;
};

TEST(ActiveTracesProperty, OrderBatchesEvictionsAndCrashesDoNotMatter) {
  const char* seed = std::getenv("PITOT_SEED");
  const char* cases = std::getenv("PITOT_CASES");
  const uint64_t first = seed != nullptr ? std::strtoull(seed, nullptr, 10) : 1;
  const uint64_t count = seed != nullptr    ? 1
                         : cases != nullptr ? std::strtoull(cases, nullptr, 10)
                                            : 6000;
  for (uint64_t n = first; n < first + count; ++n) {
    Case one(n);
    const std::string difference = one.Run();
    ASSERT_EQ(difference, "") << "Run again with PITOT_SEED=" << n << "\n" << one.Dump();
  }
}

}  // namespace
}  // namespace pitot
