"""`agree`: a rule finds the marked lines of the vulnerable text, and none in its sound twin, which it examined."""

from textwrap import dedent

import pytest

MARK = "# !"


@pytest.fixture
def agree(judge):
    def check_pair(slug, bad, good):
        files = {"app.py": bad} if isinstance(bad, str) else bad
        expected = {
            (path, number)
            for path, text in files.items()
            for number, line in enumerate(dedent(text).lstrip("\n").split("\n"), 1)
            if MARK in line
        }
        found = {(remark.where.path, remark.where.line) for remark in judge(slug, bad).findings}
        assert expected
        assert found == expected
        twin = judge(slug, good)
        assert [(remark.where.line, remark.reason) for remark in twin.findings] == []
        assert twin.sites

    return check_pair
