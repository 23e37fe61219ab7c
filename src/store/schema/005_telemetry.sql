-- Log records and metric points as received (model/raw.h). hash: 128 bits over the record's own
-- content, so that a replay meets the same key. day is the UTC day of time_ns. Attribute values are
-- JSON; resource and scope attributes are in resource.
CREATE TABLE IF NOT EXISTS logs
(
    keep_days UInt16,
    day Date,
    project LowCardinality(String),
    time_ns Int64 CODEC(Delta(8), ZSTD(1)),
    hash FixedString(16),
    recv_ns UInt64,
    observed_ns Int64 CODEC(Delta(8), ZSTD(1)),
    severity UInt8,
    severity_text LowCardinality(String),
    event_name LowCardinality(String),
    service LowCardinality(String),
    scope LowCardinality(String),
    trace_id FixedString(16),
    span_id FixedString(8),
    body String,
    attributes Map(LowCardinality(String), String),
    resource Map(LowCardinality(String), String),
    INDEX trace_id_bloom trace_id TYPE bloom_filter(0.01)
)
ENGINE = ReplacingMergeTree(recv_ns)
PARTITION BY (keep_days, day)
ORDER BY (project, time_ns, hash)
SETTINGS
    default_compression_codec = 'ZSTD(1)',
    min_level_for_wide_part = 1,
    fsync_after_insert = 1,
    fsync_part_directory = 1,
    min_age_to_force_merge_seconds = 3600,
    min_age_to_force_merge_on_partition_only = 1,
    non_replicated_deduplication_window = 0;

CREATE TABLE IF NOT EXISTS metric_points
(
    keep_days UInt16,
    day Date,
    project LowCardinality(String),
    metric LowCardinality(String),
    time_ns Int64 CODEC(Delta(8), ZSTD(1)),
    hash FixedString(16),
    recv_ns UInt64,
    start_ns Int64 CODEC(Delta(8), ZSTD(1)),
    unit LowCardinality(String),
    type Enum8('gauge' = 0, 'sum' = 1, 'histogram' = 2, 'exp_histogram' = 3, 'summary' = 4),
    temporality UInt8, -- OTLP AggregationTemporality.
    monotonic Bool,
    value Float64,     -- Of a distribution: its sum.
    count UInt64,
    detail String,     -- Of a distribution: buckets, bounds, quantiles, min and max, as JSON.
    service LowCardinality(String),
    scope LowCardinality(String),
    attributes Map(LowCardinality(String), String),
    resource Map(LowCardinality(String), String)
)
ENGINE = ReplacingMergeTree(recv_ns)
PARTITION BY (keep_days, day)
ORDER BY (project, metric, time_ns, hash)
SETTINGS
    default_compression_codec = 'ZSTD(1)',
    min_level_for_wide_part = 1,
    fsync_after_insert = 1,
    fsync_part_directory = 1,
    min_age_to_force_merge_seconds = 3600,
    min_age_to_force_merge_on_partition_only = 1,
    non_replicated_deduplication_window = 0;
