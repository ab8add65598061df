"""Scripts and styles from another origin carry the hash of what is loaded (CWE-353, CWE-829; ASVS 3.6.1)."""

import base64
import hashlib
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from vallum.findings.finding import Remark, Silence
from vallum.probe.check import Asking, Blame, Check, Claim
from vallum.probe.exchange import Exchange, Shot
from vallum.probe.read.html import Element
from vallum.probe.read.link import resolve_link, split_link
from vallum.probe.surface import Surface

CLAIM: Final = Claim(slug="foreign-files-are-pinned-by-hash", control="subresource-integrity")
_FETCHED: Final = "file with a hash"
_MOST_FILES: Final = 20
_STRONG: Final = ("sha384", "sha512")
_KNOWN: Final = ("sha256", *_STRONG)
_STYLES: Final = frozenset({"stylesheet", "preload", "modulepreload"})
_MESSAGE: Final = "Whoever takes over the other host runs scripts in the pages of this app."
_FIX: Final = 'Add integrity="sha384-..." of the file, computed from the file itself, and crossorigin="anonymous".'


def _ask(surface: Surface) -> Asking:
    """The own files that carry a hash; a file of another host is never asked for."""
    targets = [
        resolve_link(_address(element), page.shot.target, surface.base)
        for page in _pages(surface)
        for element in _loaders(page)
        if element.get("integrity")
    ]
    for target in list(dict.fromkeys(target for target in targets if target))[:_MOST_FILES]:
        yield Shot(method="GET", target=target, route=target, label=_FETCHED)


def _pages(surface: Surface) -> Iterator[Exchange]:
    """Each page once, as whoever saw it first."""
    seen: set[str] = set()
    for exchange in surface.exchanges:
        known = exchange.shot.route
        if exchange.answer.succeeded and exchange.answer.is_html and not exchange.shot.label and known not in seen:
            seen.add(known)
            yield exchange


def _loaders(page: Exchange) -> Iterator[Element]:
    """The scripts and styles that a browser loads for the page."""
    for element in page.answer.page.find("script", "link"):
        styles = element.tag == "link" and _STYLES & set(element.get("rel").lower().split())
        if _address(element) and (element.tag == "script" or styles):
            yield element


def _address(element: Element) -> str:
    return element.get("src") if element.tag == "script" else element.get("href")


def _judge(surface: Surface, exchanges: Sequence[Exchange]) -> Iterable[Remark]:
    files = {e.shot.target: e for e in exchanges if e.shot.label == _FETCHED and e.answer.succeeded}
    told: set[str] = set()
    for page in _pages(surface):
        remarks = list(_judge_page(page, surface, files, told))
        yield from remarks
        elements = [*_loaders(page)]
        if elements and not remarks:
            yield CLAIM.site(page, f"loads {len(elements)} scripts and styles, all of its own origin or with the hash")


def _judge_page(page: Exchange, surface: Surface, files: dict[str, Exchange], told: set[str]) -> Iterator[Remark]:
    for element in _loaders(page):
        address = _address(element)
        if address in told:
            continue
        own = resolve_link(address, page.shot.target, surface.base)
        parts = split_link(address)
        if parts is None or parts.scheme in ("data", "blob"):
            continue
        fault = _compare(element, files.get(own)) if own else _weakness(element)
        if fault:
            told.add(address)
            blame = Blame(message=_MESSAGE, reason=f"{address[:120]} {fault}.", fix=_FIX)
            yield CLAIM.finding(page, blame, needle=address)
        elif not own:
            told.add(address)
            reason = f"the hash of {address[:120]} was not compared: only this app's own files are asked for"
            yield CLAIM.unproven(Silence.COULD_NOT_LOOK, reason)


def _weakness(element: Element) -> str:
    """What is wrong with an element that loads from another origin; empty when nothing is."""
    hashes = _hashes(element)
    if not hashes:
        return "is loaded from another origin without a hash"
    if not any(name in _STRONG for name, _ in hashes):
        return f"is pinned by {hashes[0][0]} only"
    return "" if element.has("crossorigin") else "has a hash, but no crossorigin: browsers refuse to compare it"


def _compare(element: Element, fetched: Exchange | None) -> str:
    """What is wrong with the hash of a file that was fetched; browsers count only those of the strongest kind."""
    hashes = _hashes(element)
    if not hashes or fetched is None or fetched.answer.length > len(fetched.answer.body):
        return ""
    strongest = max((name for name, _ in hashes), key=_KNOWN.index)
    digest = base64.b64encode(hashlib.new(strongest, fetched.answer.body).digest()).decode()
    wanted = [value for name, value in hashes if name == strongest]
    return "" if digest in wanted else f"is served with other bytes than its {strongest} says"


def _hashes(element: Element) -> list[tuple[str, str]]:
    pairs = (word.partition("?")[0].partition("-") for word in element.get("integrity").split())
    return [(name.lower(), value) for name, _, value in pairs if name.lower() in _KNOWN and value]


CHECK: Final = Check(
    claim=CLAIM.slug,
    control=CLAIM.control,
    unit=("page that loads files", "pages that load files"),
    sound="with nothing foreign that is not pinned",
    ask=_ask,
    judge=_judge,
    idle="no page loads a script or a style",
)
