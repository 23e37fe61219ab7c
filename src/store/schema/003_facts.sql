-- One narrow row a span, resolved over its whole trace (model/facts.h): what every list, figure,
-- SLO and alert reads, with FINAL. day is the UTC day of end_ns.
CREATE TABLE IF NOT EXISTS facts
(
    keep_days UInt16,
    day Date,
    project LowCardinality(String),
    is_call Bool,
    end_ns Int64 CODEC(T64, ZSTD(1)),
    trace_id FixedString(16),
    span_id FixedString(8),
    rev UInt64 CODEC(T64, ZSTD(1)),
    is_deleted UInt8,

    duration_ns Int64 CODEC(T64, ZSTD(1)),
    kind Enum8('span' = 0, 'agent' = 1, 'llm' = 2, 'tool' = 3, 'retriever' = 4, 'embedding' = 5,
               'reranker' = 6, 'guardrail' = 7, 'evaluator' = 8, 'chain' = 9),
    is_root Bool,
    is_orphan Bool,
    status Enum8('unset' = 0, 'ok' = 1, 'error' = 2, 'running' = 3, 'unfinished' = 4),
    name LowCardinality(String),

    service LowCardinality(String),
    environment LowCardinality(String),
    release LowCardinality(String),
    feature LowCardinality(String),
    workflow LowCardinality(String),
    user_id String CODEC(ZSTD(3)),
    session_id String CODEC(ZSTD(3)),
    agent LowCardinality(String),
    prompt_name LowCardinality(String),
    prompt_version LowCardinality(String),

    provider LowCardinality(String),
    model LowCardinality(String),
    finish_reason Enum8('' = 0, 'stop' = 1, 'length' = 2, 'tool_use' = 3, 'content_filter' = 4,
                        'refusal' = 5, 'error' = 6, 'cancelled' = 7, 'other' = 8),
    ttft_ns Nullable(Int64),
    streaming Bool,

    role Enum8('' = 0, 'leaf' = 1, 'rollup' = 2, 'wrapper' = 3, 'duplicate' = 4),
    counted Bool,
    counted_reason LowCardinality(String),
    counted_by FixedString(8),
    input_tokens UInt32 CODEC(T64, ZSTD(1)),
    cache_read_tokens UInt32,
    cache_write_5m_tokens UInt32,
    cache_write_1h_tokens UInt32,
    input_audio_tokens UInt32,
    input_image_tokens UInt32,
    output_tokens UInt32 CODEC(T64, ZSTD(1)),
    reasoning_tokens UInt32,
    output_audio_tokens UInt32,
    output_image_tokens UInt32,
    web_searches UInt32,
    file_searches UInt32,
    cost Nullable(Int64) CODEC(T64, ZSTD(1)),
    estimated Bool,
    price_confidence Enum8('' = 0, 'exact' = 1, 'prefix' = 2),

    tool_name LowCardinality(String),
    tool_status Enum8('' = 0, 'success' = 1, 'error' = 2, 'timeout' = 3, 'rate_limited' = 4,
                      'invalid_args' = 5, 'blocked' = 6),
    retry_count UInt32,
    error_category Enum8('' = 0, 'context_length' = 1, 'rate_limit' = 2, 'overloaded' = 3,
                         'content_filter' = 4, 'invalid_args' = 5, 'auth' = 6, 'quota' = 7,
                         'timeout' = 8, 'cancelled' = 9, 'tool' = 10, 'parse' = 11, 'network' = 12,
                         'internal' = 13, 'unknown' = 14),

    start_ns Int64 ALIAS end_ns - duration_ns
)
ENGINE = ReplacingMergeTree(rev, is_deleted)
PARTITION BY (keep_days, day)
ORDER BY (project, is_call, intDiv(end_ns, 60000000000), trace_id, span_id)
SETTINGS
    default_compression_codec = 'ZSTD(1)',
    min_level_for_wide_part = 1,
    fsync_after_insert = 1,
    fsync_part_directory = 1,
    min_parts_to_merge_at_once = 10,
    min_age_to_force_merge_seconds = 3600,
    min_age_to_force_merge_on_partition_only = 1,
    non_replicated_deduplication_window = 0;
