-- Functions that a user's SQL may call: pure computation on its arguments. By category, so that what
-- a newer engine adds elsewhere (files, dictionaries, models over the network, introspection) stays
-- out until somebody looks at it. An alias is allowed when what it stands for is.
WITH allowed AS
(
    SELECT name
    FROM system.functions
    WHERE alias_to = ''
      AND (is_aggregate
           OR categories IN ('Arithmetic', 'Arrays', 'Bit', 'Bitmap', 'Comparison', 'Conditional',
                             'Dates and Times', 'Distance', 'Encoding', 'Financial', 'Hash', 'IP Address',
                             'JSON', 'Logical', 'Map', 'Mathematical', 'Null', 'NumericIndexedVector',
                             'Random Number', 'Rounding', 'String', 'String Replacement',
                             'String Search', 'String Splitting', 'Time Series', 'Time Window', 'Tuple',
                             'Type Conversion', 'URL', 'UUID')
           OR name IN ('bar', 'byteSize', 'caseWithExpression', 'countDigits', 'exists',
                       'finalizeAggregation', 'formatReadableDecimalSize', 'formatReadableQuantity',
                       'formatReadableSize', 'formatReadableTimeDelta', 'identity', 'ignore',
                       'lambda', 'materialize', 'neighbor', 'parseReadableSize', 'parseTimeDelta',
                       'rowNumberInAllBlocks', 'rowNumberInBlock', 'runningAccumulate',
                       'runningDifference', 'throwIf', 'toTypeName', 'transform', 'visibleWidth'))
      -- In a category above, yet not pure.
      AND name NOT IN ('formatRow', 'formatRowNoNewline', 'getServerPort', 'serverTimezone')
)
SELECT DISTINCT lower(name)
FROM system.functions
WHERE name IN (SELECT name FROM allowed) OR alias_to IN (SELECT name FROM allowed)
