-- One row a trace (model/facts.h): the list page and the trace.* filters, read with FINAL.
-- day is the UTC day of start_ns. Tokens and cost are sums over counted spans.
CREATE TABLE IF NOT EXISTS traces
(
    keep_days UInt16,
    day Date,
    project LowCardinality(String),
    trace_id FixedString(16),
    rev UInt64,
    is_deleted UInt8,
    start_ns Int64 CODEC(T64, ZSTD(1)),
    duration_ns Int64 CODEC(T64, ZSTD(1)),
    root_name LowCardinality(String),
    status Enum8('unset' = 0, 'ok' = 1, 'error' = 2, 'running' = 3, 'unfinished' = 4),
    status_message String,
    spans UInt32,
    errors UInt32,
    orphans UInt32,
    llm_calls UInt32,
    tool_calls UInt32,
    input_tokens Int64,
    output_tokens Int64,
    cost Int64,
    unpriced_calls UInt32,
    service LowCardinality(String),
    environment LowCardinality(String),
    feature LowCardinality(String),
    workflow LowCardinality(String),
    user_id String CODEC(ZSTD(3)),
    session_id String CODEC(ZSTD(3)),
    agent LowCardinality(String),
    models Array(LowCardinality(String)),

    end_ns Int64 ALIAS start_ns + duration_ns
)
ENGINE = ReplacingMergeTree(rev, is_deleted)
PARTITION BY (keep_days, day)
ORDER BY (project, intDiv(start_ns, 3600000000000), trace_id)
SETTINGS
    default_compression_codec = 'ZSTD(1)',
    min_level_for_wide_part = 1,
    fsync_after_insert = 1,
    fsync_part_directory = 1,
    min_parts_to_merge_at_once = 10,
    min_age_to_force_merge_seconds = 3600,
    min_age_to_force_merge_on_partition_only = 1,
    non_replicated_deduplication_window = 0;
