"""Cross-site request forgery, through a real app: evidence from the browser and the session's token, both."""

import hmac
from base64 import urlsafe_b64decode
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from vallum.base.randomness import SYSTEM_RANDOMNESS
from vallum.base.secret import Secret
from vallum.guard import Guard, current, public, sign_in, signed_in
from vallum.guard.sessions.csrf import CsrfTokens

Build = Callable[..., Any]
CHANGED: list[bytes] = []
SESSION = "A" * 43


@public
async def enter(_: Request) -> JSONResponse:
    sign_in("ada")
    return JSONResponse({"csrf": current().csrf_token})


@public
async def form(_: Request) -> JSONResponse:
    return JSONResponse({"csrf": current().csrf_token, "again": current().csrf_token})


@signed_in
async def change(request: Request) -> JSONResponse:
    async with request.form() as data:
        CHANGED.append(repr(sorted(data)).encode())
    return JSONResponse({})


@public
async def comment(_: Request) -> JSONResponse:
    CHANGED.append(b"comment")
    return JSONResponse({"id": current().actor.id if current().actor else None})


@pytest.fixture
def app(policy: Build) -> Starlette:
    CHANGED.clear()
    methods = ["POST", "PUT", "PATCH", "DELETE"]
    made = Starlette(
        routes=[
            Route("/enter", enter, methods=["POST"]),
            Route("/form", form),
            Route("/change", change, methods=[*methods, "GET"]),
            Route("/comment", comment, methods=methods),
            Route("/hook", comment, methods=methods),
        ]
    )
    Guard(made, policy=policy(csrf_exempt=("/hook",)))
    return made


@pytest.fixture
def ada(app: Starlette, browse: Build) -> Any:
    browser = browse(app)
    browser.token = browser("POST", "/enter").json()["csrf"]
    return browser


OWN = "https://localhost"


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_token_and_origin_together_pass(ada: Any, method: str) -> None:
    assert ada(method, "/change", headers={"x-csrf-token": ada.token}).status_code == 200


@pytest.mark.parametrize(
    ("site", "origin", "status"),
    [
        ("same-origin", OWN, 200),
        ("same-origin", None, 200),
        (None, OWN, 200),
        (None, None, 403),
        ("none", None, 403),
        ("none", OWN, 200),
        ("same-site", "https://sub.localhost", 403),
        ("same-site", None, 403),
        ("cross-site", "https://evil.example", 403),
        ("cross-site", None, 403),
        ("same-origin", "https://evil.example", 403),
        (None, "https://evil.example", 403),
        (None, "null", 403),
        (None, "http://localhost", 403),
        (None, "https://localhost.evil.example", 403),
        (None, "", 403),
    ],
)
def test_evidence_of_the_browser(ada: Any, site: str | None, origin: str | None, status: int) -> None:
    said = {"sec-fetch-site": site, "origin": origin}
    headers = {name: value for name, value in said.items() if value is not None} | {"x-csrf-token": ada.token}
    assert ada("POST", "/change", headers=headers, own=False).status_code == status
    assert len(CHANGED) == (status == 200)


def test_a_referer_is_no_evidence(ada: Any) -> None:
    headers = {"x-csrf-token": ada.token, "referer": f"{OWN}/form"}
    assert ada("POST", "/change", headers=headers, own=False).status_code == 403


def test_another_sessions_token_a_broken_one_and_none(ada: Any, app: Starlette, browse: Build) -> None:
    other = browse(app)("POST", "/enter").json()["csrf"]
    flipped = ada.token[:-2] + ("A" if ada.token[-2] != "A" else "B") + ada.token[-1]
    for token in (other, flipped, "", "x", ada.token + "A", "\xff" * 86):
        answer = ada("POST", "/change", headers={"x-csrf-token": token.encode("latin-1")})
        assert answer.status_code == 403, token
    assert ada("POST", "/change").status_code == 403
    assert ada("POST", f"/change?csrf_token={ada.token}").status_code == 403
    assert CHANGED == []


def test_the_token_in_a_form_is_found_and_the_form_still_read(ada: Any) -> None:
    fields = {"a": "1", "csrf_token": ada.token}
    assert ada("POST", "/change", data=fields).status_code == 200
    assert ada("POST", "/change", data=fields, files={"f": ("x.txt", b"y" * 200_000)}).status_code == 200
    assert CHANGED == [b"['a', 'csrf_token']", b"['a', 'csrf_token', 'f']"]


def test_a_form_without_a_token_with_a_wrong_one_or_with_two(ada: Any) -> None:
    for data in ({"a": "1"}, {"csrf_token": "wrong"}, {"csrf_token": [ada.token, ada.token]}):
        assert ada("POST", "/change", data=data).status_code == 403
    assert ada("POST", "/change", json={"csrf_token": ada.token}).status_code == 403
    assert CHANGED == []


def test_a_chunked_form_that_never_ends_is_cut(ada: Any) -> None:
    async def endless() -> Any:
        for _ in range(40):
            yield b"a" * 65_535 + b"&"

    kind = {"content-type": "application/x-www-form-urlencoded"}
    assert ada("POST", "/change", content=endless(), headers=kind).status_code == 413
    late = {"content-type": "multipart/form-data; boundary=b"}
    assert ada("POST", "/change", content=endless(), headers=late).status_code == 403


def test_an_upload_that_breaks_off_is_refused(app: Starlette, ada: Any, talk: Build) -> None:
    cookie = f"__Host-session={ada.cookies['__Host-session']}".encode()
    headers = [
        (b"host", b"localhost"),
        (b"origin", OWN.encode()),
        (b"cookie", cookie),
        (b"content-type", b"application/x-www-form-urlencoded"),
    ]
    part = {"type": "http.request", "body": b"csrf_token=" + ada.token.encode(), "more_body": True}
    assert talk(app, "http", "/change", part, headers=headers, method="POST")[0]["status"] == 403


def test_sign_in_forms_are_bound_to_their_visitor(app: Starlette, browse: Build) -> None:
    victim, attacker = browse(app), browse(app)
    own, foreign = victim("GET", "/form").json(), attacker("GET", "/form").json()
    assert own["csrf"] != own["again"]
    assert victim("POST", "/enter", data={"csrf_token": foreign["csrf"]}).status_code == 403
    assert victim("POST", "/enter").status_code == 403
    assert victim("POST", "/enter", data={"csrf_token": own["again"]}).status_code == 200
    assert set(victim.cookies) == {"__Host-session"}
    assert victim("GET", "/form").headers["cache-control"] == "no-store"


def test_a_visitor_keeps_one_cookie(app: Starlette, browse: Build) -> None:
    browser = browse(app)
    browser("GET", "/form")
    held = dict(browser.cookies)
    assert "set-cookie" not in browser("GET", "/form").headers
    assert browser.cookies == held


def test_a_public_route_asks_a_signed_in_browser_for_the_token(ada: Any, app: Starlette, browse: Build) -> None:
    assert ada("POST", "/comment").status_code == 403
    assert ada("POST", "/comment", headers={"x-csrf-token": ada.token}).json() == {"id": "ada"}
    assert browse(app)("POST", "/comment").json() == {"id": None}


def test_a_program_without_cookies_needs_neither(app: Starlette, browse: Build) -> None:
    assert browse(app)("POST", "/comment", own=False).status_code == 200


def test_an_exempt_path_ignores_cookies(ada: Any) -> None:
    answer = ada("POST", "/hook", headers={"origin": "https://partner.example"})
    assert answer.json() == {"id": None}


def test_reading_needs_no_token(ada: Any) -> None:
    assert ada("GET", "/change", headers={"sec-fetch-site": "cross-site"}).status_code == 200


def test_a_token_outlives_a_rotation_of_the_secret() -> None:
    old, new = b"o" * 32, b"n" * 32
    token = CsrfTokens([old], SYSTEM_RANDOMNESS).issue(SESSION).encode()
    assert CsrfTokens([new, old], SYSTEM_RANDOMNESS).accept(SESSION, token)
    assert not CsrfTokens([new], SYSTEM_RANDOMNESS).accept(SESSION, token)


@given(st.binary(min_size=86, max_size=86) | st.binary(max_size=100))
def test_no_guess_is_accepted(token: bytes) -> None:
    assert not CsrfTokens([b"k" * 32], SYSTEM_RANDOMNESS).accept(SESSION, token)


@given(st.text("abcdefABC019-_", min_size=1, max_size=43))
def test_a_token_is_for_one_session_and_looks_new_each_time(session: str) -> None:
    tokens = CsrfTokens([b"k" * 32], SYSTEM_RANDOMNESS)
    one, two = tokens.issue(session), tokens.issue(session)
    assert one != two
    assert tokens.accept(session, one.encode())
    assert not tokens.accept(session + "x", two.encode())


@given(secret=st.binary(min_size=32, max_size=200), session=st.from_regex(r"[A-Za-z0-9_-]{43}", fullmatch=True))
def test_a_token_is_the_masked_hmac_of_its_session(secret: bytes, session: str) -> None:
    raw = urlsafe_b64decode(CsrfTokens([secret], SYSTEM_RANDOMNESS).issue(session) + "==")
    unmasked = bytes(mask ^ masked for mask, masked in zip(raw[:32], raw[32:], strict=True))
    key = hmac.digest(secret, b"vallum csrf token v1", "sha256")
    assert unmasked == hmac.digest(key, session.encode(), "sha256")


def test_secrets_of_the_policy_make_tokens_last_over_restarts(policy: Build, browse: Build) -> None:
    def build() -> Starlette:
        app = Starlette(routes=[Route("/form", form), Route("/comment", comment, methods=["POST"])])
        Guard(app, policy=policy(secrets=(Secret("s" * 40),)))
        return app

    before, after = browse(build()), browse(build())
    token = before("GET", "/form").json()["csrf"]
    after.cookies = before.cookies
    assert after("POST", "/comment", headers={"x-csrf-token": token}).status_code == 200
