"""Who is signed in, for handlers: `current_user()`, `maybe_user()`, `recent_login()`; and how a login is completed."""

from dataclasses import dataclass
from typing import ClassVar, Final

from vallum.base.errors import ConfigError
from vallum.guard.errors.public import PublicError
from vallum.guard.errors.refusal import UNAUTHENTICATED, Refusal
from vallum.guard.exchange import COOKIE, Exchange, current
from vallum.guard.identity.standing import EPOCH, StandingSessions
from vallum.guard.sessions.cookies import CookiePolicy, find_cookie
from vallum.guard.sessions.signing import renew_session, sign_in
from vallum.stores.accounts import AccountRecord

_HALF: Final = CookiePolicy(name="__Host-half-login", same_site="Strict")
_PLAIN_HALF: Final = CookiePolicy(name="insecure-half-login", same_site="Strict", unsafe_plain_http=True)


class SignInRequiredError(PublicError):
    """Nobody is signed in (401)."""

    refusal: ClassVar[Refusal] = UNAUTHENTICATED
    status = 401


class RecentLoginError(PublicError):
    """The login is too old for this, or it is a token (403): log in again at `/account/login/again`."""

    refusal: ClassVar[Refusal] = Refusal(403, "recent-login-required", "Please enter your password again.")
    status = 403


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
    """The account whose session began with a login at most `seconds` ago; None is `Identity.recent_seconds`.

    Raises `SignInRequiredError` (401), and `RecentLoginError` (403) for an older login and for a bearer token.
    """
    user, exchange = current_user(), current()
    session = exchange.session
    most = sessions_of(exchange).recent_seconds if seconds is None else seconds
    if session is None or exchange.core.clock() - session.created > most:
        raise RecentLoginError("no session" if session is None else "too old")
    return user


def show_user(account: AccountRecord) -> User:
    """What handlers see of an account."""
    return User(
        id=account.id,
        login=account.login,
        email=account.email,
        email_is_proved=account.email_proved is not None,
        roles=account.roles,
    )


def finish_login(account: AccountRecord) -> None:
    """Begin the session of an account that has proved all that is asked of it, under the epoch that was judged.

    A second factor calls it once the half login was consumed; its cookie goes with it.
    """
    exchange = current()
    sessions_of(exchange).standings.forget(account.id)
    sign_in(account.id, roles=account.roles)
    _bind(exchange, account)
    if find_half_login():
        exchange.cookies.append(_half_cookie(exchange).expire())


def keep_session(account: AccountRecord) -> None:
    """Give this session a new id under the account's new epoch, after a change that ended all others."""
    exchange = current()
    sessions_of(exchange).standings.forget(account.id)
    renew_session(roles=account.roles)
    _bind(exchange, account)


def keep_half_login(secret: str) -> None:
    """Hand the browser the secret of a half login, which is no session."""
    exchange = current()
    exchange.cookies.append(_half_cookie(exchange).set(secret))


def find_half_login() -> str:
    """The secret of the half login that the browser holds; "" if none."""
    exchange = current()
    return find_cookie(exchange.found[COOKIE], _half_cookie(exchange).key) or ""


def sessions_of(exchange: Exchange) -> StandingSessions:
    """The sessions of the guard that judges the request. Raises `ConfigError` for a guard without accounts."""
    store = exchange.core.store
    if not isinstance(store, StandingSessions):
        raise ConfigError("this guard has no accounts.", hint="Guard(app, identity=Identity()).", code="no-identity")
    return store


def _bind(exchange: Exchange, account: AccountRecord) -> None:
    if exchange.session is not None:
        exchange.session.put(EPOCH, account.epoch)


def _half_cookie(exchange: Exchange) -> CookiePolicy:
    return _HALF if exchange.secure or exchange.core.policy.is_production else _PLAIN_HALF
