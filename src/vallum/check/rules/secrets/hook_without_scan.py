"""Commit hooks that do not look for secrets, or look and let them pass."""

import re
from collections.abc import Iterator
from typing import Final

from vallum.check.project import Project
from vallum.check.read.source import Source
from vallum.check.readings.pipelines import strip_comment
from vallum.check.rule import Rule
from vallum.findings.finding import Confidence, Remark, Silence

_SCANNER: Final = re.compile(
    r"\b(?:gitleaks|trufflehog|git-secrets|git secrets|detect-secrets|ggshield|talisman|secretlint|whispers|kingfisher"
    r"|detect-private-key-and-secrets|vallum (?:check|audit|secrets))\b|\bid:\s*(?:vallum|ripsecrets)\b",
    re.IGNORECASE,
)
_FRAMEWORK: Final = re.compile(r"(?:^|/)\.pre-commit-config\.ya?ml$")
_OTHER: Final = re.compile(r"(?:^|/)(?:\.?lefthook\.ya?ml|\.husky/pre-commit|\.githooks/pre-commit|\.?lefthook\.toml)$")
_TOOTHLESS: Final = re.compile(r"\|\|\s*(?:true|:|exit 0|echo\b)|;\s*true\s*$|--exit-code[= ]0\b|--no-verify")
_MANUAL: Final = re.compile(r"^\s*stages:\s*\[\s*(?:manual|commit-msg|post-commit|pre-push)?\s*\]")
_MANIFESTS: Final = frozenset({"pyproject.toml", "package.json", "requirements.txt", "setup.py"})
_ATTACK: Final = "A key typed by mistake leaves the desk with the next push, and is found by machines within minutes."
_FIX: Final = "Add the published hook: repo https://github.com/gitleaks/gitleaks, id gitleaks."


def examine(project: Project) -> Iterator[Remark]:
    """Look at every configuration of commit hooks."""
    hooks = [source for source in project.sources if _FRAMEWORK.search(source.path) or _OTHER.search(source.path)]
    for source in hooks:
        yield from _judge(source, project)
    if not hooks:
        yield from _judge_absence(project)


def _judge(source: Source, project: Project) -> Iterator[Remark]:
    found = False
    for number, line in enumerate(source.lines, 1):
        code = strip_comment(line)
        if not _SCANNER.search(code) or re.match(r"\s*-?\s*repo:", code):
            continue
        found = True
        place = project.place_in(source, number)
        asleep = _manual_line(source, number)
        if _TOOTHLESS.search(code):
            yield RULE.finding(place, _ATTACK, "The scan cannot stop the commit.", fix="Let its failure count.")
        elif asleep:
            why = "The scan runs only when somebody asks for it."
            yield RULE.finding(project.place_in(source, asleep), _ATTACK, why, fix="Remove the line.")
        else:
            yield RULE.site(place, "scans before each commit")
    if not found:
        yield RULE.finding(project.place_in(source, 1), _ATTACK, "No hook looks for secrets.", fix=_FIX)


def _manual_line(source: Source, number: int) -> int:
    """The line among those of the same hook that takes it out of the commit; 0 without one."""
    depth = len(source.line(number)) - len(source.line(number).lstrip())
    for index in range(number + 1, len(source.lines) + 1):
        line = source.line(index)
        if line.strip() and (len(line) - len(line.lstrip()) < depth or line.lstrip().startswith("- ")):
            return 0
        if _MANUAL.match(line):
            return index
    return 0


def _judge_absence(project: Project) -> Iterator[Remark]:
    """A repository, told by its ignore file beside a manifest, that has no hook at all."""
    ignore = next((source for source in project.configs("gitignore") if source.path == ".gitignore"), None)
    if ignore is None or not any(source.path in _MANIFESTS for source in project.sources):
        yield RULE.silence(Silence.DOES_NOT_APPLY, "no repository with commit hooks is in sight")
        return
    why = "The repository has no hook that looks for secrets."
    yield RULE.finding(project.place_in(ignore, 1), _ATTACK, why, fix=_FIX, confidence=Confidence.LOW)


RULE = Rule(
    slug="hook-without-scan",
    control="precommit-secret-scan",
    languages=("yaml", "shell", "toml", "gitignore"),
    unit=("commit hook", "commit hooks"),
    sound="scans before each commit",
    examine=examine,
)
