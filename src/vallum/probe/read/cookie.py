"""Set-Cookie lines, read as a browser reads them (RFC 6265bis, section 5.6)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from vallum.base.secret import Secret

_SESSION_WORDS: Final = ("sess", "sid", "auth", "token", "jwt", "login", "remember")
_OTHER_WORDS: Final = ("csrf", "xsrf", "lang", "locale", "theme", "consent", "flash")


@dataclass(frozen=True, slots=True, kw_only=True)
class SetCookie:
    """One cookie that a server sets; its value does not show itself."""

    name: str
    value: Secret[str]
    attributes: Mapping[str, str] = field(default_factory=dict)
    """Names in lower case; a flag such as `secure` has an empty value."""

    @property
    def secure(self) -> bool:
        """Whether `Secure` is set."""
        return "secure" in self.attributes

    @property
    def http_only(self) -> bool:
        """Whether `HttpOnly` is set."""
        return "httponly" in self.attributes

    @property
    def same_site(self) -> str:
        """`strict`, `lax`, `none`, or empty when it is not set."""
        return self.attributes.get("samesite", "").lower()

    @property
    def path(self) -> str:
        """The path as set; empty when none is."""
        return self.attributes.get("path", "")

    @property
    def domain(self) -> str:
        """The domain without its leading dot, in lower case; empty for a host-only cookie."""
        return self.attributes.get("domain", "").removeprefix(".").lower()

    @property
    def deletes(self) -> bool:
        """Whether this removes the cookie: a lifetime of zero or less, or a date long gone."""
        age = self.attributes.get("max-age", "").strip()
        if age.removeprefix("-").isdigit():
            return int(age) <= 0
        expires = self.attributes.get("expires", "")
        return any(year in expires for year in ("1970", "1969", "1980", "1994", "1999")) or (
            not self.value and "expires" in self.attributes
        )

    @property
    def is_session(self) -> bool:
        """Whether its name or flags say that it carries a login."""
        name = self.name.lower()
        if any(word in name for word in _OTHER_WORDS):
            return False
        return self.http_only or any(word in name for word in _SESSION_WORDS)

    def describe(self) -> str:
        """The cookie with its attributes and without its value: `sid; Secure; HttpOnly`."""
        parts = [f"{name}={value}" if value else name for name, value in self.attributes.items()]
        return "; ".join([f"{self.name}=<value>", *parts])


def read_cookie(line: str) -> SetCookie | None:
    """Read one Set-Cookie line; None where a browser would ignore it."""
    pair, *rest = line.split(";")
    name, equals, value = pair.partition("=")
    if not equals or not name.strip() or any(ord(letter) < 32 and letter != "\t" for letter in line):
        return None
    attributes: dict[str, str] = {}
    for part in rest:
        key, _, content = part.partition("=")
        if key.strip():
            attributes[key.strip().lower()] = content.strip()
    cookie = SetCookie(name=name.strip(), value=Secret(value.strip().strip('"')), attributes=attributes)
    return cookie if _prefix_holds(cookie) else None


def read_cookies(headers: Iterable[tuple[str, str]]) -> tuple[SetCookie, ...]:
    """Every cookie that an answer sets, in order."""
    lines = (value for name, value in headers if name.lower() == "set-cookie")
    return tuple(cookie for line in lines if (cookie := read_cookie(line)))


def _prefix_holds(cookie: SetCookie) -> bool:
    """A browser drops a `__Host-` or `__Secure-` cookie that does not keep what its name promises."""
    name = cookie.name.lower()
    if name.startswith("__host-"):
        return cookie.secure and cookie.path == "/" and "domain" not in cookie.attributes
    return cookie.secure if name.startswith("__secure-") else True
