// api/ndjson.h
//
// The answer of work that takes long: lines of JSON, the last one the result or an error.
#pragma once

#include <absl/status/status.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "base/mutex.h"
#include "http/server.h"

namespace pitot {

// Thread-safe. Begins the answer with the first line, so that until then it can still be another.
class NdjsonReply {
 public:
  explicit NdjsonReply(Responder responder) : responder_(std::move(responder)) {}

  // {"progress":{"done":1,"total":2}}; left out when the peer reads too slowly. Never blocks.
  void Progress(uint64_t done, uint64_t total);
  // {"result":...}, the last line.
  void Result(std::string json);
  // {"error":{"code":...,"message":...}}, the last line; alone: as any error, with its status.
  void Error(const absl::Status& status);

 private:
  bool Write(std::string line) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void End(std::string line) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  Mutex mutex_;
  std::optional<Responder> responder_ ABSL_GUARDED_BY(mutex_);  // Until the first line.
  std::optional<ResponseStream> stream_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace pitot
