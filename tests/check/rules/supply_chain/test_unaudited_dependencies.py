import pytest

from vallum.findings.finding import Silence

SLUG = "unaudited-dependencies"
NAME = ".github/workflows/ci.yml"
FLOW = "on: push\njobs:\n  test:\n    steps:\n      - run: pip install -r requirements.txt\n      - run: pytest\n{}"


def flow(*lines):
    return {NAME: FLOW.format("".join(f"{line}\n" for line in lines))}


def test_pipelines_without_an_audit(lines):
    assert lines(SLUG, flow()) == [[f"{NAME}:3"], []]
    assert lines(SLUG, flow("      - run: pip-audit -r requirements.txt")) == [[], [f"{NAME}:7"]]
    assert lines(SLUG, flow("      - uses: actions/dependency-review-action@v4")) == [[], [f"{NAME}:7"]]


@pytest.mark.parametrize(
    "command",
    [
        "pip-audit || true", "npm audit --audit-level=critical", "trivy image --exit-code 0 a",
        "pip-audit --ignore-vuln X-1", "trivy fs --severity CRITICAL .",
    ],
)  # fmt: skip
def test_audits_that_cannot_fail(lines, command):
    assert lines(SLUG, flow(f"      - run: {command}")) == [[f"{NAME}:7"], []]


def test_tolerated(lines):
    assert lines(SLUG, flow("      - run: pip-audit", "        continue-on-error: true"))[0] == [f"{NAME}:8"]
    other = flow("      - run: pip-audit", "      - run: mypy", "        continue-on-error: true")
    assert lines(SLUG, other)[0] == []


@pytest.mark.parametrize(
    ("end", "found"),
    [("", True), ("2026-11-01", True), ("2027-01-31", False), ("2029-01-01", True), ("2026-13-40", True)],
)
def test_exceptions(lines, end, found):
    text = "vulnerabilities:\n  - id: CVE-2024-0001\n" + (f"    expired_at: {end}\n" if end else "")
    place = [".trivyignore.yaml:2"]
    assert lines(SLUG, {".trivyignore.yaml": text}) == ([place, []] if found else [[], place])


def test_projects_without_pipelines(judge):
    assert [found.silence for found in judge(SLUG, "print(1)\n").silences] == [Silence.DOES_NOT_APPLY]
