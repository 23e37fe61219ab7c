// tests/bench/ingest/body_source.h
//
// Where otlp_load takes its request bodies from: a file, held in memory, or a load made as it is
// sent, for runs too long for a file. Thread-safe.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "tests/bench/ingest/span_load.h"

namespace pitot {

class BodySource {
 public:
  struct Body {
    uint64_t index = 0;  // 0, 1, 2, ... in the order in which bodies are to be sent.
    std::string bytes;
  };

  // Nothing when `path` is not a whole file of bodies (body_file.h).
  static std::unique_ptr<BodySource> OfFile(const char* path);
  static std::unique_ptr<BodySource> OfLoad(const SpanLoadOptions& options);

  // Nothing at the end.
  std::optional<Body> Next();

 private:
  std::mutex mutex_;
  std::vector<std::string> bodies_;  // Guarded by mutex_; of a file.
  std::unique_ptr<SpanLoad> load_;   // Guarded by mutex_; else null.
  uint64_t next_ = 0;                // Guarded by mutex_.
};

}  // namespace pitot
