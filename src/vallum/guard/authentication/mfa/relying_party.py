"""Whose passkeys these are: the domain that they belong to and the origins that may use them."""

import ipaddress
import re
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urlsplit

from vallum.base.errors import ConfigError

_ORIGIN: Final = re.compile(r"https://[a-z0-9.-]+(?::\d{1,5})?|http://localhost(?::\d{1,5})?")
MOST_LABELS: Final = 5
"""Browsers look at no more than five registrable domains (WebAuthn Level 3, section 5.11.1)."""


@dataclass(frozen=True, slots=True)
class RelyingParty:
    """Passkeys of `origin`, such as "https://notes.example", for its host or the parent domain `domain`.

    `related` are origins of your own on other domains that use the same passkeys; serve `describe()` at
    `https://DOMAIN/.well-known/webauthn` for them. Raises `ConfigError`.
    """

    origin: str
    domain: str = ""
    related: tuple[str, ...] = field(default=())

    def __post_init__(self) -> None:
        """Refuse origins without TLS, addresses, and a domain that the origin does not lie in."""
        host = urlsplit(self.origin).hostname or ""
        inside = not self.domain or host == self.domain or host.endswith(f".{self.domain}")
        single = bool(self.domain) and "." not in self.domain and self.domain != "localhost"
        if not all(map(_ORIGIN.fullmatch, self.origins)) or _is_address(host) or not inside or single:
            raise ConfigError(
                "passkeys need https origins with names, and a domain that the first of them lies in.",
                hint='Write RelyingParty("https://notes.example"); http is for localhost only.',
                code="passkey-origin",
            )
        if len({".".join((urlsplit(one).hostname or "").split(".")[-2:]) for one in self.related}) > MOST_LABELS:
            raise ConfigError("browsers accept at most five related domains.", code="passkey-related")

    @property
    def id(self) -> str:
        """The RP id."""
        return self.domain or (urlsplit(self.origin).hostname or "")

    @property
    def origins(self) -> tuple[str, ...]:
        """All origins whose answers are accepted."""
        return (self.origin, *self.related)

    def describe(self) -> dict[str, list[str]]:
        """The document for `/.well-known/webauthn`."""
        return {"origins": list(self.origins)}


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
