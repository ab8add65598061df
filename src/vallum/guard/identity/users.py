"""Who is signed in, for handlers: `current_user()`, `maybe_user()`, `recent_login()`; and how a login is completed."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any, ClassVar, Final, TypeVar, overload

from vallum.base.errors import ConfigError
from vallum.guard.authentication.login_failure import LoginFailedError, LoginFailure
from vallum.guard.authentication.mfa.step_up import FACTOR_AT, RecentFactor, RecentLogin, note_factor
from vallum.guard.authorization.demands import note_proof
from vallum.guard.errors.public import PublicError
from vallum.guard.errors.refusal import UNAUTHENTICATED, Refusal
from vallum.guard.exchange import Exchange, current
from vallum.guard.identity.browsers import HALF
from vallum.guard.identity.standing import EPOCH, StandingSessions
from vallum.guard.sessions.signing import renew_session, sign_in
from vallum.stores.accounts import AccountRecord

PROVIDER: Final = "vallum.provider"
"""Where the data of a session keeps the name of the provider that it was begun by."""
DAY: Final = 86_400
Handler = TypeVar("Handler", bound=Callable[..., Any])


class SignInRequiredError(PublicError):
    """Nobody is signed in (401)."""

    refusal: ClassVar[Refusal] = UNAUTHENTICATED
    status = 401


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """The account that makes the request, as it was some seconds ago at most; no hash and no secret."""

    id: str
    login: str
    email: str
    email_is_proved: bool
    roles: tuple[str, ...]


def maybe_user() -> User | None:
    """The account that is signed in by session or token; None for a visitor."""
    actor_id = current().actor_id
    account = sessions_of(current()).standings.find(actor_id) if actor_id else None
    return None if account is None else show_user(account)


def current_user() -> User:
    """The account that is signed in. Raises `SignInRequiredError` (401)."""
    user = maybe_user()
    if user is None:
        raise SignInRequiredError("no user")
    return user


def recent_login(seconds: int | None = None) -> User:
    """The account that proved who she is in this session at most `seconds` ago; None is `Identity.recent_seconds`.

    Raises `SignInRequiredError` (401), and `LoginRequiredError` (403) for an older proof and for a bearer token.
    """
    user, exchange = current_user(), current()
    most = sessions_of(exchange).recent_seconds if seconds is None else seconds
    RecentLogin(seconds=most).judge(exchange.record, exchange.core.clock())
    return user


def recent_factor(seconds: int = DAY) -> User:
    """The account that showed a second factor in this session at most `seconds` ago.

    Raises `SignInRequiredError` (401), and `FactorRequiredError` (403), also for a bearer token.
    """
    user, exchange = current_user(), current()
    RecentFactor(seconds=seconds).judge(exchange.record, exchange.core.clock())
    return user


@overload
def needs_factor(handler: Handler, /) -> Handler: ...
@overload
def needs_factor(*, seconds: int = DAY, roles: Collection[str] = ()) -> Callable[[Handler], Handler]: ...
def needs_factor(
    handler: Handler | None = None, /, *, seconds: int = DAY, roles: Collection[str] = ()
) -> Handler | Callable[[Handler], Handler]:
    """Let a session in that showed a second factor, in the last `seconds`; with `roles`, ask only who has one of them.

    Others get 403 `recent-factor-required`. Stand it below `@signed_in` or `@requires`. Raises `ConfigError`.
    """
    gate = RecentFactor(seconds=seconds, roles=roles)
    return gate(handler) if handler is not None else gate


def show_user(account: AccountRecord) -> User:
    """What handlers see of an account."""
    return User(
        id=account.id,
        login=account.login,
        email=account.email,
        email_is_proved=account.email_proved is not None,
        roles=account.roles,
    )


def finish_login(account: AccountRecord, *, factor: bool = False, provider: str = "") -> None:
    """Begin the session of an account that has proved all that is asked of it, under the epoch that was judged.

    A second factor calls it once the half login was consumed, with `factor`; its cookie goes with it. `provider` is
    the name of the one that vouched for her. Raises `LoginFailedError` (401) where a factor is due and was not shown,
    whoever calls.
    """
    exchange = current()
    sessions = sessions_of(exchange)
    if not factor and sessions.needs_factor(account):
        raise LoginFailedError(LoginFailure.WRONG_SECOND_FACTOR, account=account.id)
    sessions.standings.forget(account.id)
    sign_in(account.id, roles=account.roles)
    session = exchange.session
    if session is not None:
        session.put(EPOCH, account.epoch)
        if provider:
            session.put(PROVIDER, provider)
        if factor:
            session.put(FACTOR_AT, exchange.core.clock())
            note_proof()
    HALF.drop()


def mark_factor() -> None:
    """Note in the session, under a new id, that a second factor was shown now."""
    note_factor()
    note_proof()


def keep_session(account: AccountRecord) -> None:
    """Give this session a new id under the account's new epoch, after a change that ended all others."""
    exchange = current()
    sessions_of(exchange).standings.forget(account.id)
    kept = () if exchange.record is None else exchange.record.data
    renew_session(roles=account.roles, keep=kept)
    if exchange.session is not None:
        exchange.session.put(EPOCH, account.epoch)


def keep_half_login(secret: str) -> None:
    """Hand the browser the secret of a half login, which is no session."""
    HALF.keep(secret)


def find_half_login() -> str:
    """The secret of the half login that the browser holds; "" if none."""
    return HALF.find()


def sessions_of(exchange: Exchange) -> StandingSessions:
    """The sessions of the guard that judges the request. Raises `ConfigError` for a guard without accounts."""
    store = exchange.core.store
    if not isinstance(store, StandingSessions):
        raise ConfigError("this guard has no accounts.", hint="Guard(app, identity=Identity()).", code="no-identity")
    return store
