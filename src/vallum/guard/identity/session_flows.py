"""Log in, log out, who am I, and the sessions of an account: as endpoints."""

from functools import partial

from vallum.guard.authentication.login import LoginResult
from vallum.guard.errors.public import NotFoundError
from vallum.guard.exchange import current
from vallum.guard.identity.account_flows import find_own
from vallum.guard.identity.endpoint import Ask, Endpoint, Page, Reply
from vallum.guard.identity.parts import IdentityParts
from vallum.guard.identity.users import SignInRequiredError, User, finish_login, keep_half_login, maybe_user, show_user
from vallum.guard.output.redirects import Redirects
from vallum.guard.sessions.overview import SessionOverview, SessionView
from vallum.guard.sessions.signing import sign_out
from vallum.stores.sessions import Json, SessionRecord


def list_flows(parts: IdentityParts) -> tuple[Endpoint, ...]:
    """All endpoints of this file."""
    again = Page(title="Please enter your password", fields=("password",))
    return (
        Endpoint(path="/session", run=_show, method="GET"),
        Endpoint(
            path="/login", run=partial(_log_in, parts), page=Page(title="Log in", fields=("login", "password", "next"))
        ),
        Endpoint(path="/login/again", run=partial(_prove_again, parts), access="signed-in", page=again),
        Endpoint(path="/logout", run=lambda _: _log_out(parts, everywhere=False)),
        Endpoint(path="/logout/everywhere", run=lambda _: _log_out(parts, everywhere=True), access="signed-in"),
        *_list_sessions(parts),
    )


async def _log_in(parts: IdentityParts, ask: Ask) -> Reply:
    result = await parts.login.authenticate_async(ask.take("login"), ask.take("password"))
    if result.half is None:
        import asyncio  # noqa: PLC0415 - whoever awaits this has loaded it

        await asyncio.to_thread(finish_login, result.account)
        return _welcome(parts, result, ask)
    keep_half_login(result.half.reveal())
    return Reply(data={"second_factor": "required"}, location=f"{parts.settings.prefix}/login/factor")


def _welcome(parts: IdentityParts, result: LoginResult, ask: Ask) -> Reply:
    return Reply(
        data={"user": show_json(show_user(result.account)), "csrf_token": current().csrf_token},
        location=Redirects(fallback=parts.settings.home).resolve(ask.find("next")),
    )


def _prove_again(parts: IdentityParts, ask: Ask) -> Reply:
    account = find_own(parts)
    parts.login.verify(account, ask.take("password"))
    if current().record is None:
        raise SignInRequiredError("a token cannot log in again")
    finish_login(account)
    return _welcome(parts, LoginResult(account), ask)


def _log_out(parts: IdentityParts, *, everywhere: bool) -> Reply:
    account_id = current().actor_id
    sign_out(everywhere=everywhere)
    if everywhere:
        parts.refresh.store.end_account(account_id)
    return Reply(data={"message": "Logged out."}, location=parts.settings.home)


def _show(_: Ask) -> Reply:
    user = maybe_user()
    return Reply(data={"user": None if user is None else show_json(user), "csrf_token": current().csrf_token})


def _list_sessions(parts: IdentityParts) -> tuple[Endpoint, ...]:
    overview = SessionOverview(parts.sessions, revoke=parts.policy.session.revoke, clock=parts.policy.clock)
    back = f"{parts.settings.prefix}/sessions"

    def show(_: Ask) -> Reply:
        exchange = current()
        found = overview.list(exchange.actor_id, current=exchange.record)
        return Reply(data={"sessions": [_show_session(one) for one in found]})

    def end(ask: Ask) -> Reply:
        if not overview.end(current().actor_id, ask.take("session")):
            raise NotFoundError("no such session of this account")
        return Reply(data={"ended": 1}, location=back)

    def end_others(_: Ask) -> Reply:
        ended = overview.end_others(current().actor_id, _own(current().record))
        return Reply(data={"ended": ended}, location=back)

    return (
        Endpoint(path="/sessions", run=show, method="GET", access="signed-in"),
        Endpoint(path="/sessions/end", run=end, access="signed-in"),
        Endpoint(path="/sessions/end-others", run=end_others, access="signed-in"),
    )


def _own(record: SessionRecord | None) -> SessionRecord:
    if record is None:
        raise SignInRequiredError("a token has no session of its own")
    return record


def show_json(user: User) -> dict[str, Json]:
    """A user as the answers tell her own account."""
    return {
        "id": user.id,
        "login": user.login,
        "email": user.email,
        "email_is_proved": user.email_is_proved,
        "roles": list(user.roles),
    }


def _show_session(view: SessionView) -> Json:
    return {
        "session": view.handle,
        "created": view.created,
        "seen": view.seen,
        "address": view.address,
        "agent": view.agent,
        "is_current": view.is_current,
    }
