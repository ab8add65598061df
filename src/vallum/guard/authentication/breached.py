"""Passwords that attackers already have: a shipped list, and the range look-up of Have I Been Pwned (ASVS 6.2.12).

    policy = PasswordPolicy(breached=HibpRange())

The look-up tells the service the first 5 of the 40 digits of a SHA-1: some thousand passwords share them (k-anonymity).
"""

import hashlib
import http.client
import logging
import unicodedata
from collections.abc import Callable
from functools import cache
from mmap import ACCESS_READ, mmap
from pathlib import Path
from typing import Final, Protocol

from vallum.base.errors import ConfigError
from vallum.crypto.passwords.bloom import BloomSet

_SHIPPED: Final = Path(__file__).with_name("breached_list") / "passwords.bloom"
_LOG: Final = logging.getLogger("vallum.passwords")
_PREFIX: Final = 5
_HOST: Final = "api.pwnedpasswords.com"
_LARGEST: Final = 1_000_000


class BreachedPasswords(Protocol):
    """Whoever knows passwords that were stolen elsewhere."""

    def contains(self, password: str) -> bool:
        """Tell whether `password` is known to attackers."""


class ShippedList:
    """1.4 million passwords of 12 characters and more from public lists, in any letter case; no network.

    About one password in 1,200 that is in no list is refused as well: see `breached_list/SOURCE.md`.
    """

    def contains(self, password: str) -> bool:
        """Tell whether `password` is in the list. Raises `ConfigError` when the package is incomplete."""
        return password in _open_shipped()


class HibpRange:
    """Asks Have I Been Pwned by range, and the shipped list when the service does not answer."""

    def __init__(
        self, fetch: "Callable[[str], str] | None" = None, *, instead: BreachedPasswords | None = None, least: int = 1
    ) -> None:
        """`fetch` returns the lines for 5 hexadecimal digits; by default over TLS within 2 seconds.

        A password counts as breached when it was seen `least` times. `instead` is asked first, which spares most
        requests, and alone when `fetch` raises: a service that is down lets nobody choose a listed password.
        """
        self._fetch = fetch or fetch_range
        self._instead = instead or ShippedList()
        self._least = max(least, 1)

    def contains(self, password: str) -> bool:
        """Tell whether `password` is known to attackers."""
        if self._instead.contains(password):
            return True
        plain = unicodedata.normalize("NFC", password).encode("utf-8", "surrogatepass")
        digest = hashlib.sha1(plain, usedforsecurity=False).hexdigest().upper()
        try:
            lines = self._fetch(digest[:_PREFIX])
        except Exception as error:  # noqa: BLE001 - whatever a client raises, the shipped list has answered
            _LOG.warning("the look-up of breached passwords failed: %s", type(error).__name__)
            return False
        return any(self._counts(line, digest[_PREFIX:]) for line in lines.splitlines())

    def _counts(self, line: str, rest: str) -> bool:
        suffix, _, count = line.strip().partition(":")
        # Padding has the count 0, so that the length of the answer tells nobody which range was asked for.
        return suffix.upper() == rest and count.isdecimal() and int(count) >= self._least


def fetch_range(prefix: str) -> str:
    """Ask the service for a range of digests. Raises `OSError` or `http.client.HTTPException`."""
    connection = http.client.HTTPSConnection(_HOST, timeout=2)
    try:
        connection.request("GET", f"/range/{prefix}", headers={"Add-Padding": "true", "User-Agent": "vallum"})
        response = connection.getresponse()
        if response.status != http.client.OK:
            raise ConnectionError(f"status {response.status}")
        return response.read(_LARGEST).decode("ascii", "replace")
    finally:
        connection.close()


@cache
def _open_shipped() -> BloomSet:
    try:
        with _SHIPPED.open("rb") as file:
            return BloomSet(mmap(file.fileno(), 0, access=ACCESS_READ))
    except OSError:
        raise ConfigError("the list of breached passwords is missing.", hint="Install the package anew.") from None
