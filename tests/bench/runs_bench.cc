// What finding a call's run and judging it costs the call, before it goes out and after its answer. The
// request's messages are read already. Targets: 2 us for a call without history; with history its new
// messages only, so that 400 turns cost a few times what 10 do.
#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include <string>
#include <vector>

#include "gateway/runs/runs.h"

namespace pitot {
namespace {

constexpr UnixNanos kNow = 1'700'000'000 * kNanosPerSecond;
constexpr RunCaller kCaller = {.project = "default", .key = "key-1"};

std::string Answer(int turn) {
  return fmt::format(
      R"({{"role":"assistant","content":[{{"type":"tool_use","id":"toolu_{:012}","name":"read",)"
      R"("input":{{"path":"src/file_{}.cc"}}}}]}})",
      turn, turn);
}

// What a tool gave: two kilobytes, as a file or a page is.
std::string Result(int turn) {
  return fmt::format(
      R"({{"role":"user","content":[{{"type":"tool_result","tool_use_id":"toolu_{:012}",)"
      R"("content":"{:0>2000}"}}]}})",
      turn, turn);
}

std::string Body(int turns) {
  std::string messages = R"({"role":"user","content":"Read the program."})";
  for (int i = 0; i < turns; ++i) messages += "," + Answer(i) + "," + Result(i);
  return R"({"model":"m","max_tokens":100,"messages":[)" + messages + "]}";
}

WireResult ResultOf(int turn) {
  ResponseReader reader(WireApi::kAnthropicMessages, {});
  std::string body = Answer(turn);
  body.pop_back();
  reader.Put(body + R"(,"id":"msg_1","type":"message","model":"m","stop_reason":"tool_use",)"
                    R"("usage":{"input_tokens":10,"output_tokens":1}})");
  reader.Finish();
  return reader.Take();
}

void BM_FirstCall(benchmark::State& state) {
  RunOptions options;
  Runs runs(options);
  const std::string body = Body(0);
  const WireRequest request = ReadRequest(WireApi::kAnthropicMessages, body, true);
  const WireResult result = ResultOf(0);
  for (auto _ : state) {
    const RunCall call = runs.Begin(kCaller, WireApi::kAnthropicMessages, request, kNow);
    runs.End(call, result, NanoUsd{1}, kNow);
  }
}
BENCHMARK(BM_FirstCall);

// An agent's next call, its history behind it: range(0) turns of two kilobytes.
void BM_NextCall(benchmark::State& state) {
  const int turns = static_cast<int>(state.range(0));
  const std::string before = Body(turns - 1);
  const std::string now = Body(turns);
  const WireRequest first = ReadRequest(WireApi::kAnthropicMessages, before, true);
  const WireRequest second = ReadRequest(WireApi::kAnthropicMessages, now, true);
  const WireResult result = ResultOf(turns - 1);
  RunOptions options;
  options.loops.steps = {};
  Runs runs(options);
  for (auto _ : state) {
    state.PauseTiming();
    RunCall call = runs.Begin(kCaller, WireApi::kAnthropicMessages, first, kNow);
    runs.End(call, result, NanoUsd{1}, kNow);
    state.ResumeTiming();
    call = runs.Begin(kCaller, WireApi::kAnthropicMessages, second, kNow);
    benchmark::DoNotOptimize(call);
    if (call.tools.size() != 1) state.SkipWithError("the new tool call was not found");
  }
  state.counters["body_kb"] = static_cast<double>(now.size()) / 1024;
}
BENCHMARK(BM_NextCall)->Arg(1)->Arg(10)->Arg(100)->Arg(400)->Iterations(2000);

// The first call of a conversation that was not seen before, its history with it.
void BM_UnknownHistory(benchmark::State& state) {
  const std::string body = Body(static_cast<int>(state.range(0)));
  const WireRequest request = ReadRequest(WireApi::kAnthropicMessages, body, true);
  RunOptions options;
  Runs runs(options);
  for (auto _ : state) {
    benchmark::DoNotOptimize(runs.Begin(kCaller, WireApi::kAnthropicMessages, request, kNow));
  }
}
BENCHMARK(BM_UnknownHistory)->Arg(10)->Arg(100)->Arg(400);

void BM_End(benchmark::State& state) {
  const std::string body = Body(1);
  const WireRequest request = ReadRequest(WireApi::kAnthropicMessages, body, true);
  const WireResult result = ResultOf(1);
  RunOptions options;
  Runs runs(options);
  for (auto _ : state) {
    state.PauseTiming();
    const RunCall call = runs.Begin(kCaller, WireApi::kAnthropicMessages, request, kNow);
    state.ResumeTiming();
    runs.End(call, result, NanoUsd{1}, kNow);
  }
}
BENCHMARK(BM_End)->Iterations(20'000);

}  // namespace
}  // namespace pitot
