"""Adds up what tools/test left in its result folder and prints `N passed, N failed`.

Counts single cases: those of each GoogleTest program, the programs that are not GoogleTest, the
checks, and the cases Node's test runner reported. A program that died counts as one failure more.
"""

import pathlib
import re
import sys
import xml.etree.ElementTree as ElementTree


class Sum:
    def __init__(self):
        self.passed = 0
        self.skipped = []
        self.failed = []


def add_gtest(path, program_failed, total):
    """One GoogleTest program's own report."""
    failed_before = len(total.failed)
    for case in ElementTree.parse(path).getroot().iter("testcase"):
        name = f"{path.stem}: {case.get('classname')}.{case.get('name')}"
        if case.get("status") == "notrun":
            continue
        if case.find("failure") is not None or case.find("error") is not None:
            total.failed.append(name)
        elif case.find("skipped") is not None:
            total.skipped.append(name)
        else:
            total.passed += 1
    if program_failed and len(total.failed) == failed_before:
        total.failed.append(f"{path.stem}: failed outside of its cases")


def skipped_itself(case):
    """False for a program that was not built or not found, which CTest calls skipped as well."""
    skipped = case.find("skipped")
    return skipped is not None and "SKIP_" in skipped.get("message", "")


def add_ctest(results, total):
    report = results / "ctest.xml"
    if not report.exists():
        total.failed.append("ctest: no report")
        return
    for case in ElementTree.parse(report).getroot().iter("testcase"):
        name, status = case.get("name"), case.get("status")
        gtest = results / "gtest" / f"{name}.xml"
        if gtest.exists():
            try:
                add_gtest(gtest, status != "run", total)
            except ElementTree.ParseError:
                total.failed.append(f"{name}: died while it wrote its report")
        elif status == "run":
            total.passed += 1
        elif status == "disabled" or skipped_itself(case):
            total.skipped.append(name)
        else:
            total.failed.append(name)


def add_checks(results, total):
    report = results / "checks"
    lines = report.read_text().splitlines() if report.exists() else ["fail checks: no report"]
    for line in lines:
        verdict, name = line.split(" ", 1)
        if verdict == "pass":
            total.passed += 1
        else:
            total.failed.append(name)


def add_node(results, total):
    for report in sorted(results.glob("*.tap")):
        text = report.read_text()
        counts = dict(re.findall(r"^# (pass|fail|cancelled|skipped|todo) (\d+)$", text, re.M))
        if "pass" not in counts:
            total.failed.append(f"{report.name}: ended without a summary")
            continue
        total.passed += int(counts["pass"])
        failed = int(counts["fail"]) + int(counts.get("cancelled", 0))
        names = re.findall(r"^\s*not ok \d+ - (.*)$", text, re.M) + ["?"] * failed
        total.failed += [f"{report.stem}: {name}" for name in names[:failed]]
        total.skipped += [f"{report.stem}"] * int(counts.get("skipped", 0))


def main():
    results = pathlib.Path(sys.argv[1])
    total = Sum()
    add_ctest(results, total)
    add_checks(results, total)
    add_node(results, total)
    for name in total.skipped:
        print(f"skipped: {name}")
    for name in total.failed:
        print(f"FAILED: {name}")
    print(f"{total.passed} passed, {len(total.failed)} failed")
    return 1 if total.failed else 0


if __name__ == "__main__":
    sys.exit(main())
