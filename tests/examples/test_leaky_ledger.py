"""FLAWS.md is the ground truth: what it names exists."""

import ast
import re
from pathlib import Path
from types import ModuleType

import pytest

from vallum.catalogue import registry

ROOT = Path(__file__).parents[2]
LEAKY = ROOT / "examples" / "notes" / "leaky"


def rows() -> list[tuple[str, ...]]:
    lines = (LEAKY / "FLAWS.md").read_text(encoding="utf-8").splitlines()
    split = [tuple(cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]) for line in lines if line[:2] == "| "]
    return [row for row in split if row[0] != "control"]


ROWS = rows()


def names_in(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            found.add(node.name)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            found.add(node.id)
    return found


def test_the_table_has_the_first_slice_and_far_more(first_slice):
    controls = {row[0] for row in ROWS}
    assert first_slice <= controls
    assert len(controls) >= 35
    assert {len(row) for row in ROWS} == {4}
    assert len(set(ROWS)) == len(ROWS)


@pytest.mark.parametrize("place", sorted({row[1] for row in ROWS}))
def test_every_place_exists(place: str):
    name, _, part = place.partition(":")
    path = LEAKY / name
    assert path.is_file()
    if part and path.suffix == ".py":
        assert part in names_in(path)
    elif part:
        assert part in path.read_text(encoding="utf-8")


def test_every_control_is_in_the_catalogue():
    assert {row[0] for row in ROWS} <= {control.id for control in registry.load_controls()}


def test_every_route_exists(leaky: ModuleType):
    known = {
        (method.upper(), re.sub(r"\{(\w+):?\w*\}", r"{\1}", path))
        for path, item in leaky.app.openapi()["paths"].items()
        for method in item
    }
    known |= {("GET", "/docs"), ("GET", "/{any unknown path}")}
    named = {tuple(row[2].split("?")[0].split(" ", 1)) for row in ROWS if row[2]}
    assert named <= known


def test_leaky_is_marked_as_dangerous():
    text = (LEAKY / "README.md").read_text(encoding="utf-8")
    assert "broken on purpose. Never expose it" in text
