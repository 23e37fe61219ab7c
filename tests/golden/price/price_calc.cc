// Prices the calls on standard input, one JSON object a line, with the built-in catalogue:
//   {"provider": "openai", "model": "gpt-4o", "at_ms": 1767225600000,
//    "usage": {"input_tokens": 1000, ..., "web_searches": 1}}
// and prints one line for each: {"cost": 2500000, "confidence": "exact", "rule": "openai/gpt-4o"},
// cost in nano-USD or null. For compare.mjs.
#include <simdjson.h>

#include <cstdio>
#include <iostream>
#include <string>

#include "price/price.h"

namespace {

using pitot::kUsageBucketNames;
using pitot::kUsageBuckets;

pitot::Usage ReadUsage(const simdjson::dom::object& object) {
  pitot::Usage usage;
  for (const simdjson::dom::key_value_pair field : object) {
    const int64_t count = field.value;
    if (field.key == "web_searches") usage.web_searches = count;
    if (field.key == "file_searches") usage.file_searches = count;
    for (size_t i = 0; i < kUsageBuckets; ++i) {
      if (field.key == kUsageBucketNames[i]) usage.tokens[i] = count;
    }
  }
  return usage;
}

void PriceLine(simdjson::dom::parser& parser, pitot::PriceCache& prices, const std::string& line) {
  const simdjson::dom::object call = parser.parse(line);
  const pitot::Usage usage = ReadUsage(call["usage"]);
  const int64_t at_ms = call["at_ms"];
  const pitot::Price price =
      prices.PriceOf({std::string_view(call["provider"]), std::string_view(call["model"]),
                      at_ms * 1'000'000, "", usage});
  const std::string cost = price.cost ? std::to_string(price.cost->value) : "null";
  const std::string_view confidence = Name(price.confidence);
  std::printf("{\"cost\":%s,\"confidence\":\"%.*s\",\"rule\":\"%.*s\"}\n", cost.c_str(),
              static_cast<int>(confidence.size()), confidence.data(),
              static_cast<int>(price.rule.size()), price.rule.data());
}

}  // namespace

int main() {
  pitot::PriceCache prices(pitot::PriceBook::BuiltIn({}));
  simdjson::dom::parser parser;
  for (std::string line; std::getline(std::cin, line);) {
    try {
      PriceLine(parser, prices, line);
    } catch (const simdjson::simdjson_error& error) {
      std::fprintf(stderr, "price_calc: %s: %s\n", error.what(), line.c_str());
      return 1;
    }
  }
}
