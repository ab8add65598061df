import pytest

from vallum.findings.finding import Silence

SLUG = "shallow-secret-scan"
NAME = ".github/workflows/scan.yml"
FLOW = """on:
  push:
{schedule}jobs:
  scan:
    steps:
      - uses: actions/checkout@v4
{depth}      - run: {command}
"""
DEPTH = "        with:\n          fetch-depth: 0\n"
SCHEDULE = "  schedule:\n    - cron: '1 1 * * 1'\n"


def flow(schedule="", depth="", command="gitleaks git"):
    return {NAME: FLOW.format(schedule=schedule, depth=depth, command=command)}


def test_depth_and_schedule(lines):
    assert lines(SLUG, flow()) == [[f"{NAME}:6"], []]
    assert lines(SLUG, flow(depth=DEPTH)) == [[f"{NAME}:1"], [f"{NAME}:6"]]
    assert lines(SLUG, flow(SCHEDULE, DEPTH)) == [[], [f"{NAME}:8"]]
    assert lines(SLUG, flow(SCHEDULE, "        with:\n          fetch-depth: 1\n")) == [[f"{NAME}:8"], []]


def test_other_jobs_and_other_scans(lines):
    assert lines(SLUG, flow(command="pytest")) == [[], []]
    assert lines(SLUG, flow(command="gitleaks dir .")) == [[], []]


def test_gitlab(lines):
    text = 'scan:\n{}  script:\n    - gitleaks git\n  rules:\n    - if: $X == "schedule"\n'
    assert lines(SLUG, {".gitlab-ci.yml": text.format("")}) == [[".gitlab-ci.yml:3"], []]
    assert lines(SLUG, {".gitlab-ci.yml": text.format('  variables:\n    GIT_DEPTH: "0"\n')})[0] == []
    assert lines(SLUG, {".gitlab-ci.yml": text.format('  variables:\n    GIT_DEPTH: "5"\n')})[0] == [".gitlab-ci.yml:3"]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("old findings", True),
        ("owner=a; reason=b; expires=2026-01-01", True),
        ("owner=a; reason=b; expires=2026-99-99", True),
        ("owner=a; reason=b; expires=2027-01-10", False),
    ],
)
def test_exceptions(lines, text, found):
    name = ".gitleaks.toml"
    code = f'[[allowlists]]\ndescription = "{text}"\n'
    assert lines(SLUG, {name: code}) == ([[f"{name}:2"], []] if found else [[], [f"{name}:2"]])


def test_an_exception_without_a_word(lines):
    assert lines(SLUG, {".gitleaks.toml": "[allowlist]\ncommits = []\n[extend]\n"})[0] == [".gitleaks.toml:1"]


def test_projects_without_a_scan(judge):
    assert [found.silence for found in judge(SLUG, "print(1)\n").silences] == [Silence.DOES_NOT_APPLY]
