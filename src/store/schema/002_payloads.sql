-- Contents above 128 bytes, stored once per project, retention class and day of the span that
-- refers to them. hash: first 16 bytes of the SHA-256 of content.
-- ZSTD(2) compresses such texts as well as ZSTD(3) and costs 0.5 us a payload less.
CREATE TABLE IF NOT EXISTS payloads
(
    keep_days UInt16,
    day Date,
    project LowCardinality(String),
    hash FixedString(16),
    -- Rows of one hash are equal: it does not matter which stays, so there is no version.
    content String CODEC(ZSTD(2)),
    INDEX content_text content TYPE text(tokenizer = 'splitByNonAlpha',
                                         preprocessor = lower(content),
                                         posting_list_codec = 'bitpacking')
)
ENGINE = ReplacingMergeTree
PARTITION BY (keep_days, day)
ORDER BY (project, hash)
SETTINGS
    default_compression_codec = 'ZSTD(1)',
    -- A payload is read by its hash, alone: small granules keep that to a megabyte of text.
    index_granularity = 1024,
    index_granularity_bytes = 1048576,
    min_level_for_wide_part = 2,
    fsync_after_insert = 1,
    fsync_part_directory = 1,
    min_parts_to_merge_at_once = 10,
    min_age_to_force_merge_seconds = 3600,
    min_age_to_force_merge_on_partition_only = 1,
    non_replicated_deduplication_window = 0;
