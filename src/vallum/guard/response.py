"""The response head: what the app may set, what the guard sets, and nothing that could split it (CWE-113)."""

import re
from collections.abc import Collection, Iterable
from functools import lru_cache
from itertools import chain
from typing import Final

from vallum.base.errors import ConfigError, VallumError
from vallum.guard.exchange import Exchange
from vallum.guard.http.content_type import settle_type
from vallum.guard.http.cors import SharedOrigins
from vallum.guard.http.headers import STRICT_REFERRERS
from vallum.guard.http.places import Places
from vallum.guard.http.rate_desk import announce_rates
from vallum.guard.policy import GuardPolicy
from vallum.guard.sessions.cookies import check_cookie

KEEPS: Final = ("nosniff", "no-server-banner")

Pair = tuple[bytes, bytes]

_GUARDS_OWN: Final = frozenset(
    {
        b"server",
        b"x-powered-by",
        b"x-aspnet-version",
        b"x-aspnetmvc-version",
        b"x-runtime",
        b"x-generator",
        b"x-content-type-options",
        b"x-frame-options",
        b"x-xss-protection",
        b"x-request-id",
        b"content-security-policy",
        b"content-security-policy-report-only",
        b"strict-transport-security",
        b"permissions-policy",
        b"feature-policy",
        b"cross-origin-opener-policy",
        b"access-control-allow-origin",
        b"access-control-allow-credentials",
        b"access-control-allow-methods",
        b"access-control-allow-headers",
        b"access-control-expose-headers",
        b"access-control-max-age",
        b"clear-site-data",
    }
)
_DROP, _PASS, _LENGTH, _TYPE, _REFERRER, _RESOURCE, _CACHE, _COOKIE, _OTHER = range(9)
_MARKS: Final = {
    **dict.fromkeys(_GUARDS_OWN, _DROP),
    **dict.fromkeys((b"vary", b"etag", b"allow"), _PASS),
    b"content-length": _LENGTH,
    b"set-cookie": _COOKIE,
    b"content-type": _TYPE,
    b"referrer-policy": _REFERRER,
    b"cross-origin-resource-policy": _RESOURCE,
    b"cache-control": _CACHE,
}
_find_mark: Final = _MARKS.get
_BREAK: Final = re.compile(rb"[\r\n\0]")
_NAME: Final = re.compile(rb"[!#$%&'*+.^_`|~0-9a-z-]+")
_STRICT_REFERRERS: Final = frozenset(value.encode("ascii") for value in STRICT_REFERRERS)
_RESOURCES: Final = frozenset({b"same-origin", b"same-site", b"cross-origin"})
_NO_STORE: Final[Pair] = (b"cache-control", b"no-store")
_EMBEDDER: Final = b"cross-origin-embedder-policy"
_REFERRER_PLACE, _RESOURCE_PLACE = 0, 1
_REMEMBERED: Final = 256


class HeaderError(VallumError):
    """A response header that holds a line break or is not a header: the answer is 500, not two answers."""

    code = "header-split"


class ResponseHead:
    """Builds response heads from bytes that were prepared once."""

    def __init__(self, policy: GuardPolicy, shared: SharedOrigins) -> None:
        """Prepare the fixed headers, with and without TLS. Raises `ConfigError` for reports that would go nowhere."""
        for csp in (policy.csp, policy.trial_csp):
            if csp is not None and csp.report_to and csp.report_to not in policy.headers.reporting:
                raise ConfigError(
                    f"the reports of the group {csp.report_to!r} have no address.",
                    hint=f"Add it to headers: HeaderPolicy(reporting={{{csp.report_to!r}: '/csp-reports'}}).",
                    code="reporting-unclear",
                )
        self._shared = shared.pairs if shared.enabled else None
        self._places = Places(policy.origins)
        self._production = policy.is_production
        self._embedder = policy.headers.embedder
        replaceable = [
            (b"referrer-policy", policy.headers.referrer.encode("ascii")),
            (b"cross-origin-resource-policy", policy.headers.resource.encode("ascii")),
        ]
        frame = _frame(policy.csp.frame_options)
        self._unframed = [replaceable + policy.headers.compile(secure=secure) for secure in (False, True)]
        self._framed = [fixed + frame for fixed in self._unframed]
        self._csp = policy.csp.compile()
        self._trial = policy.trial_csp.compile() if policy.trial_csp else None

    def build(self, exchange: Exchange, given: Iterable[Pair]) -> list[Pair]:
        """The head for the app's headers `given`. Raises `HeaderError`, and `ConfigError` for a weak session cookie."""
        pieces = exchange.csp_pieces
        head = [
            *(self._framed if pieces is None else self._unframed)[exchange.secure],
            (b"content-security-policy", exchange.nonce.join(pieces or self._csp)),
            (b"x-request-id", exchange.request_id.encode("ascii")),
        ]
        exchange.typed = False
        for name, value in given:
            mark = _find_mark(name)
            if mark == _LENGTH and value.isdigit():
                head.append((name, value))
            elif mark == _TYPE and (kind := _settle(value)):
                head.append((name, kind))
                exchange.typed = True
            elif mark != _DROP:
                self._take(exchange, head, name, value)
        if pieces is not None:
            head += _frame(exchange.frame_options)
        if exchange.private:
            head.append(_NO_STORE)
        if exchange.rates is not None:
            head += announce_rates(*exchange.rates)
        if self._shared is not None:
            head += self._shared(exchange)
        self._add_rare(exchange, head)
        return head

    def _take(self, exchange: Exchange, head: list[Pair], name: bytes, value: bytes) -> None:
        """Put a header of the app in place, if it may say that."""
        _check_line(name, value)
        key = name if _NAME.fullmatch(name) else _lower(name)
        mark = _MARKS.get(key, _OTHER)
        if mark == _TYPE:
            if kind := _settle(value):
                exchange.typed = True
                head.append((key, kind))
        elif mark == _COOKIE:
            check_cookie(value, secure=exchange.secure or self._production)
            head.append((key, value))
        elif mark == _REFERRER and value in _STRICT_REFERRERS:
            head[_REFERRER_PLACE] = (key, value)
        elif mark == _RESOURCE and value in _RESOURCES:
            head[_RESOURCE_PLACE] = (key, value)
        elif key == _EMBEDDER and self._embedder:
            return  # sent twice, browsers would ignore both
        elif mark == _OTHER:
            told = self._places.hide(value, exchange.host.encode("ascii"))
            if told is not None:
                head.append((key, told))
        elif mark in {_PASS, _LENGTH} or (mark == _CACHE and not exchange.private):
            head.append((key, value))

    def _add_rare(self, exchange: Exchange, head: list[Pair]) -> None:
        if self._trial is not None:
            head.append((b"content-security-policy-report-only", exchange.nonce.join(self._trial)))
        if exchange.cookies:
            head.extend((b"set-cookie", cookie) for cookie in exchange.cookies)
        if exchange.extra:
            head += exchange.extra
        if exchange.retry_after:
            head.append((b"retry-after", b"%d" % exchange.retry_after))


def spell_head(head: Collection[Pair]) -> Iterable[tuple[str, str]]:
    """The head as text, for WSGI and Django: decoded in one step, since nothing in it holds a NUL."""
    texts = b"\0".join(chain.from_iterable(head)).decode("latin-1").split("\0")
    if len(texts) != 2 * len(head):
        raise HeaderError("a response header holds a NUL.", hint="Encode the value.")
    return zip(texts[::2], texts[1::2], strict=True)


def _frame(options: bytes | None) -> list[Pair]:
    return [] if options is None else [(b"x-frame-options", options)]


def _check_line(name: bytes, value: bytes) -> None:
    if _BREAK.search(value):
        raise HeaderError(f"the response header {name!r} holds a line break.", hint="Encode the value.")


def _lower(name: bytes) -> bytes:
    lowered = name.lower()
    if not _NAME.fullmatch(lowered):
        raise HeaderError(f"{name!r} is not a header name.", hint="Use letters, digits and hyphens.")
    return lowered


@lru_cache(maxsize=_REMEMBERED)
def _settle(value: bytes) -> bytes:
    """What is no media type is left out, and a body then counts as one without a type."""
    _check_line(b"content-type", value)
    return settle_type(value)
