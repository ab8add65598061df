"""How fast the check follows data: every phase in CPU seconds, over any tree of Python.

usage: python benchmarks/check_speed.py TREE [--rules]

Prints files, lines, seconds, lines per CPU second and the peak of memory for each phase; with `--rules`, each rule too.
CPU seconds differ by a third between equal runs on a busy machine.
"""

import resource
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from vallum.check.flow.index import Index
from vallum.check.flow.module import Module, read_module
from vallum.check.flow.reader import FactReader
from vallum.check.flow.routes.finder import find_routes
from vallum.check.knowledge.library import load_knowledge
from vallum.check.project import Project
from vallum.check.read.source import Source, UnreadableError
from vallum.check.read.syntax import deep_recursion, few_collections
from vallum.check.read.tree import find_files, read_files
from vallum.check.run import load_rules
from vallum.check.taint.analysis import analyse
from vallum.check.taint.flows import read_flows


class Table:
    """The lines of the answer."""

    def __init__(self, lines: int) -> None:
        """Speeds are told for so many lines."""
        self.lines = lines
        self.total = 0.0
        print(f"{'phase':24}{'seconds':>10}{'lines/s':>12}{'MiB':>8}")

    @contextmanager
    def measure(self, phase: str) -> Iterator[None]:
        """Print one line when the phase has ended."""
        start = time.process_time()
        yield
        seconds = time.process_time() - start
        self.total += seconds
        self.show(phase, seconds)

    def show(self, phase: str, seconds: float) -> None:
        """Print one line."""
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(f"{phase:24}{seconds:>10.2f}{self.lines / max(seconds, 1e-9):>12,.0f}{peak:>8.0f}")


def main(tree: Path, *, with_rules: bool) -> None:
    """Measure all phases over one tree."""
    start = time.process_time()
    names, _ = find_files(tree, (Path(),))
    sources, _ = read_files(tree, [name for name in names if name.endswith(".py")])
    lines = sum(source.text.count("\n") for source in sources)
    print(f"{tree}: {len(sources)} files, {lines:,} lines, read in {time.process_time() - start:.2f} s")
    table = Table(lines)
    with few_collections(), deep_recursion():
        with table.measure("parse and lower"):
            modules = read_modules(sources)
        with table.measure("names and routes"):
            index = Index(modules)
            facts = FactReader(index)
            routes = tuple(find_routes(facts))
        with table.measure("follow"):
            record = analyse(index, load_knowledge("python"), routes, lambda _done, _total: None)
            facts.take_observations(record)
    table.show("all", table.total)
    print(f"{record.steps:,} steps, {len(routes)} routes, {len(record.cuts)} entries cut short")
    flows = tuple(read_flows(record))
    if with_rules:
        project = Project(root=tree, sources=tuple(sources), modules=tuple(modules), facts=facts, followed=flows)
        for rule in load_rules():
            with table.measure(rule.slug):
                list(rule.examine(project))


def read_modules(sources: list[Source]) -> list[Module]:
    """Every file that can be parsed."""
    modules = []
    for source in sources:
        try:
            modules.append(read_module(source))
        except UnreadableError as error:
            print(f"{source.path}:{error.line}: {error}")
    return modules


if __name__ == "__main__":
    main(Path(sys.argv[1]), with_rules="--rules" in sys.argv)
