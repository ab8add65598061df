"""Accounts, images, containers, grants and file modes with more rights than the service needs."""

import re
from collections.abc import Iterator
from typing import Final

from vallum.check.flow.facts import Call
from vallum.check.judging import guard_sites
from vallum.check.project import Project
from vallum.check.read.purpose import is_document, is_test
from vallum.check.read.source import Source
from vallum.check.rule import Rule
from vallum.findings.finding import Confidence, Remark, Silence

_GRANT: Final = re.compile(r"^\s*GRANT\s+(?P<what>.+?)\s+ON\b", re.IGNORECASE)
_SUPER: Final = re.compile(r"^\s*(?:CREATE|ALTER)\s+(?:ROLE|USER)\b.*(?<!\w)(?:SUPERUSER|BYPASSRLS)\b", re.IGNORECASE)
_BROAD: Final = re.compile(r"\b(?:ALL(?:\s+PRIVILEGES)?|DELETE|DROP|TRUNCATE|SUPER|GRANT OPTION)\b", re.IGNORECASE)
_WILDCARD: Final = re.compile(
    r"^\s*\"?(?P<key>Not)?(?:Action|Resource)s?\"?\s*[:=]\s*\[?\s*\"?(?P<value>\*|[\w-]+:\*)\"?\s*[\],]*\s*$"
)
_NAMED: Final = re.compile(r"^\s*\"?Action\"?\s*:\s*\[?\s*\"[\w-]+:\w+\"")
_PRIVILEGED: Final = re.compile(
    r"\bprivileged\"?\s*:\s*true\b|^\s*(?:-\s*)?user:\s*[\"']?(?:root|0)\b|runAsUser:\s*0\b|allowPrivilegeEscalation:\s*true|docker\.sock"
)
_UNPRIVILEGED: Final = re.compile(r"runAsNonRoot:\s*true|^\s*user:\s*[\"']?(?!root|0\b)\w|drop:\s*\[\s*\"?ALL")
_ROOT_URL: Final = re.compile(
    r"^(?:postgres(?:ql)?|mysql|mariadb|mssql|mongodb)(?:\+[\w]+)?://(?:postgres|root|sa|admin|sys)(?::|@)"
)
_SECRET: Final = re.compile(r"\.pem\b|\.key\b|secret|\.env\b|id_rsa|credential|password", re.IGNORECASE)
_ATTACK: Final = "Whoever takes the process over has all that the account may do, not only what the service does."
_MODE_FIX: Final = "0o600 for secrets, 0o444 or 0o644 for code."
_OWN: Final = ("os.chmod", "os.lchmod", "os.fchmod")
_FOR_ALL: Final = re.compile(r"\bS_I(?:WOTH|RWXO|WGRP|RWXG)\b")
"""The names of bits that let others, or the whole group, write."""
_LONGEST: Final = 2_000
"""Longer lines are data, not settings, and patterns take very long on them."""


def examine(project: Project) -> Iterator[Remark]:
    """Look at grants, policies, images, containers, file modes and addresses of databases."""
    remarks = [remark for source in project.configs("dockerfile") for remark in _judge_image(source, project)]
    for source in project.configs("sql", "json", "yaml", "terraform"):
        if not is_test(source.path) and not is_document(source.path):
            remarks += [
                remark
                for number, line in enumerate(source.lines, 1)
                if len(line) <= _LONGEST
                for remark in _judge_line(source, number, line, project)
            ]
    remarks += [remark for call in project.calls(*_OWN, "*.chmod") for remark in _judge_mode(call)]
    remarks += _judge_addresses(project)
    remarks += guard_sites(RULE, project, "*.ProcessCheck", "*.DatabaseCheck")
    yield from remarks
    if not remarks:
        yield RULE.silence(Silence.DOES_NOT_APPLY, "no account, image, grant or file mode is in sight")


def _judge_image(source: Source, project: Project) -> Iterator[Remark]:
    """The last stage decides; it is named by its FROM line."""
    start, user, user_line = 0, "", 0
    for number, line in enumerate(source.lines, 1):
        words = line.split()
        if words[:1] and words[0].upper() == "FROM":
            start, user, user_line = number, "", 0
        elif len(words) > 1 and words[0].upper() == "USER":
            user, user_line = words[1].partition(":")[0].strip("\"'"), number
    if not start or re.search(r"nonroot|-rootless|unprivileged", source.line(start)):
        return
    if user and user not in {"root", "0"}:
        yield RULE.site(project.place_in(source, user_line), "the image has a user of its own")
    else:
        place = project.place_in(source, user_line or start)
        yield RULE.finding(place, _ATTACK, "The image runs as root.", fix="USER 10001, after the last RUN.")


def _judge_line(source: Source, number: int, line: str, project: Project) -> Iterator[Remark]:
    readers = {"sql": _read_grant, "json": _read_policy, "terraform": _read_policy, "yaml": _read_container}
    bad, good, fix = readers[source.kind](source, line)
    if bad:
        yield RULE.finding(project.place_in(source, number), _ATTACK, bad, fix=fix)
    elif good:
        yield RULE.site(project.place_in(source, number), good)


def _read_grant(_source: Source, line: str) -> tuple[str, str, str]:
    """What is bad of a line, what is good of it, and the fix."""
    grant = _GRANT.match(line)
    if _SUPER.search(line):
        return "The role may do everything in the server.", "", "CREATE ROLE app LOGIN NOSUPERUSER"
    if grant and _BROAD.search(grant["what"]):
        return f"{grant['what']} is granted.", "", "GRANT SELECT, INSERT, UPDATE on the tables by name."
    return "", "named grants" if grant else "", ""


def _read_policy(source: Source, line: str) -> tuple[str, str, str]:
    wild = _WILDCARD.match(line)
    if not _is_policy(source):
        return "", "", ""
    if wild:
        return f"{wild['value']} covers everything.", "", "Name the actions and the resources."
    return "", "named actions" if _NAMED.match(line) else "", ""


def _read_container(_source: Source, line: str) -> tuple[str, str, str]:
    if line.lstrip().startswith("#"):
        return "", "", ""
    if _PRIVILEGED.search(line):
        return "The container has the rights of root.", "", "runAsNonRoot: true, and capabilities dropped."
    return "", "an unprivileged container" if _UNPRIVILEGED.search(line) else "", ""


def _is_policy(source: Source) -> bool:
    return (
        "Action" in source.text
        and re.search(r"\"Statement\"|\bstatement\b", source.text) is not None
        and "Deny" not in source.text
    )


def _judge_mode(call: Call) -> Iterator[Remark]:
    if is_test(call.place.path):
        return
    own = call.name in _OWN
    given = call.argument(1 if own else 0, "mode")
    mode = given.constant if given is not None else None
    target = call.arguments[0].text if own else (call.receiver.text if call.receiver is not None else "")
    named = _FOR_ALL.search(given.text) if given is not None and "~" not in given.text else None
    if not isinstance(mode, int):
        if named:
            yield RULE.finding(call.place, _ATTACK, f"{named[0]} lets others write.", fix=_MODE_FIX)
        return
    if mode & 0o002 or (mode & 0o077 and _SECRET.search(target)):
        why = f"Mode {mode:o} lets {'everybody write' if mode & 0o002 else 'others read a secret'}."
        yield RULE.finding(call.place, _ATTACK, why, fix=_MODE_FIX)
    elif mode & 0o020:
        why = f"Mode {mode:o} lets everybody of the group write."
        yield RULE.finding(call.place, _ATTACK, why, fix=_MODE_FIX, confidence=Confidence.LOW)
    else:
        yield RULE.site(call.place, f"mode {mode:o}")


def _judge_addresses(project: Project) -> Iterator[Remark]:
    for value in project.literals:
        if isinstance(value.constant, str) and _ROOT_URL.match(value.constant) and not is_test(value.place.path):
            why = "The application connects as the owner of the server."
            fix = "Connect as an account with named grants."
            yield RULE.finding(value.place, _ATTACK, why, fix=fix, confidence=Confidence.MEDIUM)


RULE = Rule(
    slug="broad-privilege",
    control="least-privilege-accounts",
    languages=("python", "sql", "json", "dockerfile", "yaml", "terraform"),
    unit=("grant, image or mode", "grants, images and modes"),
    sound="no more than needed",
    examine=examine,
)
