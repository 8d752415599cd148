#!/usr/bin/env python3
"""Shows that two machines ran the same tests with the same results.

    compare_tests.py WHAT HOST OTHER

HOST and OTHER are either files that CTest wrote (--output-junit) or directories of Surefire's reports.
Of a C test the names of the cases that it printed count; of a Java test the class, the name and the
backend. Prints one line about WHAT. A failed or skipped test, or one that only one machine ran, is
told on lines of its own, and makes the exit status 1; what HOST has to tell begins with "here: ", and
isn't told twice where both are the same.
"""

import collections
import pathlib
import sys
import xml.etree.ElementTree


def ctest(path):
    """The cases of a CTest report, and what went wrong in it."""
    cases, problems = [], []
    for test in xml.etree.ElementTree.parse(path).getroot().iter("testcase"):
        name = test.get("name")
        if test.get("status") != "run" or test.find("skipped") is not None:
            problems.append(f"{name}: {test.get('status')}")
        # Those are of one architecture by what they are.
        if name.startswith("hot_path_catches_"):
            continue
        cases.append(name)
        # Indented is what depends on the schedule; CTest's own tests say what differs by design.
        if name.endswith(("_test", "_faults", "_replay")):
            lines = (test.findtext("system-out") or "").splitlines()
            cases += [f"{name}: {line}" for line in lines if line and not line.startswith(" ")]
    return cases, problems


def surefire(directory):
    """The test cases in a directory of Surefire's reports, and what went wrong in them."""
    cases, problems = [], []
    for path in sorted(directory.glob("TEST-*.xml")):
        suite = xml.etree.ElementTree.parse(path).getroot()
        backend = path.stem.rpartition("-")[2] if "-" in path.stem[5:] else ""
        for test in suite.iter("testcase"):
            name = f"{test.get('classname')}.{test.get('name')} {backend}".strip()
            cases.append(name)
            problems += [
                f"{name}: {kind}"
                for kind in ("failure", "error", "skipped")
                if test.find(kind) is not None
            ]
    return cases, problems


def read(path):
    cases, problems = surefire(path) if path.is_dir() else ctest(path)
    if not cases:
        problems.append(f"{path}: no tests")
    return collections.Counter(cases), problems


def main(what, host, other):
    here, problems_here = read(pathlib.Path(host))
    there, problems = read(pathlib.Path(other))
    if pathlib.Path(host).resolve() != pathlib.Path(other).resolve():
        problems = [f"here: {problem}" for problem in problems_here] + problems
    problems += [f"{case}: here only" for case in (here - there).elements()]
    problems += [f"{case}: there only" for case in (there - here).elements()]
    verdict = f"{len(problems)} PROBLEMS" if problems else "all passed, none skipped"
    print(f"{what}: {there.total()} of {here.total()} tests, {verdict}")
    for problem in problems[:50]:
        print(f"    {problem}")
    return 1 if problems else 0


if __name__ == "__main__":
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    sys.exit(main(*sys.argv[1:]))
