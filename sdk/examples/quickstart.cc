// One turn of an agent that uses a tool: traced, measured, priced.
//
//   pitot serve &                # Then see the turn at http://127.0.0.1:4318, or by `pitot traces`.
//   ./quickstart                 # Against a scripted provider in this process; or with a key:
//   ANTHROPIC_API_KEY=sk-... ./quickstart "Do I need a coat in Oslo?"
#include <chrono>
#include <cstdlib>
#include <exception>
#include <iostream>

#include "pitot/anthropic.h"
#include "pitot/collector.h"
#include "pitot/cost_ledger.h"
#include "pitot/latency_tracker.h"
#include "pitot/slo_monitor.h"
#include "pitot/span.h"
#include "pitot/testing/scripted_provider.h"
#include "pitot/toolbox.h"

int main(int argc, char** argv) try {
  const std::string question = argc > 1 ? argv[1] : "Will it rain in Paris today?";

  pitot::TraceCollector collector({.service = "weather-agent"});  // To Pitot on this machine.
  pitot::CostLedger ledger({.daily_budget = pitot::usd(5)});
  pitot::LatencyTracker latency;
  pitot::SloMonitor slo({.name = "model calls", .target = 0.99});

  using std::chrono_literals::operator""ms;
  const pitot::ScriptedProvider stand_in({.pacing = {.first_byte = 300ms}});
  const bool real = std::getenv("ANTHROPIC_API_KEY") != nullptr;
  pitot::ObservableAnthropicClient client({
      .api_key = real ? "" : "none",
      .base_url = real ? "" : stand_in.url(),
      .tags = {.feature = "weather", .prompt = "forecast", .prompt_version = "3"},
      .recorders = {.ledger = &ledger, .latency = &latency, .slo = &slo},
  });

  pitot::Toolbox tools;
  tools.add({.name = "get_weather",
             .description = "The weather in a city, today.",
             .schema = R"({"type":"object","properties":{"city":{"type":"string"}},
                           "required":["city"],"additionalProperties":false})"},
            [](const pitot::ToolArguments& arguments) {
              return arguments.text("city") + ": rain until noon, 18 C";
            });

  {
    const pitot::TagScope who({.feature = "weather", .user = "u-17"});  // Of all that follows.
    pitot::Span turn = pitot::traced("answer", pitot::Kind::kAgent, {{"question", question}});
    pitot::AnthropicRequest request = {.model = "claude-sonnet-5",
                                       .messages = {{"user", question}},
                                       .tools = tools.anthropic_json()};
    pitot::LlmReply reply = client.messages(request);
    while (!reply.tool_calls.empty()) {
      request.messages.push_back(pitot::LlmMessage::raw(reply.message_json));
      request.messages.push_back(pitot::LlmMessage::raw(tools.answer_anthropic(reply.tool_calls)));
      reply = client.messages(request);
    }
    turn.set("answer", reply.text);
    std::cout << question << "\n"
              << reply.text << "\n"
              << "Trace: " << turn.context().trace_id_hex() << "\n\n";
  }

  std::cout << latency.summary().to_string() << "\n"
            << slo.to_string() << "\n\n"
            << ledger.report();
  return 0;
} catch (const std::exception& error) {  // A wrong option, or a call that failed for good.
  std::cerr << "quickstart: " << error.what() << "\n";
  return 1;
}
