"""Codes by time: six digits, 30 seconds, one step of tolerance either side (RFC 6238, RFC 4226; ASVS 6.5.5).

    TOTP = Totp()
    secret = generate_secret()
    step = TOTP.match(secret, code, now)         # None, or the step that it belongs to
    if step is not None and store.advance(factor_id, step, now): ...

`match` does not know which codes were used. Accept a step only if it is greater than the last one that was accepted, in
one conditional statement; then each code works once.
"""

import hashlib
import hmac
import struct
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, Literal

from vallum.base.compare import equal
from vallum.base.errors import ConfigError
from vallum.base.randomness import SYSTEM_RANDOMNESS, Randomness
from vallum.base.secret import Secret

Digest = Literal["SHA1", "SHA256", "SHA512"]
SECRET_BYTES: Final = 20
"""160 bits: what RFC 4226, section 4, recommends and what every authenticator app accepts."""
FEWEST_BYTES: Final = 16
MOST_DRIFT: Final = 1
# HMAC-SHA-1 is the scheme of the RFC and what apps assume; collisions of SHA-1 do not weaken HMAC (RFC 6194).
_HASHES: Final[dict[Digest, Callable[..., Any]]] = {
    "SHA1": hashlib.sha1,
    "SHA256": hashlib.sha256,
    "SHA512": hashlib.sha512,
}


def generate_secret(*, randomness: Randomness = SYSTEM_RANDOMNESS) -> Secret[bytes]:
    """Return a new secret of 160 random bits. Store it sealed."""
    return Secret(randomness(SECRET_BYTES))


def hotp(secret: Secret[bytes], counter: int, *, digits: int = 6, digest: Digest = "SHA1") -> str:
    """Return the code for `counter` (RFC 4226, section 5.3)."""
    mac = hmac.digest(secret.reveal(), struct.pack(">Q", counter), _HASHES[digest])
    offset = mac[-1] & 0x0F
    number = int.from_bytes(mac[offset : offset + 4], "big") & 0x7FFF_FFFF
    return f"{number % 10**digits:0{digits}d}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Totp:
    """How codes are made and read. Apps understand six digits, 30 seconds and SHA1; change them only with reason.

    `drift` is how many steps a phone's clock may be off. Raises `ConfigError` above 1 step, for other than 6 to 8
    digits, and for steps outside 15 to 60 seconds.
    """

    digits: int = 6
    step_seconds: int = 30
    drift: int = MOST_DRIFT
    digest: Digest = "SHA1"

    def __post_init__(self) -> None:
        """Check the settings."""
        if not 6 <= self.digits <= 8 or not 15 <= self.step_seconds <= 60 or self.digest not in _HASHES:
            raise ConfigError(
                "a TOTP code has 6 to 8 digits, a step of 15 to 60 s, and SHA1, SHA256 or SHA512.", code="totp-settings"
            )
        if not 0 <= self.drift <= MOST_DRIFT:
            raise ConfigError("a TOTP code is accepted at most one step early or late.", code="totp-drift")

    def find_step(self, now: float) -> int:
        """Return the number of the step that `now`, in seconds since the epoch, lies in."""
        return int(now // self.step_seconds)

    def make_code(self, secret: Secret[bytes], now: float) -> str:
        """Return the code of the present step: for tests, and for a client. Raises `ConfigError` for a short secret."""
        return hotp(_check(secret), self.find_step(now), digits=self.digits, digest=self.digest)

    def match(self, secret: Secret[bytes], code: str, now: float) -> int | None:
        """Return the step whose code `code` is, or None. Spaces, which apps show between the digits, are ignored.

        Every step of the window is compared, in constant time, so the time tells nothing about which one fits. When
        two steps have the same code the later is returned: accepting it uses up both.
        """
        sent = code.replace(" ", "")
        present = self.find_step(now)
        usable = _check(secret)
        found = None
        for step in range(max(0, present - self.drift), present + self.drift + 1):
            if equal(hotp(usable, step, digits=self.digits, digest=self.digest), sent):
                found = step
        return found


def _check(secret: Secret[bytes]) -> Secret[bytes]:
    if len(secret) < FEWEST_BYTES:
        raise ConfigError(
            f"a TOTP secret has at least {FEWEST_BYTES} bytes.", hint="Use generate_secret().", code="totp-secret"
        )
    return secret
