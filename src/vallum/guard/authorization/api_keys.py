"""API keys for programs: scoped, expiring, bound to addresses, shown once, stored as a digest (CWE-522, ASVS 13.2.2).

    KEYS = ApiKeys(store, KeyPolicy(prefix="notes", scopes=frozenset({"notes:read", "notes:write"})))
    Guard(app, GuardPolicy(bearer=BearerPolicy(verify=KEYS.verify), roles={"notes:read": {"note.read"}, ...}))

    issued = KEYS.issue("ada", name="backup", scopes={"notes:read"}, networks=["192.0.2.0/24"])
    issued.key.reveal()          # notes_... : show it now, nobody can show it again

A scope is a role of the guard's own table, so that the same permissions decide for people and for programs.
"""

import hashlib
import ipaddress
import re
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import ClassVar, Final

from vallum.base.clock import SYSTEM_CLOCK, Clock
from vallum.base.errors import ConfigError
from vallum.base.randomness import SYSTEM_RANDOMNESS, Randomness
from vallum.base.secret import Secret
from vallum.guard.authentication.bearer import Caller
from vallum.guard.errors.public import PublicError
from vallum.guard.errors.refusal import Refusal, refusal_for
from vallum.guard.exchange import current
from vallum.guard.http.rate_limit import Limiter
from vallum.guard.logging.events import Level
from vallum.guard.tokens.bearer import BearerRefusedError, read_credential
from vallum.stores.api_keys import ApiKeyRecord, ApiKeyStore
from vallum.stores.limits import LimitStore

KEEPS: Final = ("scoped-api-keys",)
DAY: Final = 86_400.0
LIFE_DAYS: Final = 90
MOST_DAYS: Final = 366
OVERLAP_SECONDS: Final = 7 * DAY
_NOTE_USE_EVERY: Final = 60.0
_LETTERS: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_SECRET_LETTERS: Final = 43
_ID_LETTERS: Final = 12
_CHECK_LETTERS: Final = 6
_PREFIX: Final = re.compile(r"[a-z][a-z0-9]{1,15}")
_SCOPE: Final = re.compile(r"[a-z][a-z0-9_-]*(?:[:.][a-z][a-z0-9_-]*)*")


class KeyForbiddenError(PublicError):
    """A good key from an address from which it does not count (403)."""

    refusal: ClassVar[Refusal] = refusal_for(403)
    level: ClassVar[Level] = Level.WARNING
    event: ClassVar[str] = "authorization-failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyPolicy:
    """What the keys of an application look like and may do.

    `prefix` is what secret scanners recognise them by. Scopes in `sensitive`, such as billing, are given only by their
    own argument. `rate` is what one key may do.
    """

    prefix: str
    scopes: frozenset[str]
    sensitive: frozenset[str] = frozenset()
    rate: str = "600/minute"

    def __post_init__(self) -> None:
        """Raise `ConfigError` for a wildcard and other unfit names."""
        if not _PREFIX.fullmatch(self.prefix):
            raise ConfigError("a prefix has 2 to 16 small letters and digits.", code="key-prefix")
        if not all(_SCOPE.fullmatch(scope) for scope in self.scopes | self.sensitive):
            raise ConfigError(
                "a scope is no plain name.", hint='Write "notes:read"; there is no wildcard.', code="key-scope"
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class IssuedKey:
    """A new key, in the clear for the only time, and what is stored of it."""

    key: Secret[str]
    record: ApiKeyRecord


class ApiKeys:
    """Issues, verifies, rotates and ends the keys of one application."""

    def __init__(
        self,
        store: ApiKeyStore,
        policy: KeyPolicy,
        *,
        limits: LimitStore | None = None,
        clock: Clock = SYSTEM_CLOCK,
        randomness: Randomness = SYSTEM_RANDOMNESS,
    ) -> None:
        """Keep keys in `store`; count what each does in `limits`, by default where the guard counts."""
        self._store = store
        self._prefix = policy.prefix
        self._scopes = policy.scopes - policy.sensitive
        self._sensitive = policy.sensitive
        letters = _ID_LETTERS + _SECRET_LETTERS + _CHECK_LETTERS
        self._form = re.compile(rf"{policy.prefix}_[0-9A-Za-z]{{{letters}}}")
        self._limiter = Limiter(policy.rate, name="api-key", store=limits, clock=clock)
        self._clock = clock
        self._randomness = randomness

    def issue(
        self,
        owner: str,
        *,
        name: str,
        scopes: Iterable[str],
        unsafe_scopes: Iterable[str] = (),
        networks: Iterable[str] = (),
        days: float = LIFE_DAYS,
    ) -> IssuedKey:
        """Make a key for `owner`, which ends after `days` (at most 366) and counts from `networks` only, if any.

        Raises `ConfigError` for no scope, an unknown one, and a sensitive one outside of `unsafe_scopes`; for an
        address that is none; and for a life that is not above 0.
        """
        given, sensitive = frozenset(scopes), frozenset(unsafe_scopes)
        if not given | sensitive or not given <= self._scopes or not sensitive <= self._sensitive:
            raise ConfigError(
                "a key needs scopes that are known.",
                hint="Name each in `scopes`, sensitive ones in `unsafe_scopes`.",
                code="key-scope",
            )
        if not owner or not 0 < days <= MOST_DAYS:
            raise ConfigError(f"a key has an owner and ends within {MOST_DAYS} days.", code="key-life")
        now = self._clock()
        key_id = self._letters(_ID_LETTERS)
        body = f"{self._prefix}_{key_id}{self._letters(_SECRET_LETTERS)}"
        key = body + _checksum(body)
        record = ApiKeyRecord(
            id=key_id,
            digest=_digest(key),
            owner=owner,
            name=name,
            scopes=tuple(sorted(given | sensitive)),
            networks=tuple(str(_read_network(network)) for network in networks),
            created=now,
            deadline=now + days * DAY,
        )
        if not self._store.add(record):
            raise ConfigError("a new key has the id of another.", hint="Look at the randomness.", code="key-taken")
        return IssuedKey(key=Secret(key), record=record)

    def rotate(self, key_id: str, owner: str, *, overlap_seconds: float = OVERLAP_SECONDS) -> IssuedKey:
        """Make a key with the same name, scopes, networks and length of life; the old one counts for the overlap more.

        Raises `ConfigError` when `owner` has no living key of that id.
        """
        now = self._clock()
        old = next((key for key in self._store.list_owner(owner) if key.id == key_id and key.is_alive(now)), None)
        if old is None:
            raise ConfigError("this owner has no such key.", code="key-unknown")
        sensitive = frozenset(old.scopes) & self._sensitive
        issued = self.issue(
            owner,
            name=old.name,
            scopes=frozenset(old.scopes) - sensitive,
            unsafe_scopes=sensitive,
            networks=old.networks,
            days=min((old.deadline - old.created) / DAY, MOST_DAYS),
        )
        self._store.end(key_id, owner, now + max(0.0, overlap_seconds))
        return issued

    def end(self, key_id: str, owner: str) -> bool:
        """End a key of `owner` at once; False if there is none of that id."""
        return self._store.end(key_id, owner, self._clock())

    def list_keys(self, owner: str) -> Sequence[ApiKeyRecord]:
        """The keys of `owner`, for a page that shows their names, scopes, expiry and last use."""
        return self._store.list_owner(owner)

    def verify(self, authorization: str) -> Caller:
        """For `BearerPolicy(verify=...)`: the identity of an Authorization header, at the address of this request."""
        return self.check(read_credential(authorization), current().client)

    def check(self, key: str, address: str) -> Caller:
        """Return whom `key` stands for: `key:<id>` with its scopes as roles and the record as claims.

        Raises `BearerRefusedError` (401), the same for unknown, ended and mistyped keys, `KeyForbiddenError` (403) for
        an address from which it does not count, and `RateLimitedError` (429). A mistyped key asks no store.
        """
        if not self._form.fullmatch(key) or not key.endswith(_checksum(key[:-_CHECK_LETTERS])):
            raise BearerRefusedError("key-form")
        record = self._store.find(_digest(key))
        now = self._clock()
        if record is None:
            raise BearerRefusedError("key-unknown")
        if not record.is_alive(now):
            raise BearerRefusedError("key-ended")
        if record.networks and not _is_in(address, record.networks):
            raise KeyForbiddenError("key-address")
        self._limiter.take_now(record.id)
        if record.used is None or now - record.used >= _NOTE_USE_EVERY:
            self._store.note_use(record.id, now)
        return Caller(f"key:{record.id}", record.scopes, record)

    def _letters(self, count: int) -> str:
        letters: list[str] = []
        while len(letters) < count:  # 248 is the last multiple of 62: what is above would favour some letters
            letters += [_LETTERS[byte % 62] for byte in self._randomness(count) if byte < 248]
        return "".join(letters[:count])


def _checksum(body: str) -> str:
    """Six letters by which a scanner, and the check before any store, tell a key from a word."""
    number, letters = zlib.crc32(body.encode("ascii", "replace")), []
    for _ in range(_CHECK_LETTERS):
        number, rest = divmod(number, 62)
        letters.append(_LETTERS[rest])
    return "".join(reversed(letters))


def _digest(key: str) -> bytes:
    # The key has 256 random bits: no salt and no slow hash is needed.
    return hashlib.sha256(key.encode("ascii", "replace")).digest()


def _read_network(text: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network:
    try:
        network = ipaddress.ip_network(text)
    except ValueError:
        network = None
    if network is None or network.prefixlen == 0:
        raise ConfigError(
            "a key's network is no address or network.", hint='Write "192.0.2.7" or "192.0.2.0/24".', code="key-network"
        )
    return network


def _is_in(address: str, networks: Iterable[str]) -> bool:
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return False
    if isinstance(found, ipaddress.IPv6Address) and found.ipv4_mapped is not None:
        found = found.ipv4_mapped
    return any(found in ipaddress.ip_network(network) for network in networks)
