"""The scripts that the app serves write no data as markup, or the browser would refuse it (CWE-79; ASVS 3.2.2)."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from vallum.findings.finding import Confidence, Remark, Silence
from vallum.probe.check import Asking, Blame, Check, Claim
from vallum.probe.exchange import Exchange, Shot
from vallum.probe.read.link import resolve_link
from vallum.probe.surface import Surface

CLAIM: Final = Claim(slug="scripts-write-text-only", control="dom-text-sinks")
_MESSAGE: Final = (
    "An attacker can run a script in the browser of others: data that reaches this line becomes markup or code."
)
_FIX: Final = "Set textContent, or append text nodes; markup only from DOMPurify; and send Trusted Types in the policy."
_SCRIPT: Final = "script"
_MOST: Final = 30
_LONGEST_LINE: Final = 600
"""Of a file that somebody wrote; a longer average line means that a program did."""
_COMMENT: Final = re.compile(r"/\*.*?\*/|(?<![:\"'`])//[^\n]*", re.DOTALL)
_ASSIGNED: Final = re.compile(r"\.(innerHTML|outerHTML|srcdoc)\s*\+?=(?![=>])\s*([^;\n]*)")
_CALLED: Final = re.compile(
    r"(?:\.(insertAdjacentHTML|createContextualFragment)|\b(document\.write(?:ln)?)|\)\.(html))"
    r"\s*\(([^;\n]*)"
)
_EVALUATED: Final = re.compile(r"(?<![\w.$])(?:(eval)|new\s+(Function)|(set(?:Timeout|Interval)))\s*\(([^;\n]*)")
_TEXT: Final = re.compile(r"\.(?:textContent|innerText|createTextNode|append|replaceChildren|setAttribute)\b")
_CONSTANT: Final = re.compile(r"""\s*(?:(?:"[^"\n]*"|'[^'\n]*'|`[^`$\n]*`)\s*[,+]?\s*)*[);\s]*$""")
_CLEANED: Final = re.compile(r"\b(?:DOMPurify\.sanitize|trustedTypes|\w*[pP]olicy\.createHTML|setHTML)\b")
_READS: Final = re.compile(r"location|search|hash|referrer|query|param|value|response|answer|data|html", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sink:
    """A place in a script where a value becomes markup or code."""

    name: str
    line: str
    sure: bool
    """Whether what is written is named like data."""


def _ask(surface: Surface) -> Asking:
    """The scripts of the pages that the survey did not fetch already."""
    fetched = {exchange.shot.target for exchange in surface.exchanges}
    for target in list(dict.fromkeys(_sources(surface)))[:_MOST]:
        if target not in fetched:
            yield Shot(method="GET", target=target, route=target.partition("?")[0], label=_SCRIPT)


def _sources(surface: Surface) -> Iterator[str]:
    for exchange in surface.exchanges:
        for element in exchange.answer.page.find("script"):
            target = resolve_link(element.get("src"), exchange.shot.target, exchange.base) if element.get("src") else ""
            if target:
                yield target


def _judge(surface: Surface, exchanges: Sequence[Exchange]) -> Iterable[Remark]:
    refusing = _refuses_text(surface)
    skipped = ""
    for exchange, code in _scripts(surface, exchanges):
        if _is_bundled(code):
            skipped = exchange.shot.target
            continue
        sinks = list(find_sinks(code))
        if not sinks:
            written = len(_TEXT.findall(code))
            if written:
                yield CLAIM.site(exchange, f"no value is written as markup; text is written in {written} places")
        elif refusing:
            yield CLAIM.site(exchange, "the pages send require-trusted-types-for 'script': the browser refuses text")
        else:
            yield CLAIM.finding(exchange, _blame(exchange, sinks), needle=sinks[0].line)
    if skipped:
        reason = f"bundled and minified scripts were not read, such as {skipped[:100]}"
        yield CLAIM.unproven(Silence.COULD_NOT_LOOK, reason)


def _scripts(surface: Surface, exchanges: Sequence[Exchange]) -> Iterator[tuple[Exchange, str]]:
    """Served files, once each, and what stands in the pages themselves."""
    seen: set[str] = set()
    for exchange in (*surface.exchanges, *exchanges):
        answer, path = exchange.answer, exchange.shot.target.partition("?")[0]
        if not answer.succeeded:
            continue
        if "javascript" in answer.media_type and path not in seen:
            seen.add(path)
            yield exchange, answer.text
        for element in answer.page.find("script"):
            inline = "" if element.get("src") or "json" in element.get("type") else element.text
            shape = re.sub(r"[\"'`][^\"'`\n]*[\"'`]|\d+", "", inline)
            if shape.strip() and shape not in seen:
                seen.add(shape)
                yield exchange, inline


def find_sinks(code: str) -> Iterator[Sink]:
    """The sinks of a script that take anything but constants and what a sanitiser gave."""
    plain = _COMMENT.sub("", code)
    for pattern in (_ASSIGNED, _CALLED, _EVALUATED):
        for found in pattern.finditer(plain):
            *names, given = found.groups()
            name = next(filter(None, names))
            if not _is_harmless(name, given):
                line = plain[plain.rfind("\n", 0, found.start()) + 1 : found.end()].strip()
                yield Sink(name=name, line=line[-120:], sure=bool(_READS.search(given)))


def _is_harmless(name: str, given: str) -> bool:
    if name.startswith("set"):
        return not re.match(r"\s*(?:[\"'`]|\w+\s*\+)", given)
    if name == "insertAdjacentHTML":
        given = given.partition(",")[2]
    if name == "html" and re.match(r"\s*\)", given):
        return True
    return bool(_CONSTANT.match(given) or _CLEANED.search(given))


def _blame(exchange: Exchange, sinks: Sequence[Sink]) -> Blame:
    names = ", ".join(dict.fromkeys(sink.name for sink in sinks))
    count = f"{len(sinks)} places take" if len(sinks) > 1 else "a place takes"
    lines = "; ".join(f"`{sink.line}`" for sink in sinks[:3])
    reason = f"{exchange.shot.target.partition('?')[0]}: {count} a value that is no constant ({names}): {lines}"
    sure = any(sink.sure for sink in sinks)
    confidence = Confidence.HIGH if sure else Confidence.MEDIUM
    return Blame(message=_MESSAGE, reason=reason, fix=_FIX, confidence=confidence)


def _is_bundled(code: str) -> bool:
    lines = code.count("\n") + 1
    return len(code) / lines > _LONGEST_LINE or code.lstrip().startswith("/*!")


def _refuses_text(surface: Surface) -> bool:
    """Whether every page with a script sends Trusted Types, without a policy that lets everything through."""
    pages = [met.answer for met in surface.exchanges if met.answer.succeeded and any(met.answer.page.find("script"))]
    told = [" ".join(page.header_lines("content-security-policy")).lower() for page in pages]
    return bool(told) and all("require-trusted-types-for 'script'" in line for line in told)


CHECK: Final = Check(
    claim=CLAIM.slug,
    control=CLAIM.control,
    unit=("script", "scripts"),
    sound="without a place that takes markup",
    ask=_ask,
    judge=_judge,
    idle="no script that writes into a page was served",
)
