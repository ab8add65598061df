"""Hash and check passwords: Argon2id by default, old hashes replaced at login, one cost for known and unknown accounts.

    passwords = PasswordHasher()
    account.password_hash = passwords.hash(form.password)
    check = await passwords.check_async(form.password, account.password_hash if account else None)
    if check.replacement:
        account.password_hash = check.replacement

Sources: OWASP Password Storage Cheat Sheet, NIST SP 800-63B-4 section 3.1.1.2, ASVS 6.2.8, 11.4.2.
"""

import logging
from collections.abc import Callable
from dataclasses import KW_ONLY, dataclass, field
from typing import Final

from vallum.base.randomness import SYSTEM_RANDOMNESS, Randomness
from vallum.base.secret import Secret
from vallum.crypto.passwords.argon2id import OWASP
from vallum.crypto.passwords.pepper import Peppers, apply_pepper, split_pepper
from vallum.crypto.passwords.scheme import PasswordRefusedError, Scheme, StoredHash, StoredHashError
from vallum.crypto.passwords.stored import encode_password, make_decoy, make_hash, read_hash, takes_whole
from vallum.guard.authentication.hashing_pool import Arguments, HashingBusyError, HashingPool, Result, count_workers

KEEPS: Final = ("password-hashing",)
_LOG: Final = logging.getLogger("vallum.passwords")
__all__ = ["HashingBusyError", "PasswordCheck", "PasswordHasher", "PasswordRefusedError", "StoredHashError"]


@dataclass(frozen=True, slots=True)
class PasswordCheck:
    """The answer of a check: true when the password was right."""

    accepted: bool
    replacement: str | None = field(default=None, repr=False)
    """A new hash to store, when the old one was weaker than the profile."""

    def __bool__(self) -> bool:
        """True when the password was right."""
        return self.accepted


@dataclass(frozen=True)
class PasswordHasher:
    """Hashes and checks passwords under one profile.

    Every method raises `PasswordRefusedError` (status 400) for a password of more than 1024 bytes, before it looks at
    the account. A stored value that is plain text, MD5, SHA or damaged fails at the cost of a wrong password, so that
    nobody can tell such an account from others; the log `vallum.passwords` says what is wrong. The async forms run in a
    bounded pool and raise `HashingBusyError` (status 503) when too many wait. `peppers` are mixed into new hashes;
    hashes without one, or with an older one, are replaced at the next login.
    """

    profile: Scheme = OWASP
    _: KW_ONLY
    peppers: Peppers | None = None
    workers: int = field(default_factory=count_workers)
    queue: int = 32
    refusal_delay: float = 0.5
    randomness: Randomness = SYSTEM_RANDOMNESS
    _pool: HashingPool = field(init=False, repr=False, compare=False)
    _decoy: StoredHash = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Start the pool and make the hash that unknown accounts are checked against."""
        pool = HashingPool(workers=self.workers, queue=self.queue, refusal_delay=self.refusal_delay)
        object.__setattr__(self, "_pool", pool)
        object.__setattr__(self, "_decoy", make_decoy(self.profile, randomness=self.randomness))

    def hash(self, password: str | Secret[str]) -> str:
        """Return the hash to store for a new password, with its own random salt."""
        return make_hash(_reveal(password), self.profile, peppers=self.peppers, randomness=self.randomness)

    def verify(self, password: str | Secret[str], stored: str | None) -> bool:
        """Tell whether `password` made the hash `stored`. Pass None for an unknown account: it costs the same."""
        encoded = encode_password(_reveal(password))
        name, known = ("", None) if stored is None else self._read_quietly(stored)
        seasoned = apply_pepper(self.peppers, name, encoded)
        found = self._decoy if known is None else known
        whole = takes_whole(found.scheme, seasoned)
        # A password that bcrypt would cut is wrong, but must take as long as any other wrong one (CVE-2025-22234).
        matched = found.matches(seasoned if whole else b"")
        return matched and whole and known is not None

    def needs_rehash(self, stored: str) -> bool:
        """Tell whether `stored` is weaker than the profile, another scheme or pepper. Raises `StoredHashError`."""
        name, plain = split_pepper(stored)
        return name != (self.peppers.newest if self.peppers else "") or read_hash(plain).outdated(self.profile)

    def renew(self, password: str | Secret[str], stored: str) -> str | None:
        """A new hash of the right `password` for an outdated one; None when `stored` may stay.

        It may when it is up to the profile, and when the profile would not take in all of the password.
        """
        if not self.needs_rehash(stored):
            return None
        plain = _reveal(password)
        fits = self.peppers is not None or takes_whole(self.profile, encode_password(plain))
        return self.hash(plain) if fits else None

    def check(self, password: str | Secret[str], stored: str | None) -> PasswordCheck:
        """Verify, and bring a replacement when the password was right and its hash is outdated."""
        accepted = self.verify(password, stored)
        return PasswordCheck(accepted, self.renew(password, stored) if accepted and stored is not None else None)

    async def run_async(
        self, work: Callable[Arguments, Result], /, *args: Arguments.args, **kwargs: Arguments.kwargs
    ) -> Result:
        """Return what `work` returns, which hashes: it runs in the pool, off the event loop."""
        return await self._pool.run(work, *args, **kwargs)

    def run_now(
        self, work: Callable[Arguments, Result], /, *args: Arguments.args, **kwargs: Arguments.kwargs
    ) -> Result:
        """The same for handlers that are not async: their threads wait, and no more hash at once than in the pool."""
        return self._pool.run_now(work, *args, **kwargs)

    async def hash_async(self, password: str | Secret[str]) -> str:
        """Do as `hash`, off the event loop."""
        return await self._pool.run(self.hash, password)

    async def verify_async(self, password: str | Secret[str], stored: str | None) -> bool:
        """Do as `verify`, off the event loop."""
        return await self._pool.run(self.verify, password, stored)

    async def check_async(self, password: str | Secret[str], stored: str | None) -> PasswordCheck:
        """Do as `check`, off the event loop."""
        return await self._pool.run(self.check, password, stored)

    def close(self) -> None:
        """End the pool's threads; the process does so by itself at exit."""
        self._pool.close()

    def _read_quietly(self, stored: str) -> tuple[str, StoredHash | None]:
        """The name of the pepper, and the hash; none when it cannot be read, or its pepper is gone."""
        try:
            name, plain = split_pepper(stored)
            apply_pepper(self.peppers, name, b"")
            return name, read_hash(plain)
        except StoredHashError as error:
            _LOG.error("%s", error)
            return "", None


def _reveal(password: str | Secret[str]) -> str:
    return password.reveal() if isinstance(password, Secret) else password
