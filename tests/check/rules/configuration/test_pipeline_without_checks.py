import pytest

SLUG = "pipeline-without-checks"
CI = ".github/workflows/ci.yml"
WHOLE = """
    on: pull_request
    jobs:
      test:
        steps:
          - run: semgrep scan --error
          - run: gitleaks git
          - run: pip-audit
          - run: pytest
"""


def test_a_pipeline_with_all(lines):
    assert lines(SLUG, {CI: WHOLE}) == [[], [f"{CI}:{line}" for line in (3, 5, 6, 7)]]


@pytest.mark.parametrize("step", ["semgrep scan --error", "gitleaks git", "pip-audit"])
def test_each_kind_is_asked_for(lines, step):
    assert lines(SLUG, {CI: WHOLE.replace(f"      - run: {step}\n", "")})[0] == [f"{CI}:3"]


def test_steps_in_another_pipeline_count(lines):
    other = "on: push\njobs:\n  a:\n    steps:\n      - run: semgrep scan\n      - run: pip-audit\n"
    files = {
        CI: "on: push\njobs:\n  t:\n    steps:\n      - run: pytest\n      - run: gitleaks git\n",
        ".github/workflows/b.yml": other,
    }
    assert lines(SLUG, files)[0] == []


def test_steps_behind_make_count(lines):
    files = {
        CI: "on: push\njobs:\n  t:\n    steps:\n      - run: make test\n",
        "Makefile": "test:\n\tpytest\n\tvallum check src\n\tpip-audit\n",
    }
    assert lines(SLUG, files)[0] == []


def test_comments_are_no_steps(lines):
    assert lines(SLUG, {CI: WHOLE.replace("- run: pip-audit", "# - run: pip-audit")})[0] == [f"{CI}:3"]


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        ("run: pip-audit", "run: pip-audit || true", 7),
        ("run: semgrep scan --error", "run: bandit -r src --exit-zero", 5),
        ("- run: gitleaks git", "- run: gitleaks git\n            continue-on-error: true", 7),
        ("- run: gitleaks git", "- continue-on-error: true\n            run: gitleaks git", 6),
    ],
)
def test_checks_that_cannot_fail(lines, old, new, line):
    assert f"{CI}:{line}" in lines(SLUG, {CI: WHOLE.replace(old, new)})[0]


def test_other_steps_may_fail(lines):
    more = "- run: pytest\n      - run: notify\n        continue-on-error: true"
    assert lines(SLUG, {CI: WHOLE.replace("- run: pytest", more)})[0] == []


def test_gitlab(lines):
    text = "semgrep:\n  script:\n    - semgrep scan\n  allow_failure: true\n"
    assert lines(SLUG, {".gitlab-ci.yml": text})[0] == [".gitlab-ci.yml:4"]


def test_workflows_that_test_nothing_and_other_files(lines):
    files = {
        ".github/workflows/release.yml": "on: release\njobs:\n  a:\n    steps:\n      - run: pytest\n",
        "a.yml": WHOLE,
    }
    assert lines(SLUG, files) == [[], []]


@pytest.mark.parametrize(
    ("comment", "found"),
    [
        ("# nosec", True),
        ("# nosemgrep: sql-injection", True),
        ("# noqa: S603", True),
        ("# noqa: S603 - the name comes from a fixed table", False),
        ("# nosec B603 -- the name comes from a fixed table", False),
        ("# nosemgrep: a-b -- fixed table of names; expires 2027-01-31", False),
        ("# nosemgrep: a-b -- fixed table of names; expires 2026-01-31", True),
        ("# nosemgrep: a-b -- fixed table of names; expires 2026-13-31", True),
    ],
)
def test_suppressions(lines, comment, found):
    assert lines(SLUG, f"run(name)  {comment}\n")[0 if found else 1] == [1]


@pytest.mark.parametrize("comment", ["# noqa: E501", "# a note", "# no second try"])
def test_other_comments(lines, comment):
    assert lines(SLUG, f"run(name)  {comment}\n") == [[], []]


def test_a_suppression_ends_with_its_day(judge):
    text = {"a.py": "run(x)  # nosec -- fixed table of names, until 2026-12-01\n"}
    assert not judge(SLUG, text, day="2026-12-01").findings
    assert judge(SLUG, text, day="2026-12-02").findings
