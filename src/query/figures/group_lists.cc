#include "query/figures/group_lists.h"

#include <iterator>

#include "query/figures/money.h"
#include "query/figures/quantiles.h"

namespace pitot {
namespace {

// Names in a row are for reading: more are cut, in the order of the alphabet.
#define PITOT_NAMES_SQL(field) \
  "arraySlice(arraySort(groupUniqArrayIf(1000)(" field ", " field " != '')), 1, 50)"
#define PITOT_LLM_CALL_SQL "f.kind = 'llm' AND f.role IN ('', 'leaf') AND f.status != 'running'"
#define PITOT_TOOL_CALL_SQL "f.kind = 'tool' AND f.role != 'inner' AND f.status != 'running'"

constexpr ListColumn kFeatures = {"features", PITOT_NAMES_SQL("f.feature"), ColumnType::kJson};
constexpr ListColumn kFirstAt = {"first_at", "min(f.end_ns - f.duration_ns)", ColumnType::kTime};
constexpr ListColumn kLastAt = {"last_at", "max(f.end_ns)", ColumnType::kTime};
constexpr ListColumn kTraces = {"traces", "uniqExact(f.trace_id)"};
constexpr ListColumn kToolCalls = {"tool_calls", "countIf(" PITOT_TOOL_CALL_SQL ")"};

// kIsCallSql of query/scope.h.
#define PITOT_CALL_SQL                                                                     \
  "f.kind IN ('llm', 'embedding', 'reranker') AND f.role IN ('', 'leaf') AND f.status != " \
  "'running'"

constexpr ListKey kSessionKeys[] = {{"session_id", "f.session_id"}};
constexpr ListColumn kSessionColumns[] = {
    {"user_id", "argMaxIf(f.user_id, (f.end_ns, f.span_id), f.user_id != '')", ColumnType::kText},
    kFeatures,
    kFirstAt,
    kLastAt,
    kTraces,
    kToolCalls,
};

constexpr ListKey kUserKeys[] = {{"user_id", "f.user_id"}};
constexpr ListColumn kUserColumns[] = {
    {"sessions", "uniqExactIf(f.session_id, f.session_id != '')"},
    kFeatures,
    kFirstAt,
    kLastAt,
    kTraces,
    kToolCalls,
};

constexpr ListKey kPromptKeys[] = {{"prompt_name", "f.prompt_name"},
                                   {"prompt_version", "f.prompt_version"}};
constexpr ListColumn kPromptColumns[] = {
    kFirstAt,
    kLastAt,
    kTraces,
    {"length_stops", "countIf(" PITOT_LLM_CALL_SQL " AND f.finish_reason = 'length')"},
    {"invalid_args", "countIf(" PITOT_TOOL_CALL_SQL " AND f.tool_status = 'invalid_args')"},
};

constexpr ListKey kModelKeys[] = {{"provider", "f.provider"}, {"model", "f.model"}};
constexpr ListColumn kModelColumns[] = {
    {"finish_reasons",
     "sumMapIf([f.finish_reason], [toUInt64(1)], " PITOT_LLM_CALL_SQL " AND f.finish_reason != '')",
     ColumnType::kCounts},
    {"priced", "if(countIf(f.counted AND f.unpriced) = 0, true, false)", ColumnType::kJson},
    kLastAt,
};

constexpr ListKey kProviderKeys[] = {{"provider", "f.provider"}};
constexpr ListColumn kProviderColumns[] = {
    {"models", PITOT_NAMES_SQL("f.model"), ColumnType::kJson},
};
constexpr ListColumn kProviderHealth[] = {
    {"health", "maxIf(f.end_ns, " PITOT_CALL_SQL " AND f.status IN ('ok', 'unset'))",
     ColumnType::kHealth},
    {"", "maxIf(f.end_ns, " PITOT_CALL_SQL " AND f.status = 'error')", ColumnType::kHidden},
};

constexpr ListQuantile kP50AndP99[] = {{"p50_ms", 500}, {"p99_ms", 990}};
constexpr ListQuantile kTtftP50[] = {{"ttft_p50_ms", 500}};
constexpr ListQuantile kSpeedP50[] = {{"tokens_per_second", 500}};
constexpr ListQuantiles kDurations = {"duration", "f.duration_ns", PITOT_CALL_SQL, kP50AndP99, 1e6};
constexpr ListQuantiles kCallQuantiles[] = {kDurations};
constexpr ListQuantiles kModelQuantiles[] = {
    kDurations,
    {"ttft", "assumeNotNull(f.ttft_ns)", PITOT_LLM_CALL_SQL " AND f.ttft_ns IS NOT NULL", kTtftP50,
     1e6},
    {"speed", kTokensPerSecondSql, kHasTokensPerSecondSql, kSpeedP50, 1},
};

#undef PITOT_CALL_SQL
#undef PITOT_TOOL_CALL_SQL
#undef PITOT_LLM_CALL_SQL
#undef PITOT_NAMES_SQL

constexpr ListSpec kSpecs[] = {
    {"sessions",
     kSessionKeys,
     "f.session_id != ''",
     false,
     "last",
     kSessionColumns,
     kCallQuantiles,
     {}},
    {"users", kUserKeys, "1", false, "cost", kUserColumns, kCallQuantiles, {}},
    {"prompts",
     kPromptKeys,
     "f.prompt_name != ''",
     false,
     "cost",
     kPromptColumns,
     kCallQuantiles,
     {}},
    {"models", kModelKeys, kBearsMoneySql, true, "cost", {}, kModelQuantiles, kModelColumns},
    {"providers", kProviderKeys, kBearsMoneySql, true, "cost", kProviderColumns, kCallQuantiles,
     kProviderHealth},
};
static_assert(std::size(kSpecs) == static_cast<size_t>(GroupList::kEnd));

}  // namespace

const ListSpec& SpecOf(GroupList list) { return kSpecs[static_cast<size_t>(list)]; }

std::string_view Name(GroupList list) { return SpecOf(list).name; }

}  // namespace pitot
