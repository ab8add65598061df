"""The import contracts can fail: a copy of the tree with one wrong import breaks the contract that forbids it."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture
def lint(tmp_path):
    shutil.copytree(ROOT / "src", tmp_path / "src", ignore=shutil.ignore_patterns("__pycache__", "*.md"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)

    def run(name, line):
        path = tmp_path / "src" / "vallum" / name
        path.write_text((path.read_text() if path.exists() else '"""New."""\n') + f"\n{line}\n")
        code = "import sys; sys.path.insert(0, 'src'); from importlinter.cli import lint_imports_command as run; run()"
        return subprocess.run(
            [sys.executable, "-c", code, "--no-cache"], cwd=tmp_path, capture_output=True, text=True, check=False
        )

    return run


@pytest.mark.parametrize(
    ("name", "line", "contract"),
    [
        ("base/clock.py", "import vallum.crypto", "floors"),
        ("check/rule.py", "import vallum.probe", "floors"),
        ("check/project.py", "import vallum.check.rule", "check: rules"),
        ("guard/__init__.py", "import vallum.catalogue", "guard carries no analyser"),
        ("newcomer.py", "import vallum.base", "floors"),
    ],
)
def test_wrong_import_breaks_its_contract(lint, name, line, contract):
    done = lint(name, line)
    assert done.returncode == 1
    assert contract in done.stdout


def test_circle_inside_a_floor_is_broken(lint):
    lint("base/one.py", "import vallum.base.two")
    done = lint("base/two.py", "import vallum.base.one")
    assert done.returncode == 1
    assert "no circles inside a floor BROKEN" in done.stdout
