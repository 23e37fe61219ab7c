// gateway/call_record.h
//
// Everything about one call that its spans are made of.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/drops.h"
#include "gateway/attribution.h"
#include "gateway/runs/runs.h"
#include "model/money.h"
#include "model/span.h"
#include "price/price.h"
#include "wire/request.h"
#include "wire/response.h"

namespace pitot {

struct CallCost {
  bool has_usage = false;
  Usage usage;
  uint8_t usage_flags = 0;
  bool estimated = false;  // Usage or price was partly assumed.
  std::optional<NanoUsd> cost;
  std::array<int64_t, kUsageBuckets> by_bucket = {};
  std::optional<NanoUsd> reported;
  PriceSource source = PriceSource::kNone;
  PriceConfidence confidence = PriceConfidence::kNone;
  std::string rule;
  std::string version;
};

struct CallRecord {
  bool running = false;  // An announcement: structure only.
  Attribution who;
  RunCall run;

  WireApi api = WireApi::kOther;
  std::string op;  // "chat", "embeddings"; of paths that are not understood: method and path.
  std::string provider;
  std::string upstream;
  std::string model;  // As asked for.
  UnixNanos start_ns = 0;
  UnixNanos end_ns = 0;
  std::optional<int64_t> ttft_ns;

  SpanStatus status = SpanStatus::kUnset;
  std::string status_message;
  std::string error_type;
  ErrorCategory error = ErrorCategory::kNone;
  int http_status = 0;

  // `request` has views into `body`.
  std::shared_ptr<const std::string> body;
  WireRequest request;
  WireResult result;
  CallCost cost;
  // Further attributes: key and plain text.
  std::vector<std::pair<std::string_view, std::string>> notes;
  DropCounts drops;

  // About how much memory it holds.
  size_t bytes() const {
    return sizeof(*this) + (body == nullptr ? 0 : body->size()) + result.message_json.size() +
           result.text.size() + 512;
  }
  // Gives up its contents, keeps its figures.
  void DropContent();
};

}  // namespace pitot
