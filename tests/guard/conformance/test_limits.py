"""Limits on requests: refused alike in every framework, before a body is parsed, with a length and without."""

import asyncio
import gc
import gzip
import json
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from tests.guard.conformance.contract import RAN, Kit
from vallum.guard.body_shape import MIB, BodyShape
from vallum.guard.http.limits import LimitPolicy

Browser = Callable[..., Any]
JSON = {"content-type": "application/json"}
FORM = {"content-type": "application/x-www-form-urlencoded"}
PARTS = {"content-type": "multipart/form-data; boundary=xYz"}
GZIP = {**JSON, "content-encoding": "gzip"}
ASGI = ["starlette", "fastapi", "litestar", "django-asgi-wrapped"]


def deep(depth: int) -> bytes:
    return b"[" * depth + b"]" * depth


def parts(number: int, size: int = 1) -> bytes:
    one = b'--xYz\r\nContent-Disposition: form-data; name="a"\r\n\r\n' + b"v" * size + b"\r\n"
    return one * number + b"--xYz--\r\n"


async def trickle(body: bytes) -> AsyncIterator[bytes]:
    for start in range(0, len(body), 1000):
        yield body[start : start + 1000]


def told(events: list[Any]) -> list[tuple[str, str]]:
    return [(event.name, event.detail.get("code", "")) for event in events if event.name != "routes-undeclared"]


CASES = [
    (JSON, deep(32), 200),
    (JSON, deep(33), 400),
    (JSON, b'{"a":' * 33 + b"1" + b"}" * 33, 400),
    (JSON, json.dumps(["[[[[" * 9] * 9).encode(), 200),
    ({}, deep(33), 400),
    ({"content-type": "text/plain"}, b" \n" + deep(33), 400),
    ({"content-type": "image/png"}, deep(33), 200),
    (JSON, json.dumps([0] * 9_999).encode(), 200),
    (JSON, json.dumps([0] * 10_000).encode(), 400),
    (JSON, b'"' + b"x" * 262_145 + b'"', 400),
    (JSON, json.dumps([1]).encode("utf-16"), 400),
    (JSON, json.dumps(["x" * 2000]).encode("utf-16"), 400),
    (FORM, b"a=1&" * 999 + b"a=1", 200),
    (FORM, b"a=1&" * 1000 + b"a=1", 400),
    (FORM, b"a=" + b"x" * 262_144, 400),
    (PARTS, parts(1000), 200),
    (PARTS, parts(1001), 400),
    (PARTS, parts(1, 262_145), 400),
    ({"content-type": "multipart/form-data; boundary=a; boundary=b"}, b"x" * 2000, 400),
    (GZIP, gzip.compress(json.dumps([0] * 5000).encode(), mtime=0), 200),
    (GZIP, gzip.compress(deep(33), mtime=0), 400),
    (GZIP, gzip.compress(b" " * (MIB + 1), mtime=0), 413),
    (GZIP, gzip.compress(b" " * MIB, mtime=0) + gzip.compress(b" ", mtime=0), 413),
    (GZIP, b"not gzip", 400),
    ({**JSON, "content-encoding": "br"}, b"x", 415),
    ({**JSON, "content-encoding": "gzip, gzip"}, b"x", 415),
]


@pytest.mark.parametrize("chunked", [False, True])
@pytest.mark.parametrize(("headers", "body", "status"), CASES)
def test_the_shape_of_a_body(
    *, browser: Browser, kind: str, headers: dict[str, str], body: bytes, status: int, chunked: bool
) -> None:
    answer = browser()("POST", "/size", headers=headers, content=trickle(body) if chunked else body)
    if chunked and kind.startswith("django-wsgi"):  # takes a body without a length for none
        assert (answer.status_code, answer.text) == (200, "0")
        return
    assert answer.status_code == status, answer.text
    if status != 200:
        assert answer.headers["content-type"] == "application/problem+json"
        assert "content-security-policy" in answer.headers
    if status == 415:
        assert answer.headers["accept-encoding"] == "gzip, deflate"


def test_a_refused_body_is_logged_once(browser: Browser, events: list[Any]) -> None:
    assert browser()("POST", "/size", headers=JSON, content=deep(33)).status_code == 400
    assert told(events) == [("request-refused", "body-too-complex")]


def test_a_parser_never_sees_what_is_refused(browser: Browser) -> None:
    assert browser()("POST", "/note", headers=FORM, content=b"a=1&" * 1000 + b"text=milk").status_code == 400
    assert browser()("POST", "/note", headers=PARTS, content=parts(1001)).status_code == 400
    assert RAN in ([], ["note"], ["note", "note"])  # Flask and Django parse when the handler asks for the form


def test_a_route_may_accept_more(browser: Browser, kind: str) -> None:
    user = browser()
    answers = [user("POST", "/big", headers=JSON, content=deep(depth)).status_code for depth in (33, 100, 101)]
    # Django reads the body under ASGI before it knows the view, so that around it the policy's own shape holds.
    assert answers == ([400, 400, 400] if kind == "django-asgi-wrapped" else [200, 200, 400])


def test_the_policy_may_say_less(browser: Browser) -> None:
    user = browser(limits=LimitPolicy(body=100, shape=BodyShape(depth=1, values=5, fields=2, field=9)))
    for headers, body, status in (
        (JSON, b"[1]", 200),
        (JSON, b"[[]]", 400),
        (JSON, b"[1,2,3,4,5]", 400),
        (JSON, b'["1234567890"]', 400),
        (FORM, b"a=1&b=2", 200),
        (FORM, b"a=1&b=2&c=3", 400),
    ):
        assert user("POST", "/size", headers=headers, content=body).status_code == status, body


def test_the_policy_may_take_fewer_bytes(browser: Browser) -> None:
    user = browser(limits=LimitPolicy(body=100))
    assert [user("POST", "/size", content=b"x" * size).status_code for size in (100, 101)] == [200, 413]


@pytest.mark.parametrize("headers", [{f"x-{number}": "1" for number in range(101)}, {"x-long": "a" * 32_769}])
def test_the_head_has_an_end(browser: Browser, headers: dict[str, str]) -> None:
    answer = browser()("GET", "/open", headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (431, "head-too-large")


def test_a_query_string_is_part_of_the_head(browser: Browser) -> None:
    assert browser()("GET", "/open?" + "a=1&" * 9000).status_code == 431
    assert browser()("GET", "/open?" + "a=1&" * 900).status_code == 200


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_body_is_limited_whatever_the_method(browser: Browser, method: str, kind: str) -> None:
    answer = browser()(method, "/open", content=b"x" * (11 * MIB))
    assert answer.status_code == 413


@pytest.mark.parametrize("kind", ASGI)
@pytest.mark.parametrize("first", [None, b"{"])
def test_a_body_has_its_time(open_kit: Callable[..., Kit], first: bytes | None, events: list[Any]) -> None:
    app = open_kit(limits=LimitPolicy(body_seconds=0.02)).app
    sent: list[Any] = []
    waiting = [] if first is None else [{"type": "http.request", "body": first, "more_body": True}]

    async def receive() -> Any:
        return waiting.pop() if waiting else await asyncio.Event().wait()

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "POST", "scheme": "https",
        "path": "/size", "raw_path": b"/size", "query_string": b"", "root_path": "", "client": ("203.0.113.9", 1),
        "server": ("localhost", 443),
        "headers": [(b"host", b"localhost"), (b"content-length", b"9"), (b"content-type", b"application/json")],
    }  # fmt: skip
    asyncio.run(app(scope, receive, send))
    assert [message.get("status") for message in sent] == [408, None]
    assert json.loads(sent[1]["body"])["code"] == "body-late"
    assert told(events) == [("request-refused", "body-late")]


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # Django leaves its body file open
@pytest.mark.parametrize("kind", [*ASGI, "django-asgi"])
def test_a_handler_has_its_time(browser: Browser, events: list[Any]) -> None:
    user = browser(limits=LimitPolicy(handler_seconds=0.02))
    answer = user("GET", "/hang")
    assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
    assert RAN == []
    assert told(events) == [("handler-late", "")]
    assert user("GET", "/open").text == "open"
    assert user("GET", "/stream").text.startswith("<p nonce=")
    gc.collect()
