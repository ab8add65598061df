"""TLS only: in production every framework's app sends pages to its https origin and refuses calls, and runs nothing."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.guard.conformance.contract import RAN, Kit

Visit = Callable[..., Any]
BASE = "http://notes.example"


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "DELETE", "OPTIONS"])
def test_a_page_is_sent_to_https(visit: Visit, method: str) -> None:
    answer = visit(BASE)(method, "/note?text=milk")
    assert answer.status_code == 308
    assert answer.headers.get_list("location") == ["https://notes.example/note?text=milk"]
    assert "content-security-policy" in answer.headers
    assert "strict-transport-security" not in answer.headers
    assert RAN == []


@pytest.mark.parametrize(
    "target",
    [
        "/a%2Fb/%C3%A9?x=%0d%0aSet-Cookie:a=b&y=a+b%20c",
        "//evil.example/x",
        "/?next=http://10.0.0.5/&ip=192.168.1.1&next=//intranet/x",
        "/%5cevil.example",
        "/@evil.example",
    ],
)
def test_the_target_stays_as_it_came(visit: Visit, kind: str, target: str) -> None:
    answer = visit(BASE, target=target.encode())("GET", "/")
    is_wsgi = "wsgi" in kind or kind == "flask"
    expected = target.replace("%2F", "/").replace("%5c", "%5C") if is_wsgi else target  # PEP 3333 gives a decoded path
    assert answer.status_code == 308
    assert answer.headers.get_list("location") == [f"https://notes.example{expected}"]


@pytest.mark.parametrize(
    ("host", "home"),
    [
        ("notes.example", "https://notes.example"),
        ("NOTES.example", "https://notes.example"),
        ("admin.example", "https://admin.example:8443"),
        ("alias.example", "https://notes.example"),
    ],
)
def test_the_origin_comes_from_the_policy(visit: Visit, host: str, home: str) -> None:
    answer = visit(BASE)("GET", "/open", headers={"host": host})
    assert answer.headers["location"] == f"{home}/open"


@pytest.mark.parametrize("host", ["evil.example", "notes.example.evil.example", "notes.example@evil.example"])
def test_a_foreign_host_is_sent_nowhere(visit: Visit, host: str) -> None:
    answer = visit(BASE)("GET", "/open", headers={"host": host})
    assert (answer.status_code, "location" in answer.headers) == (400, False)


@pytest.mark.parametrize(
    "headers",
    [
        {"authorization": "Bearer e30.e30.x"},
        {"accept": "application/json"},
        {"content-type": "application/json"},
        {"content-type": "application/vnd.api+JSON"},
    ],
)
def test_a_call_is_refused(visit: Visit, headers: dict[str, str], events: list[Any]) -> None:
    answer = visit(BASE)("POST", "/note", headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (403, "https-required")
    assert "location" not in answer.headers
    assert RAN == []
    assert [event.detail["code"] for event in events if event.name == "request-refused"] == ["https-required"]


def test_over_tls_all_is_served(visit: Visit) -> None:
    answer = visit()("GET", "/open")
    assert (answer.status_code, answer.text) == (200, "open")
    assert "strict-transport-security" in answer.headers


@pytest.mark.parametrize(
    ("proxies", "told", "status"),
    [
        (("203.0.113.9",), {"x-forwarded-proto": "https"}, 200),
        (("203.0.113.9",), {"x-forwarded-proto": "https, http"}, 308),
        (("203.0.113.9",), {}, 308),
        (("10.0.0.5",), {"x-forwarded-proto": "https"}, 308),
        ((), {"x-forwarded-proto": "https", "x-forwarded-ssl": "on", "forwarded": "proto=https"}, 308),
    ],
)
def test_only_the_own_proxy_is_believed(
    visit: Visit, proxies: tuple[str, ...], told: dict[str, str], status: int
) -> None:
    assert visit(BASE, proxies=proxies)("GET", "/open", headers=told).status_code == status


def test_plain_http_can_be_accepted(visit: Visit) -> None:
    reasons = {"unsafe_plain_http": "a mesh carries it in mTLS and sets no header"}
    answer = visit(BASE, unsafe_plain_http=True, accepted_risks=reasons)("GET", "/open")
    assert (answer.status_code, answer.text) == (200, "open")


def test_without_production_nothing_is_redirected(browser: Callable[..., Any]) -> None:
    user = browser()
    user.base = "http://localhost"
    assert user("GET", "/open").text == "open"


@pytest.mark.parametrize("kind", ["starlette", "fastapi", "litestar", "django-asgi-wrapped"])
def test_a_socket_in_clear_is_refused(
    open_kit: Callable[..., Kit], production: dict[str, Any], talk: Callable[..., Any]
) -> None:
    app = open_kit(**production).app
    extra = {"scheme": "ws", "headers": [(b"host", b"notes.example")]}
    sent = talk(app, "websocket", "/open", {"type": "websocket.connect"}, **extra)
    assert (sent[0]["type"], sent[0]["status"]) == ("websocket.http.response.start", 403)
    assert b"location" not in dict(sent[0]["headers"])
