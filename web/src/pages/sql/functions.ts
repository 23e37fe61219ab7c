// Functions that questions about agents need most; the server knows many more of the same engine.

export interface SqlFunction {
  name: string;
  takes: string;
  meaning: string;
}

const LIST = `
count | () | How many rows
countIf | (condition) | How many rows it is true of
sum | (x) | Sum; NULLs add nothing
sumIf | (x, condition) | Sum where it is true
avg | (x) | Mean
avgIf | (x, condition) | Mean where it is true
min | (x) | Smallest
max | (x) | Largest
any | (x) | One of the values
argMax | (x, by) | The x of the row with the largest by
argMin | (x, by) | The x of the row with the smallest by
uniq | (x) | How many different values, about
uniqExact | (x) | How many different values
median | (x) | The middle
quantile | (0.95)(x) | A percentile, by a sample
quantileExact | (0.95)(x) | A percentile
quantiles | (0.5, 0.95, 0.99)(x) | Several percentiles, as a list
stddevPop | (x) | Standard deviation
corr | (x, y) | Correlation
groupArray | (x) | All values, as a list
groupUniqArray | (x) | All different values, as a list
topK | (10)(x) | The most frequent values
now | () | This moment
today | () | This day
toDate | (time) | The day of a time
toStartOfMinute | (time) | Beginning of its minute
toStartOfFiveMinutes | (time) | Beginning of its five minutes
toStartOfHour | (time) | Beginning of its hour
toStartOfDay | (time) | Beginning of its day
toStartOfWeek | (time) | Beginning of its week, on Sunday
toStartOfMonth | (time) | Beginning of its month
toStartOfInterval | (time, INTERVAL 10 MINUTE) | Beginning of any step
dateDiff | ('second', from, to) | Time between, in a unit
formatDateTime | (time, '%H:%i') | A time as text
toHour | (time) | Hour of the day
toDayOfWeek | (time) | 1 is Monday
if | (condition, then, else) | One of two
multiIf | (condition, then, …, else) | One of several
coalesce | (x, y) | The first that is not NULL
ifNull | (x, y) | x, or y where x is NULL
nullIf | (x, y) | NULL where they are equal: x / nullIf(y, 0)
round | (x, 2) | Rounded
floor | (x) | Rounded down
greatest | (x, y) | The larger
least | (x, y) | The smaller
log10 | (x) | Logarithm
concat | (a, b) | Joined texts
lower | (text) | Lower case
substring | (text, 1, 10) | A part
position | (text, part) | Where it stands, 0: nowhere
match | (text, 'regexp') | Whether it matches
extract | (text, 'regexp') | What matches
splitByChar | (',', text) | A list of parts
toString | (x) | As text
toFloat64 | (x) | As a number
toUInt64 | (x) | As an integer
length | (x) | Of a text or a list
arrayJoin | (list) | A row for each of its values
has | (list, x) | Whether the list has it
arrayStringConcat | (list, ', ') | A list as text
formatReadableQuantity | (x) | 1.2 million
bar | (x, 0, max, 20) | A bar of blocks
row_number | () OVER (…) | Number of the row
lagInFrame | (x) OVER (…) | The value of the row before
`;

export const FUNCTIONS: readonly SqlFunction[] = LIST.trim()
  .split('\n')
  .map((line) => {
    const [name, takes, meaning] = line.split(' | ');
    return { name: name!, takes: takes!, meaning: meaning! };
  });
