-- is_call of facts now holds for every span that bears usage or a cost of its own, so that whatever
-- counts is found under it. Roles tell second sights of calls, and unpriced what counts without a
-- known cost although tokens passed.
ALTER TABLE facts
    MODIFY COLUMN role Enum8('' = 0, 'leaf' = 1, 'rollup' = 2, 'wrapper' = 3, 'duplicate' = 4,
                             'inner' = 5),
    ADD COLUMN IF NOT EXISTS unpriced Bool AFTER cost
