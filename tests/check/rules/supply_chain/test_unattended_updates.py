import json

import pytest

from vallum.findings.finding import Silence

SLUG = "unattended-updates"
LIST = ".github/dependabot.yml"
ENTRY = "updates:\n  - package-ecosystem: {}\n    schedule: {{ interval: {} }}\n{}"
COOL = "    cooldown: { default-days: 7 }\n"


def test_dependabot(lines):
    assert lines(SLUG, {LIST: ENTRY.format("pip", "weekly", COOL)}) == [[], [f"{LIST}:2"]]
    assert lines(SLUG, {LIST: ENTRY.format("pip", "weekly", "")}) == [[f"{LIST}:2"], []]
    assert lines(SLUG, {LIST: ENTRY.format("pip", "monthly", COOL)}) == [[f"{LIST}:3"], []]
    closed = f"{COOL}    open-pull-requests-limit: 0\n"
    assert lines(SLUG, {LIST: ENTRY.format("pip", "daily", closed)}) == [[f"{LIST}:5"], []]


def test_an_ecosystem_that_nobody_watches(lines):
    files = {LIST: ENTRY.format("pip", "weekly", COOL), "package.json": "{}"}
    assert lines(SLUG, files)[0] == [f"{LIST}:1"]
    assert lines(SLUG, {LIST: ENTRY.format("uv", "weekly", COOL), "pyproject.toml": ""})[0] == []


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        ({}, False),
        ({"automerge": True}, False),
        ({"automerge": True, "ignoreTests": True}, True),
        ({"enabled": False}, True),
        ({"schedule": ["every month"]}, True),
        ({"minimumReleaseAge": None}, True),
    ],
)
def test_renovate(lines, changes, found):
    table = {"extends": ["config:recommended"], "minimumReleaseAge": "7 days", **changes}
    table = {name: value for name, value in table.items() if value is not None}
    judged = lines(SLUG, {"renovate.json": json.dumps(table)})
    assert (bool(judged[0]), bool(judged[1])) == (found, not found)


def test_rewrites(lines):
    name = ".github/workflows/u.yml"
    flow = "jobs:\n  a:\n    steps:\n      - run: npx npm-check-updates -u\n{}"
    watched = {LIST: ENTRY.format("npm", "weekly", COOL)}
    assert lines(SLUG, {**watched, name: flow.format("")})[0] == [f"{name}:4"]
    assert lines(SLUG, {**watched, name: flow.format("      - run: npm test\n")})[0] == []


def test_no_list_at_all(lines):
    name = ".github/workflows/ci.yml"
    assert lines(SLUG, {name: "jobs:\n", "requirements.txt": "a==1\n"})[0] == ["requirements.txt:1"]


def test_projects_without_dependencies(judge):
    assert [found.silence for found in judge(SLUG, "print(1)\n").silences] == [Silence.DOES_NOT_APPLY]
