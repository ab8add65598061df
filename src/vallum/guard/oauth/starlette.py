"""The two endpoints of a sign-in for Starlette and FastAPI: start and callback.

    app.router.routes.extend(sign_in_routes(CLIENT, welcome))

    def welcome(arrival: Arrival) -> str:                  # runs in a thread; returns the account to sign in
        return LINKS.admit(arrival, create_account)

`GET /login/NAME` leads to the provider. The callback is a GET from another site, so it changes nothing: it shows a page
with a button, which a script presses, and the POST of that page finishes the sign-in. So the session cookie can stay
`SameSite=Strict`, and a scanner that follows links uses nothing up.
"""

from collections.abc import Awaitable, Callable, Iterable
from typing import Final
from urllib.parse import parse_qsl

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from vallum.base.errors import ConfigError
from vallum.guard.authorization.access import public
from vallum.guard.exchange import SITE, Exchange, current
from vallum.guard.oauth.client import Arrival, OAuthClient
from vallum.guard.oauth.refusals import SignInRefusedError
from vallum.guard.oauth.state import BROWSER_COOKIE, PLAIN_COOKIE
from vallum.guard.output.html import SafeHtml, fill_html
from vallum.guard.output.redirects import Redirects
from vallum.guard.sessions.cookies import CookiePolicy, find_cookie
from vallum.guard.sessions.signing import sign_in

_Welcome = Callable[[Arrival], str]
_Roles = Callable[[str], Iterable[str]]
_Handler = Callable[[Request], Awaitable[Response]]
_LONGEST: Final = 8192
_ELSEWHERE: Final = b"cross-site"
_HERE: Final = "&from=here"
"""Ends the address of a callback that was come to from another site, the second time."""
# "no-referrer" would make the page's own POST come from the origin "null".
_HEADERS: Final = {"cache-control": "no-store", "referrer-policy": "same-origin"}


def sign_in_routes(
    client: OAuthClient,
    welcome: _Welcome,
    *,
    after: str = "/",
    roles: _Roles = lambda account_id: (),  # noqa: ARG005 - the default gives none
) -> list[Route]:
    """Return the routes for all providers of `client`, under its `path`, for an app with a guard.

    `welcome` gets what the provider proved and returns the id of the account, or raises; `roles` gives its roles. Both
    run in a thread. The browser ends at the local path `after`. Raises `ConfigError` for another `after`.
    """
    if not Redirects().allows(after):
        raise ConfigError('`after` is a local path such as "/".', code="oauth-after")
    callback = f"{client.path}/{{name}}/callback"
    return [
        Route(f"{client.path}/{{name}}", _build_start(client), methods=["GET"]),
        Route(callback, _build_page(client), methods=["GET"]),
        Route(callback, _build_finish(client, welcome, roles, after), methods=["POST"]),
    ]


def _build_start(client: OAuthClient) -> _Handler:
    @public
    async def start(request: Request) -> Response:
        cookie = _cookie_of(client)
        departure = await run_in_threadpool(client.begin, request.path_params["name"], browser=_read(request, cookie))
        answer = RedirectResponse(departure.url, status_code=303, headers=_HEADERS)
        answer.headers.append("set-cookie", cookie.set(departure.browser).decode("ascii"))
        return answer

    return start


def _build_page(client: OAuthClient) -> _Handler:
    @public
    async def show(request: Request) -> Response:
        name, query = request.path_params["name"], request.url.query
        if len(query) > _LONGEST:
            raise SignInRefusedError("callback-malformed: the query string is too long")
        await run_in_threadpool(client.look, name, query, browser=_read(request, _cookie_of(client)))
        exchange = current()
        if exchange.found[SITE] == _ELSEWHERE and not exchange.actor_id and not query.endswith(_HERE):
            return HTMLResponse(str(_draw_turn(exchange, query)), headers=_HEADERS)
        page = fill_html(
            """<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>Signing in</title></head>
<body><form method="post" id="finish"><input type="hidden" name="csrf_token" value="{csrf}">
<input type="hidden" name="answer" value="{answer}"><button>Continue</button></form>
<script nonce="{nonce}">document.getElementById("finish").submit()</script></body>
</html>
""",
            csrf=exchange.csrf_token,
            answer=query,
            nonce=exchange.csp_nonce,
        )
        return HTMLResponse(str(page), headers=_HEADERS)

    return show


def _draw_turn(exchange: Exchange, query: str) -> SafeHtml:
    """Go to the same address from a page of our own: a browser that comes from another site holds the session back.

    The form of a page that was made for nobody would be refused once it comes with the session.
    """
    return fill_html(
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Signing in</title></head><body>'
        '<p>{link}</p><script nonce="{nonce}">document.getElementById("turn").click()</script></body></html>',
        link=SafeHtml('<a id="turn" href="{}?{}{}">Continue</a>').format(exchange.path, query, _HERE),
        nonce=exchange.csp_nonce,
    )


def _build_finish(client: OAuthClient, welcome: _Welcome, roles: _Roles, after: str) -> _Handler:
    @public
    async def finish(request: Request) -> Response:
        name, query = request.path_params["name"], await _read_answer(request)
        arrival = await run_in_threadpool(client.finish, name, query, browser=_read(request, _cookie_of(client)))
        account_id = await run_in_threadpool(welcome, arrival)
        sign_in(account_id, roles=await run_in_threadpool(roles, account_id))
        return RedirectResponse(after, status_code=303, headers=_HEADERS)

    return finish


def _cookie_of(client: OAuthClient) -> CookiePolicy:
    return PLAIN_COOKIE if client.is_plain else BROWSER_COOKIE


async def _read_answer(request: Request) -> str:
    body = await request.body()
    try:
        fields = dict(parse_qsl(body.decode("ascii"), keep_blank_values=True, max_num_fields=8))
    except ValueError:
        fields = {}
    answer = fields.get("answer", "")
    if not answer or len(answer) > _LONGEST:
        raise SignInRefusedError("callback-malformed: the page was not ours")
    return answer


def _read(request: Request, cookie: CookiePolicy) -> str:
    # Two headers make one, so that a cookie that stands twice is noticed.
    header = b"; ".join(value for key, value in request.scope["headers"] if key == b"cookie")
    return find_cookie(header, cookie.key) or ""
