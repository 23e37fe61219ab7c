-- What people and programs decided: budgets, keys (hashed), silences, acknowledgements,
-- notifications, attestations, views, deletions, audit. An event log: the newest event of a
-- (kind, id) by (at_ns, seq) is what holds; all of them together are its history.
CREATE TABLE IF NOT EXISTS state
(
    kind LowCardinality(String),
    id String,
    at_ns Int64,
    seq UInt64,        -- Orders events of the same nanosecond.
    actor String,
    body String,       -- JSON.
    is_deleted UInt8
)
ENGINE = ReplacingMergeTree
ORDER BY (kind, id, at_ns, seq)
SETTINGS
    default_compression_codec = 'ZSTD(1)',
    fsync_after_insert = 1,
    fsync_part_directory = 1,
    non_replicated_deduplication_window = 0;

-- Judgements about a trace, a span, a session or a prompt, by people, programs and evaluators.
-- day is the UTC day of at_ns, the score's own time.
CREATE TABLE IF NOT EXISTS scores
(
    keep_days UInt16,
    day Date,
    project LowCardinality(String),
    id String,
    rev UInt64,        -- Received at, Unix nanoseconds: the newest wins.
    is_deleted UInt8,
    at_ns Int64,
    name LowCardinality(String),
    type Enum8('numeric' = 0, 'boolean' = 1, 'categorical' = 2),
    value Float64,     -- Boolean: 0 or 1; categorical: NaN unless the category has a number.
    text String,       -- Category, or the boolean as written.
    trace_id FixedString(16),
    span_id FixedString(8),
    session_id String,
    prompt_name LowCardinality(String),
    prompt_version LowCardinality(String),
    source LowCardinality(String),
    author String,
    comment String,
    metadata String    -- JSON.
)
ENGINE = ReplacingMergeTree(rev, is_deleted)
PARTITION BY (keep_days, day)
ORDER BY (project, id)
SETTINGS
    default_compression_codec = 'ZSTD(1)',
    fsync_after_insert = 1,
    fsync_part_directory = 1,
    min_age_to_force_merge_seconds = 3600,
    min_age_to_force_merge_on_partition_only = 1,
    non_replicated_deduplication_window = 0;
