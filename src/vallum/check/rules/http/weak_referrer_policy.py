"""Referrer policies that tell other sites the whole address."""

import re
from collections.abc import Iterator
from typing import Final

from vallum.check.project import Project
from vallum.check.read.purpose import is_test
from vallum.check.responses.apps import django_settings, find_apps, talisman_calls
from vallum.check.responses.headers import select_headers
from vallum.check.responses.senders import find_sender, serves_pages
from vallum.check.rule import Rule
from vallum.findings.finding import Confidence, Remark
from vallum.findings.place import Place

_ATTACK: Final = "Other sites learn the whole address of a page, with tokens and search terms in it."
_FIX: Final = 'Use "strict-origin-when-cross-origin", and "no-referrer" on pages whose address holds a token.'
_STRICT: Final = frozenset({"strict-origin-when-cross-origin", "same-origin", "strict-origin", "no-referrer"})
_WEAK: Final = frozenset({"unsafe-url", "origin-when-cross-origin", "no-referrer-when-downgrade", "origin"})
_META: Final = re.compile(r"<meta\b[^>]*\bname\s*=\s*[\"']?referrer\b[^>]*", re.IGNORECASE)
_CONTENT: Final = re.compile(r"\bcontent\s*=\s*[\"']?([\w-]+)", re.IGNORECASE)
_ATTRIBUTE: Final = re.compile(r"\breferrerpolicy\s*=\s*[\"']?([\w-]+)", re.IGNORECASE)


def examine(project: Project) -> Iterator[Remark]:
    """Look at headers, settings, meta elements and attributes, and at applications that serve pages without any."""
    for setting in select_headers(project, "referrer-policy"):
        if setting.known:
            yield from _judge(setting.text, setting.place)
    for found in django_settings(project).get("SECURE_REFERRER_POLICY", []):
        if isinstance(found.constant, str):
            yield from _judge(found.constant, found.place)
    for call in talisman_calls(project):
        option = call.argument(None, "referrer_policy")
        if option is not None and isinstance(option.constant, str):
            yield from _judge(option.constant, option.place)
        elif option is None and not call.expands:
            yield RULE.site(call.place, "Talisman's default is strict")
    yield from _judge_markup(project)
    yield from _judge_apps(project)


def _judge(value: str, place: Place) -> Iterator[Remark]:
    """Of a list of values the last that is known counts (Referrer Policy, section 8.1)."""
    known = [word for word in re.split(r"[\s,]+", value.lower()) if word in _STRICT | _WEAK]
    last = known[-1] if known else ""
    if last in _STRICT:
        yield RULE.site(place, last)
    else:
        why = f'"{last}" sends more than the origin, or sends it without TLS.' if last else "Browsers ignore the value."
        yield RULE.finding(place, _ATTACK, why, fix=_FIX)


def _judge_markup(project: Project) -> Iterator[Remark]:
    for source in project.configs("html", "jinja"):
        if is_test(source.path):
            continue
        for number, line in enumerate(source.lines, 1):
            metas = [found for meta in _META.finditer(line) if (found := _CONTENT.search(meta[0]))]
            for match in (*metas, *_ATTRIBUTE.finditer(line)):
                yield from _judge(match[1], project.place_in(source, number))


def _judge_apps(project: Project) -> Iterator[Remark]:
    apps = [app for app in find_apps(project) if app.framework != "django"] if serves_pages(project) else []
    sender = find_sender(project, "referrer-policy") if apps else None
    for app in apps:
        if sender is None:
            why = "Pages are served, and nothing in the project sends a Referrer-Policy; old browsers then send all."
            yield RULE.finding(app.place, _ATTACK, why, fix=_FIX, confidence=Confidence.LOW)
        elif sender.place is not None:
            yield RULE.site(app.place, sender.note)


RULE = Rule(
    slug="weak-referrer-policy",
    control="referrer-policy",
    languages=("python", "nginx", "html", "jinja"),
    unit=("referrer policy", "referrer policies"),
    sound="strict",
    examine=examine,
)
