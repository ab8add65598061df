"""Links that open one thing for a while, without a login: signed over purpose, path, query and end (CWE-345, CWE-613).

    LINKS = SignedLinks(settings.link_keys, purpose="invoice")        # newest first, 32 random bytes at least
    link = LINKS.sign("/invoices/7.pdf", seconds=900, query={"lang": "de"})
    link = LINKS.sign("/invoices/7.pdf", seconds=900, bound_to=user.id)       # opens for nobody else
    LINKS.check(request.url.path, request.url.query)                  # LinkRefusedError (404) for anything else

A link may be forwarded and logged: bind it to its user where that matters, and keep it short. What must work once only
is a reset or a proof of an address, not a link. Sources: RFC 2104, ASVS 11.2.2, 14.2.1.
"""

import hmac
from collections.abc import Iterable, Mapping
from typing import Final
from urllib.parse import parse_qsl, quote, urlencode

from vallum.base.clock import SYSTEM_CLOCK, Clock
from vallum.base.errors import ConfigError, RefusedError
from vallum.base.secret import Secret
from vallum.guard.crypto.digests import keyed_digest

ONE_HOUR: Final = 3600
SEVEN_DAYS: Final = 7 * 24 * ONE_HOUR
_EXPIRES: Final = "expires"
_SIGNATURE: Final = "signature"
_OURS: Final = frozenset({_EXPIRES, _SIGNATURE})
_LONGEST: Final = 2048
_DIGITS: Final = 12


class LinkRefusedError(RefusedError):
    """A link that was not signed so, for this purpose and bearer, or has ended (404): the same for every cause."""

    code = "link-refused"
    status = 404

    def __init__(self) -> None:
        """Say nothing of the cause."""
        super().__init__("The link is not valid any more.", hint="Ask for a new one.")


class SignedLinks:
    """Signs and checks the links of one purpose. The newest key signs, each checks."""

    __slots__ = ("_clock", "_keys", "_purpose")

    def __init__(self, keys: Iterable[Secret[str]], *, purpose: str, clock: Clock = SYSTEM_CLOCK) -> None:
        """Raise `ConfigError` for no key, a key below 32 bytes, and no purpose."""
        self._keys = tuple(keys)
        if not self._keys or not purpose:
            raise ConfigError("signed links need a key and a purpose.", code="signed-links")
        for key in self._keys:
            keyed_digest(key, purpose)  # refuses a short one
        self._purpose = purpose
        self._clock = clock

    def sign(
        self, path: str, *, seconds: int = ONE_HOUR, query: Mapping[str, str] | None = None, bound_to: str = ""
    ) -> str:
        """Return `path` with `query`, its end and its signature, good for `seconds`, at most seven days.

        `path` is as the app sees it, not encoded. Raises `ConfigError` for one that is not local, for longer times, and
        for a query that uses `expires` or `signature`.
        """
        pairs = list((query or {}).items())
        if not path.startswith("/") or path.startswith("//") or not 0 < seconds <= SEVEN_DAYS:
            raise ConfigError("a signed link has a local path, and lasts seven days at most.", code="signed-links")
        if _OURS & {name for name, _ in pairs}:
            raise ConfigError("the query of a signed link uses a name of its own.", code="signed-links")
        end = str(int(self._clock()) + seconds)
        signature = keyed_digest(self._keys[0], *self._parts(path, pairs, end, bound_to))
        return f"{quote(path, safe='/')}?{urlencode([*pairs, (_EXPIRES, end), (_SIGNATURE, signature)])}"

    def check(self, path: str, query: str, *, bound_to: str = "") -> dict[str, str]:
        """Return the query without what belongs to the signature. Raises `LinkRefusedError`.

        `path` is decoded, as frameworks give it; `query` is as it came.
        """
        if len(query) > _LONGEST or len(path) > _LONGEST:
            raise LinkRefusedError
        try:
            found = parse_qsl(query, keep_blank_values=True, strict_parsing=bool(query), errors="strict")
        except ValueError:
            raise LinkRefusedError from None
        pairs = [pair for pair in found if pair[0] not in _OURS]
        ends = [value for name, value in found if name == _EXPIRES]
        signatures = [value for name, value in found if name == _SIGNATURE]
        if len(ends) != 1 or len(signatures) != 1 or len(dict(pairs)) != len(pairs):
            raise LinkRefusedError
        given = signatures[0].encode("utf-8", "replace")
        parts, accepted = self._parts(path, pairs, ends[0], bound_to), False
        for key in self._keys:
            accepted |= hmac.compare_digest(keyed_digest(key, *parts).encode("ascii"), given)
        if not accepted or not self._is_ahead(ends[0]):
            raise LinkRefusedError
        return dict(pairs)

    def _is_ahead(self, end: str) -> bool:
        return end.isascii() and end.isdigit() and len(end) <= _DIGITS and self._clock() < int(end)

    def _parts(self, path: str, pairs: list[tuple[str, str]], end: str, bound_to: str) -> list[str]:
        return [
            "signed link v1",
            self._purpose,
            path,
            end,
            bound_to,
            *(text for pair in sorted(pairs) for text in pair),
        ]
