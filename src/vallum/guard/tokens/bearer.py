"""The one place that a token may travel in, and the one answer to every token that is not accepted (RFC 6750).

A token in a query string or a form is not looked at: no function here is given one. RFC 6750 section 2.3 tolerated the
query, and RFC 9700 section 4.3.2 forbids it.
"""

import re
from collections.abc import Iterable
from typing import ClassVar, Final

from vallum.guard.errors.public import PublicError
from vallum.guard.errors.refusal import Refusal
from vallum.guard.logging.events import Level

KEEPS: Final = ("bearer-header-only", "bearer-errors-uniform")
_TOKEN: Final = re.compile(r" +([A-Za-z0-9._~+/-]+=*)")


class BearerRefusedError(PublicError):
    """A token that is not accepted: 401, the same answer for every cause; `cause` goes to the security log."""

    refusal: ClassVar[Refusal] = Refusal(
        401,
        "invalid-token",
        "The access token is not valid.",
        headers=[(b"www-authenticate", b'Bearer error="invalid_token"')],
        identified=False,
    )
    level: ClassVar[Level] = Level.WARNING
    event: ClassVar[str] = "token-refused"


class BearerMissingError(PublicError):
    """No access token was sent: 401 with the plain challenge (RFC 6750, section 3)."""

    refusal: ClassVar[Refusal] = Refusal(
        401, "token-required", "Send an access token.", headers=[(b"www-authenticate", b"Bearer")], identified=False
    )
    level: ClassVar[Level] = Level.INFO
    event: ClassVar[str] = "token-missing"


def read_credential(authorization: str | Iterable[str] | None, *, scheme: str = "bearer") -> str:
    """Return the token of the one `Authorization` header of a request, given the header or the list of them.

    The scheme's name is compared without regard to case (RFC 9110, section 11.1). Raises `BearerMissingError` (401)
    without a header or with another scheme, `BearerRefusedError` (401) for two headers and for what is not one token.
    """
    headers = [authorization] if isinstance(authorization, str) else list(authorization or ())
    if len(headers) > 1:
        raise BearerRefusedError("two-headers")
    if not headers or headers[0].partition(" ")[0].lower() != scheme:
        raise BearerMissingError
    found = _TOKEN.fullmatch(headers[0], len(scheme))
    if not found:
        raise BearerRefusedError("malformed")
    return found[1]
