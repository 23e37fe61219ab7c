// normalize/normalize.h
//
// Raw spans -> canonical spans: which attribute fills which field (dialect.h), what its value means
// (value.h, words.h), token counts taken apart (usage_split.h), content as pieces (messages.h).
// Pure: no clock, no I/O. What no field takes stays in Span::attributes; nothing is lost silently.
// Attributes of the resource and the scope that no field takes are there too, under "resource.KEY"
// and "scope.KEY".
#pragma once

#include <memory>

#include "base/drops.h"
#include "base/limits.h"
#include "model/arena.h"
#include "model/raw.h"
#include "model/span.h"

namespace pitot {

// Normalises the spans of one batch; what they share is worked out once.
// Thread-safety: none; one object a thread.
// Ownership: borrows everything it is given. Spans made here point into the batch (its body and
// arena) and into `arena`, and so must not outlive either.
class Normalizer {
 public:
  // `source` goes to every span. A value over limits.payload_bytes is cut, marked and counted;
  // usage over limits.usage_tokens is refused and counted.
  Normalizer(const RawBatch& batch, Arena& arena, const Limits& limits, DropCounts& drops,
             Source source = Source::kOtlp);
  ~Normalizer();
  Normalizer(const Normalizer&) = delete;
  Normalizer& operator=(const Normalizer&) = delete;

  // Fills `out` from `raw`, a span of the batch. Money is left to price/, hashes of pieces to
  // ingest/. Never fails: what cannot be read is kept as an attribute.
  void Normalize(const RawSpan& raw, Span* out);

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace pitot
