"""An app that answers anything at all does not stop the probe, nor is it blamed for what it did not do."""

import random

import pytest
from starlette.responses import Response

from vallum.base.secret import Secret
from vallum.probe.identity import FormLogin, Identity

PIECES = (
    '<a href="http://[broken">x</a>',
    '<a href="/loop?page=1&page=2">x</a>',
    "<form action='http://[x' method=post><input name=a></form>",
    '<form action="/loop" method="post"><input name="\x00"><select name=s></select><input name=csrf></form>',
    "<form><input type=password name=password>",
    "<script>",
    "<!--",
    "</textarea></form></select>",
    '<base href="//evil.example"><meta name=csrf-token>',
    "\ud83d",
    "&#x110000;&#0;",
)
HEADERS = (
    ("set-cookie", "a"),
    ("set-cookie", "=; ;;"),
    ("set-cookie", "__Host-x=1"),
    ("set-cookie", "sid2=1; Max-Age=99999999999999999999"),
    ("location", "http://[broken"),
    ("location", "//evil.example"),
    ("location", ""),
    ("content-type", "text/html; charset=utf-16"),
    ("content-type", "application/json"),
    ("content-security-policy", ";;;"),
    ("strict-transport-security", "max-age=-1"),
    ("x-request-id", "\x7f"),
    ("access-control-allow-origin", "null, *"),
)
BODIES = (
    b"",
    b"\xff\xfe\x00",
    b"[" * 5000,
    b'{"id": {"id": [null, 1e999]}}',
    b'{"openapi": 3, "paths": {"/a": {"get": 1}}}',
)


def hostile(seed):
    async def app(scope, receive, send):
        if scope["type"] != "http":
            raise RuntimeError("no lifespan here")
        if scope["path"] in ("/login", "/me"):
            known = any(name == b"cookie" and b"sid=ann" in value for name, value in scope["headers"])
            answer = Response("ann", 200 if known or scope["method"] == "POST" else 401)
            if scope["method"] == "POST":
                answer.set_cookie("sid", "ann")
            await answer(scope, receive, send)
            return
        dice = random.Random(f"{seed}{scope['path']}{scope['query_string']}")
        if dice.random() < 0.05:
            raise ValueError("boom")
        page = "".join(dice.sample(PIECES, 4)).encode("utf-8", "surrogatepass")
        body = dice.choice((*BODIES, page, page, page))
        status = dice.choice((200, 200, 200, 302, 404, 500, 204, 999))
        response = Response(body, status, media_type="text/html")
        for name, value in dice.sample(HEADERS, 3):
            response.headers.append(name, value)
        await response(scope, receive, send)

    return app


@pytest.mark.parametrize("seed", range(4))
def test_hostile_app(look, seed):
    ann = Identity(name="ann", login=FormLogin(fields={"username": "ann"}, secrets={"password": Secret("x")}))
    seen = look(hostile(seed), identities=(ann,), requests=400, delay=0.2)
    assert seen.examination.counts.requests <= 400
    blamed = {finding.control for finding in seen.findings}
    assert not blamed & {"sql-parameterised", "no-shell-injection", "no-dynamic-code", "path-traversal"}
    assert "session-cookie-flags" in blamed
