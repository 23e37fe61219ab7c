// tests/incidents/agent_traffic.h
//
// The spans of a company's agents through simulated days: four features, three models of two providers,
// an embedding model, six tools, a daily wave with quiet nights, and the noise of ordinary operation:
// log-normal latencies with slow tails, rare provider errors that are retried, provider hiccups of some
// seconds, tools that fail now and then, refused arguments, answers that are cut, late exports.
//
// Incidents are put in by the time at which they begin. Everything follows from the seed. Spans come as
// JSON Lines with the attributes of OpenTelemetry's conventions, in the order in which a batching
// exporter sends them: some seconds after they end.
#pragma once

#include <cstdint>
#include <functional>
#include <queue>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"

namespace pitot {

// [from, to)
struct Incident {
  enum class Kind {
    kSlowProvider,  // Calls to provider `name` take `factor` times as long.
    kToolSchema,  // Tool `name` has another definition: a share of `factor` of its calls is refused.
    kLoop,        // One run of feature `name` repeats one step.
  };
  Kind kind = Kind::kSlowProvider;
  std::string name;
  double factor = 1;
  UnixNanos from = 0;
  UnixNanos to = 0;
};

class AgentTraffic {
 public:
  AgentTraffic(uint64_t seed, UnixNanos begin);

  // REQUIRES: it begins later than what was exported.
  void Add(Incident incident);

  // JSON Lines of what is exported from the last call until then; empty: nothing.
  std::string ExportUntil(UnixNanos until);

  int64_t spans() const { return spans_; }
  int64_t runs() const { return runs_; }

 private:
  struct Feature;
  struct Model;
  struct Run;
  struct Exported {
    UnixNanos at = 0;
    uint64_t order = 0;
    std::string line;
    bool operator>(const Exported& other) const {
      return at != other.at ? at > other.at : order > other.order;
    }
  };

  static const std::vector<Feature>& Features();
  static const Model& ModelOf(std::string_view name);

  void BeginUntil(UnixNanos until);
  void PlayRun(const Feature& feature, UnixNanos at);
  void PlayStep(Run& run);
  void PlayTool(Run& run);
  void PlayLoop(const Incident& incident);
  // One model call, with its retries; false: it failed for good.
  bool PlayCall(Run& run, bool last);
  void PlayRoot(const Run& run, bool failed);
  void Emit(const Run& run, std::string_view name, UnixNanos start, int64_t duration_ns,
            bool failed, const std::string& attributes, bool is_root = false);

  const Incident* Active(Incident::Kind kind, std::string_view name, UnixNanos at) const;
  bool Hiccup(std::string_view provider, UnixNanos at) const;
  double Uniform() { return std::uniform_real_distribution<double>()(random_); }
  bool Chance(double p) { return Uniform() < p; }
  // Log-normal.
  int64_t Spread(double median_s, double sigma);
  std::string Hex(int digits);

  std::mt19937_64 random_;
  std::vector<UnixNanos> next_;  // Begin of the next run, by feature.
  std::vector<Incident> incidents_;
  std::vector<bool> loop_played_;
  std::priority_queue<Exported, std::vector<Exported>, std::greater<>> waiting_;
  uint64_t order_ = 0;
  int64_t spans_ = 0;
  int64_t runs_ = 0;
};

}  // namespace pitot
