"""The response head: what the app may set, what the guard sets, and nothing that could split it (CWE-113)."""

import re
from collections.abc import Iterable
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
_DROP, _PASS, _TYPE, _REFERRER, _RESOURCE, _CACHE, _COOKIE, _OTHER = range(8)
_MARKS: Final = {
    **dict.fromkeys(_GUARDS_OWN, _DROP),
    **dict.fromkeys((b"content-length", b"vary", b"etag", b"allow"), _PASS),
    b"set-cookie": _COOKIE,
    b"content-type": _TYPE,
    b"referrer-policy": _REFERRER,
    b"cross-origin-resource-policy": _RESOURCE,
    b"cache-control": _CACHE,
}
_NAME: Final = re.compile(rb"[!#$%&'*+.^_`|~0-9a-z-]+")
_STRICT_REFERRERS: Final = frozenset(value.encode("ascii") for value in STRICT_REFERRERS)
_RESOURCES: Final = frozenset({b"same-origin", b"same-site", b"cross-origin"})
_NO_STORE: Final[Pair] = (b"cache-control", b"no-store")
_EMBEDDER: Final = b"cross-origin-embedder-policy"
_REFERRER_PLACE, _RESOURCE_PLACE = 0, 1


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
        self._shared = shared
        self._places = Places(policy.origins)
        self._production = policy.is_production
        self._embedder = policy.headers.embedder
        replaceable = [
            (b"referrer-policy", policy.headers.referrer.encode("ascii")),
            (b"cross-origin-resource-policy", policy.headers.resource.encode("ascii")),
        ]
        self._plain = replaceable + policy.headers.compile(secure=False)
        self._secure = replaceable + policy.headers.compile(secure=True)
        self._csp = policy.csp.compile()
        self._trial = policy.trial_csp.compile() if policy.trial_csp else None
        self._frame = policy.csp.frame_options

    def build(self, exchange: Exchange, given: Iterable[Pair]) -> list[Pair]:
        """The head for the app's headers `given`. Raises `HeaderError`, and `ConfigError` for a weak session cookie."""
        head = list(self._secure if exchange.secure else self._plain)
        exchange.typed = False
        for name, value in given:
            if b"\n" in value or b"\r" in value or b"\0" in value:
                raise HeaderError(f"the response header {name!r} holds a line break.", hint="Encode the value.")
            mark = _MARKS.get(name)
            if mark == _PASS:
                head.append((name, value))
            elif mark == _TYPE:
                _put_type(exchange, head, value)
            elif mark != _DROP:
                self._take(exchange, head, name, value)
        self._add_own(exchange, head)
        return head

    def _take(self, exchange: Exchange, head: list[Pair], name: bytes, value: bytes) -> None:
        """Put a header of the app in place, if it may say that."""
        key = name if _NAME.fullmatch(name) else _lower(name)
        mark = _MARKS.get(key, _OTHER)
        if mark == _TYPE:
            _put_type(exchange, head, value)
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
        elif mark == _PASS or (mark == _CACHE and not exchange.private):
            head.append((key, value))

    def _add_own(self, exchange: Exchange, head: list[Pair]) -> None:
        pieces = exchange.csp_pieces
        head.append((b"content-security-policy", exchange.nonce.join(self._csp if pieces is None else pieces)))
        head.append((b"x-request-id", exchange.request_id.encode("ascii")))
        frame = self._frame if pieces is None else exchange.frame_options
        if frame is not None:
            head.append((b"x-frame-options", frame))
        if exchange.private:
            head.append(_NO_STORE)
        if self._trial is not None:
            head.append((b"content-security-policy-report-only", exchange.nonce.join(self._trial)))
        if exchange.cookies:
            head.extend((b"set-cookie", cookie) for cookie in exchange.cookies)
        if exchange.extra:
            head += exchange.extra
        if exchange.rates is not None:
            head += announce_rates(*exchange.rates)
        if exchange.retry_after:
            head.append((b"retry-after", b"%d" % exchange.retry_after))
        if self._shared.enabled:
            head += self._shared.pairs(exchange)


def _lower(name: bytes) -> bytes:
    lowered = name.lower()
    if not _NAME.fullmatch(lowered):
        raise HeaderError(f"{name!r} is not a header name.", hint="Use letters, digits and hyphens.")
    return lowered


def _put_type(exchange: Exchange, head: list[Pair], value: bytes) -> None:
    """What is no media type is left out, and a body then counts as one without a type."""
    kind = settle_type(value)
    if kind:
        exchange.typed = True
        head.append((b"content-type", kind))
