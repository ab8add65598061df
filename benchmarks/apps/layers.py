"""What the benchmarked apps share: a policy with every layer on, and the sign-in that a benchmark's GET can make.

An app under the harness serves GET and POST /json to the signed-in, and GET /prime, which signs the caller in.
"""

import os
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, Final

from vallum.base.randomness import token
from vallum.base.secret import Secret
from vallum.guard import GuardPolicy, RateLimitPolicy, current
from vallum.guard.http.cors import CorsPolicy
from vallum.guard.logging.access import AccessLog
from vallum.guard.logging.setup import LineWriter
from vallum.guard.policy import Environment
from vallum.guard.sessions.cookies import CookiePolicy
from vallum.guard.sessions.csrf import CsrfTokens
from vallum.guard.sessions.desk import digest_of
from vallum.stores.memory import MemorySessions
from vallum.stores.sessions import SessionRecord

App = Callable[[Any, Any, Any], Awaitable[None]]

HELLO: Final = {"hello": "world"}
ACTOR: Final = "7d9f6f2e-4a54-4d0a-9a58-0d3a5f6f9f01"
_PLENTY: Final = "5000000/day"
"""Counted in every request and kept from one to the next, never used up."""
_DAY: Final = 86_400.0
_KEY: Final = "a benchmark's own secret, 0123456789-0123456789-0123456789"


def build_policy() -> GuardPolicy:
    """Request id, host, client address, rate limits, CORS, CSRF, session, access, headers and the access line."""
    return GuardPolicy(
        environment=Environment.TEST,
        origins=("https://api.example",),
        secrets=(Secret(_KEY),),
        roles={"reader": {"json:read", "json:write"}},
        cors=CorsPolicy(origins=("https://app.example",), credentials=True),
        rate_limits=RateLimitPolicy(account=_PLENTY, address=_PLENTY),
        store=MemorySessions(),
        access_log=AccessLog(LineWriter(Path(os.devnull).open("w", encoding="ascii"))),
    )


def prime() -> tuple[dict[str, str], str]:
    """Sign the caller in on a GET, which `sign_in` refuses; returns the CSRF token and the Set-Cookie header."""
    core = current().core
    session_id = token()
    now = core.policy.clock()
    core.store.create(
        SessionRecord(
            digest=digest_of(session_id),
            actor_id=ACTOR,
            roles=("reader",),
            created=now,
            seen=now,
            idle_seconds=_DAY,
            deadline=now + _DAY,
        )
    )
    csrf = CsrfTokens([_KEY.encode()], core.policy.randomness).issue(session_id)
    return {"csrf": csrf}, CookiePolicy(name="__Host-session").set(session_id).decode()
