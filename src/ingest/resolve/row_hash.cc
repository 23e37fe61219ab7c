#include "ingest/resolve/row_hash.h"

#include <algorithm>
#include <bit>
#include <optional>
#include <string_view>

#include "ingest/resolve/text_hash.h"

namespace pitot {
namespace {

class Hasher {
 public:
  void Add(std::string_view text) { hash_ = HashText(text, hash_); }
  void Add(int64_t value) { hash_ = Mix(hash_, static_cast<uint64_t>(value)); }
  void Add(const std::optional<int64_t>& value) {
    Add(int64_t{value.has_value()});
    Add(value.value_or(0));
  }
  void Add(const std::optional<NanoUsd>& value) {
    Add(int64_t{value.has_value()});
    Add(value.value_or(NanoUsd{}).value);
  }
  uint64_t hash() const { return hash_; }

 private:
  uint64_t hash_ = 0;
};

// Counts as the store keeps them.
int64_t Stored(int64_t count) { return std::clamp<int64_t>(count, 0, UINT32_MAX); }

template <typename Enum>
uint64_t Byte(Enum value, int position) {
  return static_cast<uint64_t>(value) << (8 * position);
}

}  // namespace

uint64_t FactHash(const FactRow& row) {
  Hasher hasher;
  hasher.Add(row.start_ns);
  hasher.Add(row.end_ns);
  hasher.Add(std::bit_cast<int64_t>(
      Byte(row.kind, 0) | Byte(row.status, 1) | Byte(row.finish_reason, 2) | Byte(row.role, 3) |
      Byte(row.price_confidence, 4) | Byte(row.tool_status, 5) | Byte(row.error_category, 6) |
      Byte((row.is_root ? 1 : 0) | (row.is_orphan ? 2 : 0) | (row.streaming ? 4 : 0) |
               (row.counted ? 8 : 0) | (row.estimated ? 16 : 0) | (row.is_call ? 32 : 0) |
               (row.unpriced ? 64 : 0),
           7)));
  for (const std::string_view text :
       {row.name, row.service, row.environment, row.release, row.feature, row.workflow, row.user_id,
        row.session_id, row.agent, row.prompt_name, row.prompt_version, row.provider, row.model,
        row.counted_reason, row.tool_name}) {
    hasher.Add(text);
  }
  hasher.Add(row.counted_by.view());
  hasher.Add(row.ttft_ns);
  hasher.Add(row.cost);
  hasher.Add(Stored(row.retry_count));
  if (row.usage.empty()) return hasher.hash();
  for (const int64_t tokens : row.usage.tokens) hasher.Add(Stored(tokens));
  hasher.Add(Stored(row.usage.web_searches));
  hasher.Add(Stored(row.usage.file_searches));
  return hasher.hash();
}

uint64_t TraceHash(const TraceRow& row) {
  Hasher hasher;
  for (const int64_t number :
       {row.start_ns, row.end_ns, int64_t{row.spans}, int64_t{row.errors}, int64_t{row.orphans},
        int64_t{row.llm_calls}, int64_t{row.tool_calls}, row.input_tokens, row.output_tokens,
        row.cost.value, int64_t{row.unpriced_calls}, static_cast<int64_t>(row.status)}) {
    hasher.Add(number);
  }
  for (const std::string_view text :
       {row.root_name, row.status_message, row.service, row.environment, row.feature, row.workflow,
        row.user_id, row.session_id, row.agent}) {
    hasher.Add(text);
  }
  for (const std::string_view model : row.models) hasher.Add(model);
  return hasher.hash();
}

}  // namespace pitot
