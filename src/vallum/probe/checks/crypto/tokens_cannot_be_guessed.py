"""Session ids and CSRF tokens are long, never alike, and follow no order (CWE-330, CWE-338; ASVS 7.2.3, 11.5.1)."""

import re
from collections.abc import Iterable, Iterator, Sequence
from math import log2
from typing import Final

from vallum.findings.finding import Confidence, Remark
from vallum.probe.check import Asking, Blame, Check, Claim
from vallum.probe.exchange import Exchange, Shot, SignIn
from vallum.probe.read.cookie import SetCookie
from vallum.probe.surface import Surface

CLAIM: Final = Claim(slug="tokens-cannot-be-guessed", control="secure-random")
_VISITS: Final = 120
_LOGINS: Final = 3
_FEWEST: Final = 3
_WEAK_BITS: Final = 128
_WANTED_BITS: Final = 256
_PREFIX: Final = 5
_MESSAGE: Final = "An attacker can guess the token of somebody else, and take over the session that it stands for."
_FIX: Final = "Draw 32 bytes from `secrets` or `os.urandom` for every token and session id."
_STRUCTURED: Final = re.compile(r"^eyJ|[.:!|]|^gAAAA")
"""Signed or sealed values: their beginning is no random token."""
_ALPHABETS: Final = ((r"[0-9]+", 10), (r"[0-9a-f]+", 16), (r"[0-9A-F]+", 16), (r"[0-9a-z]+", 36), (r"[\w+/=-]+", 64))


def _ask(surface: Surface) -> Asking:
    """The start and login page in many fresh sessions, and a few logins."""
    pages = dict.fromkeys(("/", *(a.login.shot.page for a in surface.users[:1] if a.login and a.login.shot.page)))
    for page in pages:
        first = yield Shot(method="GET", target=page, session="fresh 0", label="visit")
        if not any(True for _ in _tokens(first)):
            continue
        for number in range(1, _VISITS):
            yield Shot(method="GET", target=page, session=f"fresh {number}", label="visit")
    for account in surface.users[:1]:
        for number in range(_LOGINS if account.session_cookies else 0):
            yield SignIn(identity=account.name, session=f"fresh {number}", label="login")


def _judge(_surface: Surface, exchanges: Sequence[Exchange]) -> Iterable[Remark]:
    collected: dict[str, list[tuple[str, Exchange]]] = {}
    for exchange in exchanges:
        for name, value in _tokens(exchange):
            collected.setdefault(name, []).append((value, exchange))
    for name, met in collected.items():
        values = [value for value, _ in met]
        if len(values) < _FEWEST or any(_STRUCTURED.search(value) for value in values):
            continue
        fault = _fault(values)
        exchange = met[0][1]
        if fault:
            reason, confidence = fault
            blame = Blame(message=_MESSAGE, reason=f"{name}: {reason}", fix=_FIX, confidence=confidence)
            yield CLAIM.finding(exchange, blame, seen=(f"{len(values)} values were collected",))
        else:
            yield CLAIM.site(exchange, f"{name}: {len(values)} values, all unlike, {_bits(values):.0f} bits or more")


def _tokens(exchange: Exchange) -> Iterator[tuple[str, str]]:
    for cookie in exchange.answer.cookies:
        if not cookie.deletes and _carries_token(cookie):
            yield f"cookie {cookie.name}", cookie.value.reveal()
    for form in exchange.answer.page.forms:
        for field in form.fields:
            if field.kind == "hidden" and "csrf" in field.name.lower() and field.value:
                yield f"field {field.name}", field.value
                return


def _carries_token(cookie: SetCookie) -> bool:
    return cookie.is_session or "csrf" in cookie.name.lower() or "xsrf" in cookie.name.lower()


def _fault(values: Sequence[str]) -> tuple[str, Confidence] | None:
    if len(set(values)) < len(values):
        return "the same value was given twice.", Confidence.HIGH
    if len({value[:_PREFIX] for value in values}) == 1:
        return f"all values begin with the same {_PREFIX} characters.", Confidence.HIGH
    if len(values) > 2 * _FEWEST and list(values) == sorted(values):
        return "the values rise in the order in which they were given.", Confidence.HIGH
    bits = _bits(values)
    told = f"the values have at most {bits:.0f} bits ({len(values[0])} characters)"
    if bits < _WEAK_BITS:
        return f"{told}, fewer than the {_WEAK_BITS} that ASVS demands.", Confidence.HIGH
    if bits < _WANTED_BITS - 8:
        return f"{told}, fewer than {_WANTED_BITS}.", Confidence.LOW
    return None


def _bits(values: Sequence[str]) -> float:
    """The most that the length and the alphabet of the values can hold."""
    together = "".join(values)
    letters = next((size for pattern, size in _ALPHABETS if re.fullmatch(pattern, together)), 94)
    return min(len(value.rstrip("=")) for value in values) * log2(letters)


CHECK: Final = Check(
    claim=CLAIM.slug,
    control=CLAIM.control,
    unit=("kind of token", "kinds of tokens"),
    sound="long, unlike and without order",
    ask=_ask,
    judge=_judge,
    idle="no opaque session id or CSRF token was given out",
)
