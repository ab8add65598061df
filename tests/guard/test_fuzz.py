"""Whatever comes in and whatever the app answers: nothing escapes, nothing splits, every answer has its headers."""

import asyncio
import re
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from vallum.guard import PUBLIC, Guard, GuardPolicy
from vallum.guard.exchange import LISTED, SINGLE
from vallum.guard.http.cors import CorsPolicy
from vallum.guard.http.limits import METHODS

REQUIRED = {
    b"content-security-policy",
    b"x-frame-options",
    b"x-content-type-options",
    b"referrer-policy",
    b"x-request-id",
    b"permissions-policy",
    b"cross-origin-opener-policy",
    b"cross-origin-resource-policy",
    b"x-xss-protection",
}
VALUES = st.sampled_from(
    [
        b"localhost",
        b"https://localhost",
        b"same-origin",
        b"cross-site",
        b"https://partner.example",
        b"5",
        b"chunked",
        b"__Host-session=" + b"A" * 43,
        b"text/html",
        b"POST",
        b"application/x-www-form-urlencoded",
        b"10.0.0.5",
    ]
) | st.binary(max_size=30)
REQUEST_HEADERS = st.lists(st.tuples(st.sampled_from([*SINGLE, *LISTED, b"x-other"]), VALUES), max_size=8)
RESPONSE_HEADERS = st.lists(
    st.tuples(
        st.sampled_from([b"content-type", b"location", b"set-cookie", b"Server", b"cache-control", b"vary"])
        | st.binary(max_size=12),
        st.sampled_from([b"text/html", b"/x", b"http://10.0.0.1/x"]) | st.binary(max_size=20),
    ),
    max_size=5,
)
NAME = re.compile(rb"[!#$%&'*+.^_`|~0-9a-z-]+")


def run(scope: dict[str, Any], status: int, headers: Any, body: bytes) -> list[dict[str, Any]]:
    sent: list[dict[str, Any]] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"x" * 10}

    async def send(message: Any) -> None:
        sent.append(message)

    guard = Guard(
        app,
        policy=GuardPolicy(
            paths={"/open": PUBLIC},
            sink=lambda event: None,
            proxies=("10.0.0.5", "unix"),
            cors=CorsPolicy(origins=("https://partner.example",), credentials=True),
        ),
    )
    asyncio.run(guard(scope, receive, send))
    return sent


@given(
    method=st.sampled_from(sorted(METHODS)) | st.text(max_size=6),
    path=st.sampled_from(["/open", "/closed"]) | st.text(max_size=10).map(lambda rest: f"/{rest}"),
    scheme=st.sampled_from(["http", "https"]),
    client=st.sampled_from([None, ("10.0.0.5", 1), ("203.0.113.9", 1), ("", 0)]),
    request=REQUEST_HEADERS,
    with_host=st.booleans(),
    status=st.sampled_from([200, 204, 301, 304, 400, 404, 500, 503]),
    response=RESPONSE_HEADERS,
    body=st.binary(max_size=5),
)
def test_any_head_gets_one_whole_safe_answer(
    *,
    method: str,
    path: str,
    scheme: str,
    client: Any,
    request: Any,
    with_host: bool,
    status: int,
    response: Any,
    body: bytes,
) -> None:
    headers = [(b"host", b"localhost"), *request] if with_host else request
    scope = {"type": "http", "method": method, "path": path, "scheme": scheme, "client": client, "headers": headers}
    sent = run(scope, status, response, body)
    assert [message["type"] for message in sent] == ["http.response.start", "http.response.body"]
    head = sent[0]["headers"]
    names = [name for name, _ in head]
    assert set(names) >= REQUIRED
    assert all(names.count(name) == 1 for name in REQUIRED)
    assert (b"strict-transport-security" in names) or scheme == "http" or client in [None, ("10.0.0.5", 1)]
    assert all(NAME.fullmatch(name) for name in names)
    assert not any(set(value) & set(b"\r\n\0") for _, value in head)
    assert b"server" not in names
    assert sent[1]["body"] == b"" or b"content-type" in names
