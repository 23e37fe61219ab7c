// query/export/payload_cache.h
//
// The contents that spans of one day refer to. Spans come in the order of their traces, so those that
// resend a history find it here. Internal to query/export/.
#pragma once

#include <absl/container/flat_hash_map.h>
#include <absl/status/status.h>

#include <cstdint>
#include <deque>
#include <span>
#include <string>
#include <vector>

#include "query/export/exported_span.h"
#include "query/scope.h"

namespace pitot {

// Not thread-safe. Borrows the context.
class PayloadCache {
 public:
  PayloadCache(const QueryContext& context, std::string project, uint16_t day)
      : context_(context), project_(std::move(project)), day_(day) {}

  // Gives each piece of the batch that has a hash its text, and takes the hash away: one that keeps it
  // has no text any more. Texts are valid until the next call.
  absl::Status Fill(std::vector<ExportedSpan>& batch);

 private:
  absl::Status Load(std::span<const std::string> hashes);

  const QueryContext& context_;
  const std::string project_;
  const uint16_t day_;
  std::deque<std::string> texts_;                             // Stable addresses.
  absl::flat_hash_map<std::string, std::string_view> found_;  // By raw hash.
  size_t bytes_ = 0;
};

}  // namespace pitot
