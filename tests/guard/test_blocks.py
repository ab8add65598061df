"""docs/guard-blocks.md as printed there, and what must hold for every block."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
GUIDE = (ROOT / "docs" / "guard-blocks.md").read_text(encoding="utf-8")
EXAMPLES = dict(re.findall(r"^## ([^\n]+)\n(?:(?!^## ).)*?```python\n(.*?)```", GUIDE, re.DOTALL | re.MULTILINE))
ROWS = re.findall(r"^\| \[.*?\]\(#(.*?)\) \| `(.*?)` \| (.*?) \|$", GUIDE, re.MULTILINE)
HEAVY = {"argon2", "bcrypt", "cryptography", "jinja2", "joserfc", "yaml", "markupsafe", "pydantic"}
LIGHT_BLOCKS = [
    "vallum.guard.output.redirects",
    "vallum.guard.data.queries",
    "vallum.guard.files.paths",
    "vallum.guard.files.archives",
    "vallum.guard.crypto.random",
    "vallum.guard.crypto.compare",
    "vallum.guard.input.programs",
    "vallum.guard.input.expressions",
    "vallum.guard.secrets.settings",
]


@pytest.mark.parametrize("title", EXAMPLES)
def test_the_examples_run(title: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SESSION_KEY", "")
    exec(compile(EXAMPLES[title], f"{title}.py", "exec"), {"__name__": "example"})


def test_every_row_has_its_example():
    assert len(ROWS) == len(EXAMPLES) >= 14
    assert {anchor for anchor, _, _ in ROWS} == {title.lower().replace(" ", "-") for title in EXAMPLES}


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0])
def test_a_row_names_what_the_block_keeps(row: tuple[str, str, str]) -> None:
    _, line, controls = row
    exec(compile(line, "row", "exec"), {})
    module = line.split()[1]
    tree = ast.parse((ROOT / "src" / Path(*module.split("."))).with_suffix(".py").read_text(encoding="utf-8"))
    kept = next(
        ast.literal_eval(node.value)
        for node in tree.body
        if isinstance(node, ast.AnnAssign) and node.value and ast.unparse(node.target) == "KEEPS"
    )
    assert set(re.findall(r"`(.*?)`", controls)) == set(kept)


def loaded_by(statement: str) -> set[str]:
    code = f"{statement}; import sys; print(*{{name.partition('.')[0] for name in sys.modules}})"
    return set(subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout.split())


def test_blocks_that_need_no_library_load_none():
    assert loaded_by("import vallum.guard.output.templates") & HEAVY == {"jinja2", "markupsafe"}
    assert not loaded_by("; ".join(f"import {block}" for block in LIGHT_BLOCKS)) & HEAVY


def test_the_guard_itself_loads_no_block():
    assert not loaded_by("import vallum.guard") & HEAVY
