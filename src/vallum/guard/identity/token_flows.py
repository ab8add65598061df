"""Tokens for programs: issue, refresh, revoke, and the public keys; as endpoints."""

from functools import partial

from vallum.guard.authentication.login_failure import LoginFailedError, LoginFailure
from vallum.guard.identity.account_flows import find_own
from vallum.guard.identity.endpoint import Ask, Endpoint, Reply
from vallum.guard.identity.parts import IdentityParts


def list_flows(parts: IdentityParts) -> tuple[Endpoint, ...]:
    """All endpoints of this file."""
    return (
        Endpoint(path="/token", run=partial(_issue, parts)),
        Endpoint(path="/token/session", run=partial(_issue_own, parts), access="signed-in"),
        Endpoint(path="/token/refresh", run=partial(_refresh, parts)),
        Endpoint(path="/token/revoke", run=partial(_revoke, parts)),
    )


async def _issue(parts: IdentityParts, ask: Ask) -> Reply:
    result = await parts.login.authenticate_async(ask.take("login"), ask.take("password"))
    if result.half is not None:  # a token must not be the way around the second factor
        raise LoginFailedError(LoginFailure.WRONG_SECOND_FACTOR, account=result.account.id)
    import asyncio  # noqa: PLC0415 - whoever awaits this has loaded it

    pair = await asyncio.to_thread(parts.refresh.begin, result.account.id, epoch=result.account.epoch)
    return Reply(data=pair.response())


def _issue_own(parts: IdentityParts, _: Ask) -> Reply:
    account = find_own(parts)
    return Reply(data=parts.refresh.begin(account.id, epoch=account.epoch).response())


def _refresh(parts: IdentityParts, ask: Ask) -> Reply:
    return Reply(data=parts.refresh.renew(ask.take("refresh_token")).response())


def _revoke(parts: IdentityParts, ask: Ask) -> Reply:
    """The answer is the same for a token that nobody issued (RFC 7009, section 2.2)."""
    parts.refresh.end(ask.take("refresh_token"))
    return Reply()
