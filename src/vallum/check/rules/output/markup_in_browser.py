"""Browser code that writes values as markup or runs them as code."""

import re
from collections.abc import Iterator
from typing import Final

from vallum.check.project import Project
from vallum.check.read.purpose import is_test
from vallum.check.read.source import Source
from vallum.check.rule import Rule
from vallum.findings.finding import Confidence, Remark, Silence

_KINDS: Final = ("javascript", "typescript")
_SINKS: Final = (
    re.compile(r"\.(?P<sink>innerHTML|outerHTML|srcdoc)\s*\+?=(?!=)\s*(?P<value>.*)"),
    re.compile(r"\.(?P<sink>insertAdjacentHTML)\(\s*[^,]+,\s*(?P<value>.*)"),
    re.compile(r"\bdocument\.(?P<sink>write|writeln)\(\s*(?P<value>.*)"),
    re.compile(r"(?:\$\([^)]*\)|\$\w+)(?:\.\w+\([^)]*\))*\.(?P<sink>html)\(\s*(?P<value>[^)\s].*)"),
    re.compile(r"\b(?P<sink>dangerouslySetInnerHTML)=\{\{\s*__html:\s*(?P<value>.*)"),
    re.compile(r"(?<![.\w])(?P<sink>eval|new Function)\(\s*(?P<value>[^)\s].*)"),
    re.compile(r"(?<![.\w])(?P<sink>setTimeout|setInterval)\(\s*(?P<value>[\"'`].*)"),
)
_CONSTANT: Final = re.compile(
    r"""^(?:"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|`[^`$]*`)\s*(?:[;,)}]|$)|^trustedTypes\.emptyHTML"""
)
_CLEAN: Final = re.compile(
    r"^(?:DOMPurify\.sanitize|sanitizer?\.\w+|policy\.createHTML|sanitise|sanitize)\([^;()]*(?:\([^;()]*\)[^;()]*)*\)[\s;,)}]*(?:/?>.*)?$"
)
_SAFE: Final = re.compile(r"\.(?:textContent|innerText)\s*=(?!=)|createTextNode\(|\.replaceChildren\(")
_BUNDLES: Final = re.compile(r"(?:^|/)(?:node_modules|vendor|dist|build)/|\.min\.js$")
_ATTACK: Final = "Whoever controls the text writes elements with event handlers into the page of somebody else."
_FIX: Final = "Write text by textContent; where markup is meant, DOMPurify.sanitize as the last step before the sink."


def examine(project: Project) -> Iterator[Remark]:
    """Look at every line of browser code that writes markup or text."""
    seen = False
    for source in project.configs(*_KINDS):
        if is_test(source.path) or _BUNDLES.search(source.path) or len(source.text) > 1_000_000:
            continue
        for remark in _judge(source, project):
            seen = True
            yield remark
    if not seen:
        yield RULE.silence(Silence.DOES_NOT_APPLY, "no browser code writes into a page")


def _judge(source: Source, project: Project) -> Iterator[Remark]:
    for number, line in enumerate(source.lines, 1):
        if len(line) > 2000 or line.lstrip().startswith(("//", "*", "/*")):
            continue
        code = re.sub(r"\s//\s.*$", "", line)
        match = next((found for sink in _SINKS if (found := sink.search(code))), None)
        if match is None:
            if _SAFE.search(code):
                yield RULE.site(project.place_in(source, number), "written as text")
            continue
        value, sink = match["value"].strip(), match["sink"]
        place = project.place_in(source, number)
        timer = sink in {"setTimeout", "setInterval", "eval", "new Function"}
        if not timer and _CLEAN.match(value):
            yield RULE.site(place, "the sanitiser's output")
        elif _CONSTANT.match(value):
            yield RULE.site(place, "constant")
        else:
            what = "runs a text as code" if timer else "takes a value that is not constant"
            yield RULE.finding(place, _ATTACK, f"`{sink}` {what}.", fix=_FIX, confidence=Confidence.MEDIUM)


RULE = Rule(
    slug="markup-in-browser",
    control="dom-text-sinks",
    languages=("javascript", "typescript", "jsx"),
    unit=("write into a page", "writes into pages"),
    sound="text or sanitised",
    examine=examine,
)
