"""Where in a page a template puts a value: inside scripts, styles, handlers, style attributes and addresses."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from vallum.check.project import Project
from vallum.check.read.purpose import is_document, is_test
from vallum.check.read.source import Source
from vallum.findings.place import Place

TEMPLATES: Final = ("html", "jinja")
_VALUE: Final = re.compile(r"\{\{-?\s*(?P<expression>.*?)\s*-?\}\}", re.DOTALL)
_BLOCK: Final = re.compile(
    r"<(?P<tag>script|style)\b(?P<head>(?:[^>\"']|\"[^\"]*\"|'[^']*')*)>(?P<body>.*?)</(?P=tag)\s*>",
    re.IGNORECASE | re.DOTALL,
)
_DATA: Final = re.compile(r"type\s*=\s*[\"']?(?:application/(?:ld\+)?json|text/(?:template|x-))", re.IGNORECASE)
_HIDDEN: Final = re.compile(
    r"\{#.*?#\}|<!--.*?-->|\{%-?\s*(?:verbatim|raw)\b.*?%\}.*?\{%-?\s*end(?:verbatim|raw)\s*-?%\}", re.DOTALL
)
_ATTRIBUTE: Final = re.compile(
    r"""(?<![\w-])(?P<name>on[a-z]{3,}|style|href|src|action|formaction)\s*=\s*(?P<quote>["'])(?P<value>.*?)(?P=quote)""",
    re.IGNORECASE | re.DOTALL,
)


@dataclass(frozen=True, kw_only=True)
class Insertion:
    """A value that a template puts into a page."""

    context: str
    """`script`, `data` (a script element that does not run), `style`, `handler`, `style-attribute` or `address`."""
    expression: str
    """What stands between the braces: `note.title | tojson`."""
    before: str
    """What stands before it in the same attribute; empty for an element."""
    place: Place


def insertions_of(project: Project, *contexts: str) -> Iterator[Insertion]:
    """The values that the templates of a project put into these contexts."""
    for source in project.configs(*TEMPLATES):
        if "{{" in source.text and not is_test(source.path) and not is_document(source.path):
            yield from (found for found in _insertions(source, project) if found.context in contexts)


def _insertions(source: Source, project: Project) -> Iterator[Insertion]:
    text = _HIDDEN.sub(lambda match: re.sub(r"[^\n]", " ", match[0]), source.text)
    for block in _BLOCK.finditer(text):
        data = _DATA.search(block["head"])
        context = "style" if block["tag"].lower() == "style" else "data" if data else "script"
        for value in _VALUE.finditer(block["body"]):
            yield _insertion(context, value, text, block.start("body"), "", source, project)
    outside = _BLOCK.sub(lambda match: re.sub(r"[^\n]", " ", match["body"]).join(_halves(match)), text)
    for attribute in _ATTRIBUTE.finditer(outside):
        name = attribute["name"].lower()
        context = "handler" if name.startswith("on") else "style-attribute" if name == "style" else "address"
        for value in _VALUE.finditer(attribute["value"]):
            before = attribute["value"][: value.start()]
            yield _insertion(context, value, text, attribute.start("value"), before, source, project)


def _halves(match: re.Match[str]) -> tuple[str, str]:
    start, end = match.start("body") - match.start(), match.end("body") - match.start()
    return match[0][:start], match[0][end:]


def _insertion(
    context: str, value: re.Match[str], text: str, offset: int, before: str, source: Source, project: Project
) -> Insertion:
    line = text.count("\n", 0, offset + value.start()) + 1
    place = project.place_in(source, line)
    return Insertion(context=context, expression=value["expression"], before=before, place=place)
