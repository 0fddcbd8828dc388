"""The ten slowest tests of several JUnit reports: `python -m tests.support.slowest REPORT...`."""

import sys
from pathlib import Path
from xml.etree import ElementTree

COUNT = 10


def main(reports: list[str]) -> None:
    """One line a test, set-up and teardown included; then what each report took."""
    suites = [(Path(report).stem, ElementTree.parse(report)) for report in reports]  # noqa: S314 (our own files)
    cases = [
        (float(case.get("time", 0)), f"{case.get('classname')}::{case.get('name')}")
        for _, suite in suites
        for case in suite.iter("testcase")
    ]
    sys.stdout.write(f"the {COUNT} slowest of {len(cases)} tests:\n")
    for seconds, name in sorted(cases, reverse=True)[:COUNT]:
        sys.stdout.write(f"{seconds:8.1f} s  {name}\n")
    for name, suite in suites:
        wall = sum(float(each.get("time", 0)) for each in suite.iter("testsuite"))
        sys.stdout.write(f"{wall:8.1f} s  all of {name}\n")


if __name__ == "__main__":
    main(sys.argv[1:])
