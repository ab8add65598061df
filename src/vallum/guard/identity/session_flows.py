"""Log in, log out, who am I, and the sessions of an account: as endpoints."""

import asyncio
from collections.abc import Mapping
from functools import partial

from vallum.guard.authentication.login import LoginResult
from vallum.guard.authentication.mfa.step_up import note_login
from vallum.guard.authorization.access import SIGNED_IN
from vallum.guard.errors.public import NotFoundError
from vallum.guard.exchange import current
from vallum.guard.identity.account_flows import find_own
from vallum.guard.identity.browsers import DEVICE
from vallum.guard.identity.endpoint import Ask, Endpoint, Page, Reply
from vallum.guard.identity.entering import enter_account, halve_login, show_json, welcome
from vallum.guard.identity.pages import draw_link, draw_passkey
from vallum.guard.identity.parts import IdentityParts
from vallum.guard.identity.users import PROVIDER, SignInRequiredError, maybe_user
from vallum.guard.output.html import SafeHtml, join_html
from vallum.guard.sessions.overview import SessionOverview, SessionView
from vallum.guard.sessions.signing import sign_out
from vallum.stores.sessions import Json, SessionRecord


def list_flows(parts: IdentityParts) -> tuple[Endpoint, ...]:
    """All endpoints of this file."""
    other_ways = partial(_draw_ways, parts)
    again = Page(title="Please enter your password", fields=("password", "next"), draw=other_ways)
    return (
        Endpoint(path="/session", run=_show, method="GET"),
        Endpoint(
            path="/login",
            run=partial(_log_in, parts),
            run_later=partial(_log_in_later, parts),
            page=Page(title="Log in", fields=("login", "password", "next"), draw=other_ways),
        ),
        Endpoint(path="/login/again", run=partial(_prove_again, parts), access=SIGNED_IN, page=again),
        Endpoint(path="/logout", run=lambda _: _log_out(parts, everywhere=False)),
        Endpoint(path="/logout/everywhere", run=lambda _: _log_out(parts, everywhere=True), access=SIGNED_IN),
        *_list_sessions(parts),
    )


def _log_in(parts: IdentityParts, ask: Ask) -> Reply:
    result = parts.login.authenticate(ask.take("login"), ask.take("password"), device=DEVICE.find())
    return _admit(parts, result, ask)


async def _log_in_later(parts: IdentityParts, ask: Ask) -> Reply:
    result = await parts.login.authenticate_async(ask.take("login"), ask.take("password"), device=DEVICE.find())
    return await asyncio.to_thread(_admit, parts, result, ask)


def _admit(parts: IdentityParts, result: LoginResult, ask: Ask) -> Reply:
    if result.half is None:
        return enter_account(parts, result.account, ask)
    return halve_login(parts, result.account, result.half.reveal(), ask)


def _prove_again(parts: IdentityParts, ask: Ask) -> Reply:
    account = find_own(parts)
    parts.login.verify(account, ask.take("password"))
    if current().record is None:
        raise SignInRequiredError("a token cannot log in again")
    note_login()
    return welcome(parts, account, ask)


def _draw_ways(parts: IdentityParts, _: Mapping[str, str]) -> SafeHtml:
    """The ways to log in that are no password."""
    prefix = parts.settings.prefix
    ways = [draw_link(f"{prefix}/with/{one.name}", f"Log in with {one.name}") for one in parts.settings.providers]
    if parts.factors.passkeys is not None:
        asked, answered = "/login/passkey/options", "/login/passkey"
        ways.append(draw_passkey("get", "Log in with a passkey", prefix, asked, answered, autofill=True))
    ways.append(draw_link(f"{prefix}/password/reset", "Forgot your password?"))
    return join_html("", ways)


def _log_out(parts: IdentityParts, *, everywhere: bool) -> Reply:
    account_id, session = current().actor_id, current().session
    provider = session.get(PROVIDER) if session is not None else None
    sign_out(everywhere=everywhere)
    _spare_device()
    if everywhere:
        parts.refresh.store.end_account(account_id)
    way = parts.sign_ins.find_exit(provider) if isinstance(provider, str) and parts.sign_ins is not None else ""
    return Reply(
        data={"message": "Logged out."}, sentence="Logged out.", location=way or parts.settings.home, away=bool(way)
    )


def _spare_device() -> None:
    """Have the browser clear all that it kept except cookies, of which the session's is expired by name.

    Otherwise each login after a logout would be one from a new browser.
    """
    exchange = current()
    if DEVICE.find():
        exchange.extra = tuple((name, value.replace(b'"cookies", ', b"")) for name, value in exchange.extra)


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
        Endpoint(path="/sessions", run=show, method="GET", access=SIGNED_IN),
        Endpoint(path="/sessions/end", run=end, access=SIGNED_IN),
        Endpoint(path="/sessions/end-others", run=end_others, access=SIGNED_IN),
    )


def _own(record: SessionRecord | None) -> SessionRecord:
    if record is None:
        raise SignInRequiredError("a token has no session of its own")
    return record


def _show_session(view: SessionView) -> Json:
    return {
        "session": view.handle,
        "created": view.created,
        "seen": view.seen,
        "address": view.address,
        "agent": view.agent,
        "is_current": view.is_current,
    }
