"""Cookies with every flag on; Domain, SameSite=None and a missing Secure are refused (RFC 6265bis, ASVS 3.3)."""

import re
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from vallum.base.errors import ConfigError

KEEPS: Final = ("session-cookie-flags",)

_NAME: Final = re.compile(r"[A-Za-z0-9_-]+")
_VALUE: Final = re.compile(r"[A-Za-z0-9_.~-]*")
_SESSION_LIKE: Final = re.compile(
    rb"(?i)session|sessid|token|remember_?me|(?<![a-z])(?:sess|sid|auth|jwt|bearer)(?![a-z])"
)
_FORM_TOKEN: Final = re.compile(rb"(?i)csrf|xsrf")
"""Scripts have to read these, and they sign nobody in."""


@dataclass(frozen=True, kw_only=True)
class CookiePolicy:
    """A cookie for one host: HttpOnly and Path=/ always, Secure and `__Host-` except on a developer's machine.

    `unsafe_plain_http` leaves out Secure and needs a name without `__Host-`; production refuses it.
    """

    name: str
    same_site: str = "Strict"
    domain: str = ""
    unsafe_plain_http: bool = False

    def __post_init__(self) -> None:
        """Refuse flags that let another site, a subdomain or a plain connection have the cookie."""
        if not _NAME.fullmatch(self.name):
            raise _refuse(f"the name {self.name!r} is not a token", "Use letters, digits and hyphens")
        if self.domain:
            raise _refuse("a Domain sends it to every subdomain", "Leave Domain out")
        if self.same_site not in {"Strict", "Lax"}:
            raise _refuse(f"SameSite={self.same_site}", 'Choose "Strict", or "Lax" for sites entered by links')
        if self.unsafe_plain_http == self.name.startswith("__Host-"):
            raise _refuse(f"the name {self.name!r} does not fit its flags", "A Secure cookie is called __Host-...")

    @cached_property
    def key(self) -> bytes:
        """The name as it stands in a request."""
        return self.name.encode("ascii")

    def set(self, value: str, *, seconds: int | None = None) -> bytes:
        """The Set-Cookie value. It lasts until the browser closes, or for `seconds`; the server may end it earlier."""
        if not _VALUE.fullmatch(value):
            raise _refuse("a value holds other characters than A-Z a-z 0-9 _ . ~ -", "Encode it as base64url")
        lasts = "" if seconds is None else f"Max-Age={seconds}; "
        return f"{self.name}={value}; {lasts}{self._flags()}".encode("ascii")

    def expire(self) -> bytes:
        """The Set-Cookie value that removes the cookie, with the attributes it was set with."""
        return f"{self.name}=; Max-Age=0; {self._flags()}".encode("ascii")

    def _flags(self) -> str:
        secure = "" if self.unsafe_plain_http else "Secure; "
        return f"Path=/; {secure}HttpOnly; SameSite={self.same_site}"


def find_cookie(header: bytes | None, name: bytes) -> str | None:
    """The value of the cookie `name`; None if it is missing or comes twice, since then nobody knows whose it is."""
    if header is None or name not in header:
        return None
    if b";" not in header:  # the usual case: the session's cookie alone
        key, _, value = header.strip().partition(b"=")
        return value.decode("latin-1") if key == name else None
    found = None
    for part in header.split(b";"):
        key, _, value = part.strip().partition(b"=")
        if key == name:
            if found is not None:
                return None
            found = value
    return None if found is None else found.decode("latin-1")


def check_cookie(line: bytes, *, secure: bool) -> None:
    """Refuse the Set-Cookie `line` of a handler that seems to hold a session, by its name, and lacks a flag.

    `secure` tells whether Secure is among the flags that it needs. Raises `ConfigError`.
    """
    pair, *parts = line.split(b";")
    name, _, value = (part.strip() for part in pair.partition(b"="))
    if not _SESSION_LIKE.search(name) or _FORM_TOKEN.search(name) or value in {b"", b'""'}:
        return
    flags = {key.strip().lower(): told.strip().lower() for key, _, told in (part.partition(b"=") for part in parts)}
    wrong = [] if b"httponly" in flags else ["lacks HttpOnly"]
    if flags.get(b"samesite") not in {b"strict", b"lax"}:
        wrong.append("lacks SameSite=Strict or Lax")
    if secure and b"secure" not in flags:
        wrong.append("lacks Secure")
    if flags.get(b"domain"):
        wrong.append("has a Domain, which sends it to every subdomain")
    if wrong:
        told = f"a handler's {name.decode('latin-1')!r} {' and '.join(wrong)}"
        raise _refuse(told, "Set it like that, sign in with the guard's sign_in, or rename what signs nobody in")


def _refuse(what: str, hint: str) -> ConfigError:
    return ConfigError(f"cookie: {what}.", hint=f"{hint}.", code="cookie-weak")
