"""Ask again for a proof before what is sensitive: how old the login or the second factor may be (ASVS 7.5.1, 7.5.3).

    FRESH = RecentFactor()                # within 5 minutes

    @app.post("/me/keys")
    @signed_in
    @FRESH
    async def create_key(): ...

The time of a proof stands in the session's record on the server, and nothing of a request can set it.
"""

import inspect
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from functools import wraps
from typing import Any, ClassVar, Final, TypeVar, cast

from vallum.base.errors import ConfigError
from vallum.guard.errors.public import PublicError
from vallum.guard.errors.refusal import Refusal
from vallum.guard.exchange import Exchange, current
from vallum.guard.logging.events import Level
from vallum.stores.sessions import Json, SessionRecord

KEEPS: Final = ("mfa-step-up",)

FACTOR_AT: Final = "factor_at"
"""The key of the session under which the time of the last second factor stands."""
LOGIN_AT: Final = "login_at"
"""The same for a password that was asked for again."""
FIVE_MINUTES: Final = 300
_LONGEST: Final = 86_400

Handler = TypeVar("Handler", bound=Callable[..., Any])


class FactorRequiredError(PublicError):
    """The challenge: confirm with the second factor, then ask again (403)."""

    refusal: ClassVar[Refusal] = Refusal(403, "recent-factor-required", "Confirm with your second factor.")
    level: ClassVar[Level] = Level.WARNING
    status = 403


class LoginRequiredError(PublicError):
    """The challenge: confirm with the password, or log in again, then ask again (403)."""

    refusal: ClassVar[Refusal] = Refusal(403, "recent-login-required", "Confirm that it is you: log in again.")
    level: ClassVar[Level] = Level.WARNING
    status = 403


@dataclass(frozen=True, slots=True, kw_only=True)
class _Recent:
    """A decorator for handlers, sync or async. `check` is for a dependency, `judge` for a session at hand.

    With `roles` only the sessions that have one of them are asked. Raises `ConfigError` outside of 1 s to 24 h.
    """

    seconds: int = FIVE_MINUTES
    roles: Collection[str] = field(default=())

    def __post_init__(self) -> None:
        """Refuse an age that no proof has, and one that never passes."""
        if not 0 < self.seconds <= _LONGEST or isinstance(self.roles, str):
            raise ConfigError(
                "a recent proof is 1 second to 24 hours old, and roles is a collection of names.",
                hint="Leave `seconds` out for 5 minutes; write roles=('admin',).",
                code="step-up",
            )

    def __call__(self, handler: Handler) -> Handler:
        """Wrap `handler`: nothing of it runs unless the proof is recent."""
        if inspect.iscoroutinefunction(handler):

            @wraps(handler)
            async def asked(*given: Any, **named: Any) -> Any:
                self.check()
                return await handler(*given, **named)

            return cast("Handler", asked)

        @wraps(handler)
        def asked_now(*given: Any, **named: Any) -> Any:
            self.check()
            return handler(*given, **named)

        return cast("Handler", asked_now)

    def check(self) -> None:
        """Judge the session of the request that runs now. Raises the challenge (403)."""
        exchange = current()
        self.judge(exchange.record, exchange.core.policy.clock())

    def judge(self, session: SessionRecord | None, now: float) -> None:
        """Judge `session` at the time `now`, in seconds since the epoch. Raises the challenge (403)."""
        if session is not None and self.roles and not set(self.roles) & set(session.roles):
            return
        proved = None if session is None else self._find_proof(session)
        if proved is None or not proved <= now <= proved + self.seconds:
            self._challenge("never proved" if proved is None else "proved too long ago")

    def _find_proof(self, session: SessionRecord) -> float | None:
        return _time_of(session, FACTOR_AT)

    def _challenge(self, cause: str) -> None:
        raise FactorRequiredError(cause)


class RecentFactor(_Recent):
    """Lets in only who showed a second factor in this session in the last `seconds`; others get the challenge."""

    __slots__ = ()


class RecentLogin(_Recent):
    """Lets in only who logged in, or showed password or second factor again, in the last `seconds`."""

    __slots__ = ()

    def _find_proof(self, session: SessionRecord) -> float | None:
        times = (_time_of(session, FACTOR_AT), _time_of(session, LOGIN_AT), session.created)
        return max(time for time in times if time is not None)

    def _challenge(self, cause: str) -> None:
        raise LoginRequiredError(cause)


def note_factor() -> None:
    """Note in the session, under a new id, that a second factor was shown now. Call it after the factor was verified.

    Raises `VallumError` when nobody is signed in.
    """
    _note(current(), FACTOR_AT)


def note_login() -> None:
    """Note the same for a password that was asked for again: after `Login.verify`."""
    _note(current(), LOGIN_AT)


def _note(exchange: Exchange, key: str) -> None:
    session = exchange.session
    kept: set[str] = set() if exchange.record is None else {*exchange.record.data, key}
    if session is not None:
        session.put(key, exchange.core.policy.clock())
    exchange.desk.renew(exchange, None, kept)


def _time_of(session: SessionRecord, key: str) -> float | None:
    value: Json = session.data.get(key)
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None
