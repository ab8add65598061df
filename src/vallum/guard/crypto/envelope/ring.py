"""Seals values under data keys, and carries each data key, wrapped by a key service, in the value itself.

    RING = EnvelopeRing(AwsKeys(boto3.client("kms"), "alias/shop"))
    BOX = SealedBox(RING)                                    # as with keys of one's own; `vallum keys rotate` included

The service is asked once for a data key that seals a thousand values or five minutes, and once for each data key that
opens values; both are kept in memory only. A value is: version (1 byte), length of the wrapped key (2), wrapped key,
nonce (12), ciphertext and tag (16) of AES-256-GCM, with all before the nonce and the context authenticated.
Sources: NIST SP 800-38D and SP 800-57 part 1, 5.6.3; ASVS 11.2.2, 13.3.3.
"""

import threading
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from vallum.base.clock import SYSTEM_CLOCK, Clock
from vallum.base.errors import ConfigError
from vallum.base.randomness import SYSTEM_RANDOMNESS, Randomness
from vallum.crypto.seal.keys import KEY_BYTES
from vallum.crypto.seal.ring import NONCE_BYTES, TAG_BYTES, SealRefusedError
from vallum.guard.crypto.envelope.service import KeyService

KEEPS: Final = ("key-rotation",)

VERSION: Final = b"\x02"
_LENGTH: Final = 2
_MOST_USES: Final = 2**20
_REMEMBERED: Final = 256


@dataclass(slots=True)
class _DataKey:
    head: bytes
    aead: AESGCM
    left: int
    deadline: float


class EnvelopeRing:
    """Does for `SealedBox` what a `SealRing` does. May be used from several threads."""

    def __init__(
        self,
        service: KeyService,
        *,
        uses: int = 1000,
        seconds: float = 300.0,
        clock: Clock = SYSTEM_CLOCK,
        randomness: Randomness = SYSTEM_RANDOMNESS,
    ) -> None:
        """A data key seals `uses` values, and for `seconds`. Raises `ConfigError` for less than one and over 2^20."""
        if not 1 <= uses <= _MOST_USES or seconds <= 0:
            raise ConfigError("a data key seals 1 to 2^20 values, for more than no time.", code="envelope")
        self._service = service
        self._uses = uses
        self._seconds = seconds
        self._clock = clock
        self._randomness = randomness
        self._current: _DataKey | None = None
        self._lock = threading.Lock()
        self._unwrap = lru_cache(maxsize=_REMEMBERED)(self._unwrap_anew)

    def __repr__(self) -> str:
        """The kind of service; never a key."""
        return f"EnvelopeRing({type(self._service).__name__})"

    def seal(self, plain: bytes, *, context: str) -> bytes:
        """Return `plain` sealed for `context`. Raises `KeyServiceError`, and `ConfigError` for an empty context."""
        key = self._take()
        nonce = self._randomness(NONCE_BYTES)
        return key.head + nonce + key.aead.encrypt(nonce, plain, _bind(key.head, context))

    def open(self, sealed: bytes, *, context: str) -> bytes:
        """Return the plain text. Raises `SealRefusedError` for whatever was not sealed so, and `KeyServiceError`."""
        head, rest = _split(sealed)
        try:
            aead = self._unwrap(head[len(VERSION) + _LENGTH :])
            return aead.decrypt(rest[:NONCE_BYTES], rest[NONCE_BYTES:], _bind(head, context))
        except InvalidTag:
            raise SealRefusedError from None

    def is_outdated(self, sealed: bytes) -> bool:
        """Tell whether the value should be sealed anew: an older key has wrapped its data key, or it is no envelope."""
        try:
            head, _ = _split(sealed)
        except SealRefusedError:
            return True
        return self._service.is_outdated(head[len(VERSION) + _LENGTH :])

    def _take(self) -> _DataKey:
        with self._lock:
            key, now = self._current, self._clock()
            if key is None or key.left < 1 or now >= key.deadline:
                key = self._current = self._make(now)
            key.left -= 1
            return key

    def _make(self, now: float) -> _DataKey:
        plain = self._randomness(KEY_BYTES)
        wrapped = self._service.wrap(plain)
        head = VERSION + len(wrapped).to_bytes(_LENGTH) + wrapped
        return _DataKey(head=head, aead=AESGCM(plain), left=self._uses, deadline=now + self._seconds)

    def _unwrap_anew(self, wrapped: bytes) -> AESGCM:
        key = self._service.unwrap(wrapped)
        if len(key) != KEY_BYTES:
            raise SealRefusedError
        return AESGCM(key)


def _split(sealed: bytes) -> tuple[bytes, bytes]:
    start = len(VERSION) + _LENGTH
    end = start + int.from_bytes(sealed[len(VERSION) : start])
    if not sealed.startswith(VERSION) or end <= start or len(sealed) < end + NONCE_BYTES + TAG_BYTES:
        raise SealRefusedError
    return sealed[:end], sealed[end:]


def _bind(head: bytes, context: str) -> bytes:
    # The head tells its own length, so head and context cannot run into each other.
    if not context:
        raise ConfigError(
            "a sealed value needs a context.", hint="Say what it is and whose: totp:17.", code="seal-context"
        )
    return head + context.encode("utf-8")
