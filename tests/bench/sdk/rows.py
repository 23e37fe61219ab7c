"""The row `sdk` of `make bench`: what the SDK costs the thread that uses it, in nanoseconds.

A figure is the time that one operation keeps a core: by CPU, or by the clock where several threads wait
for each other, whichever is more; the median of some repetitions. Beside them stand floors that no such
thing can be below.
"""

import json
import os

from harness import Figure, run_program

REPETITIONS = 5

# Program, benchmark, what it is, target in ns (None: a floor, or for comparison).
FIGURES = (
    ("sdk_span_bench", "Floor", "floor of a span: two readings of the clock, an id", None),
    ("sdk_span_bench", "ChildWithThreeAttributes", "a span with 3 attributes, opened and closed", 300),
    ("sdk_span_bench", "ChildWithThreeAttributes/threads:4", "the same by 4 threads at once", None),
    ("sdk_span_bench", "Unsampled", "a span of a trace that is not recorded", None),
    ("sdk_track_bench", "BM_FloorMutexIncrement/real_time/threads:4",
     "floor: a mutex and an increment, 4 threads", None),
    ("sdk_track_bench", "BM_LatencyRecord/real_time/threads:1", "LatencyTracker::record", 100),
    ("sdk_track_bench", "BM_LatencyRecord/real_time/threads:4", "the same by 4 threads", None),
    ("sdk_track_bench", "BM_LedgerRecord/real_time/threads:1", "CostLedger::record", None),
    ("sdk_track_bench", "BM_LedgerRecord/real_time/threads:4", "the same by 4 threads", 150),
    ("sdk_track_bench", "BM_SloRecord/real_time/threads:1", "SloMonitor::record", None),
    ("sdk_track_bench", "BM_PriceCall/real_time/threads:1", "pricing a call", None),
)


def medians(name):
    """Benchmark -> ns an operation, medians of the repetitions."""
    out = run_program(name, "--benchmark_format=json", f"--benchmark_repetitions={REPETITIONS}",
                      "--benchmark_report_aggregates_only=true")
    # The clock's time of several threads is that of all of them together.
    return {
        each["run_name"]: max(each["cpu_time"],
                              each["real_time"] * min(each["threads"], os.cpu_count()))
        for each in json.loads(out)["benchmarks"]
        if each.get("aggregate_name") == "median" and each["time_unit"] == "ns"
    }


def sdk(context):
    """The SDK: a span, a latency, a cost."""
    del context
    seen = {program: medians(program) for program in {row[0] for row in FIGURES}}
    for program, benchmark, what, target in FIGURES:
        yield Figure("sdk", what, seen[program][benchmark], "ns", target)


ROWS = {"sdk": sdk}
