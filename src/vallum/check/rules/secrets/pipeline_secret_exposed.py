"""Secrets of pipelines as literals, in the environment of whole jobs, in echoes, arguments and builds of forks."""

import re
from collections.abc import Iterator
from typing import Final

from vallum.check.project import Project
from vallum.check.read.purpose import is_test
from vallum.check.read.source import Source
from vallum.check.readings.pipelines import find_pipelines, is_github, run_lines, strip_comment
from vallum.check.rule import Rule
from vallum.check.secrets.entries import holds_format, place_hidden, read_entries
from vallum.check.secrets.names import secret_kind
from vallum.findings.finding import Remark, Silence

_STORED: Final = re.compile(r"\$\{\{\s*secrets\.(?!GITHUB_TOKEN\b)\w+")
_ECHO: Final = re.compile(r"\b(?:echo|printf|cat\s*<<)\b(?P<rest>[^|]*)(?P<pipe>\|)?")
_VARIABLE: Final = re.compile(r"\$\{?(?P<name>[A-Z][A-Z0-9_]*)\}?")
_USER: Final = re.compile(r"(?:\s-u|--user)[ =][\"']?[\w.@-]+:(?P<value>[^\s\"'$:]{6,})")
_TARGET: Final = re.compile(r"^\s*(?:[\"']?on[\"']?:\s*(?:\[[^\]]*)?|-\s*)?pull_request_target\b")
_HEAD: Final = re.compile(r"github\.event\.pull_request\.head|github\.head_ref|refs/pull/")
_FEDERATED: Final = re.compile(r"^\s*id-token:\s*write\b|^\s*id_tokens:|credentials\(|withCredentials|\$\{NPM_TOKEN\}")
_NPM: Final = re.compile(r":_(?:authToken|auth|password)\s*=\s*(?P<value>\S+)")
_QUOTED: Final = re.compile(r"(?P<key>\w+)\s*[:=]\s*[\"'](?P<value>[^\"'$]{8,})[\"']")
_ATTACK: Final = (
    "Whoever reads the repository, the log of the run or the list of processes acts in the pipeline's name."
)
_FORK: Final = "Anybody opens a pull request, and his code runs with the project's secrets."
_FIX: Final = "Keep it in the CI store, or federate by OIDC; give it to the one step that needs it, as its environment."


def examine(project: Project) -> Iterator[Remark]:
    """Look at pipelines, Jenkinsfiles and the configurations of registries."""
    remarks: list[Remark] = []
    for source in find_pipelines(project):
        if not is_test(source.path):
            remarks += [*_judge_literals(source), *_judge_commands(source, project), *_judge_scopes(source, project)]
    for source in project.configs("groovy", "ini"):
        if not is_test(source.path) and (source.kind == "groovy" or source.path.endswith((".npmrc", ".pypirc"))):
            remarks += [*_judge_other(source, project)]
    yield from remarks
    if not remarks:
        yield RULE.silence(Silence.DOES_NOT_APPLY, "no pipeline handles a secret here")


def _judge_literals(source: Source) -> Iterator[Remark]:
    found: set[int] = set()
    for entry in read_entries(source):
        if entry.is_secret and not re.search(r"\$|^!|^\{|^\[", entry.value):
            found.add(entry.line)
            place = place_hidden(source, entry.line, entry.value)
            yield RULE.finding(place, _ATTACK, f"{entry.key} has its value in the file.", fix=_FIX)
    for number, line in enumerate(source.lines, 1):
        if number not in found and holds_format(line) and not line.lstrip().startswith("#"):
            yield RULE.finding(place_hidden(source, number, line.strip()), _ATTACK, "A token stands here.", fix=_FIX)


def _judge_commands(source: Source, project: Project) -> Iterator[Remark]:
    for number, command in run_lines(source):
        place = project.place_in(source, number)
        if match := _USER.search(command):
            place = place_hidden(source, number, match["value"])
            yield RULE.finding(place, _ATTACK, "A password stands on a command line.", fix=_FIX)
        elif _echoes(command):
            yield RULE.finding(place, _ATTACK, "The secret is written to the log.", fix="Do not print it.")
        elif _STORED.search(command):
            why = "The secret is put into a command line, which every process can read."
            yield RULE.finding(place, _ATTACK, why, fix="Pass it as env: of the step.")


def _echoes(command: str) -> bool:
    for match in _ECHO.finditer(command):
        if match["pipe"] or ">" in match["rest"]:
            continue
        named = any(secret_kind(found["name"]) for found in _VARIABLE.finditer(match["rest"]))
        if named or _STORED.search(match["rest"]):
            return True
    return False


def _judge_scopes(source: Source, project: Project) -> Iterator[Remark]:
    """Which steps see a stored secret, and whether a fork's code is among them."""
    forks = _HEAD.search(source.text) is not None
    steps = _step_depths(source)
    commands = {number for number, _ in run_lines(source)}
    for number, line in enumerate(source.lines, 1):
        place = project.place_in(source, number)
        code = strip_comment(line)
        if _TARGET.match(code) and is_github(source):
            if forks:
                yield RULE.finding(
                    place, _FORK, "The code of the request's head is checked out.", fix="on: pull_request"
                )
            else:
                yield RULE.site(place, "the base's own code")
        elif _FEDERATED.search(code):
            yield RULE.site(place, "a short-lived identity")
        elif _STORED.search(code) and number not in commands and is_github(source):
            if steps[number - 1] or not re.match(r"\s+[A-Za-z_]\w*:\s", code):
                yield RULE.site(place, "given to one step")
            elif _parent(source, number).startswith("env:"):
                why = "Every step of the job sees the secret, and what a step runs sees it too."
                yield RULE.finding(place, _ATTACK, why, fix="Move it to the env: of the step.")


def _step_depths(source: Source) -> list[bool]:
    """For each line whether it lies within the steps of a job."""
    found: list[bool] = []
    depth = -1
    for line in source.lines:
        indent = len(line) - len(line.lstrip())
        if re.match(r"\s*steps:\s*(?:#.*)?$", line):
            depth = indent
        elif line.strip() and indent <= depth and not line.lstrip().startswith("- "):
            depth = -1
        found.append(depth >= 0)
    return found


def _parent(source: Source, number: int) -> str:
    """The text of the key under which a line stands."""
    indent = len(source.line(number)) - len(source.line(number).lstrip())
    for index in range(number - 1, 0, -1):
        line = source.line(index)
        if line.strip() and len(line) - len(line.lstrip()) < indent:
            return line.strip()
    return ""


def _judge_other(source: Source, project: Project) -> Iterator[Remark]:
    for number, line in enumerate(source.lines, 1):
        if line.lstrip().startswith(("#", ";", "//" if source.kind == "groovy" else "#")):
            continue
        match = _NPM.search(line) or _USER.search(line)
        if source.kind == "groovy" and match is None:
            quoted = _QUOTED.search(line)
            match = quoted if quoted and secret_kind(quoted["key"]) and " " not in quoted["value"] else None
        elif source.path.endswith(".pypirc"):
            match = re.match(r"\s*password\s*[:=]\s*(?P<value>\S+)", line)
        literal = match is not None and "$" not in match["value"] and "credentials(" not in line
        if match is not None and literal:
            place = place_hidden(source, number, match["value"])
            yield RULE.finding(place, _ATTACK, "A credential stands here as a literal.", fix=_FIX)
        elif match is not None or _FEDERATED.search(line):
            yield RULE.site(project.place_in(source, number), "from the CI store")


RULE = Rule(
    slug="pipeline-secret-exposed",
    control="ci-secrets",
    languages=("yaml", "ini", "groovy"),
    unit=("secret of a pipeline", "secrets of pipelines"),
    sound="from the CI store",
    examine=examine,
)
