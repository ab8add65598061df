"""The session block: finds the session of a request, begins, renews and ends sessions. Does no I/O itself.

Handlers only note what shall happen; the wrapper carries it out against the store before the response head goes out,
so that a store that is down refuses the answer, and nothing here needs to wait.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from hashlib import sha256
from typing import Final

from vallum.base.clock import Clock
from vallum.base.errors import VallumError
from vallum.base.randomness import Randomness, token
from vallum.guard.errors.public import PublicError
from vallum.guard.errors.refusal import Refusal
from vallum.guard.exchange import AGENT, COOKIE, Exchange, Write
from vallum.guard.http.limits import SAFE_METHODS
from vallum.guard.sessions.context_change import ContextChanges
from vallum.guard.sessions.cookies import CookiePolicy, find_cookie
from vallum.guard.sessions.csrf import CrossSiteSignInError, CsrfTokens
from vallum.guard.sessions.life import Revoke, SessionPolicy
from vallum.stores.sessions import Json, SessionRecord, SessionStore

KEEPS: Final = ("session-id-random", "session-logout", "session-rotation", "session-server-side")

_ID: Final = re.compile(r"[A-Za-z0-9_-]{43}")
_LONGEST_AGENT: Final = 256
CLEAR_SITE_DATA: Final = (b"clear-site-data", b'"cache", "cookies", "storage"')


class SignOutMethodError(PublicError):
    """A logout that a link, an image or a prefetch could trigger (405)."""

    refusal = Refusal(405, "method-not-allowed", "Log out by the form.", headers=[(b"allow", b"POST")])


class Desk:
    """Sessions of one guard: the policy, the cookies over TLS and on a developer's plain HTTP, the CSRF tokens."""

    def __init__(
        self, policy: SessionPolicy, tokens: CsrfTokens, clock: Clock, randomness: Randomness, *, development: bool
    ) -> None:
        """Prepare the cookies."""
        self.policy = policy
        self._tokens = tokens
        self._clock = clock
        self._randomness = randomness
        self._development = development
        self._session_cookie = CookiePolicy(name="__Host-session", same_site=policy.same_site)
        self._visitor_cookie = CookiePolicy(name="__Host-csrf", same_site=policy.same_site)
        self._plain_session = CookiePolicy(name="insecure-session", same_site=policy.same_site, unsafe_plain_http=True)
        self._plain_visitor = CookiePolicy(name="insecure-csrf", same_site=policy.same_site, unsafe_plain_http=True)
        self._note_change = ContextChanges().note
        self._lone = _match_lone(self._session_cookie)
        self._plain_lone = _match_lone(self._plain_session)

    def find_id(self, exchange: Exchange) -> str:
        """The session id that the request carries, empty if none: exactly as the server issues them, or ignored."""
        header = exchange.found[COOKIE]
        if header is None or exchange.cookies_ignored:
            return ""
        is_plain = self._development and not exchange.secure
        lone = (self._plain_lone if is_plain else self._lone)(header)
        if lone is not None:  # the usual case: the session's cookie and no other
            return lone[1].decode("ascii")
        return self._read(exchange, self._cookie(exchange))

    def attach(self, exchange: Exchange, record: SessionRecord, *, polling: bool) -> None:
        """Make `record` the session of `exchange`, and note its use unless the route only polls."""
        exchange.arrived = exchange.record = record
        exchange.private = True
        exchange.shown = None
        agent = _agent_of(exchange)
        if agent != record.agent or exchange.client != record.address:
            self._note_change(exchange, record, agent)
        now = self._clock()
        if not polling and now - record.seen >= self.policy.note_use_every:
            exchange.writes.append(lambda store: store.touch(record.digest, now))

    def accept_token(self, exchange: Exchange, given: bytes | None) -> bool:
        """Tell whether an unsafe request proves with `given` that it comes from a page of this session or visitor."""
        bound = exchange.session_id if exchange.record is not None else self.visitor_of(exchange)
        return not bound or self._tokens.accept(bound, given)

    def needs_token(self, exchange: Exchange) -> bool:
        """Tell whether the request changes state under a cookie."""
        if exchange.method in SAFE_METHODS or exchange.cookies_ignored:
            return False
        return exchange.record is not None or bool(self.visitor_of(exchange))

    def visitor_of(self, exchange: Exchange) -> str:
        """The random value that binds forms of a visitor who has no session yet, such as the sign-in form."""
        return self._read(exchange, self._visitor(exchange))

    def sign_in(self, exchange: Exchange, actor_id: str, roles: Iterable[str], keep: Iterable[str]) -> None:
        """Begin a session under a new id; the one that the browser had, if any, ends in the same step."""
        _check_open(exchange)
        if exchange.method in SAFE_METHODS or not exchange.same_site:
            raise CrossSiteSignInError("sign-in needs a POST with Origin or Sec-Fetch-Site of this site")
        if not actor_id:
            raise VallumError("sign_in needs the id of the actor.", code="no-actor")
        now = self._clock()
        record = self._record(exchange, actor_id, roles, _kept(exchange, keep), created=now)
        exchange.writes[:] = [_starter(record, exchange.arrived)]
        self._hand_over(exchange, record)
        if self.visitor_of(exchange):
            exchange.cookies.append(self._visitor(exchange).expire())

    def renew(self, exchange: Exchange, roles: Iterable[str] | None, keep: Iterable[str]) -> None:
        """Give the session a new id after a change of rights; the time of sign-in stays."""
        _check_open(exchange)
        old = exchange.record
        if old is None:
            raise VallumError("there is no session to renew.", hint="Call sign_in first.", code="no-session")
        new_roles = old.roles if roles is None else roles
        record = self._record(exchange, old.actor_id, new_roles, _kept(exchange, keep), created=old.created)
        now = self._clock()
        if old is exchange.arrived:
            exchange.writes[:] = [lambda store: store.rotate(old.digest, record, now)]
        else:  # signed in by this very request: nothing is stored yet
            exchange.writes[:] = [_starter(record, exchange.arrived)]
        self._hand_over(exchange, record)

    def sign_out(self, exchange: Exchange, *, everywhere: bool) -> None:
        """End the session, or all of its actor; expire the cookie and have the browser clear what it kept."""
        _check_open(exchange)
        if exchange.method in SAFE_METHODS:
            raise SignOutMethodError(f"sign_out was called by a {exchange.method}, which any image or link can send")
        ended = {record.digest: record for record in (exchange.record, exchange.arrived) if record is not None}
        if not ended:
            return
        exchange.writes[:] = [_ender(ended.values(), self.policy.revoke, everywhere=everywhere)]
        exchange.record = exchange.shown = None
        exchange.session_id = ""
        exchange.cookies[:] = [self._cookie(exchange).expire()]
        if exchange.secure:
            exchange.extra = (*exchange.extra, CLEAR_SITE_DATA)

    def csrf_token(self, exchange: Exchange) -> str:
        """Issue the token of the session, or of a visitor, who gets a cookie to bind it to."""
        exchange.private = True
        if exchange.session_id and exchange.record is not None:
            return self._tokens.issue(exchange.session_id)
        visitor = exchange.visitor or self.visitor_of(exchange)
        if not visitor:
            _check_open(exchange)
            visitor = token(randomness=self._randomness)
            exchange.cookies.append(self._visitor(exchange).set(visitor))
        exchange.visitor = visitor
        return self._tokens.issue(visitor)

    def _hand_over(self, exchange: Exchange, record: SessionRecord) -> None:
        self._show(exchange, record)
        exchange.cookies[:] = [self._cookie(exchange).set(exchange.session_id)]

    def _show(self, exchange: Exchange, record: SessionRecord) -> None:
        exchange.record = record
        exchange.private = True
        exchange.shown = None

    def _record(
        self, exchange: Exchange, actor_id: str, roles: Iterable[str], data: Mapping[str, Json], *, created: float
    ) -> SessionRecord:
        exchange.session_id = token(randomness=self._randomness)
        return SessionRecord(
            digest=digest_of(exchange.session_id),
            actor_id=actor_id,
            roles=tuple(roles),
            created=created,
            seen=self._clock(),
            idle_seconds=self.policy.idle_seconds,
            deadline=created + self.policy.absolute_seconds,
            address=exchange.client,
            agent=_agent_of(exchange),
            data=data,
        )

    def _read(self, exchange: Exchange, cookie: CookiePolicy) -> str:
        value = find_cookie(exchange.found[COOKIE], cookie.key)
        return value if value is not None and _ID.fullmatch(value) else ""

    def _cookie(self, exchange: Exchange) -> CookiePolicy:
        return self._plain_session if self._development and not exchange.secure else self._session_cookie

    def _visitor(self, exchange: Exchange) -> CookiePolicy:
        return self._plain_visitor if self._development and not exchange.secure else self._visitor_cookie


def _match_lone(cookie: CookiePolicy) -> Callable[[bytes], re.Match[bytes] | None]:
    return re.compile(re.escape(cookie.key) + b"=(" + _ID.pattern.encode("ascii") + b")").fullmatch


def _agent_of(exchange: Exchange) -> str:
    return (exchange.found[AGENT] or b"")[:_LONGEST_AGENT].decode("latin-1")


def digest_of(session_id: str) -> bytes:
    """What the store keeps instead of the id: its SHA-256. The id has 256 random bits, so no salt is needed."""
    return sha256(session_id.encode("ascii")).digest()


def _kept(exchange: Exchange, keys: Iterable[str]) -> dict[str, Json]:
    session = exchange.session
    if session is None:
        return {}
    return {key: value for key in keys if (value := session.get(key)) is not None}


def _starter(record: SessionRecord, old: SessionRecord | None) -> Write:
    return lambda store: store.create(record, instead_of=old.digest if old else None)


def _ender(records: Iterable[SessionRecord], revoke: Revoke | None, *, everywhere: bool) -> Write:
    def end(store: SessionStore) -> bool:
        for record in records:
            store.delete(record.digest)
            if everywhere:
                store.delete_actor(record.actor_id)
            if revoke is not None:
                revoke(record, everywhere)
        return True

    return end


def _check_open(exchange: Exchange) -> None:
    if exchange.begun:
        raise VallumError(
            "the response head has gone out, so no cookie can be set any more.",
            hint="Sign in, sign out and render csrf_token before the first byte of a stream.",
            code="response-begun",
        )
