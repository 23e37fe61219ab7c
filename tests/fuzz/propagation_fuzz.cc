// Headers of strangers (a line each, "name: value"): whatever they say, reading ends, problems are
// bounded, and what was extracted is injected as headers that are extracted as the same again.
#include <algorithm>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "pitot/propagation.h"

namespace {

void Check(bool holds) {
  if (!holds) __builtin_trap();
}

bool Same(const pitot::Context& a, const pitot::Context& b) {
  return a.trace_id() == b.trace_id() && a.span_id() == b.span_id() && a.sampled() == b.sampled() &&
         a.tags() == b.tags() && a.baggage() == b.baggage() && a.trace_state() == b.trace_state();
}

bool IsHeaderText(std::string_view value) {
  for (const char c : value) {
    if (c < 0x20 || c > 0x7E) return false;
  }
  return !value.empty();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string_view rest(reinterpret_cast<const char*>(data), size);
  std::vector<std::pair<std::string, std::string>> headers;
  while (!rest.empty()) {
    const std::string_view line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(line.size() + 1, rest.size()));
    const size_t colon = line.find(": ");
    if (colon == std::string_view::npos) continue;
    headers.emplace_back(line.substr(0, colon), line.substr(colon + 2));
  }
  const pitot::Extracted in = pitot::extract(headers);
  Check(in.problems.size() <= 12);
  for (const std::string& problem : in.problems) Check(problem.size() <= 400);
  Check(in.context.valid() || in.context.trace_state().empty());
  Check(in.context.trace_state().size() <= 512);

  std::map<std::string, std::string> again;
  pitot::inject(in.context, again);
  Check(again.contains("traceparent") == in.context.valid());
  for (const auto& [name, value] : again) {
    Check(IsHeaderText(value));
    Check(value.size() <= 8192);
  }
  const pitot::Extracted back = pitot::extract(again);
  Check(back.ok());
  // Near the limits of baggage, what became longer by escapes is left out, or what has no room beside
  // the entries for tags that were found under other names.
  constexpr size_t kEntriesMax = 64;
  constexpr size_t kTagEntriesMax = 7;
  if (again["baggage"].size() < 4096 &&
      in.context.baggage().size() <= kEntriesMax - kTagEntriesMax) {
    Check(Same(back.context, in.context));
  }
  return 0;
}
