"""State, nonce and verifier of an authorization request: made together, bound to one browser, used once.

The state is 32 random bytes and lives 10 minutes; the store has its digest. The browser is known by a random value in a
`__Host-` cookie, which no subdomain can set; the store has its digest too. The callback takes the record out in one
conditional statement, so of any number of callbacks with one state one wins. Sources: RFC 6749 section 10.12, RFC 9700
sections 2.1 and 4.4; CWE-352; ASVS 10.1.2, 10.2.1.
"""

import hashlib
import re
from dataclasses import dataclass, field
from typing import Final

from vallum.base.clock import SYSTEM_CLOCK, Clock
from vallum.base.compare import equal
from vallum.base.errors import ConfigError
from vallum.base.randomness import SYSTEM_RANDOMNESS, Randomness, token
from vallum.guard.oauth.pkce import PkcePair
from vallum.guard.oauth.refusals import SignInRefusedError
from vallum.guard.sessions.cookies import CookiePolicy
from vallum.stores.proofs import ProofRecord, ProofStore

KEEPS: Final = ("oauth-state",)
PURPOSE: Final = "oauth-state"
TEN_MINUTES: Final = 600.0
BROWSER_COOKIE: Final = CookiePolicy(name="__Host-oauth", same_site="Lax")
"""Lax, for the browser comes back from another site."""
PLAIN_COOKIE: Final = CookiePolicy(name="insecure-oauth", same_site="Lax", unsafe_plain_http=True)
_TOKEN: Final = re.compile(r"[A-Za-z0-9_-]{43}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Pending:
    """What an authorization request was begun with. `account_id` is who wants to link an identity, "" at a sign-in."""

    state: str = field(repr=False)
    browser: str = field(repr=False)
    nonce: str = field(repr=False)
    pkce: PkcePair = field(repr=False)
    provider: str
    account_id: str = ""


@dataclass(frozen=True, kw_only=True)
class Transactions:
    """The authorization requests that are under way."""

    store: ProofStore
    seconds: float = TEN_MINUTES
    clock: Clock = SYSTEM_CLOCK
    randomness: Randomness = SYSTEM_RANDOMNESS

    def __post_init__(self) -> None:
        """Raise `ConfigError` for a state that lives longer than 10 minutes."""
        if not 0 < self.seconds <= TEN_MINUTES:
            raise ConfigError("a state lives 10 minutes at most.", hint="Leave `seconds` out.", code="oauth-state")

    def begin(self, provider: str, *, browser: str = "", account_id: str = "") -> Pending:
        """Store a new request. Its `browser` belongs into the cookie; who has one keeps it, so tabs do not collide."""
        now = self.clock()
        pending = Pending(
            state=token(randomness=self.randomness),
            browser=browser if _TOKEN.fullmatch(browser) else token(randomness=self.randomness),
            nonce=token(randomness=self.randomness),
            pkce=PkcePair.make(randomness=self.randomness),
            provider=provider,
            account_id=account_id,
        )
        record = ProofRecord(
            digest=_digest(pending.state),
            purpose=PURPOSE,
            account_id=account_id,
            value=provider,
            data={"nonce": pending.nonce, "verifier": pending.pkce.verifier},
            created=now,
            deadline=now + self.seconds,
            browser=_digest(pending.browser),
        )
        if not self.store.put(record):
            raise SignInRefusedError("state-collision: the random numbers repeat")
        return pending

    def look(self, provider: str, state: str, browser: str) -> None:
        """Raise `SignInRefusedError` unless `consume` would find the request. Uses nothing up."""
        _check_form(state, browser)
        record = self.store.look(_digest(state), PURPOSE, self.clock())
        _check_record(record, browser)
        if record is not None and not equal(record.value, provider):
            raise SignInRefusedError("state-provider: the state was made for another provider")

    def consume(self, provider: str, state: str, browser: str) -> Pending:
        """Take the request out of the store. Raises `SignInRefusedError` with the reason for the log."""
        _check_form(state, browser)
        now, digest = self.clock(), _digest(state)
        record = self.store.consume(digest, PURPOSE, now, browser=_digest(browser))
        if record is None:
            _check_record(self.store.look(digest, PURPOSE, now), browser)
            raise SignInRefusedError("state-unknown: another callback was faster")
        if not equal(record.value, provider):
            raise SignInRefusedError("state-provider: the state was made for another provider")
        nonce, verifier = record.data["nonce"], record.data["verifier"]
        return Pending(
            state=state,
            browser=browser,
            nonce=str(nonce),
            pkce=PkcePair(verifier=str(verifier)),
            provider=provider,
            account_id=record.account_id,
        )


def _check_form(state: str, browser: str) -> None:
    if not _TOKEN.fullmatch(state):
        raise SignInRefusedError("state-missing: the callback has no state of ours")
    if not browser:
        raise SignInRefusedError(
            "cookie-missing: the browser sent no cookie; it blocks cookies, came to another host name, or never began"
        )
    if not _TOKEN.fullmatch(browser):
        raise SignInRefusedError("cookie-malformed: the cookie is not one of ours")


def _check_record(record: ProofRecord | None, browser: str) -> None:
    if record is None:
        raise SignInRefusedError("state-unknown: used already, older than its 10 minutes, or never ours")
    if not equal(record.browser, _digest(browser)):
        raise SignInRefusedError("state-browser: another browser began this sign-in")


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()
