"""How much of what bandit reports at medium severity or above on its own examples the check finds too.

usage: python benchmarks/bandit_examples.py TREE REPORT [--list]

TREE is a checkout of PyCQA/bandit, whose `examples` are read; nothing of them is kept here. REPORT is what bandit says
of them: `bandit -q -r TREE/examples -f json -o REPORT`. A finding counts if it is of the same family of weaknesses and
on one of the lines of bandit's, or beside them. Why the rest is not reported stands in docs/check-quality.md.
"""

import argparse
import json
from collections import Counter
from functools import cache
from pathlib import Path

from weaknesses import find_weaknesses, is_related

from vallum.catalogue.registry import load_controls

MEANT = {
    **{name: {94, 95} for name in ("B102", "B307")},
    **{f"B{number}": {611, 776} for number in (*range(313, 320), 411)},
    "B310": {918},
    "B506": {502},
    "B701": {79},
}
"""Weaknesses that tests of bandit are about, where it publishes a broader or another one."""


@cache
def find_lines(path: Path) -> tuple[tuple[int, int, frozenset[int]], ...]:
    """First line, last line and weaknesses of each finding of a file, judged as a project of its own."""
    controls = {control.id: control for control in load_controls()}
    found = find_weaknesses("app.py", path.read_text(errors="replace"), controls)
    return tuple((first, last, frozenset(numbers)) for first, last, numbers in found)


def main() -> None:
    """Print found and missed by bandit's test."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tree", type=Path)
    parser.add_argument("report", type=Path)
    parser.add_argument("--list", action="store_true")
    options = parser.parse_args()
    cells: dict[str, Counter[bool]] = {}
    for result in json.loads(options.report.read_text())["results"]:
        if result["issue_severity"] not in {"MEDIUM", "HIGH"}:
            continue
        path = options.tree / "examples" / Path(result["filename"]).name
        first, last = result["line_range"][0], result["line_range"][-1]
        numbers = {result["issue_cwe"]["id"]} | MEANT.get(result["test_id"], set())
        hit = any(
            start <= last + 1 and end >= first - 1 and is_related(numbers, set(found))
            for start, end, found in find_lines(path)
        )
        cells.setdefault(f"{result['test_id']} {result['test_name']}", Counter())[hit] += 1
        if options.list and not hit:
            print("missed", result["test_id"], f"{path.name}:{result['line_number']}")
    print(f"{'test':48}{'found':>8}{'missed':>8}")
    for name, cell in sorted(cells.items()):
        print(f"{name:48}{cell[True]:>8}{cell[False]:>8}")
    total = sum(cells.values(), Counter())
    print(f"{'all':48}{total[True]:>8}{total[False]:>8}")


if __name__ == "__main__":
    main()
