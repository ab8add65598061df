"""The one pass: request head in, decision out; response head in, response head out. No I/O, no framework.

    refusal = core.open(exchange)            id, client, host, framing, CORS, rate of the address, site of origin
    refusal = core.open_late(exchange)       the rate of the address, where its store waits
    need    = core.want(exchange, access)    after routing: the session to read, or None
    refusal = core.admit(exchange, access, record)
    refusal = core.prove(exchange, token)    only where the CSRF token comes in a form
    headers = core.head(exchange, headers)
    core.report(...)                         security events
    core.close(exchange)                     the access line

A wrapper (ASGI, WSGI) owns every wait: it fills the exchange, reads the session and carries out `exchange.writes`.
"""

from binascii import b2a_base64, hexlify
from collections.abc import Callable, Collection
from functools import lru_cache
from struct import Struct
from typing import Final

from vallum.base.errors import ConfigError
from vallum.guard.actor import Actor, recognise_actor
from vallum.guard.authentication.bearer import CHALLENGED
from vallum.guard.authorization.access import CLOSED, Access, Declaration, Demands, rates_of
from vallum.guard.authorization.paths import PathTable
from vallum.guard.authorization.roles import RoleTable
from vallum.guard.errors.failure import describe_error
from vallum.guard.errors.refusal import (
    CHECK_FAILED,
    FORBIDDEN,
    HTML_TYPE,
    NOT_FOUND,
    UNAUTHENTICATED,
    ErrorView,
    Refusal,
    wants_page,
)
from vallum.guard.exchange import (
    ACCEPT,
    CLIENT_ID,
    CREDENTIAL,
    CSRF,
    INDEX,
    LISTED,
    SINGLE,
    TYPE,
    Exchange,
    enter,
    leave,
)
from vallum.guard.http.client import find_client
from vallum.guard.http.cors import SharedOrigins
from vallum.guard.http.hosts import check_host
from vallum.guard.http.limits import SAFE_METHODS, check_framing, check_length
from vallum.guard.http.origins import hosts_of
from vallum.guard.http.rate_desk import RateDesk
from vallum.guard.layers import Layer, trust_site, withhold
from vallum.guard.logging.events import Event, Level, log_event, log_readably
from vallum.guard.options import demand_https_of, find_hidden, find_login, open_blocks
from vallum.guard.policy import Environment, GuardPolicy
from vallum.guard.response import ResponseHead
from vallum.guard.sessions.csrf import TOKEN_WRONG, CsrfTokens, check_site
from vallum.guard.sessions.desk import Desk, digest_of
from vallum.guard.sessions.form_token import is_form
from vallum.stores.fronts import open_front
from vallum.stores.memory import MemorySessions
from vallum.stores.sessions import SessionRecord, SessionStore

Pair = tuple[bytes, bytes]
Step = Callable[[Exchange], Refusal | None]

_ID_BYTES: Final = 16
_NONCE_BYTES: Final = 18
_split_digits: Final = Struct("8s4sx3sc3s12s").unpack
_VARIANT: Final = {digit.encode(): b"%x" % (8 | place % 4) for place, digit in enumerate("0123456789abcdef")}
_LONGEST_CLIENT_ID: Final = 64
_REMEMBERED: Final = 4096
_ID_CHARACTERS: Final = frozenset(b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-")
_REPEATABLE: Final = len(SINGLE)
_PLACES: Final = len(SINGLE + LISTED)


class Core:
    """A `GuardPolicy`, compiled: each block is a step closed over prepared values, and absent ones cost nothing."""

    def __init__(self, policy: GuardPolicy) -> None:
        """Prepare the steps, the desk and the response head."""
        development = policy.environment is not Environment.PRODUCTION
        self.policy = policy
        self.store: SessionStore = policy.store if policy.store is not None else MemorySessions()
        self.front = open_front(self.store)
        self.unauthenticated = UNAUTHENTICATED if policy.bearer is None else CHALLENGED
        self._lead_in = find_login(policy)
        self.paths = PathTable(policy.paths)
        self._hides = find_hidden(policy)
        self._roles = RoleTable(policy.roles)
        self._tokens_off = Layer.CSRF_TOKEN in policy.unsafe_without
        self.permissions_off = Layer.PERMISSIONS in policy.unsafe_without
        self._recognise: Callable[[str, tuple[str, ...]], Actor] = lru_cache(maxsize=_REMEMBERED)(self._recognise_anew)
        self._randomness = policy.randomness
        readable = policy.sink is log_event and policy.environment is Environment.DEVELOPMENT
        self._sink = log_readably if readable else policy.sink
        self._access_log = policy.access_log
        self.tick = policy.access_log.timer
        self.clock = policy.clock
        self._bearer = policy.bearer
        secrets = [secret.reveal().encode() for secret in policy.secrets] or [policy.randomness(32)]
        tokens = CsrfTokens(secrets, policy.randomness)
        self.desk = Desk(policy.session, tokens, policy.clock, policy.randomness, development=development)
        self.rates = RateDesk(policy.limits_of_all, self.store, policy.clock, self._sink)
        self.at_once = (
            self.store.reads_at_once
            and self.rates.meter.at_once
            and policy.fresh_roles is None
            and not (policy.bearer is not None and policy.bearer.waits)
        )
        """Whether no decision ever holds up an event loop, so that `waits` need not be asked."""
        shared = SharedOrigins(policy.cors)
        self.blocks = open_blocks(policy)
        """Who is blocked; None where the policy blocks nobody."""
        self.head = withhold(policy.unsafe_without, ResponseHead(policy, shared).build)
        """The response head to send for the app's headers. Raises `HeaderError` for one that would split it."""
        self._steps = _build_steps(policy, shared, self.rates, development=development)
        if self.blocks is not None:
            self._steps = (self._steps[0], self.blocks.refuse_address, *self._steps[1:])

    def open(self, exchange: Exchange) -> Refusal | None:
        """Give the request its id and nonce and decide all that needs neither route nor session."""
        exchange.core = self
        exchange.started = self.tick()
        drawn = self._randomness(_ID_BYTES + _NONCE_BYTES)
        exchange.request_id = _format_id(drawn[:_ID_BYTES])
        exchange.nonce = b2a_base64(drawn[_ID_BYTES:], newline=False)
        if exchange.found[CLIENT_ID] is not None:
            exchange.client_request_id = _check_id(exchange.found[CLIENT_ID] or b"")
        try:
            for step in self._steps:
                if (refusal := step(exchange)) is not None:
                    return refusal
        except Exception as error:  # noqa: BLE001 - fail closed, whatever a step raises
            return self.deny(exchange, error)
        return None

    def want(self, exchange: Exchange, access: Access) -> bytes | None:
        """The digest of the session to read before `admit`; None when the answer does not depend on one.

        With `by_bearer` set, `identify` takes the place of the session.
        """
        if access.stateless:
            return None
        if self._bearer is not None and exchange.found[CREDENTIAL] is not None:
            exchange.by_bearer = exchange.cookies_ignored = exchange.private = True
            return None
        exchange.session_id = session_id = self.desk.find_id(exchange)
        return digest_of(session_id) if session_id else None

    def identify(self, exchange: Exchange) -> None:
        """Make the actor of the Authorization header the actor of the request. Raises what the verifier raises."""
        bearer = self._bearer
        if bearer is not None and exchange.by_bearer:
            identity = bearer.verify((exchange.found[CREDENTIAL] or b"").decode("latin-1"))
            exchange.actor = self._recognise(identity.actor_id, identity.roles)
            exchange.claims = identity.claims

    def waits(self, exchange: Exchange, declaration: Declaration, digest: bytes | None) -> bool:
        """Tell whether reading what the decision needs would hold up an event loop."""
        bearer, reads = self._bearer, digest is not None
        if bearer is not None and exchange.by_bearer:
            waits, reads = bearer.waits, True
        else:
            waits = reads and not self.store.reads_at_once
        waits = waits or self.asks_roles(declaration)
        return waits or self.rates.waits(exchange, rates_of(declaration), may_sign=reads)

    def asks_roles(self, declaration: Declaration) -> bool:
        """Tell whether the decision reads roles from the app's store."""
        access = declaration.access
        return access is not None and access.demands is not None and access.demands.fresh

    def refresh_actor(self, exchange: Exchange) -> bool:
        """Give the actor the roles that the store has now; False where there is no such account any more.

        Raises `ConfigError` where the policy does not say how to read them.
        """
        read = self.policy.fresh_roles
        if read is None:
            raise ConfigError("fresh_roles is not set.", hint="GuardPolicy(fresh_roles=...).", code="fresh-roles")
        roles = read(exchange.actor_id)
        if roles is None:
            return False
        exchange.actor = self._recognise(exchange.actor_id, tuple(roles))
        return True

    def open_late(self, exchange: Exchange) -> Refusal | None:
        """The rest of `open` that asks a store which waits; `rates.address_waits` tells whether there is one."""
        try:
            return self.rates.check_address(exchange) if self.rates.address_waits else None
        except Exception as error:  # noqa: BLE001 - as above
            return self.deny(exchange, error)

    def deny(self, exchange: Exchange, error: Exception) -> Refusal:
        """The answer where a check has failed: nobody is let in, and the log is told why, once."""
        self.report(exchange, "check-failed", Level.ERROR, **describe_error(error))
        return CHECK_FAILED

    def admit(self, exchange: Exchange, declaration: Declaration, record: SessionRecord | None) -> Refusal | None:
        """Decide whether the request may reach the handler. With `owes_token` set, `prove` has the last word."""
        exchange.judged = True
        limits = self.policy.limits
        access = declaration.access or CLOSED
        if record is not None:
            exchange.actor = self._recognise(record.actor_id, record.roles)
            self.desk.attach(exchange, record, polling=access.polling)
        if declaration.csp is not None:
            exchange.csp_pieces = declaration.csp.compile()
            exchange.frame_options = declaration.csp.frame_options
        if access.open:
            if self._hides is not None and self._hides(exchange.path):
                return self._refuse(exchange, "debug-path-asked", NOT_FOUND)
        elif (refusal := self._check_access(exchange, access)) is not None:
            return refusal
        limit = limits.body if declaration.body_limit is None else min(declaration.body_limit, limits.largest_body)
        if (refusal := check_length(exchange, limit, declaration.body_shape)) is not None:
            return refusal
        return None if exchange.method in SAFE_METHODS else self._check_token(exchange)

    def prove(self, exchange: Exchange, token: bytes | None) -> Refusal | None:
        """Check the CSRF token that was found in the form."""
        exchange.owes_token = False
        if self.desk.accept_token(exchange, token):
            return None
        return self._refuse(exchange, "csrf-token-wrong", TOKEN_WRONG)

    def answer(self, exchange: Exchange, refusal: Refusal) -> tuple[list[Pair], bytes]:
        """The head and body of a refusal."""
        kind, body = self.render(exchange, refusal)
        if refusal.status == 204:
            return self.head(exchange, refusal.headers), b""
        own = [(b"content-type", kind), (b"content-length", str(len(body)).encode()), *refusal.headers]
        return self.head(exchange, own), b"" if exchange.method == "HEAD" else body

    def render(self, exchange: Exchange, refusal: Refusal) -> tuple[bytes, bytes]:
        """The content type and body of a refusal, for what the client accepts: the app's own page if there is one."""
        accept = exchange.found[ACCEPT]
        own = None
        if self.policy.error_page is not None and refusal.status >= 400 and wants_page(accept):
            own = self._render_own(self.policy.error_page, exchange, refusal)
        return refusal.render(accept, exchange.request_id) if own is None else (HTML_TYPE, own)

    def report(self, exchange: Exchange, name: str, level: Level = Level.WARNING, **detail: str) -> None:
        """Hand a security event of this request to the policy's sink."""
        event = Event(
            name=name,
            level=level,
            at=self.policy.clock(),
            request_id=exchange.request_id,
            method=exchange.method,
            path=exchange.path,
            client=exchange.client,
            actor=exchange.actor_id,
            agent=exchange.agent,
            detail=detail,
        )
        self._emit(event)
        if self.blocks is not None:
            for further in self.blocks.note(event):
                self._emit(further)

    def _emit(self, event: Event) -> None:
        try:
            self._sink(event)
        except Exception as error:  # noqa: BLE001 - a sink that fails changes no answer, and hides no event
            log_event(event)
            detail = describe_error(error)
            log_event(Event(name="event-sink-failed", level=Level.ERROR, at=event.at, detail=detail))

    def close(self, exchange: Exchange) -> None:
        """Write the access line, if anybody wants it; a log that cannot be written does not fail the request."""
        log = self._access_log
        if log.write is not None:
            log.note(exchange, self.clock())

    def _render_own(self, page: Callable[[ErrorView], object], exchange: Exchange, refusal: Refusal) -> bytes | None:
        from vallum.guard.output.error_pages import render_own  # noqa: PLC0415 - only where an app has a page of its own

        context = enter(exchange)  # so that it can ask for its nonce, at whatever stage the request was refused
        try:
            return render_own(page, refusal.view(exchange.request_id))
        except Exception as error:  # noqa: BLE001 - an error page must not become a second error
            self.report(exchange, "error-page-failed", Level.ERROR, **describe_error(error))
            return None
        finally:
            leave(context)
            exchange.forget()  # a refusal sets no cookie, also not for a form on its page

    def _recognise_anew(self, actor_id: str, roles: tuple[str, ...]) -> Actor:
        return recognise_actor(actor_id, *self._roles.look_up(roles))

    def _check_access(self, exchange: Exchange, access: Access) -> Refusal | None:
        actor = exchange.actor
        if actor is None:
            return (self._lead_in and self._lead_in(exchange)) or self.unauthenticated
        if not access.declared:
            return self._refuse(exchange, "route-undeclared", FORBIDDEN)
        if self.blocks is not None and (blocked := self.blocks.refuse_account(exchange)) is not None:
            return blocked
        if access.demands is not None:
            return self._check_demands(exchange, access, access.demands)
        if access.permissions <= actor.permissions or self.permissions_off:
            return None
        return self._refuse(exchange, "authorization-failed", FORBIDDEN, needed=" ".join(sorted(access.permissions)))

    def _check_demands(self, exchange: Exchange, access: Access, demands: Demands) -> Refusal | None:
        from vallum.guard.authorization.demands import check_demands  # noqa: PLC0415 - only for routes that have some

        return check_demands(self, exchange, access, demands)

    def _check_token(self, exchange: Exchange) -> Refusal | None:
        if not self.desk.needs_token(exchange) or self._tokens_off:
            return None
        given = exchange.found[CSRF]
        if given is None and is_form(exchange.found[TYPE]):
            exchange.owes_token = True
            return None
        return self.prove(exchange, given)

    def _refuse(self, exchange: Exchange, name: str, refusal: Refusal, needed: str = "") -> Refusal:
        self.report(exchange, name, needed=needed)
        return refusal


def read_headers(exchange: Exchange, headers: Collection[Pair]) -> None:
    """Measure the headers and note those that the steps need, in one pass.

    A single-valued one that comes twice spoils the request.
    """
    found: list[bytes | None] = [None] * _PLACES
    place_of = INDEX.get
    size = 0
    for name, value in headers:
        size += len(value)
        place = place_of(name)
        if place is None:
            continue
        before = found[place]
        if before is None:
            found[place] = value
        elif place < _REPEATABLE:
            # A script may send the same token under both of its names.
            exchange.repeated = exchange.repeated or place != CSRF or before != value
        else:
            found[place] = before + (b"; " if name == b"cookie" else b", ") + value
    exchange.found = found
    exchange.header_count, exchange.head_size = len(headers), size


def _build_steps(policy: GuardPolicy, shared: SharedOrigins, rates: RateDesk, *, development: bool) -> tuple[Step, ...]:
    hosts = [*policy.hosts, *(host for origin in policy.origins for host in hosts_of(origin))]
    listed, with_cookies = policy.cors.origins, policy.cors.credentials
    return (
        find_client(policy.proxies),
        check_host(hosts, development=development),
        check_framing(policy.limits),
        *demand_https_of(policy),
        *((shared.step,) if shared.enabled else ()),
        *((rates.check_address,) if rates.address_step else ()),
        trust_site
        if Layer.CSRF_EVIDENCE in policy.unsafe_without
        else check_site(
            (*policy.origins, *(listed if with_cookies else ())),
            () if with_cookies else listed,
            policy.csrf_exempt,
            development=development,
        ),
    )


def _format_id(drawn: bytes) -> str:
    """16 random bytes as a UUID version 4 (RFC 9562)."""
    first, second, third, variant, fourth, last = _split_digits(hexlify(drawn))
    return (b"%b-%b-4%b-%b%b-%b" % (first, second, third, _VARIANT[variant], fourth, last)).decode("ascii")


def _check_id(given: bytes) -> str:
    """The client's own id, kept beside ours for the log, if it is short and harmless."""
    harmless = len(given) <= _LONGEST_CLIENT_ID and _ID_CHARACTERS.issuperset(given)
    return given.decode("ascii") if harmless else ""
