-- Which traces and spans were erased: what deletes them, and what keeps the spool from bringing
-- them back. A zero span_id: the whole trace. recv_until: what was received until then.
-- day: the UTC day of the erasure; keep_days: how long a trace stays refused.
CREATE TABLE IF NOT EXISTS erased
(
    keep_days UInt16,
    day Date,
    project LowCardinality(String),
    erasure String,
    trace_id FixedString(16),
    span_id FixedString(8),
    recv_until UInt64
)
ENGINE = ReplacingMergeTree
PARTITION BY (keep_days, day)
ORDER BY (erasure, project, trace_id, span_id)
SETTINGS
    default_compression_codec = 'ZSTD(1)',
    fsync_after_insert = 1,
    fsync_part_directory = 1,
    non_replicated_deduplication_window = 0;

-- The payloads an erasure deletes. partition: that of the payload.
CREATE TABLE IF NOT EXISTS erased_payloads
(
    keep_days UInt16,
    day Date,
    project LowCardinality(String),
    erasure String,
    partition String,
    hash FixedString(16)
)
ENGINE = ReplacingMergeTree
PARTITION BY (keep_days, day)
ORDER BY (erasure, project, partition, hash)
SETTINGS
    default_compression_codec = 'ZSTD(1)',
    fsync_after_insert = 1,
    fsync_part_directory = 1,
    non_replicated_deduplication_window = 0;

-- What a span cost before it was repriced, and when that was; 0: never.
ALTER TABLE spans
    ADD COLUMN IF NOT EXISTS cost_previous Nullable(Int64),
    ADD COLUMN IF NOT EXISTS price_version_previous LowCardinality(String),
    ADD COLUMN IF NOT EXISTS repriced_ns Int64 CODEC(T64, ZSTD(1));
