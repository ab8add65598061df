from vallum.findings.finding import Confidence, Silence

SLUG = "hook-without-scan"
CONFIG = ".pre-commit-config.yaml"
HOOK = "repos:\n  - repo: https://example.com/x\n    hooks:\n      - id: {}\n{}"


def test_pre_commit(lines):
    assert lines(SLUG, {CONFIG: HOOK.format("ruff", "")}) == [[f"{CONFIG}:1"], []]
    for name in ("gitleaks", "detect-secrets", "trufflehog", "git-secrets"):
        assert lines(SLUG, {CONFIG: HOOK.format(name, "")}) == [[], [f"{CONFIG}:4"]]
    assert lines(SLUG, {CONFIG: HOOK.format("gitleaks", "        stages: [manual]\n")}) == [[f"{CONFIG}:5"], []]
    other = "        args: [-v]\n      - id: ruff\n        stages: [manual]\n"
    assert lines(SLUG, {CONFIG: HOOK.format("gitleaks", other)}) == [[], [f"{CONFIG}:4"]]


def test_husky_and_lefthook(lines):
    name = ".husky/pre-commit"
    assert lines(SLUG, {name: "gitleaks git --staged\n"}) == [[], [f"{name}:1"]]
    assert lines(SLUG, {name: "gitleaks git --staged || true\n"}) == [[f"{name}:1"], []]
    assert lines(SLUG, {name: "npx lint-staged\n# gitleaks\n"}) == [[f"{name}:1"], []]
    assert lines(SLUG, {"lefthook.yml": "pre-commit:\n  commands:\n    a:\n      run: npm test\n"})[0] == [
        "lefthook.yml:1"
    ]


def test_a_repository_without_any_hook(judge):
    found = judge(SLUG, {".gitignore": ".env\n", "pyproject.toml": "[project]\nname = 'a'\n"})
    assert [remark.confidence for remark in found.findings] == [Confidence.LOW]
    assert [found.silence for found in judge(SLUG, "print(1)\n").silences] == [Silence.DOES_NOT_APPLY]
