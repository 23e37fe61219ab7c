-- Columns of facts that are nearly always zero (buckets of audio, images, cache writes) are kept as
-- their exceptions only. By default the engine does that too where a third of a column is in use,
-- which makes sums over it twice as slow. Parts change as they are merged.
ALTER TABLE facts MODIFY SETTING ratio_of_defaults_for_sparse_serialization = 0.99
