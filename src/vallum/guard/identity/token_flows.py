"""Tokens for programs: issue, refresh, revoke, and the public keys; as endpoints."""

import asyncio
from functools import partial

from vallum.guard.authentication.login import LoginResult
from vallum.guard.authentication.login_failure import LoginFailedError, LoginFailure
from vallum.guard.authorization.access import SIGNED_IN
from vallum.guard.identity.account_flows import find_own
from vallum.guard.identity.browsers import DEVICE
from vallum.guard.identity.endpoint import Ask, Endpoint, Raw, Reply
from vallum.guard.identity.parts import IdentityParts
from vallum.guard.tokens.jwks import PATH, answer_jwks


def list_flows(parts: IdentityParts) -> tuple[Endpoint, ...]:
    """All endpoints of this file."""
    return (
        Endpoint(path="/token", run=partial(_issue, parts), run_later=partial(_issue_later, parts)),
        Endpoint(path="/token/session", run=partial(_issue_own, parts), access=SIGNED_IN),
        Endpoint(path="/token/refresh", run=partial(_refresh, parts)),
        Endpoint(path="/token/revoke", run=partial(_revoke, parts)),
        Endpoint(path="/jwks.json", run=partial(_show_keys, parts), method="GET"),
        Endpoint(path=PATH, run=partial(_show_keys, parts), method="GET", rooted=True),
    )


def _issue(parts: IdentityParts, ask: Ask) -> Reply:
    return _pair(parts, parts.login.authenticate(ask.take("login"), ask.take("password"), device=DEVICE.find()))


async def _issue_later(parts: IdentityParts, ask: Ask) -> Reply:
    result = await parts.login.authenticate_async(ask.take("login"), ask.take("password"), device=DEVICE.find())
    return await asyncio.to_thread(_pair, parts, result)


def _pair(parts: IdentityParts, result: LoginResult) -> Reply:
    if result.half is not None:  # a token must not be the way around the second factor
        raise LoginFailedError(LoginFailure.WRONG_SECOND_FACTOR, account=result.account.id)
    return Reply(data=parts.refresh.begin(result.account.id, epoch=result.account.epoch).response())


def _issue_own(parts: IdentityParts, _: Ask) -> Reply:
    account = find_own(parts)
    return Reply(data=parts.refresh.begin(account.id, epoch=account.epoch).response())


def _refresh(parts: IdentityParts, ask: Ask) -> Reply:
    return Reply(data=parts.refresh.renew(ask.take("refresh_token")).response())


def _revoke(parts: IdentityParts, ask: Ask) -> Reply:
    """The answer is the same for a token that nobody issued (RFC 7009, section 2.2)."""
    parts.refresh.end(ask.take("refresh_token"))
    return Reply()


def _show_keys(parts: IdentityParts, _: Ask) -> Reply:
    answer = answer_jwks(parts.tokens)
    return Reply(raw=Raw(body=answer.body, headers=answer.headers))
