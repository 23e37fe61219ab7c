#include "alert/runbook/slowness.h"

#include <fmt/format.h>

namespace pitot {

std::string NameOf(const Pair& pair) { return ModelText(pair.key[kProvider], pair.key[kModel]); }

std::string Instead(std::optional<double> now, std::optional<double> base) {
  if (!now) return "unknown";
  if (!base) return SecondsText(*now);
  return fmt::format("{} instead of {}", SecondsText(*now), SecondsText(*base));
}

std::string FigureWords(const Pair& pair) {
  std::string words = fmt::format("median {}, p99 {}", Instead(pair.now.p50, pair.base.p50),
                                  Instead(pair.now.p99, pair.base.p99));
  if (pair.now.ttft_p50 && pair.base.ttft_p50) {
    words += ", first token after " + Instead(pair.now.ttft_p50, pair.base.ttft_p50);
  }
  return words;
}

std::string SlowWords(const Pair& pair) {
  return fmt::format("{} answers {} slower than usual: {}", NameOf(pair), TimesText(pair.Ratio()),
                     FigureWords(pair));
}

std::string_view DialectFamily(std::string_view provider) {
  if (provider.starts_with("anthropic")) return "anthropic";
  if (provider.starts_with("gcp") || provider.starts_with("gemini") ||
      provider.starts_with("google")) {
    return "gemini";
  }
  return "openai";
}

std::string ShapeWords(const Pair& pair) {
  const Shape shape(pair);
  std::string words;
  const double out_now = pair.now.Mean(pair.now.output_sum);
  const double out_base = pair.base.Mean(pair.base.output_sum);
  if (shape.Explains(shape.output) >= 0.5) {
    words = fmt::format(
        "Answers are {} longer ({} output tokens instead of {}): that is the "
        "prompt or the task, not the provider.",
        TimesText(shape.output), FigureText(out_now), FigureText(out_base));
  } else if (shape.Explains(shape.input) >= 0.5) {
    words = fmt::format("Prompts are {} longer ({} input tokens instead of {}).",
                        TimesText(shape.input), FigureText(pair.now.Mean(pair.now.input_sum)),
                        FigureText(pair.base.Mean(pair.base.input_sum)));
  } else if (shape.ttft >= kSlowRatio && shape.speed > 0.75) {
    words = "The wait is before the first token: the provider queues calls.";
  } else if (shape.speed <= 0.75 && shape.ttft < kSlowRatio) {
    words = fmt::format(
        "Tokens come slower ({} a second instead of {}): the provider generates "
        "more slowly.",
        FigureText(*pair.now.speed_p50), FigureText(*pair.base.speed_p50));
  } else if (shape.speed <= 0.75) {
    words =
        "Both the first token and those after it come later: the provider is short of capacity.";
  }
  const bool same_work = shape.output > 0.75 && shape.output < kTokensRatio &&
                         shape.input < kTokensRatio && out_base > 0;
  if (same_work) {
    words += fmt::format("{}Prompts and answers are as long as usual.", words.empty() ? "" : " ");
  }
  return words;
}

}  // namespace pitot
