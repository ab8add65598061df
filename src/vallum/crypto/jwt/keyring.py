"""The keys of an issuer over time: one signs, those before it verify until no token of theirs can live.

    RING = Keyring([load_private(settings.token_key)])
    RING.rotate(generate_key())      # published now, signs in five minutes, the old key verifies for an hour more
    RING.retire("2026-03")           # a key that leaked: its tokens die at once

Nobody is logged out by a rotation. Sources: RFC 7517, NIST SP 800-57 part 1, 5.3; ASVS 11.2.2.
"""

import math
import threading
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final, NamedTuple

from vallum.base.clock import SYSTEM_CLOCK, Clock
from vallum.base.errors import ConfigError
from vallum.crypto.jwt.claims import LONGEST_LIFE, MOST_LEEWAY
from vallum.crypto.jwt.keys import SigningKey, VerifyingKey
from vallum.crypto.jwt.verifier import Verifier

LEAD: Final = 300
"""Seconds that a new key is published before it signs: as long as others may keep an old JWKS document."""
OVERLAP: Final = LONGEST_LIFE + MOST_LEEWAY
"""Seconds that an old key still verifies: as long as its last token can live."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TimedKey:
    """A key and its times, in seconds since the epoch: it may sign from the one and verifies until the other."""

    key: SigningKey | VerifyingKey
    signs_from: float = 0.0
    verifies_until: float = math.inf

    def public(self) -> VerifyingKey:
        """Return the key that verifies."""
        return self.key.public() if isinstance(self.key, SigningKey) else self.key


class KeyState(NamedTuple):
    """What holds until `until`: which key signs, if any, and which verify."""

    signer: SigningKey | None
    public: tuple[VerifyingKey, ...]
    verifier: Verifier
    until: float


class Keyring:
    """The keys of one issuer, newest first. Safe to share between threads."""

    def __init__(self, keys: Iterable[SigningKey | VerifyingKey | TimedKey], *, clock: Clock = SYSTEM_CLOCK) -> None:
        """Raise `ConfigError` for what no `Verifier` takes, and when every key ends."""
        self._clock = clock
        self._lock = threading.Lock()
        self._keys = tuple(key if isinstance(key, TimedKey) else TimedKey(key=key) for key in keys)
        self._state = self._build(self._keys)

    def state(self) -> KeyState:
        """What holds now."""
        state = self._state
        if state.until is not math.inf and self._clock() >= state.until:
            with self._lock:
                self._state = state = self._build(self._keys)
        return state

    def rotate(self, key: SigningKey, *, lead: float = LEAD, overlap: float = OVERLAP) -> None:
        """Publish `key` now, sign with it after `lead` seconds, and let the others verify `overlap` seconds longer.

        With several processes do it in each, within `lead`. Raises `ConfigError` for an overlap below the life of a
        token, which would log people out, and for a key id that is taken.
        """
        if lead < 0 or overlap < OVERLAP:
            raise ConfigError(
                f"old keys verify for at least {OVERLAP} s, since their last token lives that long.",
                hint="Call retire() for a key that leaked.",
                code="key-overlap",
            )
        start = self._clock() + lead
        with self._lock:
            old = (replace(each, verifies_until=min(each.verifies_until, start + overlap)) for each in self._keys)
            self._take((TimedKey(key=key, signs_from=start), *old))

    def retire(self, key_id: str) -> None:
        """Drop a key at once, with all of its tokens. Raises `ConfigError` where it is the last, or unknown."""
        with self._lock:
            rest = tuple(each for each in self._keys if each.key.key_id != key_id)
            if len(rest) == len(self._keys):
                raise ConfigError("the ring has no key of this id.", code="unknown-key")
            if _can_sign(self._keys) and not _can_sign(rest):
                raise ConfigError("no key would be left to sign with.", hint="Call rotate() first.", code="last-key")
            # Whoever replaces a leaked key does not wait.
            self._take(tuple(replace(each, signs_from=0.0) for each in rest))

    def export_jwks(self) -> dict[str, list[dict[str, str]]]:
        """Return the public keys as a JWKS document (RFC 7517, section 5), those that will sign as well."""
        return {"keys": [key.export_jwk() for key in self.state().public]}

    def _take(self, keys: tuple[TimedKey, ...]) -> None:
        now = self._clock()
        kept = tuple(each for each in keys if each.verifies_until > now)
        self._state, self._keys = self._build(kept), kept

    def _build(self, keys: tuple[TimedKey, ...]) -> KeyState:
        now = self._clock()
        if keys and all(each.verifies_until < math.inf for each in keys):
            raise ConfigError("a ring needs a key that does not end.", hint="Call rotate() first.", code="last-key")
        living = [each for each in keys if each.verifies_until > now]
        public = tuple(each.public() for each in living)
        signers = [each for each in living if isinstance(each.key, SigningKey) and each.signs_from <= now]
        newest = max(signers, key=lambda each: each.signs_from, default=None)
        signer = newest.key if newest and isinstance(newest.key, SigningKey) else None
        times = [time for each in living for time in (each.signs_from, each.verifies_until) if time > now]
        return KeyState(signer, public, Verifier(public), min(times, default=math.inf))


def _can_sign(keys: tuple[TimedKey, ...]) -> bool:
    return any(isinstance(each.key, SigningKey) for each in keys)
