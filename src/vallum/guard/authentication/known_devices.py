"""Browsers that have logged in before: what strangers fail at does not delay or lock them out (OWASP device cookies).

Without it, whoever fails five times in a quarter of an hour keeps an account's owner waiting. A known browser has an
allowance of its own, for its own account only; a stranger's failures use up the one that all other browsers share.
"""

import hmac
import re
from dataclasses import dataclass, field
from typing import Final

from vallum.base.clock import SYSTEM_CLOCK, Clock
from vallum.base.compare import equal
from vallum.base.errors import ConfigError
from vallum.base.randomness import SYSTEM_RANDOMNESS, Randomness, token
from vallum.base.secret import Secret
from vallum.stores.accounts import AccountRecord

COOKIE: Final = "__Host-device"
"""The name to give the cookie: HttpOnly, Secure, SameSite, for `seconds`."""
_SHORTEST: Final = 32
_QUARTER: Final = 90 * 86_400
_FORM: Final = re.compile(r"([A-Za-z0-9_-]{22})\.(\d{1,12})\.([0-9a-f]{32})\.([0-9a-f]{32})")


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownDevices:
    """Makes and reads the cookies under `secrets`, newest first, of at least 32 characters. Raises `ConfigError`."""

    secrets: tuple[Secret[str], ...] = field(repr=False)
    seconds: int = _QUARTER
    clock: Clock = SYSTEM_CLOCK
    randomness: Randomness = SYSTEM_RANDOMNESS

    def __post_init__(self) -> None:
        """Refuse secrets that can be guessed."""
        if not self.secrets or any(len(secret) < _SHORTEST for secret in self.secrets):
            raise ConfigError(f"known devices need a secret of {_SHORTEST} characters or more.", code="weak-secret")

    def issue(self, account: AccountRecord) -> str:
        """The cookie for a browser that has just logged in to `account`, second factor included."""
        device, deadline = token(16, randomness=self.randomness), int(self.clock()) + self.seconds
        marks = (self._mark(self.secrets[0], device, deadline, name) for name in (account.login, account.email))
        return ".".join((device, str(deadline), *marks))

    def recognise(self, cookie: str, name: str) -> str:
        """The device of a cookie that was issued for the canonical login or address `name`; "" for any other."""
        found = _FORM.fullmatch(cookie)
        if not found or not name or int(found[2]) <= self.clock():
            return ""
        made = [self._mark(secret, found[1], int(found[2]), name) for secret in self.secrets]
        # All are compared: which one fits is nobody's business.
        fits = [equal(mark, given) for mark in made for given in (found[3], found[4])]
        return found[1] if any(fits) else ""

    @staticmethod
    def _mark(secret: Secret[str], device: str, deadline: int, name: str) -> str:
        text = f"vallum device\0{device}\0{deadline}\0{name}".encode()
        return hmac.digest(secret.reveal().encode(), text, "sha256").hex()[:32]
