// ingest/resolve/resolve_test_util.h
//
// For tests: traces written as text, rows as text, and a model of the store in memory.
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/hex.h"
#include "ingest/resolve/active_traces.h"
#include "ingest/resolve/resolve.h"
#include "ingest/resolve/trace_loader.h"
#include "model/arena.h"
#include "model/facts.h"
#include "model/span.h"

namespace pitot::testing {

inline SpanId SpanIdOf(uint64_t number) {
  SpanId id;
  for (int i = 0; i < 8; ++i) id.bytes[i] = static_cast<uint8_t>(number >> (8 * (7 - i)));
  return id;
}
inline TraceId TraceIdOf(uint64_t number) {
  TraceId id;
  id.bytes[0] = 1;
  for (int i = 0; i < 8; ++i) id.bytes[15 - i] = static_cast<uint8_t>(number >> (8 * i));
  return id;
}

// Every text a resolved span has.
inline void CopyTexts(Span& span, Arena& arena) {
  for (std::string_view* text : {&span.name,           &span.op,
                                 &span.status_message, &span.service,
                                 &span.environment,    &span.release,
                                 &span.feature.name,   &span.workflow,
                                 &span.user_id,        &span.session_id,
                                 &span.agent,          &span.agent_id,
                                 &span.prompt_name,    &span.prompt_version,
                                 &span.provider,       &span.model_requested,
                                 &span.model,          &span.response_id,
                                 &span.tool_name,      &span.scope,
                                 &span.emitter}) {
    *text = arena.Copy(*text);
  }
}
inline void CopyTexts(FactRow& row, Arena& arena) {
  for (std::string_view* text :
       {&row.name, &row.service, &row.environment, &row.release, &row.feature, &row.workflow,
        &row.user_id, &row.session_id, &row.agent, &row.prompt_name, &row.prompt_version,
        &row.provider, &row.model, &row.counted_reason, &row.tool_name}) {
    *text = arena.Copy(*text);
  }
}
inline void CopyTexts(TraceRow& row, Arena& arena) {
  for (std::string_view* text :
       {&row.root_name, &row.status_message, &row.service, &row.environment, &row.feature,
        &row.workflow, &row.user_id, &row.session_id, &row.agent}) {
    *text = arena.Copy(*text);
  }
  for (std::string_view& model : row.models) model = arena.Copy(model);
}

// Every field but rev and is_deleted, so that equal texts mean equal rows.
inline std::string Describe(const FactRow& row) {
  std::string usage;
  for (const int64_t tokens : row.usage.tokens) usage += fmt::format("{},", tokens);
  return fmt::format(
      "{} [{},{}] {} {} call={} root={} orphan={} '{}' svc={} env={} rel={} feature={} wf={} "
      "user={} "
      "session={} agent={} prompt={}@{} {}/{} fin={} ttft={} stream={} role={} counted={} {} by={} "
      "usage={}{},{} cost={} est={} conf={} tool={}:{} retry={} err={}",
      ToHex(row.span_id.view()), row.start_ns, row.end_ns, Name(row.kind), Name(row.status),
      row.is_call, row.is_root, row.is_orphan, row.name, row.service, row.environment, row.release,
      row.feature, row.workflow, row.user_id, row.session_id, row.agent, row.prompt_name,
      row.prompt_version, row.provider, row.model, static_cast<int>(row.finish_reason),
      row.ttft_ns.value_or(-1), row.streaming, Name(row.role), row.counted, row.counted_reason,
      ToHex(row.counted_by.view()), usage, row.usage.web_searches, row.usage.file_searches,
      row.cost ? row.cost->value : -1, row.estimated, Name(row.price_confidence), row.tool_name,
      Name(row.tool_status), row.retry_count, Name(row.error_category));
}
inline std::string Describe(const TraceRow& row) {
  std::string models;
  for (const std::string_view model : row.models) models += fmt::format("{},", model);
  return fmt::format(
      "{} [{},{}] '{}' {} '{}' spans={} errors={} orphans={} llm={} tools={} in={} out={} cost={} "
      "unpriced={} svc={} env={} feature={} wf={} user={} session={} agent={} models={}",
      ToHex(row.trace_id.view()), row.start_ns, row.end_ns, row.root_name, Name(row.status),
      row.status_message, row.spans, row.errors, row.orphans, row.llm_calls, row.tool_calls,
      row.input_tokens, row.output_tokens, row.cost.value, row.unpriced_calls, row.service,
      row.environment, row.feature, row.workflow, row.user_id, row.session_id, row.agent, models);
}

// One delivery of a span.
struct Delivery {
  std::string project;
  uint16_t keep_days = 30;
  uint64_t version = 0;
  Span span;
};

// The store as its tables behave: rows of one key are merged, of the newest only one is left; rows
// of different keys or partitions never meet.
class ModelStore final : public TraceLoader {
 public:
  explicit ModelStore(uint64_t seed) : random_(seed) {}

  int fail_percent = 0;        // Of calls that are kUnavailable.
  int lie_percent = 0;         // Of refs FilterExisting names although they do not exist.
  std::string contradictions;  // Rows of one key and rev that differ: must stay empty.

  void InsertSpan(const Delivery& delivery) {
    auto& row = spans_[{delivery.project, delivery.span.trace_id}][{
        delivery.span.span_id, delivery.keep_days, delivery.span.start_ns / kNanosPerDay}];
    if (row.version > delivery.version) return;
    row = {delivery.version, delivery.span};
    CopyTexts(row.span, arena_);
  }
  void InsertFact(const FactChange& change) {
    FactKey key{change.keep_days, change.row.end_ns / kNanosPerDay, change.row.is_call,
                change.row.end_ns / kNanosPerMinute, change.row.span_id};
    Insert(facts_[{std::string(change.project), change.row.trace_id}][key], change.row);
  }
  void InsertTrace(const TraceChange& change) {
    TraceKey key{change.keep_days, change.row.start_ns / kNanosPerDay,
                 change.row.start_ns / (60 * kNanosPerMinute)};
    Insert(traces_[{std::string(change.project), change.row.trace_id}][key], change.row);
  }

  // FINAL: what queries see, each row as text, sorted.
  std::vector<std::string> Final(const std::string& project, const TraceId& trace_id) {
    std::vector<std::string> out;
    for (const auto& [key, row] : facts_[{project, trace_id}]) {
      if (!row.is_deleted) out.push_back(fmt::format("{} {}", std::get<0>(key), Describe(row)));
    }
    for (const auto& [key, row] : traces_[{project, trace_id}]) {
      if (!row.is_deleted) out.push_back(fmt::format("{} {}", std::get<0>(key), Describe(row)));
    }
    std::sort(out.begin(), out.end());
    return out;
  }

  absl::Status FilterExisting(std::span<const TraceRef> refs,
                              std::vector<uint32_t>& existing) override {
    if (Fails()) return absl::UnavailableError("away");
    for (uint32_t i = 0; i < refs.size(); ++i) {
      const bool is_there = spans_.contains({std::string(refs[i].project), refs[i].trace_id});
      if (is_there || Chance(lie_percent)) existing.push_back(i);
    }
    return absl::OkStatus();
  }

  absl::Status Load(std::span<const TraceRef> refs, TraceSink& sink) override {
    for (uint32_t i = 0; i < refs.size(); ++i) {
      if (Fails()) return absl::UnavailableError("away");
      const Id id{std::string(refs[i].project), refs[i].trace_id};
      std::map<SpanId, std::pair<uint16_t, const SpanRow*>> newest;
      for (const auto& [key, row] : spans_[id]) {
        auto& [keep_days, best] = newest[std::get<0>(key)];
        if (best != nullptr && best->version > row.version) continue;
        best = &row;
        keep_days = std::get<1>(key);
      }
      for (const auto& [span_id, found] : newest) {
        sink.OnSpan(i, found.second->span, found.second->version, found.first);
      }
      for (const auto& [key, row] : traces_[id]) sink.OnTrace(i, row, std::get<0>(key));
      for (const auto& [key, row] : facts_[id]) sink.OnFact(i, row, std::get<0>(key));
    }
    return absl::OkStatus();
  }

  absl::StatusOr<bool> ListStored(std::string& cursor,
                                  const std::function<void(const TraceRef&)>& visit) override {
    if (Fails()) return absl::UnavailableError("away");
    // Two pages: by the last bit of the id.
    const int page = cursor.empty() ? 0 : 1;
    cursor = "1";
    for (const auto& [id, rows] : spans_) {
      if ((id.second.bytes[15] & 1) == page) visit({id.first, id.second});
    }
    return page == 0;
  }

  absl::Status ListOpen(const std::function<void(const TraceRef&, int64_t)>& visit) override {
    if (Fails()) return absl::UnavailableError("away");
    for (const auto& [id, rows] : traces_) {
      for (const auto& [key, row] : rows) {
        if (!row.is_deleted && row.status == SpanStatus::kRunning) {
          visit({id.first, id.second}, row.start_ns);
        }
      }
    }
    return absl::OkStatus();
  }

 private:
  using Id = std::pair<std::string, TraceId>;
  using FactKey = std::tuple<uint16_t, int64_t, bool, int64_t, SpanId>;
  using TraceKey = std::tuple<uint16_t, int64_t, int64_t>;
  struct SpanRow {
    uint64_t version = 0;
    Span span;
  };

  bool Chance(int percent) { return static_cast<int>(random_() % 100) < percent; }
  bool Fails() { return Chance(fail_percent); }

  template <typename Row>
  void Insert(Row& slot, const Row& row) {
    if (slot.rev == row.rev && slot.rev != 0 &&
        (slot.is_deleted != row.is_deleted || Describe(slot) != Describe(row))) {
      contradictions += fmt::format("rev {}:\n  {}{}\n  {}{}\n", row.rev, Describe(slot),
                                    slot.is_deleted ? " deleted" : "", Describe(row),
                                    row.is_deleted ? " deleted" : "");
    }
    if (slot.rev > row.rev) return;
    slot = row;
    CopyTexts(slot, arena_);
  }

  std::mt19937_64 random_;
  Arena arena_;
  std::map<Id, std::map<std::tuple<SpanId, uint16_t, int64_t>, SpanRow>> spans_;
  std::map<Id, std::map<FactKey, FactRow>> facts_;
  std::map<Id, std::map<TraceKey, TraceRow>> traces_;
};

}  // namespace pitot::testing
