// measure/loops.h
//
// Tells an agent that runs in circles from one that works. Ten detectors, docs/loops.md says what each
// is for and when it is wrong:
//
//   L1   the same calls with the same results, in a row
//   L2   the same calls failing, in a row
//   L3   a cycle of 2 to 5 steps that repeats, results included
//   L4   one call again and again, whatever it answers, with nothing new in between (polling)
//   L5   nothing new for many steps: every call and result was seen before
//   L6   steps since a person last spoke
//   L7   money since a person last spoke, against the 99th percentile of the feature
//   L8   the same words without a tool call in between
//   L9   input that grows with each call and nears the context window
//   L10  depth and number of sub-agents
//
// A step is one model call. LoopDetector follows one agent's line of steps (L1 to L6, L8, L9);
// CheckRun looks at the whole run (L7, L10 and caps). Everything is an argument, also the time: the
// caller decides whether a person spoke. Deterministic: the same steps give the same findings. Pure;
// one thread at a time. Memory: at most about 20 KB a detector, a kilobyte as a rule.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "model/money.h"

namespace pitot {

enum class Detector : uint8_t { kL1, kL2, kL3, kL4, kL5, kL6, kL7, kL8, kL9, kL10, kEnd };
inline constexpr size_t kDetectors = static_cast<size_t>(Detector::kEnd);
inline constexpr std::array<std::string_view, kDetectors> kDetectorNames = {
    "L1", "L2", "L3", "L4", "L5", "L6", "L7", "L8", "L9", "L10"};
inline std::string_view Name(Detector v) { return kDetectorNames[static_cast<size_t>(v)]; }

enum class LoopLevel : uint8_t { kWarn, kBlock };
inline std::string_view Name(LoopLevel v) { return v == LoopLevel::kWarn ? "warn" : "block"; }

// From how many on. 0: never.
struct LoopThreshold {
  int64_t warn = 0;
  int64_t block = 0;
  bool operator==(const LoopThreshold&) const = default;
};

struct LoopOptions {
  LoopThreshold same_result = {3, 5};    // L1, steps in a row.
  LoopThreshold same_error = {3, 5};     // L2, steps in a row.
  LoopThreshold cycle = {3, 5};          // L3, rounds.
  LoopThreshold polling = {8, 0};        // L4, calls.
  LoopThreshold nothing_new = {10, 20};  // L5, steps.
  LoopThreshold steps = {30, 100};       // L6, model calls.
  // L7: the larger of the amount and of so many times the feature's p99.
  NanoUsd spend_warn = {500'000'000};
  NanoUsd spend_block = {5'000'000'000};
  int64_t spend_warn_p99 = 5;
  int64_t spend_block_p99 = 20;
  LoopThreshold same_text = {3, 5};   // L8, answers in a row.
  int64_t context_percent = 80;       // L9, of the context window; 0: never.
  LoopThreshold depth = {4, 8};       // L10, agents above one another.
  LoopThreshold fan_out = {20, 100};  // L10, sub-agents of one agent since a person last spoke.

  // What may block. The others warn only, also from their block threshold on.
  std::array<bool, kDetectors> blocks = {true, true, true,  false, false,
                                         true, true, false, false, false};

  // Caps of a whole run, whoever spoke. 0: none. They block as L6, L7 and L10, whatever `blocks` says.
  int64_t run_steps_max = 0;
  NanoUsd run_usd_max = {0};
  int64_t run_depth_max = 0;

  // Tools that are called again and again by their nature, as globs ('*'): L1, L3, L4 and L5 pass
  // over them; L2 and L6 hold.
  std::vector<std::string> poll_tools = {"*poll*",      "wait*",        "*_wait",
                                         "sleep*",      "get_*_status", "check_*_status",
                                         "*job_status", "BashOutput",   "TaskOutput"};

  // Members of arguments and results that differ from call to call and mean nothing: JsonHasher's.
  std::vector<std::string> volatile_keys = {"timestamp",       "request_id",     "nonce",
                                            "idempotency_key", "correlation_id", "elapsed_ms",
                                            "duration_ms"};

  // Empty, or what is wrong: names the field as the configuration does, its value and the limit.
  std::string Validate() const;
};

struct LoopFinding {
  Detector detector = Detector::kL1;
  LoopLevel level = LoopLevel::kWarn;
  int64_t step = 0;   // The model call before which it was found, from 1.
  int64_t count = 0;  // What reached `threshold`; of money nano-USD, of L9 percent.
  int64_t threshold = 0;
  std::string reason;  // A sentence for a person, and for the agent that is to finish.
};

// One tool call with its result.
struct LoopTool {
  std::string_view name;
  uint64_t key = 0;     // Of name and arguments: LoopHashes::Key.
  uint64_t result = 0;  // LoopHashes::Result.
  bool is_error = false;
};

// How calls and results are hashed. Thread-safe once made.
class LoopHashes {
 public:
  explicit LoopHashes(const LoopOptions& options);
  ~LoopHashes();
  LoopHashes(LoopHashes&&) noexcept;

  uint64_t Key(std::string_view tool, std::string_view arguments_json) const;
  uint64_t Result(std::string_view result) const;
  // White space does not count. 0: none but white space.
  static uint64_t Text(std::string_view text);

 private:
  struct Impl;
  std::unique_ptr<const Impl> impl_;
};

class LoopDetector {
 public:
  // Borrows `options`, which must outlive it.
  explicit LoopDetector(const LoopOptions& options);
  ~LoopDetector();
  LoopDetector(LoopDetector&&) noexcept;

  // A model call begins.
  void AddStep();
  // The tool calls of one answer and what came of them: siblings, whose order means nothing; equal
  // ones count once.
  void AddTools(std::span<const LoopTool> siblings);
  // An answer without a tool call, and what was said to it (0: nothing). LoopHashes::Text.
  void AddText(uint64_t text, uint64_t reply);
  // A person spoke: what was counted so far was for something else.
  void AddUserTurn();
  // What a call took in, all of it (cached too). context_tokens 0: unknown.
  void AddInput(int64_t tokens, int64_t context_tokens);

  // Appends what holds now: a warning once, until its reason has gone; a block every time. `step`: the
  // model call about to be made, as findings name it.
  void Check(int64_t step, std::vector<LoopFinding>& out);

  int64_t steps() const;  // Since a person last spoke.
  int64_t Bytes() const;  // Of memory, about.

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// Of a whole run.
struct RunFigures {
  int64_t step = 0;    // The model call about to be made, as findings name it.
  int64_t steps = 0;   // Model calls so far, this one included, less what an operator let pass.
  NanoUsd spent_turn;  // Since a person last spoke, or an operator let it go on.
  NanoUsd spent;       // Altogether, less what an operator let pass.
  std::optional<NanoUsd> p99;  // Of what a run of this feature costs, when known.
  int64_t depth = 0;           // Of the calling agent; 0: the outermost.
  int64_t fan_out = 0;         // Sub-agents of one agent since a person last spoke, the most.
};

// What was warned of already: kept with the run.
struct RunWarned {
  bool spend = false;
  bool depth = false;
  bool fan_out = false;
};

void CheckRun(const LoopOptions& options, const RunFigures& figures, RunWarned& warned,
              std::vector<LoopFinding>& out);

}  // namespace pitot
