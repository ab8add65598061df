"""Refresh tokens that work once: opaque, stored as digests, in families that end when one comes twice.

    REFRESH = RefreshTokens(store=..., tokens=TOKENS, revocation=REVOCATION, key=settings.refresh_key)

    pair = REFRESH.begin(account.id, epoch=account.epoch, scope="notes:read")    # after a login
    pair = REFRESH.renew(sent)                                                   # 401 unless it is the newest
    REFRESH.end(sent)                                                            # logout

A family dies seven days after its login, however often it is renewed. When a replaced token comes again, somebody has
a copy: the family and its access tokens end, and `token-reused` is logged. Two tabs that refresh at once both get the
same successor, for a few seconds. Sources: RFC 9700 section 4.14, RFC 6749 sections 6 and 10.4; ASVS 10.4.5, 10.4.8.
"""

import hashlib
import hmac
from base64 import urlsafe_b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final, NamedTuple

from vallum.base.clock import SYSTEM_CLOCK, Clock
from vallum.base.compare import equal
from vallum.base.errors import ConfigError
from vallum.base.randomness import SYSTEM_RANDOMNESS, Randomness, token
from vallum.base.secret import Secret
from vallum.guard.logging.vocabulary import TokenReused, note_event
from vallum.guard.tokens.access_tokens import AccessTokens
from vallum.guard.tokens.bearer import BearerRefusedError
from vallum.guard.tokens.revocation import WEEK, Revocation, name_session
from vallum.stores.refresh import RefreshRecord, RefreshStore

KEEPS: Final = ("refresh-token-rotation",)
GRACE: Final = 5.0
MOST_GRACE: Final = 30.0
_KEY_BYTES: Final = 32
_LABEL: Final = b"vallum refresh successor "


class TokenPair(NamedTuple):
    """What a client gets; `expires_in` is the life of the access token in seconds."""

    access_token: str
    refresh_token: str
    expires_in: int
    token_type: str

    def __repr__(self) -> str:
        """No token."""
        return f"TokenPair(expires_in={self.expires_in})"

    def response(self) -> dict[str, str | int]:
        """The members of a token response (RFC 6749, section 5.1). Send it with `Cache-Control: no-store`."""
        return self._asdict()


def claim_scope(record: RefreshRecord) -> Mapping[str, Any]:
    """The claims of an access token, unless you give others: the scope of its family."""
    return {"scope": record.scope} if record.scope else {}


@dataclass(frozen=True, kw_only=True)
class RefreshTokens:
    """Refresh tokens for the access tokens of `tokens`, whose `revoked` must be `revocation`.

    `key` is 32 random bytes that all workers share: a successor is derived by it, so that two tabs get the same one.
    `claims` says what an access token claims besides, at each renewal, so that roles may be read anew. Raises
    `ConfigError` for a life above seven days, a grace above 30 seconds, a short key, and another `revoked`.
    """

    store: RefreshStore
    tokens: AccessTokens
    revocation: Revocation
    key: Secret[bytes] = field(repr=False)
    life: float = WEEK
    grace: float = GRACE
    claims: Callable[[RefreshRecord], Mapping[str, Any]] = claim_scope
    clock: Clock = SYSTEM_CLOCK
    randomness: Randomness = SYSTEM_RANDOMNESS

    def __post_init__(self) -> None:
        """Check the settings."""
        if not 0 < self.life <= WEEK or not 0 <= self.grace <= MOST_GRACE:
            raise ConfigError("a refresh family lives 7 days at most, and its grace is 30 s at most.", code="refresh")
        if len(self.key) < _KEY_BYTES:
            raise ConfigError(f"the key of refresh tokens has {_KEY_BYTES} random bytes.", code="weak-key")
        if self.tokens.revoked is not self.revocation:
            raise ConfigError(
                "the access tokens would outlive their family.",
                hint="Build AccessTokens(revoked=...) with the same Revocation.",
                code="refresh-revocation",
            )

    def begin(
        self, account_id: str, *, epoch: int, client: str = "", scope: str = "", key_thumbprint: str = ""
    ) -> TokenPair:
        """Open a family after a login and return its first pair. `key_thumbprint` binds it to a DPoP key."""
        now = self.clock()
        refresh = token(randomness=self.randomness)
        record = RefreshRecord(
            digest=_digest(refresh),
            family=token(16, randomness=self.randomness),
            account_id=account_id,
            client=client,
            scope=scope,
            epoch=epoch,
            created=now,
            deadline=now + self.life,
            key_thumbprint=key_thumbprint,
        )
        if not self.store.issue(record):
            raise BearerRefusedError("refresh-collision")
        return self._pair(record, refresh)

    def renew(self, refresh: str, *, client: str = "", key_thumbprint: str = "") -> TokenPair:
        """Return the next pair for a refresh token. Raises `BearerRefusedError` (401), the same for every cause."""
        now = self.clock()
        record = self.store.find(_digest(refresh), now)
        if record is None:
            raise BearerRefusedError("refresh-unknown")
        if not equal(record.client, client) or not equal(record.key_thumbprint, key_thumbprint):
            raise BearerRefusedError("refresh-of-another-client")
        standing = self.revocation.store.read(name_session(record.family), record.account_id, now)
        if standing.is_revoked or standing.epoch != record.epoch:
            self.store.end_family(record.family)
            raise BearerRefusedError("refresh-account-ended")
        return self._rotate(record, self._derive(refresh), now)

    def end(self, refresh: str) -> bool:
        """End the family of a refresh token, used or not, with its access tokens; False if there is none."""
        record = self.store.find(_digest(refresh), self.clock())
        return record is not None and self.end_session(record.family)

    def end_session(self, session: str) -> bool:
        """End the family that an access token names as its `session`, with its access tokens."""
        ended = self.store.end_family(session)
        self.revocation.end_session(session)
        return ended

    def _rotate(self, record: RefreshRecord, successor: str, now: float) -> TokenPair:
        heir = replace(record, digest=_digest(successor), created=now, replaced_by=b"", replaced_at=None)
        outcome = self.store.rotate(record.digest, heir, now, self.grace)
        if outcome == "rotated":
            return self._pair(heir, successor)
        if outcome == "grace" and self.store.find(heir.digest, now) is not None:
            return self._pair(heir, successor)
        if outcome == "reused":
            self.revocation.end_session(record.family)
            note_event(TokenReused(account=record.account_id, family=record.family))
        raise BearerRefusedError(f"refresh-{outcome}")

    def _derive(self, refresh: str) -> str:
        mac = hmac.digest(self.key.reveal(), _LABEL + _encode(refresh), hashlib.sha256)
        return urlsafe_b64encode(mac).rstrip(b"=").decode("ascii")

    def _pair(self, record: RefreshRecord, refresh: str) -> TokenPair:
        access = self.tokens.issue(
            record.account_id,
            self.claims(record),
            epoch=record.epoch,
            session=record.family,
            key_thumbprint=record.key_thumbprint,
        )
        return TokenPair(access, refresh, self.tokens.life, "DPoP" if record.key_thumbprint else "Bearer")


def _digest(refresh: str) -> bytes:
    return hashlib.sha256(_encode(refresh)).digest()


def _encode(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")
