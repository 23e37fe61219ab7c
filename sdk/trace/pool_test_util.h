// sdk/trace/pool_test_util.h
//
// A pool of spans without a collector, for tests: what has ended is read out as plain values.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "pitot/span.h"
#include "sdk/trace/pool.h"

namespace pitot {
inline namespace sdk {

struct PlainEvent {
  std::string name;
  std::vector<std::pair<std::string, std::string>> attributes;
};

// A copy of SpanData that holds for ever.
struct PlainSpan {
  explicit PlainSpan(const SpanData& data);

  // The value as text: `7`, `1.5`, `true`, texts as they are; nothing when the key is not set.
  std::optional<std::string> operator[](std::string_view key) const;

  TraceId trace_id;
  SpanId span_id;
  SpanId parent_span_id;
  std::string name;
  std::string trace_state;
  Kind kind;
  SpanStatus status;
  std::string status_message;
  int64_t start_ns;
  int64_t end_ns;
  Tags tags;
  std::vector<std::pair<std::string, std::string>> attributes;
  std::vector<AttributeValue::Type> types;
  std::vector<PlainEvent> events;
  std::vector<SpanId> links;
  uint32_t dropped_attributes;
  uint32_t dropped_events;
};

std::string PlainText(const AttributeValue& value);

class TestPool {
 public:
  explicit TestPool(const PoolOptions& options = {}) : pool_(SpanPool::Attach(options, {})) {}
  ~TestPool() {
    pool_->Close();
    pool_->Detach();
  }

  // What has ended since the last call, in order of the ends of each thread.
  std::vector<PlainSpan> Take() {
    std::vector<PlainSpan> spans;
    SpanRecord* list = pool_->Drain();
    for (const SpanRecord* record = list; record != nullptr; record = record->next) {
      spans.emplace_back(record->Data());
    }
    pool_->Return(list);
    return spans;
  }
  SpanPool* operator->() { return pool_; }

 private:
  SpanPool* pool_;
};

}  // namespace sdk
}  // namespace pitot
