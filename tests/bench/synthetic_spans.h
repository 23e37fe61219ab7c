// tests/bench/synthetic_spans.h
//
// Spans as they leave normalisation, for benchmarks of what comes after: agent traffic of 5-34
// spans a trace, 30 % model calls with prompt and completion text, 30 % tool calls. Over OTLP such
// spans are about 1.08 KB each. The same seed gives the same spans.
#pragma once

#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "model/arena.h"
#include "model/facts.h"
#include "model/span.h"

namespace pitot {

inline constexpr double kSyntheticOtlpBytes = 1079;  // A span of the same content over OTLP.

struct SyntheticPayload {
  Hash128 hash;
  std::string_view content;
  int64_t span_start_ns = 0;
};

struct SyntheticBatch {
  Arena arena;
  std::vector<Span> spans;  // Contents above kInlinePieceBytes are hashes here.
  std::vector<SyntheticPayload> payloads;
};

class SyntheticSpans {
 public:
  SyntheticSpans(uint64_t seed, int64_t base_ns, int64_t step_ns);

  // The next `count` spans of the stream; a trace may go on in the next batch.
  SyntheticBatch Next(size_t count);

 private:
  void StartTrace();
  std::string Text(size_t bytes);
  SpanId NewSpanId();
  Span NextSpan(SyntheticBatch& batch);
  void FillModelCall(Span& span, SyntheticBatch& batch);
  void FillToolCall(Span& span, SyntheticBatch& batch);
  std::span<Piece> OnePiece(const std::string& content, int64_t start_ns, SyntheticBatch& batch);

  std::mt19937_64 random_;
  int64_t time_ns_;
  int64_t step_ns_;
  std::vector<std::string> words_;
  // Of the trace being made.
  uint64_t left_ = 0;
  TraceId trace_id_;
  SpanId parent_;
  std::string user_, session_, feature_, workflow_, service_;
};

// Facts and trace rows as a resolver would make them of these spans, simply.
FactRow SyntheticFact(const Span& span, uint64_t rev);
std::vector<TraceRow> SyntheticTraces(const std::vector<Span>& spans, uint64_t rev);

}  // namespace pitot
