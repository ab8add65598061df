"""Scripts and styles of other hosts that the page takes on trust."""

import re
from collections.abc import Iterator
from typing import Final

from vallum.check.project import Project
from vallum.check.read.purpose import is_document, is_test
from vallum.check.rule import Rule
from vallum.findings.finding import Remark

_ATTACK: Final = "Whoever changes the file on the other host runs his script in every page that loads it."
_FIX: Final = 'Host the file yourself, or add integrity="sha384-..." and crossorigin="anonymous" for a fixed version.'
_TAG: Final = re.compile(
    r"<(?P<name>script|link)\b(?P<attributes>(?:\"[^\"]*\"|'[^']*'|\{\{.*?\}\}|[^>\"'])*)>", re.IGNORECASE | re.DOTALL
)
_VALUE: Final = re.compile(
    r"""\b(?P<name>src|href|rel|integrity|crossorigin)(?:\s*=\s*(?:"(?P<a>[^"]*)"|'(?P<b>[^']*)'|(?P<c>[^\s>"']+)))?""",
    re.IGNORECASE,
)
_HASH: Final = re.compile(r"\bsha(?:384|512)-[A-Za-z0-9+/=]{40,}")
_MOVING: Final = re.compile(r"[/@]latest(?:[/.]|$)", re.IGNORECASE)
_CODE: Final = frozenset({"stylesheet", "modulepreload"})


def examine(project: Project) -> Iterator[Remark]:
    """Look at every script and stylesheet element that names another host."""
    for source in project.configs("html", "jinja"):
        if is_test(source.path) or is_document(source.path):
            continue
        for tag in _TAG.finditer(source.text):
            values = {
                found["name"].lower(): found["a"] or found["b"] or found["c"] or ""
                for found in reversed(list(_VALUE.finditer(tag["attributes"])))
            }
            address = values.get("src" if tag["name"].lower() == "script" else "href", "")
            is_style = tag["name"].lower() == "link" and not _CODE & set(values.get("rel", "").lower().split())
            if is_style or not re.match(r"(?:https?:)?//", address.strip(), re.IGNORECASE):
                continue
            place = project.place_in(source, source.text.count("\n", 0, tag.start()) + 1)
            reason = _weakness(address, values)
            if reason:
                yield RULE.finding(place, _ATTACK, reason, fix=_FIX)
            else:
                yield RULE.site(place)


def _weakness(address: str, values: dict[str, str]) -> str:
    if _MOVING.search(address):
        return "The address names the latest version, which changes."
    if "integrity" not in values:
        return "integrity is missing."
    if "{" not in values["integrity"] and not _HASH.search(values["integrity"]):
        return "integrity holds no sha384 or sha512."
    return "" if "crossorigin" in values else "Without crossorigin the hash is not checked, and the load fails."


RULE = Rule(
    slug="script-without-integrity",
    control="subresource-integrity",
    languages=("html", "jinja"),
    unit=("resource of another host", "resources of other hosts"),
    sound="bound to a hash",
    examine=examine,
)
