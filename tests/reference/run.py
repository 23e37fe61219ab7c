#!/usr/bin/env python3
"""Compares every figure of every endpoint with the same figure computed by the reference program.

    tests/reference/run.py                              200 data sets, both engines
    tests/reference/run.py --seed 17 --engine embedded --endpoint cost -v
    tests/reference/run.py --rounds 10                  ten times the questions
    tests/reference/run.py --seed 17 --print-spans      what is sent for that seed
"""

import argparse
import collections
import concurrent.futures
import contextlib
import json
import pathlib
import resource
import sys
import threading
import time
import urllib.parse

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

import compare
import load
import questions
import server

SETS = 200
WORKERS = 4
SHOWN_FAILURES = 20


class Totals:
    def __init__(self, verbose):
        self.lock = threading.Lock()
        self.verbose = verbose
        self.asked = collections.Counter()
        self.missing = collections.Counter()
        self.failed_sets = set()
        self.failures = 0
        self.spans = 0
        self.seconds = collections.Counter()

    def add(self, engine, seed, endpoint, failure, seconds):
        with self.lock:
            self.asked[endpoint] += 1
            self.seconds[endpoint] += seconds
            if failure is None:
                return
            self.failures += 1
            self.failed_sets.add((engine, seed))
            if self.failures <= SHOWN_FAILURES or self.verbose:
                print(failure, flush=True)
            elif self.failures == SHOWN_FAILURES + 1:
                print("further differences are counted only", flush=True)

    def add_spans(self, count):
        with self.lock:
            self.spans += count

    def miss(self, endpoint):
        with self.lock:
            self.missing[endpoint] += 1


def ask_one(engine, running, loaded, question, totals):
    url = question.path + "?" + urllib.parse.urlencode(
        {"project": loaded.data.project} | question.params
    )
    seed = loaded.data.seed
    started = time.monotonic()
    try:
        got = question.ask(running, loaded.data.project)
    except server.Refused as refused:
        if refused.status == 404 and "nothing is at" in str(refused):
            return totals.miss(question.endpoint)
        failure = f"REFUSED: seed {seed}, engine {engine}\n  GET {url}\n  {refused}"
        return totals.add(engine, seed, question.endpoint, failure, 0)
    seconds = time.monotonic() - started
    expected = question.expect(loaded, got)
    found = compare.differences(expected, got, skip=question.skip)
    failure = None
    if found:
        failure = compare.report(seed, engine, url, question, expected, found)
    elif totals.verbose:
        print(f"same: {engine} {url}", flush=True)
    totals.add(engine, seed, question.endpoint, failure, seconds)


def check_set(servers, loaded, args, now, totals):
    views, wrong = load.read_back(loaded, servers, now)
    for engine, words in wrong:
        failure = f"EXPORTED: seed {loaded.data.seed}, engine {engine}\n  {words}"
        totals.add(engine, loaded.data.seed, "export", failure, 0)
    for view in {id(view): view for view in views.values()}.values():
        totals.add_spans(len(view.facts))
        for question in [*questions.Asker(view).all(args.rounds), questions.recent(view)]:
            if args.endpoint and question.endpoint != args.endpoint:
                continue
            for engine, running in servers.items():
                if views[engine] is view:
                    ask_one(engine, running, view, question, totals)


def run(args):
    now = args.now or time.time_ns()
    seeds = args.seed if args.seed else range(args.sets)
    totals = Totals(args.verbose)
    engines = [args.engine] if args.engine else server.ENGINES
    sets = [load.make(seed, now) for seed in seeds]
    timing = {}
    with contextlib.ExitStack() as stack, concurrent.futures.ThreadPoolExecutor(WORKERS) as pool:
        started = time.monotonic()
        servers = {engine: stack.enter_context(server.Server(engine)) for engine in engines}
        timing["start"], started = time.monotonic() - started, time.monotonic()
        list(pool.map(lambda running: load.send(running, sets), servers.values()))
        timing["send"], started = time.monotonic() - started, time.monotonic()

        def check(loaded):
            check_set(servers, loaded, args, now, totals)

        list(pool.map(check, sets))
        timing["ask"] = time.monotonic() - started
    return report(args, engines, sets, totals, timing)


def report(args, engines, sets, totals, timing):
    print(f"{len(sets)} data sets of {totals.spans} spans, engines: {', '.join(engines)}")
    for endpoint, count in sorted(totals.asked.items()):
        each = 1000 * totals.seconds[endpoint] / count
        print(f"  {endpoint:<16} {count:6} answers compared, {each:5.0f} ms each")
    for endpoint, count in sorted(totals.missing.items()):
        print(f"  {endpoint:<16} does not exist on this server")
    used = [resource.getrusage(of) for of in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    timing["CPU of this"], timing["CPU of servers"] = (u.ru_utime + u.ru_stime for u in used)
    print("  " + ", ".join(f"{name} {seconds:.1f} s" for name, seconds in timing.items()))
    passed = len(sets) * len(engines) - len(totals.failed_sets)
    if args.results:
        with open(args.results, "a") as results:
            for engine in engines:
                for loaded in sets:
                    seed = loaded.data.seed
                    verdict = "fail" if (engine, seed) in totals.failed_sets else "pass"
                    results.write(f"{verdict} reference, {engine}: seed {seed}\n")
            for endpoint in totals.missing:
                results.write(f"fail reference: {endpoint} does not exist\n")
    print(f"reference: {passed} data sets equal, {len(totals.failed_sets)} different")
    return 1 if totals.failed_sets or totals.missing else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--seed", type=int, action="append", help="one data set; may be repeated")
    parser.add_argument("--sets", type=int, default=SETS, help="how many data sets (%(default)s)")
    parser.add_argument("--engine", choices=server.ENGINES, help="one engine instead of both")
    parser.add_argument("--endpoint", help='one endpoint: "cost", "latency/heatmap", ...')
    parser.add_argument(
        "--rounds", type=int, default=1, help="of questions for each data set (%(default)s)"
    )
    parser.add_argument("--now", type=int, help="Unix nanoseconds: the day that data sets are of")
    parser.add_argument("--print-spans", action="store_true", help="print what is sent, and end")
    parser.add_argument("--results", help="append a line a data set: pass or fail, and its name")
    parser.add_argument("-v", "--verbose", action="store_true", help="print every answer's verdict")
    args = parser.parse_args()
    if args.print_spans:
        for seed in args.seed or [0]:
            for phase in load.make(seed, args.now or time.time_ns()).requests:
                for kind, lines in phase:
                    for line in lines:
                        print(kind, json.dumps(line, ensure_ascii=False))
        return 0
    return run(args)


if __name__ == "__main__":
    sys.exit(main())
