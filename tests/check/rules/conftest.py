"""`judge`: one rule over a project of texts."""

from datetime import datetime
from pathlib import Path
from textwrap import dedent
from typing import NamedTuple

import pytest

from vallum.check.read.tree import make_sources
from vallum.check.run import build_project, load_rules
from vallum.findings.finding import Finding, Site, Unproven


class Judged(NamedTuple):
    findings: list[Finding]
    sites: list[Site]
    silences: list[Unproven]


@pytest.fixture(scope="session")
def judge():
    """Calls the rule with a slug; a text alone stands for the file app.py."""
    rules = {rule.slug: rule for rule in load_rules()}

    def judge_files(slug, files, day="2026-11-24"):
        texts = {"app.py": files} if isinstance(files, str) else files
        sources = make_sources({name: dedent(text).lstrip("\n") for name, text in texts.items()})
        project, gaps = build_project(Path(), sources, clock=datetime.fromisoformat(f"{day}T12:00+00:00").timestamp)
        assert not gaps
        remarks = list(rules[slug].examine(project))
        return Judged(
            [remark for remark in remarks if isinstance(remark, Finding)],
            [remark for remark in remarks if isinstance(remark, Site)],
            [remark for remark in remarks if isinstance(remark, Unproven)],
        )

    return judge_files


@pytest.fixture(scope="session")
def lines(judge):
    """The lines that a rule finds, and those it calls sound; a bare number is a line of app.py."""

    def tell(slug, files):
        judged = judge(slug, files)
        both = []
        for remarks in (judged.findings, judged.sites):
            places = sorted({(remark.where.path, remark.where.line) for remark in remarks})
            both.append([line if path == "app.py" else f"{path}:{line}" for path, line in places])
        return both

    return tell
