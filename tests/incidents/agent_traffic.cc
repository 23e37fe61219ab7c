#include "tests/incidents/agent_traffic.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

namespace pitot {
namespace {

constexpr int64_t kHourNs = 60 * kNanosPerMinute;

// A day of a business that sleeps: 0.12 at 3 h, 1 at 15 h.
double Wave(UnixNanos at) {
  const double hour = static_cast<double>(at % kNanosPerDay) / static_cast<double>(kHourNs);
  return 0.56 + 0.44 * std::cos((hour - 15) / 12 * std::numbers::pi);
}

}  // namespace

struct AgentTraffic::Model {
  std::string_view name;
  std::string_view provider;
  double median_s;
  double sigma;
  bool streamed;
};

struct AgentTraffic::Feature {
  std::string_view name;
  std::string_view service;
  std::string_view model;
  std::string_view prompt;
  double runs_per_s;  // At the peak.
  int steps_min;      // Model calls.
  int steps_max;
  double slower;  // Its answers are longer than those of other features.
  double cut;     // Share of answers that end for their length.
  std::vector<std::string_view> tools;
};

struct AgentTraffic::Run {
  const Feature* feature = nullptr;
  std::string trace;
  std::string root;
  UnixNanos begin = 0;
  UnixNanos at = 0;
  int step = 0;
  std::string user;
};

const std::vector<AgentTraffic::Feature>& AgentTraffic::Features() {
  static const std::vector<Feature> features = {
      {"support",
       "shop",
       "gpt-4o",
       "planner",
       0.30,
       2,
       5,
       1,
       0.004,
       {"search_orders", "get_order", "send_reply"}},
      {"research",
       "lab",
       "claude-sonnet-4-5",
       "researcher",
       0.06,
       4,
       10,
       1.3,
       0.01,
       {"web_search", "fetch_page", "search_orders"}},
      {"classify", "shop", "gpt-4o-mini", "classifier", 0.7, 1, 1, 1, 0, {}},
      {"report", "lab", "gpt-4o", "writer", 0.015, 1, 2, 4, 0.03, {"run_query"}},
  };
  return features;
}

const AgentTraffic::Model& AgentTraffic::ModelOf(std::string_view name) {
  static const std::vector<Model> models = {
      {"gpt-4o", "openai", 1.6, 0.55, true},
      {"gpt-4o-mini", "openai", 0.6, 0.45, false},
      {"claude-sonnet-4-5", "anthropic", 2.2, 0.6, true},
  };
  return *std::ranges::find(models, name, &Model::name);
}

AgentTraffic::AgentTraffic(uint64_t seed, UnixNanos begin) : random_(seed) {
  next_.assign(Features().size(), begin);
}

void AgentTraffic::Add(Incident incident) {
  incidents_.push_back(std::move(incident));
  loop_played_.push_back(false);
}

std::string AgentTraffic::ExportUntil(UnixNanos until) {
  BeginUntil(until);
  std::string lines;
  while (!waiting_.empty() && waiting_.top().at < until) {
    lines += waiting_.top().line;
    waiting_.pop();
    ++spans_;
  }
  return lines;
}

void AgentTraffic::BeginUntil(UnixNanos until) {
  for (size_t i = 0; i < Features().size(); ++i) {
    const Feature& feature = Features()[i];
    while (next_[i] < until) {
      // A Poisson process whose rate follows the wave: thinned.
      if (Chance(Wave(next_[i]))) PlayRun(feature, next_[i]);
      const double wait_s = -std::log(1 - Uniform()) / feature.runs_per_s;
      next_[i] += static_cast<int64_t>(wait_s * 1e9);
    }
  }
  for (size_t i = 0; i < incidents_.size(); ++i) {
    const Incident& incident = incidents_[i];
    if (incident.kind != Incident::Kind::kLoop || loop_played_[i] || incident.from >= until) {
      continue;
    }
    loop_played_[i] = true;
    PlayLoop(incident);
  }
}

void AgentTraffic::PlayRun(const Feature& feature, UnixNanos at) {
  ++runs_;
  Run run{.feature = &feature,
          .trace = Hex(32),
          .root = Hex(16),
          .begin = at,
          .at = at + static_cast<int64_t>(Uniform() * 2e7),
          .step = 0,
          .user = fmt::format("u-{}", static_cast<int>(Uniform() * Uniform() * 4000))};
  const int steps =
      feature.steps_min + static_cast<int>(Uniform() * (feature.steps_max - feature.steps_min + 1));
  bool failed = false;
  for (run.step = 0; run.step < steps && !failed; ++run.step) {
    const bool last = run.step + 1 == steps;
    failed = !PlayCall(run, last);
    if (!failed && !last && !feature.tools.empty()) PlayTool(run);
  }
  PlayRoot(run, failed);
}

bool AgentTraffic::PlayCall(Run& run, bool last) {
  const Feature& feature = *run.feature;
  const Model& model = ModelOf(feature.model);
  constexpr int kAttempts = 3;
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    double slower = feature.slower;
    if (Chance(0.006)) slower *= 3 + Uniform() * 4;  // The slow tail.
    const Incident* const slow = Active(Incident::Kind::kSlowProvider, model.provider, run.at);
    if (slow != nullptr) slower *= slow->factor;
    const int64_t duration = Spread(model.median_s * slower, model.sigma);
    const bool hiccup = Hiccup(model.provider, run.at);
    const bool overloaded = Chance(hiccup ? 0.4 : 0.003);
    const bool timed_out = !overloaded && Chance(0.0004);
    const auto input = static_cast<int>(400 + run.step * 350 + Uniform() * 900);
    const auto output =
        static_cast<int>(40 * slower / (slow == nullptr ? 1 : slow->factor) + Uniform() * 160);
    std::string attributes = fmt::format(
        R"("gen_ai.operation.name":"chat","gen_ai.provider.name":"{}","gen_ai.request.model":"{}",)"
        R"("gen_ai.response.model":"{}","gen_ai.request.max_tokens":1024,"gen_ai.request.stream":{},)"
        R"("gen_ai.prompt.name":"{}","gen_ai.prompt.version":"4")",
        model.provider, model.name, model.name, model.streamed, feature.prompt);
    if (!feature.tools.empty()) {
      const bool changed = std::ranges::any_of(feature.tools, [&](std::string_view tool) {
        return Active(Incident::Kind::kToolSchema, tool, run.at) != nullptr;
      });
      attributes += fmt::format(
          R"(,"gen_ai.tool.definitions":"[{{\"name\":\"{}\",\"parameters\":{{\"required\":[\"{}\"]}}}}]")",
          feature.tools.front(), changed ? "order_reference" : "order_id");
    }
    if (overloaded || timed_out) {
      const int64_t took = timed_out ? 60 * kNanosPerSecond : duration / 8;
      attributes += timed_out
                        ? R"(,"error.type":"timeout")"
                        : R"(,"error.type":"overloaded_error","http.response.status_code":529)";
      Emit(run, fmt::format("chat {}", model.name), run.at, took, true, attributes);
      run.at += took + Spread(0.8 * (attempt + 1), 0.3);
      continue;
    }
    const bool cut = last && Chance(feature.cut);
    attributes += fmt::format(R"(,"gen_ai.usage.input_tokens":{},"gen_ai.usage.output_tokens":{},)"
                              R"("gen_ai.response.finish_reasons":["{}"])",
                              input, output,
                              cut    ? "length"
                              : last ? "stop"
                                     : "tool_calls");
    if (model.streamed) {
      attributes += fmt::format(R"(,"gen_ai.response.time_to_first_chunk":{:.3f})",
                                static_cast<double>(duration) / 4e9);
    }
    Emit(run, fmt::format("chat {}", model.name), run.at, duration, false, attributes);
    run.at += duration + static_cast<int64_t>(Uniform() * 5e7);
    return true;
  }
  return false;
}

void AgentTraffic::PlayTool(Run& run) {
  const auto& tools = run.feature->tools;
  const std::string_view tool =
      tools[static_cast<size_t>(Uniform() * static_cast<double>(tools.size()))];
  const Incident* const changed = Active(Incident::Kind::kToolSchema, tool, run.at);
  const bool invalid = Chance(changed != nullptr ? changed->factor : 0.006);
  const bool failed = !invalid && Chance(0.008);
  const int64_t duration = Spread(invalid ? 0.03 : 0.25, 0.7);
  // Now and then a refused call is made again as it was, as models do.
  const int times = invalid && Chance(0.3) ? 2 : 1;
  const int order = static_cast<int>(Uniform() * 1e6);
  for (int i = 0; i < times; ++i) {
    std::string attributes =
        fmt::format(R"("gen_ai.operation.name":"execute_tool","gen_ai.tool.name":"{}",)"
                    R"("gen_ai.tool.call.arguments":"{{\"order_id\":\"{}\",\"page\":{}}}",)"
                    R"("gen_ai.prompt.name":"{}","gen_ai.prompt.version":"4")",
                    tool, order, run.step, run.feature->prompt);
    if (invalid) {
      attributes += R"(,"gen_ai.tool.status":"invalid_args","error.type":"invalid_args",)"
                    R"("error.message":"order_reference is required")";
    } else if (failed) {
      attributes += R"(,"gen_ai.tool.status":"error","error.type":"ConnectionResetError")";
    } else {
      attributes += fmt::format(
          R"(,"gen_ai.tool.status":"success","gen_ai.tool.call.result":"{{\"rows\":{}}}")",
          order % 17);
    }
    Emit(run, fmt::format("execute_tool {}", tool), run.at, duration, invalid || failed,
         attributes);
    run.at += duration + static_cast<int64_t>(Uniform() * 3e7);
  }
}

// The agent asks for the same page of the same search, gets the same answer, and asks again.
void AgentTraffic::PlayLoop(const Incident& incident) {
  const auto feature = std::ranges::find(Features(), incident.name, &Feature::name);
  Run run{.feature = &*feature,
          .trace = Hex(32),
          .root = Hex(16),
          .begin = incident.from,
          .at = incident.from,
          .step = 0,
          .user = "u-17"};
  while (run.at < incident.to) {
    if (!PlayCall(run, false)) continue;
    const int64_t duration = Spread(0.25, 0.3);
    Emit(
        run, fmt::format("execute_tool {}", feature->tools.front()), run.at, duration, false,
        fmt::format(R"("gen_ai.operation.name":"execute_tool","gen_ai.tool.name":"{}",)"
                    R"("gen_ai.tool.call.arguments":"{{\"query\":\"weather in Ulm\",\"page\":1}}",)"
                    R"("gen_ai.tool.status":"success","gen_ai.tool.call.result":"{{\"hits\":[]}}")",
                    feature->tools.front()));
    run.at += duration;
    if (run.step < 3) ++run.step;
  }
  PlayRoot(run, false);
}

void AgentTraffic::PlayRoot(const Run& run, bool failed) {
  Emit(run, fmt::format("invoke_agent {}", run.feature->name), run.begin, run.at - run.begin,
       failed,
       fmt::format(R"("gen_ai.operation.name":"invoke_agent","gen_ai.agent.name":"{}",)"
                   R"("user.id":"{}"{})",
                   run.feature->prompt, run.user,
                   failed ? R"(,"error.type":"overloaded_error")" : ""),
       /*is_root=*/true);
}

void AgentTraffic::Emit(const Run& run, std::string_view name, UnixNanos start, int64_t duration_ns,
                        bool failed, const std::string& attributes, bool is_root) {
  const std::string span = is_root ? run.root : Hex(16);
  const std::string parent = is_root ? "" : fmt::format(R"("parent_id":"{}",)", run.root);
  // A batch leaves every five seconds or when it is full.
  const auto delay = static_cast<int64_t>((0.1 + Uniform() * Uniform() * 4) * 1e9);
  waiting_.push(
      {start + duration_ns + delay, ++order_,
       fmt::format(
           R"({{"trace_id":"{}","span_id":"{}",{}"name":"{}","start":{},"duration_ms":{:.3f},)"
           R"("status":"{}","service.name":"{}","deployment.environment.name":"production",)"
           R"("feature":"{}",{}}})"
           "\n",
           run.trace, span, parent, name, start, static_cast<double>(duration_ns) / 1e6,
           failed ? "error" : "unset", run.feature->service, run.feature->name, attributes)});
}

const Incident* AgentTraffic::Active(Incident::Kind kind, std::string_view name,
                                     UnixNanos at) const {
  for (const Incident& incident : incidents_) {
    if (incident.kind == kind && incident.name == name && at >= incident.from && at < incident.to) {
      return &incident;
    }
  }
  return nullptr;
}

// Fifteen seconds in which a provider refuses much: one or two a day, at times that nobody knows.
bool AgentTraffic::Hiccup(std::string_view provider, UnixNanos at) const {
  constexpr int64_t kHiccupNs = 15 * kNanosPerSecond;
  const auto slot = static_cast<uint64_t>(at / kHiccupNs);
  uint64_t mixed = (slot + provider.size() * 7919) * 0x9e3779b97f4a7c15ULL;
  mixed ^= mixed >> 29;
  return mixed % 4000 == 0;
}

int64_t AgentTraffic::Spread(double median_s, double sigma) {
  std::normal_distribution<double> normal;
  return static_cast<int64_t>(median_s * std::exp(sigma * normal(random_)) * 1e9);
}

std::string AgentTraffic::Hex(int digits) {
  std::string text;
  while (static_cast<int>(text.size()) < digits) text += fmt::format("{:016x}", random_());
  text.resize(static_cast<size_t>(digits));
  return text;
}

}  // namespace pitot
