// store/erase.h
//
// Deletes a trace, or everything of a user, from all tables: the steps, each of which may be
// repeated after a crash. ingest/history/erasure.h runs them in order, while nothing else is written.
//
// What is erased.
//   A trace: all of it.
//   A user: every trace whose user (traces.user_id) it is, whole; in other traces the spans whose
//   effective user (facts.user_id) it is. Of both what was received until the erasure began: what
//   comes later is new. Scores go with their trace or span, logs too.
//   Payloads that no other span of the project and day refers to.
//
// Thread-safety: as the engine's. Errors: the engine's.
#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "model/ids.h"
#include "store/engine.h"

namespace pitot {

struct Erasure {
  enum class What : uint8_t { kTrace, kUser };

  std::string id;  // Letters and digits; of this erasure.
  What what = What::kTrace;
  std::string project;
  std::string subject;  // 32 hex digits, or the user's id.
  UnixNanos at_ns = 0;  // When it began.
};

// What reads must not see from the moment an erasure is known (Store::Hide). Until it is done some
// of the user's data that came later is hidden too: for seconds.
std::vector<TableFilter> HiddenBy(const Erasure& erasure);

// What was received until then is erased; of a trace all that ever comes.
inline constexpr uint64_t kErasedForGood = (uint64_t{1} << 62) - 1;
uint64_t ErasedUntil(const Erasure& erasure);

// What an erasure found.
struct ErasureMark {
  uint64_t traces = 0;  // Whole ones.
  uint64_t spans = 0;
  uint16_t min_day = 0;  // Where its rows are: days of their starts and ends.
  uint16_t max_day = 0;
  // Rows resolved until then may tell of what is erased; later ones are of what came later.
  UnixNanos at_ns = 0;
};

// Notes in the table `erased` which traces and spans these are. Everything received until
// erasure.at_ns must be in the tables and resolved; nothing received after `now_ns` may be in them.
// `keep_days`: how long a trace stays refused; 0: for ever.
absl::StatusOr<ErasureMark> MarkErased(Engine& engine, const Erasure& erasure, uint16_t keep_days,
                                       UnixNanos now_ns);

// What is or was erased, as long as it may come again: of a whole trace span_id is absent. Received
// until `received_until`.
struct ErasedRow {
  std::string_view project;
  TraceId trace_id;
  SpanId span_id;
  uint64_t received_until = 0;
};
// `erasure_id` empty: of all.
absl::Status ReadErased(Engine& engine, std::string_view erasure_id,
                        const std::function<void(const ErasedRow&)>& visit);

// The tables that DeleteRows is for, in the order in which it must be called.
inline constexpr std::string_view kErasableTables[] = {"facts", "traces", "scores", "logs",
                                                       "spans"};

// The partitions of a table with rows to erase.
absl::StatusOr<std::vector<std::string>> ErasedPartitions(Engine& engine, const Erasure& erasure,
                                                          const ErasureMark& mark,
                                                          std::string_view table);

// Of one partition of `spans`, before its rows are deleted: deletes the payloads that only spans to
// be erased refer to. Nothing may be written to the store meanwhile.
absl::Status DeletePayloads(Engine& engine, const Erasure& erasure, const ErasureMark& mark,
                            std::string_view partition);

absl::Status DeleteRows(Engine& engine, const Erasure& erasure, const ErasureMark& mark,
                        std::string_view table, std::string_view partition);

// Payloads deleted so far.
absl::StatusOr<uint64_t> CountErasedPayloads(Engine& engine, const Erasure& erasure);

// Counts what is left, everywhere; kInternal, naming it, when there is something.
absl::Status VerifyErased(Engine& engine, const Erasure& erasure, const ErasureMark& mark);

// Traces that lost spans and have others: their facts must be resolved anew.
absl::StatusOr<std::vector<TraceId>> TracesLeft(Engine& engine, const Erasure& erasure);

}  // namespace pitot
