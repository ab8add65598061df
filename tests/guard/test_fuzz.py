"""Whatever comes in and whatever the app answers: nothing escapes, nothing splits, every answer has its headers."""

import io
import re
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vallum.base.secret import Secret
from vallum.guard import PUBLIC, Environment, GuardPolicy
from vallum.guard.asgi.wrapper import AsgiGuard
from vallum.guard.core import Core
from vallum.guard.exchange import LISTED, SINGLE
from vallum.guard.http.cors import CorsPolicy
from vallum.guard.http.limits import METHODS
from vallum.guard.wsgi.wrapper import WsgiGuard

HEADS = 100_000 if settings.get_current_profile_name() == "nightly" else 2_000
"""How many requests the ASGI test sends: few by day, all by `make fuzz`."""
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
        b"notes.example",
        b"gzip",
        b"application/json",
        b"multipart/form-data; boundary=x",
        b"multipart/form-data; boundary=x; boundary=y",
        b"https",
        b"Bearer x",
    ]
) | st.binary(max_size=30)
REQUEST_HEADERS = st.lists(st.tuples(st.sampled_from([*SINGLE, *LISTED, b"x-other"]), VALUES), max_size=8)
RESPONSE_HEADERS = st.lists(
    st.tuples(
        st.sampled_from([b"content-type", b"location", b"set-cookie", b"Server", b"cache-control", b"vary"])
        | st.binary(max_size=12),
        st.sampled_from([b"text/html", b"/x", b"http://10.0.0.1/x", b"/x\r\nset-cookie: a=b", b"x\ny", b"x\0y"])
        | st.binary(max_size=20),
    ),
    max_size=5,
)
NAME = re.compile(rb"[!#$%&'*+.^_`|~0-9a-z-]+")


BODIES = st.sampled_from([b"", b"[" * 40, b"--x\r\n\r\n\r\n--x--", b"csrf_token=a&b=c", b'{"a": "\\u0000'])
ASKED = st.fixed_dictionaries(
    {
        "method": st.just("GET") | st.sampled_from(sorted(METHODS)) | st.text(max_size=6),
        "path": st.just("/open")
        | st.sampled_from(["/open", "/closed", "//evil.example", "/?x"])
        | st.text(max_size=10).map("/{}".format),
        "query": st.sampled_from([b"", b"a=%0d%0a", b"next=http://10.0.0.1/"]) | st.binary(max_size=8),
        "scheme": st.sampled_from(["http", "https"]),
        "client": st.sampled_from([None, ("10.0.0.5", 1), ("203.0.113.9", 1), ("", 0)]),
        "headers": st.just([]) | REQUEST_HEADERS,
        "host": st.sampled_from([((b"host", b"localhost"),), ((b"host", b"notes.example"),), ()]),
        "body": BODIES | st.binary(max_size=20),
    }
)
ANSWERED = st.fixed_dictionaries(
    {
        "status": st.sampled_from([200, 204, 301, 304, 400, 404, 500, 503]),
        "headers": RESPONSE_HEADERS,
        "body": st.binary(max_size=5),
        "raises": st.sampled_from([False, False, True]),
    }
)
COMMON: dict[str, Any] = {
    "paths": {"/open": PUBLIC},
    "sink": lambda event: None,
    "origins": ("https://notes.example",),
    "hosts": ("localhost",),
    "proxies": ("10.0.0.5", "unix"),
    "cors": CorsPolicy(origins=("https://partner.example",), credentials=True),
}
CORES = [
    Core(GuardPolicy(**COMMON)),
    Core(
        GuardPolicy(environment=Environment.PRODUCTION, secrets=(Secret("kV3bQ9xW7mZ2rT8yL4nD6sF1hJ5gC0aE"),), **COMMON)
    ),
]


@given(asked=ASKED, answered=ANSWERED, core=st.sampled_from(CORES))
@settings(max_examples=HEADS)
def test_any_head_gets_one_whole_safe_answer(asked: Mapping[str, Any], answered: Mapping[str, Any], core: Core) -> None:
    sent = run_asgi(core, asked, answered)
    assert [message["type"] for message in sent] == ["http.response.start", "http.response.body"]
    check_answer(sent[0]["status"], sent[0]["headers"], content_of(asked, sent[1]["body"]))


@given(asked=ASKED, answered=ANSWERED, core=st.sampled_from(CORES))
@settings(max_examples=HEADS // 4)
def test_any_environ_gets_one_whole_safe_answer(
    asked: Mapping[str, Any], answered: Mapping[str, Any], core: Core
) -> None:
    heads, body = run_wsgi(core, asked, answered)
    assert len(heads) == 1
    status, headers = heads[0]
    check_answer(
        int(status[:3]),
        [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers],
        content_of(asked, body),
    )


def content_of(asked: Mapping[str, Any], body: bytes) -> bytes:
    """What a server sends of it: nothing of an answer to HEAD (RFC 9110, section 9.3.2)."""
    return b"" if asked["method"] == "HEAD" else body


def check_answer(status: int, head: list[tuple[bytes, bytes]], body: bytes) -> None:
    names = [name for name, _ in head]
    assert set(names) >= REQUIRED
    assert all(names.count(name) == 1 for name in REQUIRED)
    assert all(NAME.fullmatch(name) for name in names)
    assert not any(set(value) & set(b"\r\n\0") for _, value in head)
    assert b"server" not in names
    assert not body or b"content-type" in names
    if status == 308:  # the app answers no 308 here
        assert dict(head)[b"location"].startswith(b"https://notes.example/")


def test_tls_is_told_to_those_who_use_it() -> None:
    asked = {"method": "GET", "path": "/open", "query": b"", "client": ("203.0.113.9", 1), "headers": [], "body": b""}
    answered = {"status": 200, "headers": [(b"content-type", b"text/html")], "body": b"x", "raises": False}
    for scheme, told in (("http", False), ("https", True)):
        sent = run_asgi(CORES[0], {**asked, "scheme": scheme, "host": ((b"host", b"localhost"),)}, answered)
        assert (b"strict-transport-security" in dict(sent[0]["headers"])) is told


def run_asgi(core: Core, asked: Mapping[str, Any], answered: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Drive one request by hand: nothing in it waits, so no event loop is needed."""
    sent: list[dict[str, Any]] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        if answered["raises"]:
            raise ValueError("hidden detail")
        await send({"type": "http.response.start", "status": answered["status"], "headers": answered["headers"]})
        await send({"type": "http.response.body", "body": answered["body"]})

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": asked["body"]}

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "method": asked["method"],
        "path": asked["path"],
        "query_string": asked["query"],
        "scheme": asked["scheme"],
        "client": asked["client"],
        "headers": [*asked["host"], *asked["headers"]],
    }
    with pytest.raises(StopIteration):
        AsgiGuard(app, core, gated=False)(scope, receive, send).send(None)
    return sent


def run_wsgi(core: Core, asked: Mapping[str, Any], answered: Mapping[str, Any]) -> tuple[list[Any], bytes]:
    """Run one request as a server would that sends the head with the first byte of the body."""
    heads: list[Any] = []

    def app(environ: Any, start_response: Any) -> list[bytes]:
        environ["wsgi.input"].read()
        if answered["raises"]:
            raise ValueError("hidden detail")
        headers = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in answered["headers"]]
        start_response(f"{answered['status']} Said", headers)
        return [answered["body"]]

    def start_response(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> None:
        heads[:] = [(status, headers)] if exc_info else [*heads, (status, headers)]

    environ: dict[str, Any] = {
        "REQUEST_METHOD": asked["method"],
        "PATH_INFO": asked["path"].encode("utf-8", "surrogatepass").decode("latin-1"),
        "QUERY_STRING": asked["query"].decode("latin-1"),
        "wsgi.url_scheme": asked["scheme"],
        "wsgi.input": io.BytesIO(asked["body"]),
    }
    if asked["client"] is not None:
        environ["REMOTE_ADDR"] = asked["client"][0]
    for name, value in [*asked["host"], *asked["headers"]]:
        key = name.decode().upper().replace("-", "_")
        key = key if key in {"CONTENT_TYPE", "CONTENT_LENGTH"} else f"HTTP_{key}"
        environ[key] = f"{environ[key]},{value.decode('latin-1')}" if key in environ else value.decode("latin-1")
    parts = WsgiGuard(app, core, gated=False)(environ, start_response)
    return heads, b"".join(parts)
