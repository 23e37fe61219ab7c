// A program with the SDK in it, for exporters.test.mjs. Its exporter is as the environment says
// (PITOT_EXPORTERS and the rest), or a file when one is named.
//
//   sdk_tree_sender [FILE]          one run of an agent, told on stdout as
//                                   {"trace_id":..., "spans":{NAME: {"span_id":..., "parent":NAME}}}
//   sdk_tree_sender --running       a run that ends with stdin; its trace id on stdout
//
// It tries for FLUSH_MS milliseconds to send what it has, else for 20 s.
#include <chrono>
#include <cstdlib>
#include <iostream>
#include <stdexcept>
#include <string>

#include "pitot/collector.h"
#include "pitot/llm_metrics.h"
#include "pitot/span.h"

namespace {

class Told {
 public:
  pitot::Span Open(const std::string& name, pitot::Kind kind, const std::string& parent) {
    pitot::Span span = pitot::traced(name, kind);
    if (!text_.empty()) text_ += ',';
    text_ += "\"" + name + "\":{\"span_id\":\"" + span.context().span_id_hex() +
             "\",\"parent\":\"" + parent + "\"}";
    trace_id_ = span.context().trace_id_hex();
    return span;
  }
  void Print() const {
    std::cout << "{\"trace_id\":\"" << trace_id_ << "\",\"spans\":{" << text_ << "}}" << std::endl;
  }

 private:
  std::string trace_id_;
  std::string text_;
};

void Call(pitot::Span& span) {
  pitot::LlmCallMetrics call;
  call.provider = "anthropic";
  call.model_requested = call.model = "claude-sonnet-4-5";
  call.has_usage = true;
  call.usage[pitot::UsageBucket::kInput] = 310;
  call.usage[pitot::UsageBucket::kCacheRead] = 900;
  call.usage[pitot::UsageBucket::kCacheWrite1h] = 100;
  call.usage[pitot::UsageBucket::kOutput] = 200;
  call.duration = std::chrono::milliseconds(5);
  call.finish = pitot::FinishReason::kStop;
  call.finish_raw = "end_turn";
  pitot::price_call(call);
  pitot::record_llm_call(call, {}, &span);
}

void Run(Told& told) {
  pitot::TagScope tags(
      {.feature = "checkout", .user = "u-17", .session = "s-4", .workflow = "refund"});
  pitot::Span answer = told.Open("answer", pitot::Kind::kAgent, "");
  {
    pitot::Span plan = told.Open("plan", pitot::Kind::kChain, "answer");
    pitot::Span chat = told.Open("chat", pitot::Kind::kLlm, "plan");
    Call(chat);
  }
  pitot::Span refund = told.Open("refund", pitot::Kind::kTool, "answer");
  refund.set("gen_ai.tool.name", "refund").set("bytes", "caf\xC3\xA9 \xFF");
  refund.event("asked the bank", {{"attempt", 2}});
  refund.link(answer.context(), {{"why", "cause"}});
  refund.fail(std::runtime_error("the bank said no"));
}

}  // namespace

int main(int argc, char** argv) {
  const std::string argument = argc > 1 ? argv[1] : "";
  const bool running = argument == "--running";
  pitot::CollectorOptions options;
  options.service = "sdk-e2e";
  options.environment = "test";
  options.release = "1.4.2";
  const char* flush_ms = std::getenv("FLUSH_MS");
  options.flush_timeout = std::chrono::milliseconds(flush_ms ? std::atoi(flush_ms) : 20'000);
  options.announce_after = std::chrono::milliseconds(20);
  if (!argument.empty() && !running) options.exporters = {pitot::JsonLines{.path = argument}};
  pitot::TraceCollector collector(options);
  if (running) {
    pitot::Span span = pitot::traced("long run", pitot::Kind::kAgent);
    std::cout << span.context().trace_id_hex() << std::endl;
    while (std::cin.get() != EOF) continue;
  } else {
    Told told;
    Run(told);
    told.Print();
  }
  const bool flushed = collector.flush();
  std::cerr << collector.stats().to_string() << std::endl;
  return flushed ? 0 : 1;
}
