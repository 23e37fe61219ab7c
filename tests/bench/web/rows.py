"""The row `web` of `make bench`: how soon the pages are of use, and whether they keep up.

Debian's Chromium opens them from the real program over the data of the row `query`. What is measured, and
from when to when, stands in pages.mjs.
"""

import json
import subprocess
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlencode

from harness import ROOT, BenchError, Figure, Pitot
from query.rows import END, LARGE_TRACE, WINDOW_24H, filled, text_time, working_copy

FOLDER = Path(__file__).resolve().parent
DEADLINE_S = 600
# A long task keeps the page from answering; the browser counts those over 50 ms.
LONG_TASK_MS = 50
CALLS = 1_000_000
FIGURES = (
    ("first_load_kb", "JavaScript of a first visit, gzip", "kB", 250),
    ("overview_ms", "overview of 24 hours, until its first screen is filled", "ms", 1000),
    ("overview_long_task_ms", "  longest task over 50 ms while scrolling", "ms", LONG_TASK_MS),
    ("trace_ms", "50,000-span trace, until its rows are there", "ms", 1000),
    ("trace_long_task_ms", "  longest task over 50 ms while scrolling", "ms", LONG_TASK_MS),
    ("trace_frame_ms", "  slowest frame while scrolling", "ms", None),
    ("heat_map_ms", "heat map of 1 M calls, from the click on", "ms", 500),
)


def window_of(calls, size):
    """The last days of the stored data, so many that they hold `calls` model calls."""
    per_day = size.spans * 3 // 10 // 30
    return {"since": text_time(END - timedelta(days=-(-calls // per_day))), "until": text_time(END)}


def web(context):
    """Pages in a browser over the stored spans."""
    size = context.size
    subprocess.run([ROOT / "tools" / "npm_ci", "tests/web"], cwd=ROOT, check=True)
    with Pitot(working_copy(filled(size), context.work / "web")) as pitot:
        done = subprocess.run(
            ["node", FOLDER / "pages.mjs", f"http://127.0.0.1:{pitot.port}", urlencode(WINDOW_24H),
             urlencode(window_of(CALLS, size)), LARGE_TRACE],
            capture_output=True, text=True, timeout=DEADLINE_S, check=False,
        )
    if done.returncode != 0:
        raise BenchError(f"pages.mjs ended with {done.returncode}:\n{done.stderr[-2000:]}")
    seen = json.loads(done.stdout)
    for key, what, unit, target in FIGURES:
        yield Figure("web", what, seen[key], unit, target)


ROWS = {"web": web}
