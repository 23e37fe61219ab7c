// tests/bench/ingest/span_load.h
//
// The load of the ingest benchmarks: OTLP trace requests of agents' spans, 1.08 KB each. Traces of 5
// to 34 spans under one root; of the others 30 % are model calls with prompt and answer, 30 % tool
// calls with arguments and result, the rest plain steps; one in 30 failed.
//
// The same options give the same bytes, on every machine: figures of different days and programs
// are of one load.
#pragma once

#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "tests/bench/ingest/prose.h"

namespace pitot {

struct SpanLoadOptions {
  uint64_t spans = 0;
  uint64_t spans_per_request = 500;
  uint64_t seed = 1;
  uint64_t base_unix_s = 0;  // Start of the first span.
  double spread_s = 3000;    // Time over which the spans start.
};

class SpanLoad {
 public:
  explicit SpanLoad(const SpanLoadOptions& options);

  // The next request's body; empty once all spans were sent.
  std::string NextRequest();

 private:
  void StartTrace();
  std::string NextSpan();
  void AppendCall(const char* const* model, std::string& span);
  void AppendTool(const std::string& tool, std::string& span);
  std::string RandomBytes(size_t bytes);

  const SpanLoadOptions options_;
  const uint64_t step_ns_;
  const Prose prose_;
  std::vector<std::string> resources_;  // One a service.
  std::mt19937_64 random_;
  uint64_t sent_ = 0;
  uint64_t time_ns_;

  // Of the trace being made.
  uint64_t spans_left_ = 0;
  std::string trace_id_;
  std::string parent_id_;
  std::string user_;
  std::string session_;
  std::string feature_;
  std::string workflow_;
  size_t service_ = 0;
};

}  // namespace pitot
