"""What handlers call: sign in, renew, sign out. Each takes effect before the response head goes out."""

from collections.abc import Iterable

from vallum.guard.exchange import current
from vallum.guard.logging.events import Level


def sign_in(actor_id: str, *, roles: Iterable[str] = (), keep: Iterable[str] = ()) -> None:
    """Begin a session for `actor_id`, whose credential the handler has just verified, under a new id.

    Data of an earlier session is dropped, except the keys in `keep`. Needs a POST with same-origin evidence, else it
    raises `CrossSiteSignInError` (403).
    """
    exchange = current()
    exchange.desk.sign_in(exchange, actor_id, roles, keep)
    exchange.core.report(exchange, "login-succeeded", Level.INFO, account=actor_id)


def renew_session(*, roles: Iterable[str] | None = None, keep: Iterable[str] = ()) -> None:
    """Give the session a new id, after a change of rights or a second factor; `roles` replaces its roles.

    The time of sign-in stays, so the absolute limit does not move. Only the keys in `keep` are carried over.
    """
    exchange = current()
    exchange.desk.renew(exchange, roles, keep)
    exchange.core.report(exchange, "session-renewed", Level.INFO)


def sign_out(*, everywhere: bool = False) -> None:
    """End the session, or with `everywhere` all sessions of its actor, with what `SessionPolicy.revoke` ends besides.

    The record is deleted before the answer goes out, the cookie expires, and the browser clears what it kept. Needs a
    request that changes something, such as a POST, else it raises `SignOutMethodError` (405).
    """
    exchange = current()
    exchange.desk.sign_out(exchange, everywhere=everywhere)
    exchange.core.report(exchange, "logged-out", Level.INFO, everywhere=str(everywhere))
