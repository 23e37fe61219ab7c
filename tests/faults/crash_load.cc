#include "tests/faults/crash_load.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "base/clock.h"
#include "base/status.h"
#include "base/text.h"
#include "tests/faults/poll.h"

namespace pitot {
namespace {

constexpr int kRunsInFlight = 6;  // A sender's requests carry spans of this many.
constexpr int kSpansMax = 14;     // Of one run.
constexpr int kRequestSpansMax = 12;
// gpt-4o: $2.50 and $10 per million tokens.
constexpr int64_t kInputNanoUsd = 2'500;
constexpr int64_t kOutputNanoUsd = 10'000;
// Longer than kInlinePieceBytes, so that it becomes a payload.
constexpr size_t kMessageBytes = 300;
constexpr int kFailuresShown = 10;

int Below(std::mt19937& random, int bound) {
  return static_cast<int>(random() % static_cast<uint32_t>(bound));
}

// A list of messages with as many turns as asked for: each call of a run resends the former ones.
std::string Messages(uint64_t run, int turns) {
  std::string json = "[";
  for (int turn = 0; turn < turns; ++turn) {
    std::string text = fmt::format("run {} turn {} ", run, turn);
    text.resize(kMessageBytes, static_cast<char>('a' + turn % 26));
    json += fmt::format(R"({}{{"role":"user","parts":[{{"type":"text","content":"{}"}}]}})",
                        turn == 0 ? "" : ",", text);
  }
  return json + "]";
}

std::vector<std::vector<std::string>> Rows(Engine& engine, std::string_view sql) {
  QueryOptions options;
  options.format = "TSV";
  const auto result = engine.Query(sql, options);
  EXPECT_TRUE(result.ok()) << sql << "\n" << result.status();
  std::vector<std::vector<std::string>> rows;
  if (!result.ok()) return rows;
  for (const std::string_view line : SplitText(result->body, '\n')) {
    if (line.empty()) continue;
    rows.emplace_back();
    for (const std::string_view field : SplitText(line, '\t')) rows.back().emplace_back(field);
  }
  return rows;
}

}  // namespace

void CrashLoad::Start(int senders) {
  for (int i = 0; i < senders; ++i) {
    senders_.emplace_back([this, i] { SendLoop(static_cast<uint32_t>(i)); });
  }
}

void CrashLoad::Finish() {
  stopping_ = true;
  senders_.clear();
}

int64_t CrashLoad::acknowledged_spans() const {
  MutexLock lock(&mutex_);
  return std::count_if(sent_.begin(), sent_.end(),
                       [](const auto& entry) { return entry.second.acknowledged; });
}

// An agent with calls and tools below it; a tool may be an agent's whose calls are below it.
std::vector<OtlpSpan> CrashLoad::MakeRun(uint64_t number, std::mt19937& random) {
  const int64_t now = WallNanos() - 60 * kNanosPerSecond;
  const std::string trace = TraceHex(number);
  const auto id = [number](int i) { return SpanHex(number << 8 | static_cast<uint64_t>(i + 1)); };
  std::vector<OtlpSpan> run;
  run.push_back({.trace = trace,
                 .id = id(0),
                 .name = "invoke_agent planner",
                 .start_ns = now,
                 .duration_ns = kNanosPerSecond,
                 .attributes = TextAttribute("gen_ai.operation.name", "invoke_agent") + "," +
                               TextAttribute("user.id", fmt::format("user{}", number % 7))});
  const int spans = 2 + Below(random, kSpansMax - 1);
  std::string tool = id(0);
  int calls = 0;
  for (int i = 1; i < spans; ++i) {
    OtlpSpan span{.trace = trace,
                  .id = id(i),
                  .parent = Below(random, 2) == 0 ? tool : id(0),
                  .start_ns = now + i * 1000};
    int64_t cost = -1;
    if (Below(random, 3) == 0) {
      span.name = "execute_tool search";
      span.attributes = TextAttribute("gen_ai.operation.name", "execute_tool") + "," +
                        TextAttribute("gen_ai.tool.name", "search");
      tool = span.id;
    } else {
      const int64_t input = 100 + Below(random, 10'000);
      const int64_t output = 1 + Below(random, 1'000);
      cost = input * kInputNanoUsd + output * kOutputNanoUsd;
      span.name = "chat gpt-4o";
      span.attributes = TextAttribute("gen_ai.operation.name", "chat") + "," +
                        TextAttribute("gen_ai.provider.name", "openai") + "," +
                        TextAttribute("gen_ai.response.model", "gpt-4o") + "," +
                        TextAttribute("gen_ai.response.id", trace + span.id) + "," +
                        IntAttribute("gen_ai.usage.input_tokens", input) + "," +
                        IntAttribute("gen_ai.usage.output_tokens", output) + "," +
                        TextAttribute("gen_ai.input.messages", Messages(number, ++calls));
    }
    MutexLock lock(&mutex_);
    sent_[trace + span.id] = {trace, cost};
    run.push_back(std::move(span));
  }
  MutexLock lock(&mutex_);
  sent_[trace + run[0].id] = {trace};
  return run;
}

void CrashLoad::SendLoop(uint32_t sender) {
  std::mt19937 random(seed_ * 1000 + sender);
  HttpClient client;
  uint64_t run = 0;
  std::vector<OtlpSpan> waiting;
  std::vector<OtlpSpan> again;  // Delivered a second time, later.
  while (!stopping_ || !waiting.empty()) {
    if (!stopping_) {
      for (int i = 0; i < kRunsInFlight; ++i) {
        for (OtlpSpan& span : MakeRun(uint64_t{sender + 1} << 32 | run++, random)) {
          waiting.push_back(std::move(span));
        }
      }
      std::shuffle(waiting.begin(), waiting.end(), random);
    }
    // Some stay for a later request, so that a trace is spread over flushes and restarts.
    const size_t leave = stopping_ ? 0 : waiting.size() / 4;
    while (waiting.size() > leave) {
      const size_t count = std::min<size_t>(
          waiting.size(), 1 + static_cast<size_t>(Below(random, kRequestSpansMax)));
      std::vector<OtlpSpan> request(waiting.end() - static_cast<ptrdiff_t>(count), waiting.end());
      waiting.resize(waiting.size() - count);
      if (Below(random, 8) == 0) again.push_back(request.front());
      if (!again.empty() && Below(random, 8) == 0) {
        request.push_back(again.back());
        again.pop_back();
      }
      Post(client, request, random);
    }
  }
}

void CrashLoad::Post(HttpClient& client, const std::vector<OtlpSpan>& spans, std::mt19937& random) {
  const std::string body = OtlpBody(spans);
  // Given up after the first failure, as a sender does that ends.
  const bool give_up = Below(random, 20) == 0;
  ++requests_;
  if (Below(random, 20) == 0) PostAndForget(pitot_, body);
  Poll(
      [&] {
        const auto reply = PostSpans(client, pitot_, body);
        if (reply.ok() && reply->status == 200) {
          EXPECT_EQ(reply->body.find("rejectedSpans"), std::string::npos) << reply->body;
          Acknowledge(spans);
          return true;
        }
        EXPECT_TRUE(!reply.ok() || reply->status == 503) << reply->status << reply->body;
        ++retries_;
        return give_up;
      },
      std::chrono::minutes(2));
}

void CrashLoad::Acknowledge(const std::vector<OtlpSpan>& spans) {
  MutexLock lock(&mutex_);
  for (const OtlpSpan& span : spans) sent_[span.trace + span.id].acknowledged = true;
}

void CrashLoad::Check(Engine& engine) const {
  CheckFacts(engine);
  CheckTraces(engine);
  const auto lost = Rows(engine,
                         "SELECT count() FROM spans ARRAY JOIN input AS piece WHERE "
                         "startsWith(piece, '#') AND substring(piece, 2) NOT IN "
                         "(SELECT hash FROM payloads)");
  ASSERT_EQ(lost.size(), 1u);
  EXPECT_EQ(lost[0][0], "0") << "references to payloads that are not there";
  const auto kept = Rows(engine,
                         "SELECT count() FROM spans ARRAY JOIN input AS piece "
                         "WHERE startsWith(piece, '#')");
  EXPECT_NE(kept.at(0).at(0), "0") << "no payloads: the load tests nothing";
}

// One row a span, in `spans` and in `facts`; no acknowledged one missing; each call's own cost.
void CrashLoad::CheckFacts(Engine& engine) const {
  std::set<std::string> stored;
  for (const auto& row :
       Rows(engine, "SELECT lower(hex(trace_id)), lower(hex(span_id)) FROM spans FINAL")) {
    EXPECT_TRUE(stored.insert(row.at(0) + row.at(1)).second) << "twice in spans: " << row.at(1);
  }
  std::set<std::string> resolved;
  MutexLock lock(&mutex_);
  int failures = 0;
  for (const auto& row : Rows(engine,
                              "SELECT lower(hex(trace_id)), lower(hex(span_id)), "
                              "if(counted, ifNull(cost, -2), -1) FROM facts FINAL")) {
    const std::string key = row.at(0) + row.at(1);
    const auto sent = sent_.find(key);
    const bool once = resolved.insert(key).second;
    if (once && sent != sent_.end() && std::to_string(sent->second.cost) == row.at(2)) continue;
    if (++failures > kFailuresShown) continue;
    ADD_FAILURE() << "facts: span " << row.at(1) << " of trace " << row.at(0)
                  << (once ? "" : " is there twice") << ", cost " << row.at(2) << ", sent with "
                  << (sent == sent_.end() ? "nothing" : std::to_string(sent->second.cost));
  }
  EXPECT_EQ(stored, resolved) << "spans and facts hold different spans";
  for (const auto& [key, sent] : sent_) {
    if (!sent.acknowledged || (stored.contains(key) && resolved.contains(key))) continue;
    if (++failures > kFailuresShown) continue;
    ADD_FAILURE() << "acknowledged and lost: span " << key.substr(32) << " of trace " << sent.trace
                  << ": " << (stored.contains(key) ? "" : "not in spans ")
                  << (resolved.contains(key) ? "" : "not in facts");
  }
}

// One row a trace, with as many spans and as much cost as its spans have.
void CrashLoad::CheckTraces(Engine& engine) const {
  struct Sum {
    int64_t spans = 0;
    int64_t cost = 0;
  };
  std::map<std::string, Sum> expected;
  {
    MutexLock lock(&mutex_);
    for (const auto& row :
         Rows(engine, "SELECT lower(hex(trace_id)), lower(hex(span_id)) FROM spans FINAL")) {
      const auto sent = sent_.find(row.at(0) + row.at(1));
      if (sent == sent_.end()) continue;
      Sum& sum = expected[row.at(0)];
      sum.spans += 1;
      sum.cost += std::max<int64_t>(0, sent->second.cost);
    }
  }
  std::set<std::string> seen;
  int failures = 0;
  for (const auto& row : Rows(engine,
                              "SELECT lower(hex(trace_id)), spans, ifNull(cost, 0) "
                              "FROM traces FINAL")) {
    const Sum sum = expected[row.at(0)];
    const bool once = seen.insert(row.at(0)).second;
    if (once && row.at(1) == std::to_string(sum.spans) && row.at(2) == std::to_string(sum.cost)) {
      continue;
    }
    if (++failures > kFailuresShown) continue;
    ADD_FAILURE() << "traces: " << row.at(0) << (once ? "" : " is there twice") << ", " << row.at(1)
                  << " spans and cost " << row.at(2) << ", expected " << sum.spans << " and "
                  << sum.cost;
  }
  EXPECT_EQ(seen.size(), expected.size()) << "traces without a row";
}

}  // namespace pitot
