"""Small programs in pairs: one that must be found, and its sound twin about which the rule must be silent.

Each file of `cases` is a theme. A pair names its rule (or takes the file's), and holds `bad` and `good`: the text of
`app.py`, or a table of texts by path. `gap` says which of the two the check still judges wrongly, and why: such a case
fails here as soon as it is cured, so that the list stays true.
"""

import tomllib
from functools import cache
from pathlib import Path
from typing import Any, Final

import pytest

from vallum.check.rule import Rule
from vallum.check.run import check_text, load_rules
from vallum.findings.finding import Finding

FOLDER: Final = Path(__file__).parent / "cases"


@cache
def read_pairs() -> dict[str, dict[str, Any]]:
    pairs: dict[str, dict[str, Any]] = {}
    for path in sorted(FOLDER.glob("*.toml")):
        content = tomllib.loads(path.read_text())
        for pair in content["pair"]:
            name = f"{path.stem}:{pair['name']}"
            assert name not in pairs, f"two pairs are called {name}"
            pairs[name] = {"rule": content.get("rule"), "head": content.get("head", ""), **pair}
    return pairs


@cache
def rules_by_slug() -> dict[str, Rule]:
    return {rule.slug: rule for rule in load_rules()}


def is_found(pair: dict[str, Any], side: str) -> bool:
    text = pair[side]
    files = {"app.py": pair["head"] + text} if isinstance(text, str) else dict(text)
    rule = rules_by_slug()[pair["rule"]]
    examination = check_text(files, select=frozenset({rule.control}))
    assert not examination.gaps
    return any(isinstance(remark, Finding) and remark.source == rule.slug for remark in examination.remarks)


@pytest.mark.parametrize("name", tuple(read_pairs()))
def test_the_bad_one_is_found(name: str) -> None:
    """A program with the flaw."""
    pair = read_pairs()[name]
    assert is_found(pair, "bad") is ("bad" not in pair.get("gap", {}))


@pytest.mark.parametrize("name", tuple(read_pairs()))
def test_the_good_one_is_not(name: str) -> None:
    """The same program without it."""
    pair = read_pairs()[name]
    assert is_found(pair, "good") is ("good" in pair.get("gap", {}))


def test_there_are_enough() -> None:
    """The suite is as large as it says, and most of it is judged well."""
    pairs = read_pairs()
    gaps = sum(len(pair.get("gap", {})) for pair in pairs.values())
    assert len(pairs) >= 200
    assert gaps <= 0.05 * 2 * len(pairs)
