"""The list of one's sessions shows the true address and the browser's words as text (CWE-348; ASVS 7.5.2, 15.3.4)."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Final

from vallum.findings.finding import Confidence, Remark, Silence
from vallum.probe.check import Asking, Blame, Check, Claim
from vallum.probe.exchange import Exchange, Headers, SignIn
from vallum.probe.operation import Operation
from vallum.probe.surface import BEARER, Account, Surface

CLAIM: Final = Claim(slug="session-lists-tell-the-truth", control="session-metadata")
_LIST: Final = re.compile(r"(?i)(?:^|[/_-])(?:sessions?|devices?|logins|sign[-_]?ins)/?$")
_SESSION: Final = "listed"
_FORGED: Final = "203.0.113.77"
_LONGEST: Final = 256
_ADDRESS: Final = re.compile(
    r"\b\d{1,3}(?:\.\d{1,3}){3}\b|(?<![\w:])::1(?![\w:])|\b[0-9a-f]{1,4}(?::[0-9a-f]{0,4}){3,7}"
)
_MOST: Final = 3
_SCRIPT: Final = (
    "Whoever signs in with a browser of his own making runs script in the page of those who look at the list."
)
_FALSE: Final = "A thief writes himself any address, and the list shows his session as the owner's own."
_FIX: Final = "Take the address from trusted proxies only, cut the agent to 256 characters, and escape it when shown."


def _ask(surface: Surface) -> Asking:
    account = next((account for account in surface.users if account.session_cookies), None)
    pages = list(_lists(surface, account)) if account else []
    if account is None or not pages:
        return
    headers = _headers(surface)
    yield SignIn(identity=account.name, session=_SESSION, headers=headers, label="login from elsewhere")
    for operation in pages[:_MOST]:
        shot = surface.aim(operation, account.name)
        if shot and shot.session != BEARER:
            yield replace(shot, session=_SESSION, headers=headers, label="list of sessions")


def _lists(surface: Surface, account: Account) -> Iterator[Operation]:
    for operation in surface.operations:
        if operation.method == "GET" and not operation.holes and _LIST.search(operation.template):
            met = surface.baseline(operation, account.name)
            if met and met.answer.succeeded:
                yield operation


def _headers(surface: Surface) -> Headers:
    """A browser that calls itself a script, and tells more than anybody keeps."""
    agent = f"{_name(surface)} {_script(surface)} {'x' * _LONGEST} {_tail(surface)}"
    return ("User-Agent", agent), ("X-Forwarded-For", _FORGED), ("X-Real-IP", _FORGED), ("Forwarded", f"for={_FORGED}")


def _name(surface: Surface) -> str:
    return f"{surface.mark}browser"


def _script(surface: Surface) -> str:
    return f"<script>{surface.mark}()</script>"


def _tail(surface: Surface) -> str:
    return f"{surface.mark}tail"


def _judge(surface: Surface, exchanges: Sequence[Exchange]) -> Iterable[Remark]:
    if not any(account.session_cookies for account in surface.users):
        yield CLAIM.unproven(Silence.DOES_NOT_APPLY, "no identity is known by a cookie")
        return
    pages = [exchange for exchange in exchanges if exchange.shot.label == "list of sessions"]
    shown = [exchange for exchange in pages if _name(surface) in exchange.answer.text]
    for exchange in shown:
        faults = list(_faults(surface, exchange))
        for blame, needle in faults:
            yield CLAIM.finding(exchange, blame, needle=needle)
        if not faults and _ADDRESS.search(exchange.answer.text):
            yield CLAIM.site(exchange, "it shows the browser as text and the true address")
    if pages and not any(_ADDRESS.search(exchange.answer.text) for exchange in shown):
        reason = f"{pages[0].shot.route} does not show from where, or with what browser, a session was opened"
        yield CLAIM.unproven(Silence.NOTHING_EXAMINED, reason)


def _faults(surface: Surface, exchange: Exchange) -> Iterator[tuple[Blame, str]]:
    text, where = exchange.answer.text, exchange.shot.route
    if exchange.answer.is_html and _script(surface) in text:
        reason = f"{where} shows the User-Agent of a session as markup."
        yield Blame(message=_SCRIPT, reason=reason, fix=_FIX), _script(surface)
    if _FORGED in text:
        reason = f"{where} shows the address that the client wrote into a header."
        yield Blame(message=_FALSE, reason=reason, fix=_FIX, confidence=Confidence.MEDIUM), _FORGED
    if _tail(surface) in text:
        reason = f"{where} shows an agent of more than {_LONGEST} characters."
        yield Blame(message=_FALSE, reason=reason, fix=_FIX, confidence=Confidence.MEDIUM), _tail(surface)


CHECK: Final = Check(
    claim=CLAIM.slug,
    control=CLAIM.control,
    unit=("list of sessions", "lists of sessions"),
    sound="with true addresses, and browsers as text",
    ask=_ask,
    judge=_judge,
    users=1,
    idle="no page lists the sessions of an account",
)
