// Traces in a file, one span a line: no server, no network. Read it with jq, or send it later.
//
//   ./jsonl_only spans.jsonl
#include <chrono>
#include <cstdio>
#include <exception>
#include <iostream>

#include "pitot/collector.h"
#include "pitot/openai.h"
#include "pitot/span.h"
#include "pitot/testing/scripted_provider.h"
#include "pitot/tool.h"

namespace {

constexpr int kOrders = 20;

constexpr const char kQueries[] = R"queries(
# The slowest calls
jq -rs 'map(select(.kind == "llm")) | sort_by(-.duration_ms)[:3][] | "\(.duration_ms) \(.name)"' $f
# What failed, and why
jq -r 'select(.status == "error") | "\(.name): \(.error)"' $f
# Tokens by user
jq -rs 'group_by(.attrs["user.id"])[] |
  "\(.[0].attrs["user.id"]) \(map(.attrs["gen_ai.usage.output_tokens"] // 0) | add)"' $f
# All of it into Pitot, now or later
pitot import $f
)queries";

// The warehouse: it does not know every order.
std::string FindOrder(int number) {
  if (number % 7 == 3) throw pitot::ToolError("no such order");
  return "shipped";
}

void Answer(pitot::ObservableOpenAiClient& client, int number) {
  const std::string order = "48-" + std::to_string(100 + number);
  pitot::TagScope who({.feature = "orders", .user = "u-" + std::to_string(number % 5)});
  pitot::Span turn = pitot::traced("answer", pitot::Kind::kAgent, {{"order", order}});
  try {
    const std::string state = pitot::tool("find_order", R"({"order":")" + order + "\"}",
                                          [&] { return FindOrder(number); });
    client.chat({.model = "gpt-5-mini",
                 .messages = {{"user", "Say kindly that order " + order + " is " + state + "."}}});
  } catch (const std::exception& error) {
    turn.fail(error);  // The customer is told later; the trace says why.
  }
}

}  // namespace

int main(int argc, char** argv) try {
  const std::string path = argc > 1 ? argv[1] : "spans.jsonl";
  std::remove(path.c_str());  // So that the figures below are of this run; spans are appended.

  pitot::TraceCollector collector({
      .service = "order-desk",
      .exporters = {pitot::JsonLines{.path = path, .rotate_bytes = 64 << 20, .files_max = 5}},
  });
  const pitot::ScriptedProvider provider({.pacing = {.first_byte = std::chrono::milliseconds(5)}});
  pitot::ObservableOpenAiClient client({.api_key = "none", .base_url = provider.url() + "/v1"});
  for (int number = 0; number < kOrders; ++number) Answer(client, number);

  const bool written = collector.flush();
  std::cout << (written ? "All spans are in " : "NOT all spans are in ") << path << "\n"
            << collector.stats().to_string() << "\nf=" << path << kQueries;
  return written ? 0 : 1;
} catch (const std::exception& error) {
  std::cerr << "jsonl_only: " << error.what() << "\n";
  return 1;
}
