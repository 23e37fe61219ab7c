// base/limits.h
//
// Every bound of the program, in one table: name in the configuration (`limits.NAME`), default,
// unit and what happens at it. The table is also the documentation: `pitot config check` prints it.
#pragma once

#include <cstdint>
#include <string_view>

namespace pitot {

struct Limits {
  int64_t request_bytes = 64 << 20;
  int64_t payload_bytes = 16 << 20;
  int64_t attributes = 4096;
  int64_t events = 16'384;
  int64_t depth = 64;
  int64_t header_bytes = 64 << 10;
  int64_t usage_tokens = 1'000'000'000;
  int64_t max_age_s = 0;  // 0: the retention.
  int64_t max_future_s = 600;
  int64_t inflight_bytes = 192 << 20;
  int64_t connections = 4096;
  int64_t active_trace_bytes = 150 << 20;
  int64_t resolve_at_once_spans = 10'000;
  int64_t seen_payloads = 1'000'000;
  int64_t receipt_sources = 1000;
  int64_t query_seconds = 30;
  int64_t query_memory_bytes = 2LL << 30;
  int64_t list_rows = 1000;
  int64_t filter_bytes = 16 << 10;
  int64_t filter_terms = 256;
  int64_t filter_depth = 64;
  int64_t filter_regex_bytes = 1024;
  int64_t live_subscribers = 64;
  int64_t live_bytes = 16 << 20;
  int64_t sql_rows = 10'000;
  int64_t sql_seconds = 30;
  int64_t sql_memory_bytes = 2LL << 30;
  int64_t sql_text_bytes = 64 << 10;
  int64_t sql_result_bytes = 64 << 20;
  int64_t gateway_request_bytes = 32 << 20;
  int64_t gateway_inflight_bytes = 1LL << 30;
  int64_t gateway_calls = 4096;
  int64_t gateway_capture_bytes = 16 << 20;
  int64_t gateway_queue_bytes = 128 << 20;
  int64_t gateway_runs = 100'000;
  int64_t gateway_cache_bytes = 64 << 20;
  int64_t budget_counters = 1'000'000;
  int64_t api_keys = 100'000;
  int64_t alerts = 10'000;
  int64_t silences = 10'000;
  int64_t views = 500;
};

struct LimitRow {
  std::string_view name;
  int64_t Limits::*value;
  std::string_view unit;
  std::string_view at_limit;
  int64_t min;
  int64_t max;
};

inline constexpr LimitRow kLimitRows[] = {
    {"request_bytes", &Limits::request_bytes, "bytes",
     "A larger body, compressed or inflated, is refused: 413 or RESOURCE_EXHAUSTED.", 1 << 10,
     1LL << 30},
    {"payload_bytes", &Limits::payload_bytes, "bytes",
     "A longer value is cut there, marked and counted as payload_truncated.", 1 << 10, 256 << 20},
    {"attributes", &Limits::attributes, "per span",
     "Further attributes are left out and counted as attr_limit.", 16, 1 << 20},
    {"events", &Limits::events, "per span",
     "Further events and links are left out and counted as event_limit.", 16, 1 << 20},
    {"depth", &Limits::depth, "levels",
     "Deeper parts of a value become null, counted as attr_depth.", 4, 512},
    {"header_bytes", &Limits::header_bytes, "bytes", "431 and the connection is closed.", 1 << 10,
     1 << 20},
    {"usage_tokens", &Limits::usage_tokens, "tokens a bucket",
     "Usage is refused and counted as usage_absurd; the span is kept.", 1, 1LL << 40},
    {"max_age_s", &Limits::max_age_s, "seconds, 0 = the retention",
     "Older spans are refused by name in partial_success.", 0, 1LL << 40},
    {"max_future_s", &Limits::max_future_s, "seconds",
     "Spans that start later are refused by name in partial_success.", 0, 1LL << 40},
    {"inflight_bytes", &Limits::inflight_bytes, "bytes",
     "Further requests wait for memory, then get 503 with Retry-After.", 1 << 20, 1LL << 40},
    {"connections", &Limits::connections, "open", "Further connections are closed at once.", 1,
     1 << 20},
    {"active_trace_bytes", &Limits::active_trace_bytes, "bytes",
     "Idle traces leave memory; a late span reloads its trace from the store.", 1 << 20, 1LL << 40},
    {"resolve_at_once_spans", &Limits::resolve_at_once_spans, "spans",
     "Larger traces are resolved again every 5 s instead of at every flush.", 1, 1LL << 30},
    {"seen_payloads", &Limits::seen_payloads, "hashes",
     "Older hashes are forgotten; a resent payload is then written again and merged.", 0,
     1LL << 30},
    {"receipt_sources", &Limits::receipt_sources, "sources",
     "Further sources are counted together as \"other\".", 1, 1 << 20},
    {"query_seconds", &Limits::query_seconds, "seconds",
     "A read is stopped: 504. Exports and traces are bounded piece by piece.", 1, 3600},
    {"query_memory_bytes", &Limits::query_memory_bytes, "bytes", "The query is stopped.", 1 << 20,
     1LL << 40},
    {"list_rows", &Limits::list_rows, "rows a page", "A larger `limit` is refused: 400.", 1,
     100'000},
    {"filter_bytes", &Limits::filter_bytes, "bytes", "A longer filter is refused: 400.", 16,
     1 << 20},
    {"filter_terms", &Limits::filter_terms, "terms", "A filter of more is refused: 400.", 1,
     10'000},
    {"filter_depth", &Limits::filter_depth, "parentheses",
     "A filter nested deeper is refused: 400.", 1, 1000},
    {"filter_regex_bytes", &Limits::filter_regex_bytes, "bytes",
     "A longer pattern is refused: 400.", 1, 64 << 10},
    {"live_subscribers", &Limits::live_subscribers, "connections",
     "Further live streams are refused: 503.", 1, 10'000},
    {"live_bytes", &Limits::live_bytes, "bytes",
     "The oldest spans held for live streams are dropped; readers behind them get a gap.", 64 << 10,
     1LL << 32},
    {"sql_rows", &Limits::sql_rows, "rows", "The result is cut there and marked.", 1, 10'000'000},
    {"sql_seconds", &Limits::sql_seconds, "seconds", "The query is stopped.", 1, 3600},
    {"sql_memory_bytes", &Limits::sql_memory_bytes, "bytes", "The query is stopped.", 1 << 20,
     1LL << 40},
    {"sql_text_bytes", &Limits::sql_text_bytes, "bytes", "400.", 16, 1 << 20},
    {"sql_result_bytes", &Limits::sql_result_bytes, "bytes", "The query is stopped.", 1 << 10,
     1 << 30},
    {"gateway_request_bytes", &Limits::gateway_request_bytes, "bytes",
     "A larger body for a provider is refused: 413 in the provider's own form.", 1 << 10,
     1LL << 30},
    {"gateway_inflight_bytes", &Limits::gateway_inflight_bytes, "bytes",
     "Bodies of calls in flight, held until their answers end: further calls wait for memory, then "
     "get "
     "503 with Retry-After.",
     1 << 20, 1LL << 40},
    {"gateway_calls", &Limits::gateway_calls, "calls in flight",
     "Further calls are refused: 503 with Retry-After.", 1, 1 << 20},
    {"gateway_capture_bytes", &Limits::gateway_capture_bytes, "bytes a call",
     "The answer goes on to the caller; its span keeps no more, counted as capture_cut.", 1 << 10,
     1LL << 30},
    {"gateway_queue_bytes", &Limits::gateway_queue_bytes, "bytes",
     "Finished calls that wait to become spans: beyond it only their figures are kept, counted as "
     "capture_dropped. Budgets are not affected.",
     1 << 20, 1LL << 40},
    {"gateway_runs", &Limits::gateway_runs, "runs",
     "The run idle for longest is forgotten: its next call starts a trace, its loop counts anew.",
     16, 1 << 24},
    {"gateway_cache_bytes", &Limits::gateway_cache_bytes, "bytes",
     "The answers unused for longest leave the cache.", 0, 1LL << 40},
    {"budget_counters", &Limits::budget_counters, "counters",
     "A call that needs a further one under a hard budget is refused.", 16, 1 << 26},
    {"api_keys", &Limits::api_keys, "keys", "Further keys are refused: 400.", 1, 1 << 24},
    {"alerts", &Limits::alerts, "at a time",
     "Further series that breach are counted and not followed; a rule of one's own should group by "
     "fewer fields.",
     16, 1'000'000},
    {"silences", &Limits::silences, "not expired", "A further silence is refused: 429.", 1,
     1'000'000},
    {"views", &Limits::views, "a project", "A further saved view is refused: 429.", 0, 100'000},
};

}  // namespace pitot
