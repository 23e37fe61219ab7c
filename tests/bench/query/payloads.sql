-- Contents of one day: {payloads} messages of some 600 bytes, of a vocabulary of 30,000 words used as
-- in speech (few words often), and a number each. One in 100,000 speaks of a quokka. Parameters: day,
-- payloads.
INSERT INTO payloads (keep_days, day, project, hash, content)
SELECT
    3650, toDate({day:UInt16}), 'default', sipHash128({day:UInt16}, number, 'content'),
    concat('{"role":"user","parts":[{"type":"text","content":"',
           arrayStringConcat(arrayMap(
               word -> concat(
                   transform(word % 20, range(20),
                             ['ba', 'ce', 'di', 'fo', 'gu', 'ha', 'je', 'ki', 'lo', 'mu', 'na',
                              'pe', 'ri', 'so', 'tu', 'va', 'we', 'xi', 'yo', 'zu'], ''),
                   if(word < 20, '', lower(hex(toUInt16(intDiv(word, 20)))))),
               arrayMap(i -> toUInt32(exp((cityHash64({day:UInt16}, number, i) % 1048576)
                                          / 1048576 * 10.3)),
                        range(60 + cityHash64(number) % 60))), ' '),
           if((number + toUInt64({day:UInt16}) * 7919) % 100000 = 7, ' the quokka', ''),
           ' order ', toString(cityHash64({day:UInt16}, number)), '"}]}')
FROM numbers({payloads:UInt64})
