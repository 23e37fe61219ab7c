#include <algorithm>
#include <string>
#include <utility>

#include "measure/glob.h"
#include "measure/hash.h"
#include "measure/loop_judge.h"
#include "measure/loops.h"
#include "measure/seen_table.h"

namespace pitot {
namespace {

constexpr size_t kCycleMin = 2;
constexpr size_t kCycleMax = 5;
constexpr size_t kNameBytesMax = 64;
constexpr int64_t kGrowingStepsMin = 3;  // L9: fewer are no trend.

// At most kNameBytesMax, never half a character. Names are the model's to choose and reasons go into
// headers: no line breaks.
std::string ShortName(std::string_view name) {
  size_t end = std::min(name.size(), kNameBytesMax);
  if (end < name.size()) {
    while (end > 0 && (static_cast<unsigned char>(name[end]) & 0xc0) == 0x80) --end;
  }
  std::string text(name.substr(0, end));
  for (char& c : text) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = '?';
  }
  if (end < name.size()) text += "...";
  return text;
}

std::string Times(int64_t count) { return std::to_string(count) + " times"; }

// Equal values in a row.
struct Streak {
  uint64_t value = 0;
  int64_t count = 0;

  void Add(uint64_t next) {
    count = count > 0 && next == value ? count + 1 : 1;
    value = next;
  }
};

}  // namespace

struct LoopDetector::State {
  explicit State(const LoopOptions& o) : options(&o) {}

  const LoopOptions* options;
  int64_t steps = 0;
  std::string label;  // Of the last step's calls, for sentences.
  bool several = false;

  Streak results;  // L1, of steps that did not fail altogether.
  Streak errors;   // L2.
  // L3: what the last steps did and what came of it, a ring. 0: nothing yet.
  std::vector<uint64_t> tail;
  size_t tail_next = 0;
  // L4: key -> times called with nothing new in between, and how much new there was then.
  SeenTable keys;
  uint32_t novelty = 0;
  int64_t polled = 0;
  std::string polled_name;
  SeenTable pairs;  // L5.
  int64_t nothing_new = 0;
  // L8.
  Streak text;
  uint64_t last_reply = 0;
  uint64_t between = 0;
  int64_t input_tokens = 0;  // L9.
  int64_t growing = 0;
  int64_t context_percent = 0;

  std::array<bool, kDetectors> warned = {};

  uint64_t Back(size_t steps_back) const {
    return tail[(tail_next + tail.size() - 1 - steps_back) % tail.size()];
  }

  void Remember(uint64_t step);
  void CountPolling(std::span<const LoopTool> siblings);
  int64_t CycleRounds(size_t length) const;
  std::string Calls() const { return several ? "the same calls (" + label + ")" : label; }
};

LoopDetector::LoopDetector(const LoopOptions& options) : state_(std::make_unique<State>(options)) {}
LoopDetector::~LoopDetector() = default;
LoopDetector::LoopDetector(LoopDetector&&) noexcept = default;

int64_t LoopDetector::steps() const { return state_->steps; }

int64_t LoopDetector::Bytes() const {
  return static_cast<int64_t>(sizeof(State) + state_->tail.capacity() * sizeof(uint64_t)) +
         state_->keys.Bytes() + state_->pairs.Bytes();
}

void LoopDetector::AddStep() { ++state_->steps; }

void LoopDetector::State::Remember(uint64_t step) {
  const LoopThreshold& rounds = options->cycle;
  const auto size = kCycleMax * static_cast<size_t>(std::max<int64_t>(rounds.warn, rounds.block));
  if (size == 0) return;
  if (tail.empty()) tail.resize(size);
  tail[tail_next] = step;
  tail_next = (tail_next + 1) % tail.size();
}

void LoopDetector::State::CountPolling(std::span<const LoopTool> siblings) {
  polled = 0;
  // What is new first: beside it, a call that is not is no polling.
  for (const LoopTool& tool : siblings) {
    SeenTable::Entry& entry = keys.At(tool.key);
    if (entry.count > 0) continue;
    ++novelty;
    entry.count = 1;
  }
  for (const LoopTool& tool : siblings) {
    SeenTable::Entry& entry = keys.At(tool.key);
    entry.count = entry.mark == novelty ? entry.count + 1 : 1;
    entry.mark = novelty;
    if (entry.count > polled) {
      polled = entry.count;
      polled_name = ShortName(tool.name);
    }
  }
}

void LoopDetector::AddTools(std::span<const LoopTool> siblings) {
  if (siblings.empty()) return;
  State& s = *state_;
  s.text.count = 0;

  std::vector<LoopTool> tools(siblings.begin(), siblings.end());
  const auto order = [](const LoopTool& t) { return std::pair(t.key, t.result); };
  std::ranges::sort(tools, {}, order);
  const auto same = [&order](const LoopTool& a, const LoopTool& b) { return order(a) == order(b); };
  tools.erase(std::unique(tools.begin(), tools.end(), same), tools.end());

  const bool all_failed = std::ranges::all_of(tools, &LoopTool::is_error);
  uint64_t keys = 0;
  for (const LoopTool& tool : tools) keys = MixHashes(keys, tool.key);
  if (all_failed) {
    s.errors.Add(keys);
  } else {
    s.errors.count = 0;
  }
  s.label = ShortName(siblings.front().name);
  s.several = tools.size() > 1;
  if (s.several) s.label += " and " + std::to_string(tools.size() - 1) + " more";

  std::erase_if(tools, [&s](const LoopTool& tool) {
    return MatchesAnyGlob(s.options->poll_tools, tool.name);
  });
  if (tools.empty()) return;

  uint64_t step = 0;
  bool any_new = false;
  for (const LoopTool& tool : tools) {
    step = MixHashes(step, MixHashes(tool.key, tool.result));
    SeenTable::Entry& pair = s.pairs.At(MixHashes(tool.result, tool.key));
    any_new |= pair.count == 0;
    pair.count = 1;
  }
  if (all_failed) {
    s.results.count = 0;
  } else {
    s.results.Add(step);
  }
  s.nothing_new = any_new ? 0 : s.nothing_new + 1;
  s.Remember(step);
  // Equal calls of one answer are one, also when their results differ.
  const auto same_key = [](const LoopTool& a, const LoopTool& b) { return a.key == b.key; };
  tools.erase(std::unique(tools.begin(), tools.end(), same_key), tools.end());
  s.CountPolling(tools);
}

void LoopDetector::AddText(uint64_t text, uint64_t reply) {
  State& s = *state_;
  if (text == 0) {
    s.text.count = 0;
  } else {
    // Said the same again: a circle only if what it was answered is the same each time too.
    const bool again = s.text.count > 0 && text == s.text.value;
    const bool other_reply = again && s.text.count > 1 && s.last_reply != s.between;
    s.text.Add(text);
    if (other_reply) s.text.count = 2;
    if (again) s.between = s.last_reply;
  }
  s.last_reply = reply;
}

void LoopDetector::AddUserTurn() {
  State& s = *state_;
  s.steps = 0;
  s.results.count = 0;
  s.errors.count = 0;
  std::ranges::fill(s.tail, 0);
  s.keys.Clear();
  s.pairs.Clear();
  s.novelty = 0;
  s.polled = 0;
  s.nothing_new = 0;
  s.text.count = 0;
}

void LoopDetector::AddInput(int64_t tokens, int64_t context_tokens) {
  State& s = *state_;
  s.growing = tokens > s.input_tokens && s.input_tokens > 0 ? s.growing + 1 : 0;
  s.input_tokens = tokens;
  s.context_percent = context_tokens > 0 ? tokens * 100 / context_tokens : 0;
}

// How often the last `length` steps came one after the other, up to now. 0: they are all the same, or
// a cycle already of half the length.
int64_t LoopDetector::State::CycleRounds(size_t length) const {
  if (tail.size() < 2 * length) return 0;
  bool all_same = true;
  for (size_t i = 0; i < length; ++i) {
    if (Back(i) == 0) return 0;
    all_same &= Back(i) == Back(0);
  }
  if (all_same) return 0;
  size_t same = length;
  while (same < tail.size() && Back(same) != 0 && Back(same) == Back(same - length)) ++same;
  return static_cast<int64_t>(same / length);
}

void LoopDetector::Check(int64_t step, std::vector<LoopFinding>& out) {
  State& s = *state_;
  const LoopOptions& o = *s.options;
  const auto judge = [&](Detector detector, int64_t count, LoopThreshold threshold, auto reason) {
    Judge(o, detector, step, count, threshold, s.warned[static_cast<size_t>(detector)], out,
          reason);
  };

  judge(Detector::kL1, s.results.count, o.same_result, [&] {
    return s.Calls() + " came " + Times(s.results.count) +
           " in a row with the same arguments and the same result";
  });
  judge(Detector::kL2, s.errors.count, o.same_error, [&] {
    return s.Calls() + " failed " + Times(s.errors.count) + " in a row with the same arguments";
  });

  int64_t rounds = 0;
  size_t length = kCycleMin;
  for (; length <= kCycleMax; ++length) {
    rounds = s.CycleRounds(length);
    if (rounds >= 2) break;
  }
  judge(Detector::kL3, rounds, o.cycle, [&] {
    return "the same " + std::to_string(length) + " steps, the last of them " + s.label +
           ", came " + Times(rounds) + " with the same results";
  });
  judge(Detector::kL4, s.polled, o.polling, [&] {
    return s.polled_name + " was called " + Times(s.polled) +
           " with the same arguments and nothing new in between";
  });
  judge(Detector::kL5, s.nothing_new, o.nothing_new, [&] {
    return "the last " + std::to_string(s.nothing_new) +
           " steps brought nothing new: every call and its result was seen before, the last was " +
           s.label;
  });
  judge(Detector::kL6, s.steps, o.steps,
        [&] { return std::to_string(s.steps) + " model calls since a person last spoke"; });
  judge(Detector::kL8, s.text.count, o.same_text, [&] {
    return "the same answer came " + Times(s.text.count) + " without a tool call in between";
  });
  judge(Detector::kL9, s.growing >= kGrowingStepsMin ? s.context_percent : 0,
        {o.context_percent, 0}, [&] {
          return "the input grew with each of the last " + std::to_string(s.growing) +
                 " calls and takes " + std::to_string(s.context_percent) +
                 " % of the context window";
        });
}

}  // namespace pitot
