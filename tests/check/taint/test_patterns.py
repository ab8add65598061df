"""What a regular expression leaves possible."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vallum.check.knowledge.kinds import ALL, BITS, bits_of, mask_of
from vallum.check.taint.patterns import cleared_by, left_by


@pytest.mark.parametrize(
    ("pattern", "how", "kind", "cleared"),
    [
        (r"[a-z0-9_]+", "fullmatch", "sql", True),
        (r"[a-z0-9_]+", "match", "sql", False),
        (r"[a-z0-9_]+$", "match", "sql", True),
        (r"[a-z]+\Z", "match", "shell", True),
        (r"^[a-z]+$", "search", "path", True),
        (r"[a-z]+$", "search", "path", False),
        (r".+", "fullmatch", "sql", False),
        (r"[^a]+", "fullmatch", "sql", False),
        (r"\w+(-\w+)*", "fullmatch", "path", True),
        (r"\w+(-\w+)*", "fullmatch", "sql", False),
        (r"(asc|desc)", "fullmatch", "sql", True),
        (r"[\w./]+", "fullmatch", "path", False),
        (r"[\w./]+", "fullmatch", "html", True),
        (r"(?=a)\d{1,3}?", "fullmatch", "shell", True),
        (r"a\sb", "fullmatch", "sql", False),
        (r"(", "fullmatch", "sql", False),
        (r"", "fullmatch", "sql", False),
    ],
)
def test_only_a_whole_match_of_harmless_characters_clears(pattern: str, how: str, kind: str, cleared: bool):
    assert bool(cleared_by(pattern, how) & mask_of(kind) == mask_of(kind)) is cleared


@pytest.mark.parametrize(
    ("pattern", "replacement", "kind", "cleared"),
    [
        (r"[^a-z0-9]", "", "sql", True),
        (r"[^\w]+", "_", "path", True),
        (r"\W", "", "html", True),
        (r"[^a-z]", "'", "sql", False),
        (r"\.\./", "", "path", False),
        (r"<script>", "", "html", False),
        (r"[^/]", "", "path", False),
        (r"[^x]*", "", "html", True),
        (r"(", "", "html", False),
    ],
)
def test_a_substitution_clears_what_it_leaves_no_room_for(pattern: str, replacement: str, kind: str, cleared: bool):
    assert bool(left_by(pattern, replacement) & mask_of(kind) == mask_of(kind)) is cleared


@given(st.text(max_size=30))
def test_any_pattern_is_read(pattern: str):
    assert 0 <= cleared_by(pattern, "search") <= ALL
    assert 0 <= left_by(pattern, "") <= ALL


def test_halves_of_kinds():
    assert mask_of("*") == ALL
    assert bits_of(["redirect-host"]) == BITS["redirect"]
    assert mask_of("redirect") == BITS["redirect"] | BITS["redirect-slashes"]
    with pytest.raises(KeyError):
        mask_of("weather")
