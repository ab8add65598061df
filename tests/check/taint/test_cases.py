"""Small programs in pairs: lines marked `# finding` must be found under their control, all others must not."""

import re
from functools import cache
from pathlib import Path
from typing import Final

import pytest

from vallum.check.run import check_text
from vallum.findings.finding import Finding
from vallum.findings.place import Place

FOLDER: Final = Path(__file__).parents[2] / "cases" / "flows"
CONTROLS: Final = {
    "sql": "sql-parameterised",
    "shell": "no-shell-injection",
    "code": "no-dynamic-code",
    "objects": "safe-deserialization",
    "path": "path-traversal",
    "html": "html-escaped",
    "markup": "template-autoescape",
    "redirect": "safe-redirect",
    "template": "template-injection",
    "values": "no-shell-injection",
}
_FILE: Final = re.compile(r"^# file: (\S+)\n", re.MULTILINE)
_MARK: Final = re.compile(r"(#|\{#) finding( #\})?$")


@cache
def read_cases() -> dict[tuple[str, str], dict[str, str]]:
    cases: dict[tuple[str, str], dict[str, str]] = {}
    for path in sorted(FOLDER.glob("*.py")):
        for block in re.split(r"^# --- ", path.read_text(), flags=re.MULTILINE)[1:]:
            name, _, text = block.partition("\n")
            parts = _FILE.split(text)
            files = {"app.py": parts[0]} if parts[0].strip() else {}
            files.update(zip(parts[1::2], parts[2::2], strict=True))
            cases[path.stem, name] = files
    return cases


@pytest.mark.parametrize(("kind", "name"), tuple(read_cases()))
def test_marked_lines_are_found_and_no_others(kind: str, name: str):
    files = read_cases()[kind, name]
    expected = {
        (path, number)
        for path, text in files.items()
        for number, line in enumerate(text.splitlines(), 1)
        if _MARK.search(line)
    }
    examination = check_text(files, select=frozenset({CONTROLS[kind]}))
    found = {
        (remark.where.path, remark.where.line)
        for remark in examination.remarks
        if isinstance(remark, Finding) and isinstance(remark.where, Place)
    }
    assert found == expected
    assert not examination.gaps


def test_enough_pairs_are_kept():
    lines = [line for files in read_cases().values() for text in files.values() for line in text.splitlines()]
    assert sum(bool(_MARK.search(line)) for line in lines) >= 60
