// alert/preflight/content_sample.h
//
// Internal to preflight/: looks for secrets or personal data in a random sample of what was stored in
// the last day: contents of messages and tools, attributes, status messages.
#pragma once

#include <absl/status/statusor.h>

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "alert/preflight/point.h"
#include "normalize/redact.h"

namespace pitot {

struct ContentFindings {
  int64_t texts = 0;  // Looked at.
  int64_t bytes = 0;
  int64_t hits = 0;
  int64_t redacted_already = 0;  // Marks of redaction in them.
  std::map<std::string, int64_t> by_rule;
  std::string example;                 // Around the first hit, which is replaced in it.
  std::vector<std::string> trace_ids;  // Hex, at most 5, where known.
};

// Looks with `rules`, whatever the configuration redacts.
absl::StatusOr<ContentFindings> SearchContents(const PointContext& context,
                                               const RedactionOptions& rules);

}  // namespace pitot
