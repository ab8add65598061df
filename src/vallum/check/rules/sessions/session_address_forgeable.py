"""Addresses that a client writes itself in the record of its session, and agents that are printed raw."""

import re
from collections.abc import Iterator
from typing import Final

from vallum.check.flow.facts import Call, Function
from vallum.check.project import Project
from vallum.check.read.purpose import is_test
from vallum.check.rule import Rule
from vallum.findings.finding import Remark, Silence
from vallum.findings.place import Place

_HEADERS: Final = re.compile(r"^(?:HTTP_)?X[-_](?:FORWARDED[-_]FOR|REAL[-_]IP|CLIENT[-_]IP)$", re.IGNORECASE)
_READ: Final = re.compile(
    r"(?:headers|META|environ)(?:\.get(?:list|_all)?\(|\[)\s*[\"']((?:HTTP_)?X[-_](?:Forwarded[-_]For|Real[-_]IP))[\"']",
    re.IGNORECASE,
)
_TRUSTED: Final = re.compile(r"trusted|proxies|num_proxies|TRUSTED_PROXY|ProxyFix|ipware|hops", re.IGNORECASE)
_RECORDS: Final = re.compile(r"sessions?\b|Session\w*|session_\w+|login_event|device", re.IGNORECASE)
_SOUND: Final = re.compile(r"remote_addr|request\.client\.host|client_address|get_remote_address")
_AGENT: Final = re.compile(
    r"\{\{[^}]*(?:user_?agent|\bagent|\bua\b)[^}]*\|\s*safe\b|\{%\s*autoescape (?:off|false)", re.IGNORECASE
)
_SHOWN: Final = re.compile(r"\{\{[^}]*(?:user_?agent|\.agent\b)[^}]*\}\}", re.IGNORECASE)
_ATTACK: Final = "The thief writes any address he likes, and the list of sessions shows it as if it were true."
_FIX: Final = "Take the address from the connection, behind ProxyFix or another setting that names the trusted proxies."
_SCRIPT: Final = "A script in the User-Agent header runs in the page of the user, or of the support desk."


def examine(project: Project) -> Iterator[Remark]:
    """Look at the functions that record sessions, and at the templates that list them."""
    looked = False
    for function in project.functions:
        if is_test(function.place.path) or not _RECORDS.search(_about(function)):
            continue
        for remark in _judge(function):
            looked = True
            yield remark
    for remark in _judge_templates(project):
        looked = True
        yield remark
    for call in project.calls("*.SessionOverview"):
        looked = True
        yield RULE.site(call.place, "the guard's records")
    if not looked:
        yield RULE.silence(Silence.DOES_NOT_APPLY, "no session's address or agent is recorded")


def _judge_templates(project: Project) -> Iterator[Remark]:
    """The pages that show an agent."""
    for source in project.configs("html", "jinja"):
        if is_test(source.path):
            continue
        for number, line in enumerate(source.lines, 1):
            if _AGENT.search(line) and "agent" in line.lower():
                why = "The agent is printed with `safe`, as the client sent it."
                yield RULE.finding(project.place_in(source, number), _SCRIPT, why, fix="Leave `safe` out.")
            elif _SHOWN.search(line):
                yield RULE.site(project.place_in(source, number), "escaped")


def _about(function: Function) -> str:
    """What a function is about: its file, its name, and what it calls."""
    return f"{function.module.path} {function.name} {' '.join(call.method for call in function.calls)}"


def _judge(function: Function) -> Iterator[Remark]:
    match = _READ.search(function.text)
    if match is not None and not _TRUSTED.search(function.text):
        line = function.node.line + function.text[: match.start()].count("\n")
        why = f"{match[1]} is what the client wrote."
        yield RULE.finding(_place(function, line), _ATTACK, why, fix=_FIX)
    elif match is None and _SOUND.search(function.text):
        yield RULE.site(function.place, "the address of the connection")


def _place(function: Function, line: int) -> Place:
    found = [call for call in function.calls if call.place.line == line and _is_read(call)]
    found += [call for call in function.calls if call.place.line == line]
    return found[0].place if found else function.place


def _is_read(call: Call) -> bool:
    return any(isinstance(argument.constant, str) and _HEADERS.match(argument.constant) for argument in call.arguments)


RULE = Rule(
    slug="session-address-forgeable",
    control="session-metadata",
    languages=("python", "html", "jinja"),
    unit=("place that records a session", "places that record sessions"),
    sound="true and escaped",
    examine=examine,
)
