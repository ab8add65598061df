"""One request and its answer, as the guard sees them: filled by a wrapper, judged by the core, read by handlers."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final, Protocol, cast

from vallum.base.clock import Clock
from vallum.base.errors import VallumError
from vallum.guard.actor import Actor
from vallum.guard.body_shape import BodyShape
from vallum.guard.errors.refusal import Refusal
from vallum.guard.logging.context import CURRENT
from vallum.stores.sessions import Json, SessionRecord, SessionStore

KEY: Final = "vallum"
"""Where a wrapper keeps the exchange in the framework's per-request state."""

SINGLE: Final = (
    b"host",
    b"origin",
    b"content-length",
    b"transfer-encoding",
    b"content-type",
    b"sec-fetch-site",
    b"authorization",
    b"x-csrf-token",
)
"""Headers that must not come twice (RFC 9110, section 5.3): which one would win differs between programs."""
LISTED: Final = (
    b"cookie",
    b"accept",
    b"x-forwarded-for",
    b"x-forwarded-proto",
    b"x-request-id",
    b"user-agent",
    b"access-control-request-method",
    b"content-encoding",
    b"sec-fetch-mode",
)
HOST, ORIGIN, LENGTH, CODING, TYPE, SITE, CREDENTIAL, CSRF = range(len(SINGLE))
COOKIE, ACCEPT, FORWARDED, SCHEME, CLIENT_ID, AGENT, PREFLIGHT, ENCODING, MODE = range(
    len(SINGLE), len(SINGLE) + len(LISTED)
)
INDEX: Final[Mapping[bytes, int]] = {
    **{name: place for place, name in enumerate(SINGLE + LISTED)},
    b"x-csrftoken": CSRF,  # what scripts written for Django send
}

Write = Callable[[SessionStore], bool]
"""A change to the session store that must be made before the response head goes out; False refuses the request."""


class SessionDesk(Protocol):
    """What handlers can ask of the session block of the guard that judges their request."""

    def sign_in(self, exchange: "Exchange", actor_id: str, roles: Iterable[str], keep: Iterable[str]) -> None:
        """Begin a session under a new id."""

    def renew(self, exchange: "Exchange", roles: Iterable[str] | None, keep: Iterable[str]) -> None:
        """Give the session a new id."""

    def sign_out(self, exchange: "Exchange", *, everywhere: bool) -> None:
        """End the session, or all sessions of its actor."""

    def csrf_token(self, exchange: "Exchange") -> str:
        """Issue the token that an unsafe request must send back."""


class Exchange:
    """State of one request. Handlers read `actor`, `session`, `csp_nonce`, `csrf_token` and `request_id`.

    It has slots, since every request makes one and sets and reads most of its fields.
    """

    __slots__ = (
        "actor",
        "answered",
        "arrived",
        "begun",
        "body_limit",
        "body_shape",
        "by_bearer",
        "claims",
        "client",
        "client_request_id",
        "complete",
        "cookies",
        "cookies_ignored",
        "core",
        "counted",
        "csp_pieces",
        "csrf_given",
        "ended",
        "endpoint",
        "extra",
        "failure",
        "found",
        "frame_options",
        "head_size",
        "header_count",
        "home",
        "host",
        "is_socket",
        "judged",
        "method",
        "nonce",
        "owes_token",
        "passed",
        "path",
        "peer",
        "private",
        "query",
        "rates",
        "record",
        "refusal",
        "repeated",
        "request_id",
        "retry_after",
        "route",
        "route_prefix",
        "same_site",
        "scheme",
        "secure",
        "session_id",
        "shown",
        "spoiled",
        "started",
        "status",
        "typed",
        "visitor",
        "writes",
    )

    method: str
    path: str
    query: bytes
    scheme: str
    peer: str | None
    is_socket: bool
    found: list[bytes | None]
    repeated: bool

    request_id: str
    client_request_id: str
    nonce: bytes
    client: str
    host: str
    secure: bool
    home: bytes
    """The https origin to which a request without TLS is sent."""
    same_site: bool
    cookies_ignored: bool
    by_bearer: bool
    claims: object
    """What the verified bearer credential said besides who it stands for."""
    header_count: int
    head_size: int
    """Bytes of the header values and the query string."""
    body_limit: int
    body_shape: BodyShape | None
    """What the route that was found accepts; None is the policy's own."""

    judged: bool
    endpoint: object
    """What it was judged for last: an endpoint behind a mount that let it in may ask for more."""
    passed: object
    """The route at whose gate it was last."""
    owes_token: bool
    csrf_given: bytes | None
    refusal: Refusal | None
    failure: BaseException | None
    """What the handler raised, where the framework makes a finished 500 of it and raises nothing."""
    actor: Actor | None
    session_id: str
    arrived: SessionRecord | None
    record: SessionRecord | None
    visitor: str
    shown: "Session | None"
    private: bool
    csp_pieces: tuple[bytes, ...] | None
    frame_options: bytes | None
    extra: tuple[tuple[bytes, bytes], ...]
    counted: bool
    """Whether the limit of the account has been asked: once, however many gates a request passes."""
    rates: tuple[Any, Sequence[int]] | None
    """The limits that the answer tells about, and what is owed to each."""
    retry_after: int
    """Seconds; unlike `extra`, it goes out with a refusal as well."""

    begun: bool
    answered: bool
    complete: bool
    spoiled: Refusal | None
    """Why the body was not read to its end: the answer, whatever the app does."""
    typed: bool

    route: str
    """The template of the path, like "/notes/{key}", once an adapter knows it."""
    route_prefix: str
    """Of the mounts passed so far."""
    status: int
    started: float
    ended: float
    """When the last byte was handed to the server; 0 until then. Both by the access log's timer."""

    core: Any
    """The core that judges this request; naming its type here would close a circle of imports."""
    cookies: list[bytes]
    writes: list[Write]

    def __init__(self) -> None:
        """Begin with what holds for a request of which nothing is known yet."""
        self.method = self.path = self.request_id = self.client_request_id = self.client = self.host = ""
        self.session_id = self.visitor = self.route = self.route_prefix = ""
        self.query = self.nonce = self.home = b""
        self.scheme = "http"
        self.peer = self.claims = self.body_shape = self.endpoint = self.passed = self.csrf_given = self.refusal = None
        self.failure = self.actor = self.arrived = self.record = self.shown = self.csp_pieces = None
        self.frame_options = self.rates = self.spoiled = None
        self.is_socket = self.repeated = self.secure = self.same_site = self.cookies_ignored = self.by_bearer = False
        self.judged = self.owes_token = self.private = self.counted = self.begun = self.answered = False
        self.complete = self.typed = False
        self.header_count = self.head_size = self.body_limit = self.retry_after = self.status = 0
        self.extra = ()
        self.started = self.ended = 0.0
        self.cookies = []
        self.writes = []

    def forget(self) -> None:
        """Drop what was to begin with a success: a refusal starts no session and sets no cookie."""
        self.cookies.clear()
        self.writes.clear()
        self.extra = ()

    @property
    def session(self) -> "Session | None":
        """The session's data; None for a visitor."""
        if self.shown is None and self.record is not None:
            self.shown = Session(self.record, self.writes, self.core.policy.clock)
        return self.shown

    @property
    def actor_id(self) -> str:
        """Who is signed in; empty for a stranger."""
        return self.actor.id if self.actor is not None else ""

    @property
    def agent(self) -> str:
        """The User-Agent header: the client's own words, for the log."""
        return (self.found[AGENT] or b"").decode("latin-1")

    @property
    def csp_nonce(self) -> str:
        """The nonce of this response, for `<script nonce=...>` and `<style nonce=...>`."""
        return self.nonce.decode("ascii")

    @property
    def csrf_token(self) -> str:
        """The token for the hidden field `csrf_token` of a form or the header `X-CSRF-Token` of a script."""
        return self.desk.csrf_token(self)

    @property
    def desk(self) -> SessionDesk:
        """The session block of the guard that judges this request."""
        desk: SessionDesk = self.core.desk
        return desk


class Session:
    """The session's small data, for handlers: read by key, written by key, saved before the response goes out."""

    __slots__ = ("_changes", "_clock", "_record", "_writes")

    def __init__(self, record: SessionRecord, writes: list[Write], clock: Clock) -> None:
        """Show `record`; the first `put` adds the saving of all to `writes`."""
        self._record = record
        self._writes = writes
        self._clock = clock
        self._changes: dict[str, Json] = {}

    def get(self, key: str, default: Json = None) -> Json:
        """The value of `key` as it will be after this request."""
        value = self._changes[key] if key in self._changes else self._record.data.get(key)
        return default if value is None else value

    def put(self, key: str, value: Json) -> None:
        """Set `key` to a JSON value; None removes it. A session that ends meanwhile stays ended."""
        if not self._changes:
            self._writes.append(lambda store: store.change(self._record.digest, self._changes, self._clock()))
        self._changes[key] = value

    @property
    def created(self) -> float:
        """When the actor proved who she is, in seconds since the epoch; rotation does not move it."""
        return self._record.created


enter = CURRENT.set
leave = CURRENT.reset


def current() -> Exchange:
    """The exchange of the request that runs now. Raises `VallumError` outside of a guarded request."""
    try:
        return cast("Exchange", CURRENT.get())
    except LookupError:
        raise VallumError(
            "there is no guarded request here.",
            hint="Call current() in a handler, dependency or template of an app that Guard(app) protects.",
            code="no-request",
        ) from None


def current_actor() -> Actor:
    """The signed-in actor. Raises `VallumError` on a route that lets strangers in."""
    actor = current().actor
    if actor is None:
        raise VallumError(
            "nobody is signed in.",
            hint="Declare the route @signed_in or @requires, or read current().actor, which may be None.",
            code="no-actor",
        )
    return actor
