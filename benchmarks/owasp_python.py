"""How well the check tells the real cases of the OWASP Benchmark for Python from the sound ones.

usage: python benchmarks/owasp_python.py TREE [--fifth] [--renamed] [--list]

TREE is a checkout of OWASP-Benchmark/BenchmarkPython; nothing of it is kept here. Its own rule is kept: one case is one
file and one category, and it counts as flagged when a finding in it shows a weakness (CWE) of that category. The score
is the mean over the categories of the share of real cases flagged minus the share of sound cases flagged.

`--fifth` looks only at every fifth case of each category and verdict: the part to develop against. `--renamed` scores a
copy in which packages, helpers, variables, cases and routes have other names. `--list` names the cases judged wrongly.
"""

import argparse
import ast
import csv
import re
import shutil
import tempfile
import zlib
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from vallum.catalogue.registry import load_controls
from vallum.check.read.source import make_source
from vallum.check.read.syntax import parse_python
from vallum.check.run import CheckPolicy, check
from vallum.findings.finding import Finding
from vallum.findings.place import Place

RELATIVES = {
    "cmdi": {78, 77, 88}, "codeinj": {94, 95, 96, 913}, "deserialization": {502}, "hash": {328, 327, 916},
    "ldapi": {90}, "pathtraver": {22, 23, 35, 36, 73}, "redirect": {601}, "securecookie": {614, 311, 319},
    "sqli": {89, 564, 943}, "trustbound": {501}, "weakrand": {330, 331, 338}, "xpathi": {643, 91}, "xss": {79, 80, 83},
    "xxe": {611, 776, 827},
}  # fmt: skip
"""The weakness of each category and its close relatives, which tools report for the same defect."""
_EXPECTED = "expectedresults-0.1.csv"
_NARROWER = frozenset({"nosql-operator-injection", "internal-api-validation", "safe-deserialization"})
"""Controls whose findings show narrower weaknesses than the control itself."""
_CASE = re.compile(r"BenchmarkTest(\d+)")


@dataclass(frozen=True)
class Case:
    """One file of the benchmark."""

    name: str
    category: str
    is_real: bool


def read_cases(tree: Path, *, fifth: bool) -> list[Case]:
    """The cases that are to be judged."""
    cases: list[Case] = []
    seen: Counter[tuple[str, str]] = Counter()
    with (tree / _EXPECTED).open(newline="") as file:
        for row in csv.reader(file):
            if row and not row[0].startswith("#"):
                place = seen[row[1], row[2]]
                seen[row[1], row[2]] += 1
                if not fifth or place % 5 == 0:
                    cases.append(Case(row[0], row[1], row[2] == "true"))
    return cases


def find_flagged(tree: Path, names: Mapping[str, str]) -> dict[str, set[int]]:
    """The weaknesses found in each case; `names` tells which case a file's stem stands for."""
    controls = {control.id: control for control in load_controls()}
    wanted = set().union(*RELATIVES.values())
    chosen = frozenset(name for name, control in controls.items() if wanted & set(control.cwe)) | _NARROWER
    examination = check(CheckPolicy(root=tree, paths=(tree,), select=chosen))
    unread = [gap for gap in examination.gaps if gap.what.split(":")[0].endswith(".py")]
    print(f"{examination.counts.files} files, {len(unread)} gaps")
    for gap in unread[:5]:
        print(f"    {gap.what}: {gap.why}")
    flagged: dict[str, set[int]] = {}
    for remark in examination.remarks:
        if isinstance(remark, Finding) and isinstance(remark.where, Place):
            case = names.get(Path(remark.where.path).stem)
            if case is not None:
                flagged.setdefault(case, set()).update(remark.cwe or controls[remark.control].cwe)
    return flagged


def show_scores(cases: Iterable[Case], flagged: Mapping[str, set[int]], *, listed: bool) -> None:
    """Print the table and the mean."""
    cells: dict[str, Counter[str]] = {}
    for case in cases:
        hit = not RELATIVES[case.category].isdisjoint(flagged.get(case.name, ()))
        cell = ("TP" if hit else "FN") if case.is_real else ("FP" if hit else "TN")
        cells.setdefault(case.category, Counter())[cell] += 1
        if listed and cell in {"FN", "FP"}:
            print(cell, case.category, case.name)
    print(f"{'category':18}{'TP':>5}{'FN':>5}{'FP':>5}{'TN':>5}{'TPR %':>8}{'FPR %':>8}{'score':>8}")
    rates = []
    for category, cell in sorted(cells.items()):
        found = 100 * cell["TP"] / max(cell["TP"] + cell["FN"], 1)
        false = 100 * cell["FP"] / max(cell["FP"] + cell["TN"], 1)
        rates.append((found, false))
        counts = "".join(f"{cell[kind]:>5}" for kind in ("TP", "FN", "FP", "TN"))
        print(f"{category:18}{counts}{found:>8.1f}{false:>8.1f}{found - false:>+8.1f}")
    found, false = (sum(side) / len(rates) for side in zip(*rates, strict=True))
    print(f"{'mean':18}{'':20}{found:>8.1f}{false:>8.1f}{found - false:>+8.1f}")


def rename_tree(tree: Path, target: Path, cases: Iterable[Case]) -> dict[str, str]:
    """A copy with other names; which case each file's stem stands for there."""
    shared = _names_of(tree / "helpers")
    stems: dict[str, str] = {}
    for path in sorted(tree.rglob("*.py")):
        relative = path.relative_to(tree).as_posix()
        text = path.read_text()
        local = _bound_names(text) if relative.startswith("testcode/") else set()
        text = _replace(text, {name: _other(name) for name in shared | local})
        text = _CASE.sub(_unit, text)
        text = re.sub(r"\bhelpers\b", "support", re.sub(r"\btestcode\b", "handlers", text))
        text = re.sub(r"/benchmark/[\w-]+/(\w+)", r"/app/\1/run", text)
        moved = relative.replace("helpers/", "support/").replace("testcode/", "handlers/")
        moved = _CASE.sub(_unit, moved)
        if relative.startswith("helpers/") and path.stem in shared:
            moved = f"support/{_other(path.stem)}.py"
        (target / moved).parent.mkdir(parents=True, exist_ok=True)
        (target / moved).write_text(text)
    for case in cases:
        stems[_CASE.sub(_unit, case.name)] = case.name
    return stems


def _names_of(folder: Path) -> set[str]:
    """What the helpers define: functions, methods, classes and names of their modules."""
    names: set[str] = set()
    for path in folder.rglob("*.py"):
        for node in ast.walk(parse_python(make_source(path.name, path.read_text()))):
            if isinstance(node, ast.FunctionDef | ast.ClassDef):
                names.add(node.name)
        names.add(path.stem)
    return {name for name in names if not name.startswith("__") and len(name) > 4}


def _bound_names(text: str) -> set[str]:
    """The names that a file gives to its variables; those that are keywords of a call as well are left alone."""
    bound: set[str] = set()
    taken: set[str] = {"request", "app", "init"}
    for node in ast.walk(parse_python(make_source("case.py", text))):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            bound.add(node.id)
        elif isinstance(node, ast.keyword) and node.arg:
            taken.add(node.arg)
        elif isinstance(node, ast.alias):
            taken.update((node.asname or node.name).split("."))
        elif isinstance(node, ast.Attribute):
            taken.add(node.attr)
    return bound - taken


def _replace(text: str, names: Mapping[str, str]) -> str:
    if not names:
        return text
    words = "|".join(sorted(map(re.escape, names), key=len, reverse=True))
    return re.sub(rf"\b({words})\b(?!['\"])", lambda match: names[match[1]], text)


def _other(name: str) -> str:
    return f"{'Q' if name[0].isupper() else 'q'}{zlib.crc32(name.encode()):x}"


def _unit(match: re.Match[str]) -> str:
    """Another name for a case, as long as its own: some cases cut it."""
    return f"AssessmentNo_{(int(match[1]) * 7919) % 99_991:05d}"


def main() -> None:
    """Score a tree, and its renamed copy."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tree", type=Path)
    for option in ("--fifth", "--renamed", "--list"):
        parser.add_argument(option, action="store_true")
    options = parser.parse_args()
    cases = read_cases(options.tree, fifth=options.fifth)
    if not options.renamed:
        flagged = find_flagged(options.tree, {case.name: case.name for case in cases})
    else:
        folder = Path(tempfile.mkdtemp())
        flagged = find_flagged(folder, rename_tree(options.tree, folder, cases))
        shutil.rmtree(folder)
    show_scores(cases, flagged, listed=options.list)


if __name__ == "__main__":
    main()
