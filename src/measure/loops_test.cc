// Scripted agents. A script is steps with spaces between: `read:a=x` is a call of `read` with arguments
// `a` whose result was `x`; `!` behind it: an error; siblings are joined by `+`. `say:x` is an answer
// without a tool call, `say:x/y` one to which `y` was said; `user`: a person spoke.
#include "measure/loops.h"

#include <gtest/gtest.h>

#include <chrono>
#include <sstream>
#include <string>
#include <vector>

namespace pitot {
namespace {

std::vector<std::string> Split(const std::string& text, char by) {
  std::vector<std::string> parts;
  std::istringstream in(text);
  for (std::string part; std::getline(in, part, by);) {
    if (!part.empty()) parts.push_back(part);
  }
  return parts;
}

class Agent {
 public:
  explicit Agent(const LoopOptions& options)
      : hashes_(options), detector_(std::make_unique<LoopDetector>(options)) {}

  void Step(const std::string& step) {
    if (step == "user") {
      detector_->AddUserTurn();
    } else if (step.starts_with("say:")) {
      const std::vector<std::string> words = Split(step.substr(4), '/');
      detector_->AddText(LoopHashes::Text(words[0]),
                         words.size() > 1 ? LoopHashes::Text(words[1]) : 0);
    } else {
      std::vector<std::string> texts = Split(step, '+');
      std::vector<LoopTool> tools;
      for (std::string& text : texts) {
        const bool error = text.back() == '!';
        if (error) text.pop_back();
        const size_t equals = text.find('=');
        const size_t colon = text.find(':');
        const std::string arguments =
            "{\"x\":\"" + text.substr(colon + 1, equals - colon - 1) + "\"}";
        tools.push_back({std::string_view(text).substr(0, colon),
                         hashes_.Key(std::string_view(text).substr(0, colon), arguments),
                         hashes_.Result(text.substr(equals + 1)), error});
      }
      detector_->AddTools(tools);
    }
    ++steps_;
    detector_->AddStep();
    detector_->Check(steps_, findings_);
  }

  Agent& Run(const std::string& script) {
    for (const std::string& step : Split(script, ' ')) Step(step);
    return *this;
  }

  // "3:L1 warn, 5:L1 block": after which step of the script what was found.
  std::string Found() const {
    std::string text;
    for (const LoopFinding& finding : findings_) {
      if (!text.empty()) text += ", ";
      text += std::to_string(finding.step) + ":" + std::string(Name(finding.detector)) + " " +
              std::string(Name(finding.level));
    }
    return text;
  }

  const std::vector<LoopFinding>& findings() const { return findings_; }
  LoopDetector& detector() { return *detector_; }

 private:
  LoopHashes hashes_;
  std::unique_ptr<LoopDetector> detector_;
  int64_t steps_ = 0;
  std::vector<LoopFinding> findings_;
};

const LoopOptions kDefaults;

std::string Found(const std::string& script, const LoopOptions& options = kDefaults) {
  return Agent(options).Run(script).Found();
}

std::string Repeat(const std::string& part, int times) {
  std::string text;
  for (int i = 0; i < times; ++i) text += part + " ";
  return text;
}

TEST(Loops, L1SameCallsSameResults) {
  EXPECT_EQ(Found("read:a=x read:a=x"), "");
  EXPECT_EQ(Found(Repeat("read:a=x", 6)), "3:L1 warn, 5:L1 block, 6:L1 block");
  EXPECT_EQ(Found("read:a=x read:a=x read:a=y read:a=x read:a=x"), "") << "another result";
  EXPECT_EQ(Found("read:a=x read:a=x read:b=x read:a=x read:a=x"), "") << "another call";
  EXPECT_EQ(Found(Repeat("read:a=x+read:b=y", 5)), "3:L1 warn, 5:L1 block") << "siblings";
  EXPECT_EQ(Found("read:a=x+read:b=y read:b=y+read:a=x read:b=y+read:a=x+read:a=x"), "3:L1 warn")
      << "their order means nothing, nor does a call made twice";
  EXPECT_EQ(Found("read:a=x+read:b=1 read:a=x+read:b=2 read:a=x+read:b=3"), "")
      << "one of them moves on";
  EXPECT_EQ(Found("read:a=x read:a=x user read:a=x read:a=x"), "") << "a person asked again";
  EXPECT_EQ(Found(Repeat("read:a=x", 3) + "read:b=y " + Repeat("read:a=x", 3)),
            "3:L1 warn, 7:L1 warn")
      << "warned of again once its reason had gone";
}

TEST(Loops, L2SameCallsFail) {
  EXPECT_EQ(Found("test:a=e1! test:a=e2! test:a=e3! test:a=e4! test:a=e5!"),
            "3:L2 warn, 5:L2 block")
      << "whatever the error says";
  EXPECT_EQ(Found("test:a=e! test:b=e! test:c=e! test:d=e! test:e=e!"), "") << "other arguments";
  EXPECT_EQ(Found("test:a=e! test:a=e! test:a=ok test:a=e! test:a=e!"), "") << "it worked once";
  EXPECT_EQ(Found("a:1=e!+b:1=ok1 a:1=e!+b:1=ok2 a:1=e!+b:1=ok3"), "")
      << "a sibling succeeds and moves on";
  EXPECT_EQ(Found("a:1=e!+b:1=e! a:1=e!+b:1=f! a:1=g!+b:1=e!"), "3:L2 warn");
}

// Only what this detector found.
std::string Of(Detector detector, const std::string& script,
               const LoopOptions& options = kDefaults) {
  Agent agent(options);
  agent.Run(script);
  std::string text;
  for (const LoopFinding& finding : agent.findings()) {
    if (finding.detector != detector) continue;
    if (!text.empty()) text += ", ";
    text += std::to_string(finding.step) + " " + std::string(Name(finding.level));
  }
  return text;
}

TEST(Loops, L3Cycles) {
  EXPECT_EQ(Of(Detector::kL3, Repeat("a:1=x b:1=y", 5)), "6 warn, 10 block");
  EXPECT_EQ(Of(Detector::kL3, Repeat("a:1=x b:1=y c:1=z", 5)), "9 warn, 15 block");
  EXPECT_EQ(Of(Detector::kL3, Repeat("a:1=x b:1=y c:1=z d:1=w", 5)), "12 warn, 20 block");
  EXPECT_EQ(Of(Detector::kL3, Repeat("a:1=x b:1=y c:1=z d:1=w e:1=v", 5)), "15 warn, 25 block");
  EXPECT_EQ(Of(Detector::kL3, Repeat("a:1=1 a:2=2 a:3=3 a:4=4 a:5=5 a:6=6", 6)), "")
      << "longer cycles are L5's";
  EXPECT_EQ(Of(Detector::kL3, "s:0=0 " + Repeat("a:1=x b:1=y", 5)), "7 warn, 11 block")
      << "wherever it begins";
  EXPECT_EQ(Of(Detector::kL3, "a:1=x b:1=1 a:1=x b:1=2 a:1=x b:1=3 a:1=x b:1=4"), "")
      << "another result in each round";
  EXPECT_EQ(Of(Detector::kL3, Repeat("a:1=x", 30)), "") << "one step is L1's";
  EXPECT_EQ(Of(Detector::kL3, Repeat("a:1=x b:1=y", 2) + "user " + Repeat("a:1=x b:1=y", 2)), "");
  EXPECT_EQ(Of(Detector::kL3, Repeat("a:1=e! b:1=y", 3)), "6 warn") << "errors are results";
}

TEST(Loops, L4Polling) {
  std::string polls;
  for (int i = 0; i < 40; ++i) polls += "build:1=" + std::to_string(i) + " ";
  EXPECT_EQ(Of(Detector::kL4, polls), "8 warn") << "never blocks";

  std::string edits;
  for (int i = 0; i < 40; ++i) {
    edits += "build:1=" + std::to_string(i) + " edit:" + std::to_string(i) + "=ok ";
  }
  EXPECT_EQ(Of(Detector::kL4, edits), "") << "something new in between: that is work";

  std::string sleeps;
  for (int i = 0; i < 9; ++i) sleeps += "build:1=" + std::to_string(i) + " pause:1=ok ";
  EXPECT_EQ(Of(Detector::kL4, sleeps), "16 warn") << "a pause is nothing new";

  std::string listed;
  for (int i = 0; i < 40; ++i) listed += "get_job_status:1=" + std::to_string(i) + " ";
  EXPECT_EQ(Of(Detector::kL4, listed), "") << "poll_tools";
}

TEST(Loops, L5NothingNew) {
  const std::string six = "a:1=1 a:2=2 a:3=3 a:4=4 a:5=5 a:6=6 ";
  EXPECT_EQ(Of(Detector::kL5, Repeat(six, 5)), "16 warn") << "six new, then ten that are not";
  LoopOptions options;
  options.blocks[static_cast<size_t>(Detector::kL5)] = true;
  EXPECT_EQ(Of(Detector::kL5, Repeat(six, 5), options).substr(0, 17), "16 warn, 26 block")
      << "where the configuration lets it block";
  EXPECT_EQ(Of(Detector::kL5, six + "a:1=1 a:2=2 a:3=3 a:4=4 b:1=1 a:1=1 a:2=2 a:3=3 a:4=4 a:5=5"),
            "")
      << "files read again from a cache, with work in between";
}

TEST(Loops, L6Steps) {
  std::string work;
  for (int i = 0; i < 101; ++i) work += "a:" + std::to_string(i) + "=ok ";
  EXPECT_EQ(Found(work), "30:L6 warn, 100:L6 block, 101:L6 block");
  std::string chat;
  for (int i = 0; i < 400; ++i) chat += "say:answer" + std::to_string(i) + " user ";
  EXPECT_EQ(Found(chat), "") << "a person speaks in between";
}

TEST(Loops, L8SameText) {
  EXPECT_EQ(Found("say:done say:done say:done say:done say:done"), "3:L8 warn");
  EXPECT_EQ(Found("say:done/go say:done/go say:done/go"), "3:L8 warn") << "told to go on each time";
  EXPECT_EQ(Found("say:yes/is_b say:yes/is_c say:yes/is_d say:yes/is_e"), "")
      << "another question each time";
  EXPECT_EQ(Found("say:done a:1=x say:done a:2=x say:done"), "") << "tools in between";
  EXPECT_EQ(Found("say:done user say:done user say:done"), "") << "a person in between";
}

TEST(Loops, L9InputNearsTheContextWindow) {
  const auto run = [](std::vector<int64_t> inputs, int64_t context) {
    Agent agent(kDefaults);
    int step = 0;
    std::string text;
    for (const int64_t tokens : inputs) {
      agent.detector().AddInput(tokens, context);
      std::vector<LoopFinding> found;
      agent.detector().Check(++step, found);
      for (const LoopFinding& finding : found) {
        text += std::to_string(finding.step) + ":" + std::string(Name(finding.detector)) + " ";
      }
    }
    return text;
  };
  EXPECT_EQ(run({100, 400, 700, 810, 900}, 1000), "4:L9 ");
  EXPECT_EQ(run({100, 400, 700, 790}, 1000), "") << "under 80 %";
  EXPECT_EQ(run({900, 880, 910, 900, 920}, 1000), "") << "does not grow";
  EXPECT_EQ(run({100, 400, 700, 810, 900}, 0), "") << "nobody knows the window";
}

TEST(Loops, PollToolsMayRepeatButNotFailForever) {
  EXPECT_EQ(Found(Repeat("get_job_status:1=running", 29)), "");
  EXPECT_EQ(Found(Repeat("get_job_status:1=down!", 5)), "3:L2 warn, 5:L2 block");
  EXPECT_EQ(Found("read:a=x wait:5=ok read:a=x wait:5=ok read:a=x"), "5:L1 warn")
      << "waiting in between hides nothing";
}

TEST(Loops, ReasonsAreSentences) {
  const auto last = [](const std::string& script) {
    Agent agent(kDefaults);
    return agent.Run(script).findings().back().reason;
  };
  EXPECT_EQ(last(Repeat("read:a=x", 3)),
            "read came 3 times in a row with the same arguments and the same result");
  EXPECT_EQ(
      last(Repeat("read:a=x+list:b=y", 3)),
      "the same calls (read and 1 more) came 3 times in a row with the same arguments and the "
      "same result");
  EXPECT_EQ(last(Repeat("test:a=e!", 5)), "test failed 5 times in a row with the same arguments");
  EXPECT_EQ(last(Repeat("a:1=x b:1=y", 3)),
            "the same 2 steps, the last of them b, came 3 times with the same results");
  EXPECT_EQ(last("say:x say:x say:x"),
            "the same answer came 3 times without a tool call in between");
  const std::string name(100, 'n');
  EXPECT_EQ(last(Repeat(name + ":a=x", 3)).substr(0, 68), name.substr(0, 64) + "... ");
  EXPECT_EQ(last(Repeat("a\r\nx-evil:a=x", 3)).substr(0, 9), "a??x-evil")
      << "reasons are sent in headers";
}

TEST(Loops, ThresholdsAndWhatMayBlockAreOptions) {
  LoopOptions options;
  options.same_result = {2, 4};
  EXPECT_EQ(Found(Repeat("read:a=x", 4), options), "2:L1 warn, 4:L1 block");
  options.same_result = {0, 4};
  EXPECT_EQ(Found(Repeat("read:a=x", 4), options), "4:L1 block");
  options.same_result = {0, 0};
  EXPECT_EQ(Found(Repeat("read:a=x", 4), options), "");
  options.same_result = {2, 3};
  options.blocks = {};
  EXPECT_EQ(Found(Repeat("read:a=x", 5), options), "2:L1 warn");
  options.volatile_keys = {"x"};
  EXPECT_EQ(Found("read:a=y read:b=y read:c=y", options), "2:L1 warn") << "x means nothing";
}

TEST(Loops, ValidateNamesTheField) {
  EXPECT_EQ(kDefaults.Validate(), "");
  const auto bad = [](std::string_view expected, auto change) {
    LoopOptions options;
    change(options);
    EXPECT_EQ(options.Validate(), expected);
  };
  bad("same_result.warn is 1; it must be 0 (never) or at least 2",
      [](LoopOptions& o) { o.same_result.warn = 1; });
  bad("steps.warn is 30; it must be at most steps.block, which is 20",
      [](LoopOptions& o) { o.steps.block = 20; });
  bad("cycle is 101; it must be at most 100 rounds", [](LoopOptions& o) { o.cycle.block = 101; });
  bad("context_percent is 101; it must be from 0 (never) to 100",
      [](LoopOptions& o) { o.context_percent = 101; });
  bad("spend is -1; it must be 0 (never) or more", [](LoopOptions& o) { o.spend_warn.value = -1; });
  bad("poll_tools has an empty pattern; name a tool, or leave it out",
      [](LoopOptions& o) { o.poll_tools.push_back(""); });
}

std::string RunFound(const LoopOptions& options, RunFigures figures) {
  RunWarned warned;
  std::vector<LoopFinding> findings;
  CheckRun(options, figures, warned, findings);
  CheckRun(options, figures, warned, findings);
  std::string text;
  for (const LoopFinding& finding : findings) {
    text += std::string(Name(finding.detector)) + " " + std::string(Name(finding.level)) + " ";
  }
  return text;
}

constexpr NanoUsd Cents(int64_t cents) { return {cents * 10'000'000}; }

TEST(Loops, L7Spend) {
  EXPECT_EQ(RunFound(kDefaults, {.spent_turn = Cents(49)}), "");
  EXPECT_EQ(RunFound(kDefaults, {.spent_turn = Cents(50)}), "L7 warn ") << "once";
  EXPECT_EQ(RunFound(kDefaults, {.spent_turn = Cents(500)}), "L7 block L7 block ");
  EXPECT_EQ(RunFound(kDefaults, {.spent_turn = Cents(500), .p99 = Cents(100)}), "L7 warn ")
      << "5 times the 99th percentile warns, 20 times blocks";
  EXPECT_EQ(RunFound(kDefaults, {.spent_turn = Cents(499), .p99 = Cents(100)}), "");
  EXPECT_EQ(RunFound(kDefaults, {.spent_turn = Cents(2000), .p99 = Cents(100)}),
            "L7 block L7 block ");
  EXPECT_EQ(RunFound(kDefaults, {.spent_turn = Cents(500), .p99 = Cents(1)}), "L7 block L7 block ")
      << "a cheap feature has the amounts";
  EXPECT_EQ(RunFound(kDefaults, {.spent_turn = {INT64_MAX}, .p99 = NanoUsd{INT64_MAX}}),
            "L7 block L7 block ")
      << "no overflow";
}

TEST(Loops, L10DepthAndFanOut) {
  EXPECT_EQ(RunFound(kDefaults, {.depth = 3, .fan_out = 19}), "");
  EXPECT_EQ(RunFound(kDefaults, {.depth = 4, .fan_out = 20}), "L10 warn L10 warn ");
  LoopOptions options;
  options.blocks[static_cast<size_t>(Detector::kL10)] = true;
  EXPECT_EQ(RunFound(options, {.depth = 8}), "L10 block L10 block ");
}

TEST(Loops, CapsOfARunBlockWhateverElseMay) {
  LoopOptions options;
  options.blocks = {};
  options.run_steps_max = 10;
  options.run_usd_max = Cents(100);
  options.run_depth_max = 2;
  EXPECT_EQ(RunFound(options, {.steps = 10, .spent = Cents(99), .depth = 2}), "");
  EXPECT_EQ(RunFound(options, {.steps = 11}), "L6 block L6 block ");
  EXPECT_EQ(RunFound(options, {.spent = Cents(100)}), "L7 block L7 block ");
  EXPECT_EQ(RunFound(options, {.depth = 3}), "L10 block L10 block ");
}

// The cost of a step does not grow with the steps before it.
TEST(Loops, StepsCostTheSameAfterManyOthers) {
  LoopOptions options;
  options.steps = {};
  Agent agent(options);
  const auto run = [&agent](int from, int steps) {
    const auto start = std::chrono::steady_clock::now();
    for (int i = from; i < from + steps; ++i) agent.Step("a:" + std::to_string(i) + "=ok");
    return std::chrono::steady_clock::now() - start;
  };
  run(0, 2000);
  const auto early = run(2000, 4000);
  run(6000, 60'000);
  const auto late = run(66'000, 4000);
  // Quadratic cost would be a factor of twenty; a busy machine is worth less than eight.
  EXPECT_LT(late, 8 * early + std::chrono::milliseconds(20));
}

}  // namespace
}  // namespace pitot
