#include "measure/loops.h"

#include <algorithm>
#include <cstdio>
#include <utility>

#include "measure/hash.h"
#include "measure/json_hash.h"
#include "measure/loop_judge.h"

namespace pitot {
namespace {

std::string Wrong(std::string_view field, int64_t value, std::string_view limit) {
  return std::string(field) + " is " + std::to_string(value) + "; it must be " + std::string(limit);
}

std::string CheckThreshold(std::string_view field, LoopThreshold t, int64_t min) {
  const auto check = [&](std::string_view level, int64_t value) -> std::string {
    if (value == 0 || value >= min) return "";
    return Wrong(std::string(field) + "." + std::string(level), value,
                 "0 (never) or at least " + std::to_string(min));
  };
  std::string wrong = check("warn", t.warn);
  if (wrong.empty()) wrong = check("block", t.block);
  if (wrong.empty() && t.warn > 0 && t.block > 0 && t.warn > t.block) {
    wrong = Wrong(std::string(field) + ".warn", t.warn,
                  "at most " + std::string(field) + ".block, which is " + std::to_string(t.block));
  }
  return wrong;
}

constexpr int64_t kCountMax = 1'000'000;

std::string Usd(NanoUsd amount) {
  char text[32];
  std::snprintf(text, sizeof(text), "$%.2f", static_cast<double>(amount.value) / 1e9);
  return text;
}

// The larger of the amount and of `times` p99; 0 stays 0: never.
int64_t SpendLimit(NanoUsd amount, int64_t times, const std::optional<NanoUsd>& p99) {
  if (amount.value == 0 || !p99) return amount.value;
  const __int128 by_p99 = static_cast<__int128>(p99->value) * times;
  return static_cast<int64_t>(
      std::min<__int128>(std::max<__int128>(by_p99, amount.value), INT64_MAX));
}

void CheckSpend(const LoopOptions& options, const RunFigures& f, bool& warned,
                std::vector<LoopFinding>& out) {
  const LoopThreshold limits = {SpendLimit(options.spend_warn, options.spend_warn_p99, f.p99),
                                SpendLimit(options.spend_block, options.spend_block_p99, f.p99)};
  Judge(options, Detector::kL7, f.step, f.spent_turn.value, limits, warned, out, [&] {
    const int64_t limit =
        limits.block > 0 && f.spent_turn.value >= limits.block ? limits.block : limits.warn;
    std::string reason = "the run has spent " + Usd(f.spent_turn) +
                         " since a person last spoke; its limit is " + Usd({limit});
    if (f.p99) reason += ", the feature's 99th percentile " + Usd(*f.p99);
    return reason;
  });
}

}  // namespace

std::string LoopOptions::Validate() const {
  struct Row {
    std::string_view field;
    LoopThreshold threshold;
    int64_t min;
  };
  // One of a kind is no repetition.
  const Row rows[] = {
      {"same_result", same_result, 2},
      {"same_error", same_error, 2},
      {"cycle", cycle, 2},
      {"polling", polling, 2},
      {"nothing_new", nothing_new, 2},
      {"steps", steps, 1},
      {"same_text", same_text, 2},
      {"depth", depth, 1},
      {"fan_out", fan_out, 1},
  };
  for (const Row& row : rows) {
    std::string wrong = CheckThreshold(row.field, row.threshold, row.min);
    if (!wrong.empty()) return wrong;
    if (std::max(row.threshold.warn, row.threshold.block) > kCountMax) {
      return Wrong(row.field, std::max(row.threshold.warn, row.threshold.block),
                   "at most " + std::to_string(kCountMax));
    }
  }
  // The steps of so many rounds are kept for each conversation.
  if (std::max(cycle.warn, cycle.block) > 100) {
    return Wrong("cycle", std::max(cycle.warn, cycle.block), "at most 100 rounds");
  }
  if (spend_warn.value < 0 || spend_block.value < 0) {
    return Wrong("spend", std::min(spend_warn.value, spend_block.value), "0 (never) or more");
  }
  if (spend_warn_p99 < 0 || spend_block_p99 < 0) {
    return Wrong("spend, times p99", std::min(spend_warn_p99, spend_block_p99), "0 or more");
  }
  if (context_percent < 0 || context_percent > 100) {
    return Wrong("context_percent", context_percent, "from 0 (never) to 100");
  }
  if (run_steps_max < 0) return Wrong("caps.steps", run_steps_max, "0 (none) or more");
  if (run_usd_max.value < 0) return Wrong("caps.usd", run_usd_max.value, "0 (none) or more");
  if (run_depth_max < 0) return Wrong("caps.depth", run_depth_max, "0 (none) or more");
  for (const std::string& glob : poll_tools) {
    if (glob.empty()) return "poll_tools has an empty pattern; name a tool, or leave it out";
  }
  return "";
}

struct LoopHashes::Impl {
  explicit Impl(const LoopOptions& options)
      : json({.volatile_keys = options.volatile_keys, .read_strings = true}) {}
  JsonHasher json;
};

LoopHashes::LoopHashes(const LoopOptions& options) : impl_(std::make_unique<const Impl>(options)) {}
LoopHashes::~LoopHashes() = default;
LoopHashes::LoopHashes(LoopHashes&&) noexcept = default;

uint64_t LoopHashes::Key(std::string_view tool, std::string_view arguments_json) const {
  const bool none = arguments_json.find_first_not_of(" \t\r\n") == std::string_view::npos;
  return MixHashes(HashBytes(tool), impl_->json(none ? "{}" : arguments_json));
}

uint64_t LoopHashes::Result(std::string_view result) const { return impl_->json(result); }

uint64_t LoopHashes::Text(std::string_view text) {
  std::string packed;
  packed.reserve(text.size());
  for (const char c : text) {
    if (c != ' ' && c != '\n' && c != '\r' && c != '\t') packed.push_back(c);
  }
  if (packed.empty()) return 0;
  const uint64_t hash = HashBytes(packed);
  return hash == 0 ? 1 : hash;
}

void CheckRun(const LoopOptions& options, const RunFigures& f, RunWarned& warned,
              std::vector<LoopFinding>& out) {
  CheckSpend(options, f, warned.spend, out);
  Judge(options, Detector::kL10, f.step, f.depth, options.depth, warned.depth, out,
        [&] { return "the agent is " + std::to_string(f.depth) + " agents below the first"; });
  Judge(options, Detector::kL10, f.step, f.fan_out, options.fan_out, warned.fan_out, out, [&] {
    return "an agent has " + std::to_string(f.fan_out) + " sub-agents since a person last spoke";
  });

  const auto cap = [&](Detector detector, int64_t count, int64_t max, const std::string& reason) {
    out.push_back({detector, LoopLevel::kBlock, f.step, count, max, reason});
  };
  if (options.run_steps_max > 0 && f.steps > options.run_steps_max) {
    cap(Detector::kL6, f.steps, options.run_steps_max,
        "the run has made its " + std::to_string(options.run_steps_max) + " model calls");
  }
  if (options.run_usd_max.value > 0 && f.spent >= options.run_usd_max) {
    cap(Detector::kL7, f.spent.value, options.run_usd_max.value,
        "the run has spent " + Usd(f.spent) + "; its cap is " + Usd(options.run_usd_max));
  }
  if (options.run_depth_max > 0 && f.depth > options.run_depth_max) {
    cap(Detector::kL10, f.depth, options.run_depth_max,
        "the agent is " + std::to_string(f.depth) + " agents below the first; the cap is " +
            std::to_string(options.run_depth_max));
  }
}

}  // namespace pitot
