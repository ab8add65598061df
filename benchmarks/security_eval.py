"""In how many of SecurityEval's files the check finds the weakness that each was written to have.

usage: python benchmarks/security_eval.py TREE [--list]

TREE is a checkout of s2e-lab/SecurityEval; nothing of it is kept here. Each file of `Testcases_Insecure_Code` lies in a
folder with the number of its weakness, and counts as found when a finding in it is of the same family.
"""

import argparse
import re
from collections import Counter
from pathlib import Path

from weaknesses import find_weaknesses, is_related

from vallum.catalogue.registry import load_controls


def main() -> None:
    """Print the share of files, and the weaknesses that are missed most."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tree", type=Path)
    parser.add_argument("--list", action="store_true")
    options = parser.parse_args()
    controls = {control.id: control for control in load_controls()}
    found: list[str] = []
    missed: list[str] = []
    for path in sorted((options.tree / "Testcases_Insecure_Code").rglob("*.py")):
        number = int(re.sub(r"\D", "", path.parent.name))
        findings = find_weaknesses("app.py", path.read_text(), controls)
        hit = any(is_related({number}, numbers) for _, _, numbers in findings)
        (found if hit else missed).append(path.parent.name)
        if options.list and not hit:
            print("missed", path.relative_to(options.tree))
    total = len(found) + len(missed)
    print(f"{total} files, found {len(found)} ({100 * len(found) / max(total, 1):.1f} %)")
    print("missed most:", ", ".join(f"{name} {count}" for name, count in Counter(missed).most_common(8)))


if __name__ == "__main__":
    main()
