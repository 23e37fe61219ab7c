// alert/rules/judge.h
//
// What the judgements of several rules have in common: when a share is more than noise, and how
// figures are written. Inside rules/. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "alert/alert.h"
#include "alert/rules/traffic.h"

namespace pitot {

// Chance alone reaches it less often than this. A rule is asked about each series some thousand times
// a day, so that one in a thousand would be an alert a day.
inline constexpr double kChance = 1e-4;
// The same of what fires at once, without being looked at again.
inline constexpr double kChanceUrgent = 1e-6;
// What fires clears below nine tenths of its threshold.
inline constexpr double kClearFactor = 0.9;
// Five minutes hold a burst of some seconds for five minutes: what goes on is seen here, too.
inline constexpr int kStillSeconds = 90;

// Whether so many of `n` are more than a true share of `p` makes likely.
bool Beyond(int64_t hits, int64_t n, double p, double chance);

// Hits of the whole window and of its newest end.
struct Recent {
  Share all;
  Share still;  // Of the last kStillSeconds.
  std::vector<std::string> examples;

  void Add(const TrafficRow& row, int64_t hits, int64_t n);
};

// Adds to at most kExemplarsMax, each once.
void AddExamples(const std::vector<std::string>& more, std::vector<std::string>& examples);

// Without those that are empty.
Labels NonEmpty(Labels labels);

// Other folders of alert/ write figures in words of their own.
namespace rule_words {

// "12 %", "4.2 %", "0.31 %"
std::string PercentText(double share);
// "4.2 %: 21 of 500"
std::string ShareText(const Share& share);
// "openai gpt-5", or "model calls" when nothing is known.
std::string ModelText(std::string_view provider, std::string_view model);
// "3.2x"
std::string TimesText(double ratio);
// "1.3 s", "420 ms": three digits.
std::string SecondsText(double ns);

}  // namespace rule_words
using namespace rule_words;

}  // namespace pitot
