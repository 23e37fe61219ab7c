#include "alert/rules/judge.h"

#include <fmt/format.h>

#include <algorithm>

#include "measure/binomial.h"

namespace pitot {

bool Beyond(int64_t hits, int64_t n, double p, double chance) {
  return BinomialUpperTail(hits, n, p) <= chance;
}

void Recent::Add(const TrafficRow& row, int64_t hits, int64_t n) {
  all.Add(hits, n);
  if (row.age <= kStillSeconds) still.Add(hits, n);
  if (hits > 0) AddExamples(row.bad, examples);
}

void AddExamples(const std::vector<std::string>& more, std::vector<std::string>& examples) {
  for (const std::string& each : more) {
    if (examples.size() >= kExemplarsMax) return;
    if (std::ranges::find(examples, each) == examples.end()) examples.push_back(each);
  }
}

Labels NonEmpty(Labels labels) {
  std::erase_if(labels, [](const auto& label) { return label.second.empty(); });
  return labels;
}

namespace rule_words {

std::string PercentText(double share) {
  const double percent = share * 100;
  if (percent == 0 || percent >= 10) return fmt::format("{:.0f} %", percent);
  return fmt::format("{:.2g} %", percent);
}

std::string ShareText(const Share& share) {
  return fmt::format("{}: {} of {}", PercentText(share.share()), share.hits, share.n);
}

std::string ModelText(std::string_view provider, std::string_view model) {
  if (provider.empty() && model.empty()) return "model calls";
  if (provider.empty() || model.empty()) return std::string(provider.empty() ? model : provider);
  return fmt::format("{} {}", provider, model);
}

std::string TimesText(double ratio) {
  return ratio >= 10 ? fmt::format("{:.0f}x", ratio) : fmt::format("{:.1f}x", ratio);
}

std::string SecondsText(double ns) {
  const double ms = ns / 1e6;
  if (ms < 1000) return fmt::format("{:.3g} ms", ms);
  return ms < 100'000 ? fmt::format("{:.3g} s", ms / 1000) : fmt::format("{:.0f} s", ms / 1000);
}

}  // namespace rule_words

}  // namespace pitot
