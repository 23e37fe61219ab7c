-- What was received: one wide, immutable row a span.
--
-- version: received at, in Unix nanoseconds, plus 2^62 unless the row only announces a running span,
-- so that an end always wins over an announcement, and the newest end over older ones.
-- day is the UTC day of start_ns; keep_days the retention class. Both depend on the span alone.
-- Enum numbers are those of model/span.h. Times and durations are nanoseconds, money is nano-USD.
-- Content arrays (input, output, system, tool_definitions, reasoning): each element is either
-- '#' and the 16 raw bytes of a hash found in payloads, or '=' and the text itself.
-- attributes: values are JSON, so that types survive; tags: plain text.
-- events, links: JSON arrays as text, '' for none: [{"time_ns":1,"name":"n","attributes":{}}],
-- [{"trace_id":"hex","span_id":"hex","attributes":{}}].
-- Codecs: T64 takes a byte off every time and duration; ZSTD(3) pays where hashes and text, or values
-- that repeat far apart, share a column.
CREATE TABLE IF NOT EXISTS spans
(
    keep_days UInt16,
    day Date,
    project LowCardinality(String),
    trace_id FixedString(16),
    span_id FixedString(8),
    parent_span_id FixedString(8) CODEC(ZSTD(3)),
    version UInt64,

    name LowCardinality(String),
    kind Enum8('span' = 0, 'agent' = 1, 'llm' = 2, 'tool' = 3, 'retriever' = 4, 'embedding' = 5,
               'reranker' = 6, 'guardrail' = 7, 'evaluator' = 8, 'chain' = 9),
    op LowCardinality(String),
    start_ns Int64 CODEC(T64, ZSTD(1)),
    duration_ns Int64 CODEC(T64, ZSTD(1)),
    status Enum8('unset' = 0, 'ok' = 1, 'error' = 2, 'running' = 3, 'unfinished' = 4),
    status_message String,

    service LowCardinality(String),
    environment LowCardinality(String),
    release LowCardinality(String),
    feature LowCardinality(String),
    feature_explicit Bool,
    workflow LowCardinality(String),
    user_id String CODEC(ZSTD(3)),
    session_id String CODEC(ZSTD(3)),
    agent LowCardinality(String),
    agent_id String,
    tags Map(LowCardinality(String), String),
    prompt_name LowCardinality(String),
    prompt_version LowCardinality(String),

    provider LowCardinality(String),
    model_requested LowCardinality(String),
    model LowCardinality(String),
    response_id String,
    service_tier LowCardinality(String),
    finish_reason Enum8('' = 0, 'stop' = 1, 'length' = 2, 'tool_use' = 3, 'content_filter' = 4,
                        'refusal' = 5, 'error' = 6, 'cancelled' = 7, 'other' = 8),
    finish_raw LowCardinality(String),
    ttft_ns Nullable(Int64),
    streaming Nullable(Bool),
    temperature Nullable(Float64),
    max_tokens Nullable(Int64),

    has_usage Bool,
    usage_rollup Bool,
    usage_convention Enum8('' = 0, 'exact' = 1, 'inclusive' = 2, 'exclusive' = 3, 'unknown' = 4),
    usage_flags UInt8,
    input_tokens UInt32,
    cache_read_tokens UInt32,
    cache_write_5m_tokens UInt32,
    cache_write_1h_tokens UInt32,
    input_audio_tokens UInt32,
    input_image_tokens UInt32,
    output_tokens UInt32,
    reasoning_tokens UInt32,
    output_audio_tokens UInt32,
    output_image_tokens UInt32,
    web_searches UInt32,
    file_searches UInt32,

    cost Nullable(Int64),
    cost_by_bucket Array(Int64), -- In the order of the token columns above; empty when unknown.
    cost_reported Nullable(Int64),
    price_source Enum8('' = 0, 'provider' = 1, 'override' = 2, 'catalogue' = 3),
    price_confidence Enum8('' = 0, 'exact' = 1, 'prefix' = 2),
    price_version LowCardinality(String),
    price_rule LowCardinality(String),
    estimated Bool,

    tool_name LowCardinality(String),
    tool_call_id String,
    tool_status Enum8('' = 0, 'success' = 1, 'error' = 2, 'timeout' = 3, 'rate_limited' = 4,
                      'invalid_args' = 5, 'blocked' = 6),
    retry_count UInt32,
    mcp_server LowCardinality(String),
    error_type LowCardinality(String),
    error_category Enum8('' = 0, 'context_length' = 1, 'rate_limit' = 2, 'overloaded' = 3,
                         'content_filter' = 4, 'invalid_args' = 5, 'auth' = 6, 'quota' = 7,
                         'timeout' = 8, 'cancelled' = 9, 'tool' = 10, 'parse' = 11, 'network' = 12,
                         'internal' = 13, 'unknown' = 14),

    input Array(String) CODEC(ZSTD(3)),
    output Array(String) CODEC(ZSTD(3)),
    system Array(String) CODEC(ZSTD(3)),
    tool_definitions Array(String) CODEC(ZSTD(3)),
    reasoning Array(String) CODEC(ZSTD(3)),
    events String,
    links String,
    attributes Map(LowCardinality(String), String) CODEC(ZSTD(3)),
    scope LowCardinality(String),
    scope_version LowCardinality(String),
    emitter LowCardinality(String),
    source Enum8('otlp' = 0, 'gateway' = 1, 'sdk' = 2, 'langfuse' = 3, 'zipkin' = 4, 'jsonl' = 5),

    end_ns Int64 ALIAS start_ns + duration_ns,
    recv_ns UInt64 ALIAS bitAnd(version, 4611686018427387903)
)
ENGINE = ReplacingMergeTree(version)
PARTITION BY (keep_days, day)
ORDER BY (project, trace_id, span_id)
SETTINGS
    default_compression_codec = 'ZSTD(1)',
    -- An insert of 80 columns costs several times more CPU as a wide part (one file a column); the
    -- first merges make wide ones.
    min_level_for_wide_part = 2,
    fsync_after_insert = 1,
    fsync_part_directory = 1,
    -- A day that is no longer written becomes one part, which makes FINAL cheap.
    min_parts_to_merge_at_once = 10,
    min_age_to_force_merge_seconds = 3600,
    min_age_to_force_merge_on_partition_only = 1,
    -- Not the engine's deduplication of inserts: it notes a block as stored before the part has its
    -- name. Killed between the two, it would ignore the repetition and lose the batch.
    non_replicated_deduplication_window = 0;
