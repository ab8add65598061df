"""Secret-named entries of configuration files, shell scripts, images and JavaScript, line by line."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from vallum.check.read.source import Source
from vallum.check.secrets.detection import Detection
from vallum.check.secrets.names import secret_kind
from vallum.check.secrets.values import is_random, judge_value
from vallum.findings.finding import Confidence

CONFIGURATION: Final = frozenset(
    {"dotenv", "yaml", "json", "toml", "ini", "dockerfile", "shell", "terraform", "makefile"}
)
SCRIPTS: Final = frozenset({"javascript", "typescript", "vue"})
_PAIR: Final = re.compile(
    r"""(?P<quote>["']?)(?<![\w.-])(?P<key>[A-Za-z_][\w.-]*)(?P=quote)\s*(?::=|[:=])\s*"""
    r"""(?P<value>"[^"\n]*"|'[^'\n]*'|[^\s,}\]]+)"""
)
_OLD_ENV: Final = re.compile(r"^\s*ENV\s+(?P<quote>)(?P<key>\w+)\s+(?P<value>[^\s=]+)\s*$")
_SCRIPT: Final = re.compile(
    r"""(?P<quote>["']?)(?<![\w$-])(?P<key>[A-Za-z_$][\w$-]*)(?P=quote)\s*[:=]\s*(?P<value>"[^"\n]*"|'[^'\n]*'|`[^`\n]*`)"""
)
_COMMAND: Final = re.compile(
    r"""\bsshpass\s+-p\s*(?P<ssh>\S+)|\bmysql(?:dump|admin)?\b[^|;\n]*?\s-p(?P<sql>[^\s"'$-][^\s"']*)"""
    r"""|\bcurl\b[^|;\n]*?\s(?:-u|--user)[ =]?["']?[^\s:"'$]+:(?P<curl>[^\s"'$]+)"""
    r"""|\s--password[= ](?P<long>[^\s"'$-][^\s"']*)"""
)
_COMMENT: Final = {"json": (), "ini": ("#", ";"), **dict.fromkeys(SCRIPTS, ("//", "*", "/*"))}


@dataclass(frozen=True, slots=True)
class _Style:
    pattern: re.Pattern[str]
    sure: bool
    quoted: bool


def find_entries(source: Source, *, mild: bool) -> Iterator[Detection]:
    """The secrets among a file's entries; with `mild` only those that look drawn by lot, for tests and samples."""
    style = _style_of(source)
    if style is None:
        return
    comments = _COMMENT.get(source.kind, ("#",))
    for number, line in enumerate(source.lines, 1):
        if comments and line.lstrip().startswith(comments):
            continue
        for match in style.pattern.finditer(line):
            found = _judge_entry(source, style, line, match, mild)
            if found is not None:
                start, end, confidence = found
                yield _detect(number, line, start, end, f"the value of {match['key']}", confidence)
        if source.kind in {"shell", "dockerfile", "yaml", "makefile"} and not mild:
            yield from _find_commands(number, line)
        if source.kind == "dockerfile" and (old := _OLD_ENV.match(line)):
            certainty = judge_value(old["key"], secret_kind(old["key"]), old["value"], sure=True)
            if secret_kind(old["key"]) and certainty:
                yield _detect(number, line, *old.span("value"), f"the value of {old['key']}", certainty)


def _style_of(source: Source) -> _Style | None:
    name = source.path.rpartition("/")[2].lower()
    if source.kind in SCRIPTS:
        return _Style(_SCRIPT, sure=False, quoted=True)
    if source.kind not in CONFIGURATION or name.endswith((".lock", "-lock.json", "-lock.yaml")):
        return None
    return _Style(
        _PAIR, sure=source.kind in {"dotenv", "dockerfile"}, quoted=source.kind in {"json", "toml", "terraform"}
    )


def _judge_entry(
    source: Source, style: _Style, line: str, match: re.Match[str], mild: bool
) -> tuple[int, int, Confidence] | None:
    key, raw = match["key"], match["value"]
    kind = secret_kind(key.rpartition(".")[2])
    start, end = match.span("value")
    if not kind:
        return None
    value = raw
    if raw[0] in "\"'`":
        value, start, end = raw[1:-1], start + 1, end - 1
    elif style.quoted or _goes_on(source.kind, line[end:]):
        return None
    if source.kind == "shell" and raw[0] not in "\"'" and not re.match(r"\s*(?:export\s+)?\w+=", line):
        return None
    confidence = judge_value(key, kind, value, sure=style.sure or (source.kind == "yaml" and key.isupper()))
    if confidence is None or (mild and not is_random(value)):
        return None
    return start, end, Confidence.LOW if mild else confidence


def _goes_on(kind: str, rest: str) -> bool:
    """Whether more words follow, as in a label."""
    return kind in {"yaml", "ini"} and bool(rest.strip()) and not rest.lstrip().startswith(("#", ";", ",", "}", "]"))


def _find_commands(number: int, line: str) -> Iterator[Detection]:
    for match in _COMMAND.finditer(line):
        name = match.lastgroup
        value = match[name] if name else ""
        if name and judge_value("", "password", value.strip("\"'"), sure=True):
            yield _detect(number, line, *match.span(name), "a password on a command line", Confidence.HIGH)


def _detect(number: int, line: str, start: int, end: int, what: str, confidence: Confidence) -> Detection:
    return Detection(
        line=number,
        column=start,
        end_line=number,
        end_column=end,
        what=what,
        confidence=confidence,
        value=line[start:end],
    )
