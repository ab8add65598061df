"""The usual peers for the same layers: nine packages and middlewares on Starlette, each as its documentation shows it.

Needs: secure starlette-csrf asgi-correlation-id slowapi limits pyjwt structlog itsdangerous
"""

import os
import secrets
import time
from pathlib import Path
from typing import Any

import jwt
import structlog
from asgi_correlation_id import CorrelationIdMiddleware
from limits import parse
from limits.aio.storage import MemoryStorage
from limits.aio.strategies import FixedWindowRateLimiter
from secure import ContentSecurityPolicy, Secure
from secure.middleware import SecureASGIMiddleware
from slowapi import Limiter
from slowapi.middleware import SlowAPIMiddleware
from slowapi.util import get_remote_address
from starlette.applications import Starlette
from starlette.authentication import AuthCredentials, AuthenticationBackend, SimpleUser, requires
from starlette.middleware import Middleware
from starlette.middleware.authentication import AuthenticationMiddleware
from starlette.middleware.cors import CORSMiddleware
from starlette.middleware.sessions import SessionMiddleware
from starlette.requests import HTTPConnection, Request
from starlette.responses import JSONResponse
from starlette.routing import Route
from starlette_csrf import CSRFMiddleware

from benchmarks.apps.layers import ACTOR, HELLO

_KEY = "a benchmark's own secret, 0123456789-0123456789-0123456789"
_PLENTY = "10000000/minute"
_PARTNER = "https://app.example"


class Bearer(AuthenticationBackend):
    """HS256 by PyJWT."""

    async def authenticate(self, conn: HTTPConnection) -> tuple[AuthCredentials, SimpleUser] | None:
        """Whom the token stands for."""
        kind, _, token = conn.headers.get("authorization", "").partition(" ")
        if kind.lower() != "bearer":
            return None
        claims = jwt.decode(token, _KEY, algorithms=["HS256"], audience="bench", options={"require": ["exp", "sub"]})
        return AuthCredentials(["authenticated", *claims["scope"].split()]), SimpleUser(claims["sub"])


class Nonce:
    """A nonce for each response's policy, which `secure` leaves to the app."""

    def __init__(self, app: Any) -> None:
        """Wrap `app`."""
        self.app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Replace the policy of the answer."""
        nonce = secrets.token_urlsafe(16)
        scope.setdefault("state", {})["csp_nonce"] = nonce
        script = ContentSecurityPolicy.nonce(nonce)
        policy = ContentSecurityPolicy().default_src("'self'").script_src("'self'", script).frame_ancestors("'none'")

        async def send_with_policy(message: Any) -> None:
            if message["type"] == "http.response.start":
                kept = [pair for pair in message["headers"] if pair[0] != b"content-security-policy"]
                message["headers"] = [*kept, (b"content-security-policy", policy.header_value.encode())]
            await send(message)

        await self.app(scope, receive, send_with_policy)


class AccessLine:
    """A JSON line for each request by structlog."""

    def __init__(self, app: Any) -> None:
        """Write to nowhere, like the guard's line in these benchmarks."""
        self.app = app
        stamp = structlog.processors.TimeStamper(fmt="iso")
        steps = [structlog.processors.add_log_level, stamp, structlog.processors.JSONRenderer()]
        nowhere = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115 - held as long as the process
        writer = structlog.WriteLogger(nowhere)
        self.log = structlog.wrap_logger(writer, processors=steps)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Note the status."""
        start, seen = time.perf_counter(), {"status": 500}

        async def note(message: Any) -> None:
            seen["status"] = message.get("status", seen["status"])
            await send(message)

        await self.app(scope, receive, note)
        spent = round((time.perf_counter() - start) * 1e3, 3)
        self.log.info("request", method=scope["method"], path=scope["path"], ms=spent, ip=scope["client"][0], **seen)


class Window:
    """`limits` without slowapi, its leanest use."""

    def __init__(self, app: Any) -> None:
        """Count in memory."""
        self.app, self.rate = app, parse(_PLENTY)
        self.limiter = FixedWindowRateLimiter(MemoryStorage())

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Count the address."""
        if await self.limiter.hit(self.rate, scope["client"][0]):
            await self.app(scope, receive, send)
        else:
            await JSONResponse({}, 429)(scope, receive, send)


@requires(["authenticated", "json:read"])
async def hello(request: Request) -> JSONResponse:
    """The endpoint that is timed."""
    return JSONResponse(HELLO, 200 if request.session.get("user") == ACTOR else 401)


async def enter(request: Request) -> JSONResponse:
    """Sign in: a session, and a token for an hour."""
    request.session["user"] = ACTOR
    claims = {"sub": ACTOR, "aud": "bench", "scope": "json:read", "exp": int(time.time()) + 3600}
    return JSONResponse({"bearer": jwt.encode(claims, _KEY, algorithm="HS256")})


def build(*, lean: bool) -> Starlette:
    """The stack; `lean` takes `limits` itself in the place of slowapi."""
    limit = Middleware(Window) if lean else Middleware(SlowAPIMiddleware)
    app = Starlette(
        routes=[Route("/json", hello, methods=["GET", "POST"]), Route("/prime", enter)],
        middleware=[
            Middleware(AccessLine),
            Middleware(CorrelationIdMiddleware),
            Middleware(Nonce),
            Middleware(SecureASGIMiddleware, secure=Secure.with_default_headers()),
            Middleware(CORSMiddleware, allow_origins=[_PARTNER], allow_credentials=True, allow_methods=["GET", "POST"]),
            limit,
            Middleware(SessionMiddleware, secret_key=_KEY, https_only=True),
            Middleware(CSRFMiddleware, secret=_KEY, cookie_secure=True, header_name="x-csrf-token"),
            Middleware(AuthenticationMiddleware, backend=Bearer()),
        ],
    )
    if not lean:
        app.state.limiter = Limiter(key_func=get_remote_address, default_limits=[_PLENTY], headers_enabled=True)
    return app
