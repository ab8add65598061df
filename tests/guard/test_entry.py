"""Guard around plain ASGI apps, errors held back, bodies counted; what importing it costs."""

import json
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.background import BackgroundTask
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

from vallum import guard
from vallum.base.errors import ConfigError
from vallum.guard import (
    ASSETS,
    PUBLIC,
    SIGNED_IN,
    Guard,
    NotFoundError,
    PublicError,
    Refusal,
    accepts_body,
    current,
    permission,
    public,
    sends_csp,
)
from vallum.guard.http.limits import MIB, LimitPolicy
from vallum.guard.output.csp import ContentSecurityPolicy
from vallum.guard.sessions.signing import sign_in

Build = Callable[..., Any]
HEAVY = [
    "starlette",
    "fastapi",
    "argon2",
    "cryptography",
    "jinja2",
    "joserfc",
    "asyncio",
    "sqlite3",
    "logging",
    "vallum.catalogue",
    "vallum.findings",
    "vallum.check",
    "vallum.probe",
    "vallum.audit",
    "vallum.cli",
]
SECURE = {
    "content-security-policy",
    "x-frame-options",
    "x-content-type-options",
    "referrer-policy",
    "permissions-policy",
    "cross-origin-opener-policy",
    "cross-origin-resource-policy",
    "x-xss-protection",
    "strict-transport-security",
    "x-request-id",
}


def modules_after(*statements: str) -> list[set[str]]:
    """The modules that an interpreter has loaded after each of `statements`."""
    told = "\n".join(f"{statement}\nfound.append(sorted(sys.modules))" for statement in statements)
    code = f"import sys, json\nfound = []\n{told}\nprint(json.dumps(found))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return [set(modules) for modules in json.loads(done.stdout)]


def test_importing_the_guard_imports_nothing_heavy() -> None:
    assert not set(HEAVY) & modules_after("from vallum.guard import *")[0]


@pytest.mark.parametrize(
    ("statement", "most"),
    [
        ("import vallum.guard", 3),
        ("from vallum.guard import current_actor, public, requires, sign_in, signed_in", 30),
        ("from vallum.guard import Guard, GuardPolicy, public", 80),
    ],
)
def test_only_what_is_used_of_the_guard_is_loaded(statement: str, most: int) -> None:
    before, after = modules_after("import starlette.applications", statement)
    assert len(after - before) <= most


def test_every_name_of_the_guard_can_be_imported() -> None:
    assert all(getattr(guard, name) is not None for name in guard.__all__)
    with pytest.raises(AttributeError, match="no attribute 'gaurd'"):
        _ = guard.gaurd  # type: ignore[attr-defined]  # misspelt on purpose


def plain(answer: Callable[[Any, Any, Any], Any], policy: Build, **settings: Any) -> Guard:
    paths = settings.pop("paths", {"/open": PUBLIC, "/assets/*": ASSETS, "/mine/*": SIGNED_IN, "/in": PUBLIC})
    return Guard(answer, policy=policy(paths=paths, **settings))


async def hello(scope: Any, receive: Any, send: Any) -> None:
    if scope["path"] == "/in":
        sign_in("ada")
    await PlainTextResponse(scope["path"])(scope, receive, send)


def test_a_plain_app_is_judged_by_the_table_of_paths(policy: Build, browse: Build) -> None:
    app = plain(hello, policy)
    browser = browse(app)
    assert browser("GET", "/open").text == "/open"
    assert browser("GET", "/assets/a.css").text == "/assets/a.css"
    assert browser("GET", "/mine/x").status_code == 401
    assert browser("GET", "/other").status_code == 401
    browser("POST", "/in")
    assert browser("GET", "/mine/x").text == "/mine/x"
    assert browser("GET", "/other").status_code == 403
    assert app.undeclared() == []


@pytest.mark.parametrize("path", ["/assets/../mine/x", "/assets//x", "/assets/./x", "/assets/..", "/assets/\\x"])
def test_a_path_that_others_read_differently_is_closed(policy: Build, talk: Build, path: str) -> None:
    assert talk(plain(hello, policy), "http", path)[0]["status"] == 401


def app_of(policy: Build, *handlers: Any, methods: Any = ("GET", "POST"), **settings: Any) -> Starlette:
    app = Starlette(routes=[Route(f"/{one.__name__}", public(one), methods=methods) for one in handlers])
    Guard(app, policy=policy(**settings))
    return app


class PaymentDeclinedError(PublicError):
    refusal = Refusal(402, "payment-declined", "Payment declined.")


async def boom(_: Request) -> Response:
    raise ValueError("SELECT * FROM users; password=hunter2 /srv/app.py")


async def declined(_: Request) -> Response:
    sign_in("eve")
    raise PaymentDeclinedError("card 4111 blocked by bank")


async def missing(_: Request) -> Response:
    raise NotFoundError


async def own_500(_: Request) -> Response:
    return PlainTextResponse("stack trace", 503, {"x-debug": "secret"})


async def grouped(_: Request) -> Response:
    raise ExceptionGroup("tasks", [ExceptionGroup("inner", [PaymentDeclinedError()])])


def test_errors_are_generic_and_logged_once_with_the_id(policy: Build, browse: Build, events: Any) -> None:
    answer = browse(app_of(policy, boom))("GET", "/boom")
    assert answer.status_code == 500
    assert answer.json() == {
        "type": "about:blank",
        "title": "Internal Server Error",
        "status": 500,
        "code": "internal-error",
        "detail": "An internal error occurred.",
        "request_id": answer.headers["x-request-id"],
    }
    assert [event.name for event in events] == ["unhandled-exception"]
    assert events[0].request_id == answer.headers["x-request-id"]
    assert "ValueError" in events[0].detail["stack"]


def test_browsers_get_a_page(policy: Build, browse: Build) -> None:
    answer = browse(app_of(policy, boom))("GET", "/boom", headers={"accept": "text/html,*/*"})
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.headers["x-request-id"] in answer.text
    assert "hunter2" not in answer.text


def test_debug_pages_never_reach_a_browser(policy: Build, browse: Build) -> None:
    app = app_of(policy, boom)
    app.debug = True
    answer = browse(app)("GET", "/boom", headers={"accept": "text/html"})
    assert "hunter2" not in answer.text
    assert "Traceback" not in answer.text


def test_public_errors_say_their_fixed_sentence_and_begin_nothing(policy: Build, browse: Build, events: Any) -> None:
    browser = browse(app_of(policy, declined, missing, grouped))
    answer = browser("POST", "/declined")
    assert (answer.status_code, answer.json()["detail"]) == (402, "Payment declined.")
    assert "set-cookie" not in answer.headers
    assert "4111" not in answer.text
    assert (events[-1].name, events[-1].detail["cause"]) == ("payment-declined", "card 4111 blocked by bank")
    assert browser("GET", "/missing").status_code == 404
    assert browser("GET", "/grouped").status_code == 402


def test_a_public_error_needs_a_fixed_answer() -> None:
    with pytest.raises(ConfigError, match="needs a class attribute"):
        type("Bad", (PublicError,), {})


def test_the_apps_own_5xx_is_replaced(policy: Build, browse: Build) -> None:
    answer = browse(app_of(policy, own_500))("GET", "/own_500")
    assert answer.status_code == 503
    assert answer.json()["code"] == "service-unavailable"
    assert "secret" not in str(answer.headers) + answer.text
    assert "stack trace" not in answer.text


def test_an_error_after_the_first_byte_cuts_the_connection(policy: Build, browse: Build, events: Any) -> None:
    async def cut(_: Request) -> Response:
        async def parts() -> Any:
            yield b"half"
            raise ValueError("late")

        return StreamingResponse(parts(), media_type="text/plain")

    with pytest.raises(ValueError, match="late"):
        browse(app_of(policy, cut))("GET", "/cut")
    assert [event.name for event in events] == ["unhandled-exception"]


def test_a_failing_background_task_leaves_the_answer_alone(policy: Build, browse: Build, events: Any) -> None:
    async def fail() -> None:
        raise ValueError("later")

    async def background(_: Request) -> Response:
        return PlainTextResponse("ok", background=BackgroundTask(fail))

    assert browse(app_of(policy, background))("GET", "/background").text == "ok"
    assert [event.name for event in events] == ["background-task-failed"]


def test_an_app_that_answers_nothing_is_an_error(policy: Build, browse: Build, events: Any) -> None:
    async def silent(scope: Any, receive: Any, send: Any) -> None: ...

    assert browse(plain(silent, policy))("GET", "/open").status_code == 500
    assert events[-1].name == "server-error"


def messages(*headers: tuple[bytes, bytes], body: bytes = b"<p>", status: int = 200) -> Any:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": status, "headers": list(headers)})
        await send({"type": "http.response.body", "body": body})

    return app


def test_a_body_without_a_content_type_is_refused(policy: Build, talk: Build, events: Any) -> None:
    sent = talk(plain(messages(), policy), "http", "/open")
    assert sent[0]["status"] == 500
    assert b"<p>" not in sent[1]["body"]
    assert events[-1].name == "content-type-missing"


@pytest.mark.parametrize("status", [204, 304])
def test_a_status_without_a_body_gets_none(policy: Build, talk: Build, status: int) -> None:
    sent = talk(plain(messages((b"content-type", b"text/html"), status=status), policy), "http", "/open")
    assert [(m["type"], m.get("body")) for m in sent] == [("http.response.start", None), ("http.response.body", b"")]


@pytest.mark.parametrize(("status", "body"), [(200, b""), (204, b""), (304, b"")])
def test_no_body_needs_no_content_type(policy: Build, talk: Build, status: int, body: bytes) -> None:
    sent = talk(plain(messages(body=body, status=status), policy), "http", "/open")
    assert [message["type"] for message in sent] == ["http.response.start", "http.response.body"]
    assert sent[0]["status"] == status


def test_a_head_alone_is_sent_when_the_app_ends(policy: Build, talk: Build) -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})

    assert [m["type"] for m in talk(plain(app, policy), "http", "/open")] == [
        "http.response.start",
        "http.response.body",
    ]


def test_a_file_sent_by_the_server_needs_a_content_type_too(policy: Build, talk: Build) -> None:
    def sending(*headers: tuple[bytes, bytes]) -> Any:
        async def app(scope: Any, receive: Any, send: Any) -> None:
            await send({"type": "http.response.start", "status": 200, "headers": list(headers)})
            await send({"type": "http.response.pathsend", "path": "/srv/a.css"})

        return app

    assert talk(plain(sending(), policy), "http", "/open")[0]["status"] == 500
    sent = talk(plain(sending((b"content-type", b"text/css")), policy), "http", "/open")
    assert sent[1] == {"type": "http.response.pathsend", "path": "/srv/a.css"}


def test_an_app_that_fails_after_the_guard_has_answered_changes_nothing(policy: Build, talk: Build) -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await messages()(scope, receive, send)
        raise ValueError("late")

    sent = talk(plain(app, policy), "http", "/open")
    assert [message["type"] for message in sent] == ["http.response.start", "http.response.body"]


def test_debug_messages_of_test_clients_pass(policy: Build, talk: Build) -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.debug", "info": {}})
        await send({"type": "http.response.body", "body": b"too early"})
        await messages((b"content-type", b"text/plain"))(scope, receive, send)

    sent = talk(plain(app, policy), "http", "/open")
    assert [m["type"] for m in sent] == ["http.response.debug", "http.response.start", "http.response.body"]


@pytest.mark.parametrize(
    "header",
    [
        (b"x-a", b"1\r\nset-cookie: x=y"),
        (b"x-a", b"1\n"),
        (b"x-a", b"1\r"),
        (b"x a", b"1"),
        (b"x-a: b", b"1"),
        (b"", b"1"),
        (b"X\n", b"1"),
        (b"content-type", b"text/html\0"),
    ],
)
def test_a_header_that_would_split_the_answer_is_an_error(policy: Build, talk: Build, header: Any) -> None:
    sent = talk(plain(messages((b"content-type", b"text/html"), header), policy), "http", "/open")
    assert sent[0]["status"] == 500
    assert header not in sent[0]["headers"]


def test_banners_and_weak_values_of_the_app_are_dropped(policy: Build, talk: Build) -> None:
    app = messages(
        (b"Content-Type", b"text/html"),
        (b"Server", b"Apache/2.4"),
        (b"x-powered-by", b"PHP"),
        (b"X-XSS-Protection", b"1; mode=block"),
        (b"x-frame-options", b"ALLOWALL"),
        (b"referrer-policy", b"unsafe-url"),
        (b"content-security-policy", b"default-src *"),
        (b"access-control-allow-origin", b"*"),
        (b"cross-origin-resource-policy", b"none"),
        (b"cache-control", b"max-age=5"),
        (b"X-Own", b"kept"),
    )
    head = talk(plain(app, policy), "http", "/open")[0]["headers"]
    got = dict(head)
    assert len(head) == len(got)
    assert got[b"content-type"] == b"text/html; charset=utf-8"
    assert got[b"x-xss-protection"] == b"0"
    assert got[b"x-frame-options"] == b"DENY"
    assert got[b"referrer-policy"] == b"strict-origin-when-cross-origin"
    assert got[b"cross-origin-resource-policy"] == b"same-origin"
    assert got[b"x-own"] == b"kept"
    assert got[b"cache-control"] == b"max-age=5"
    assert not {b"server", b"x-powered-by", b"access-control-allow-origin"} & set(got)


def test_an_app_may_be_stricter_or_share_a_resource(policy: Build, talk: Build) -> None:
    app = messages(
        (b"content-type", b"image/png"),
        (b"referrer-policy", b"no-referrer"),
        (b"cross-origin-resource-policy", b"cross-origin"),
    )
    got = dict(talk(plain(app, policy), "http", "/open")[0]["headers"])
    assert got[b"referrer-policy"] == b"no-referrer"
    assert got[b"cross-origin-resource-policy"] == b"cross-origin"
    assert got[b"content-type"] == b"image/png"


@pytest.mark.parametrize(
    ("location", "sent"),
    [
        (b"http://10.0.0.5:8000/a?b", b"/a?b"),
        (b"https://[fd00::1]/x", b"/x"),
        (b"http://192.168.1.1", b"/"),
        (b"/plain", b"/plain"),
        (b"https://example.org/x", b"https://example.org/x"),
        (b"http://93.184.216.34/x", b"http://93.184.216.34/x"),
        (b"http://999.1.1.1/x", b"http://999.1.1.1/x"),
        (b"//10.0.0.5/x", b"/x"),
        (b"HTTP://ann@10.0.0.5/x", b"/x"),
        (b"http://localhost/x", b"/x"),
        (b"http://localhost:3000/x", b"http://localhost:3000/x"),
        (b"http://localhost.example/x", b"http://localhost.example/x"),
        (b"https://sso.corp/x", b"https://sso.corp/x"),
    ],
)
def test_redirects_hide_private_addresses(policy: Build, talk: Build, location: bytes, sent: bytes) -> None:
    app = messages((b"location", location), body=b"", status=303)
    assert dict(talk(plain(app, policy), "http", "/open")[0]["headers"])[b"location"] == sent


@pytest.mark.parametrize(
    ("host", "sent"),
    [
        (b"notes-7f9c", b"/x"),
        (b"notes.shop.svc.cluster.local:8000", b"/x"),
        (b"app.internal", b"/x"),
        (b"10.0.0.5:8000", b"/x"),
        (b"notes.example", b"http://notes.example/x"),
    ],
)
def test_redirects_hide_the_name_by_which_the_proxy_calls(policy: Build, talk: Build, host: bytes, sent: bytes) -> None:
    app = plain(
        messages((b"location", b"http://" + host + b"/x"), body=b"", status=303), policy, hosts=(host.decode(),)
    )
    assert dict(talk(app, "http", "/open", headers=[(b"host", host)])[0]["headers"])[b"location"] == sent


def test_an_origin_of_the_app_is_no_internal_name(policy: Build, talk: Build) -> None:
    app = messages((b"location", b"https://notes.corp/x"), body=b"", status=303)
    guarded = plain(app, policy, origins=("https://notes.corp",))
    sent = talk(guarded, "http", "/open", headers=[(b"host", b"notes.corp")])
    assert dict(sent[0]["headers"])[b"location"] == b"https://notes.corp/x"


@pytest.mark.parametrize(
    ("name", "value", "sent"),
    [
        (b"x-backend", b"10.0.0.5:8000", None),
        (b"Via", b"1.1 172.16.3.4", None),
        (b"x-served", b"by 192.168.1.9, cached", None),
        (b"x-upstream", b"[fd00::1]:80", None),
        (b"content-location", b"http://10.0.0.5/a", b"/a"),
        (b"refresh", b"0; url=http://10.0.0.5:8000/a", b"0; url=/a"),
        (b"link", b'<http://10.0.0.5/a>; rel="next"', b'</a>; rel="next"'),
        (b"x-version", b"1.10.0.0.5", b"1.10.0.0.5"),
        (b"x-peer", b"8.8.8.8", b"8.8.8.8"),
        (b"x-time", b"10:0:0:5", b"10:0:0:5"),
    ],
)
def test_other_headers_hide_private_addresses(
    policy: Build, talk: Build, name: bytes, value: bytes, sent: bytes | None
) -> None:
    app = messages((b"content-type", b"text/plain"), (name, value))
    assert dict(talk(plain(app, policy), "http", "/open")[0]["headers"]).get(name.lower()) == sent


@pytest.mark.parametrize(
    ("given", "sent"),
    [
        (b"Text/html", b"Text/html; charset=utf-8"),
        (b" text/html", b"text/html; charset=utf-8"),
        (b"TEXT/CSV;header=present", b"TEXT/CSV;header=present; charset=utf-8"),
        (b"text/html; Charset=UTF-8", b"text/html; Charset=UTF-8"),
        (b'text/html;charset="utf-8"', b'text/html;charset="utf-8"'),
        (b"text/plain; charset=us-ascii", b"text/plain; charset=utf-8"),
        (b"text/html; x=charset", b"text/html; x=charset; charset=utf-8"),
        (b"application/json", b"application/json"),
        (b"multipart/mixed; boundary=text/charset", b"multipart/mixed; boundary=text/charset"),
    ],
)
def test_text_says_utf_8(policy: Build, talk: Build, given: bytes, sent: bytes) -> None:
    for name in (b"content-type", b"Content-Type"):
        answer = talk(plain(messages((name, given)), policy), "http", "/open")
        assert dict(answer[0]["headers"])[b"content-type"] == sent


@pytest.mark.parametrize(
    "given",
    [
        b"text/html; charset=utf-7",
        b"Text/Plain; charset=iso-8859-1",
        b"text/html; charset=utf-8; charset=utf-7",
        b"text/html; charset=",
        b"",
        b" ",
        b"html",
        b"*/*",
        b"text/",
    ],
)
def test_text_in_another_charset_or_without_a_real_type_is_an_error(policy: Build, talk: Build, given: bytes) -> None:
    assert talk(plain(messages((b"content-type", given)), policy), "http", "/open")[0]["status"] == 500


def test_a_session_cookie_without_its_flags_is_never_sent(policy: Build, talk: Build, events: Any) -> None:
    app = messages((b"content-type", b"text/plain"), (b"set-cookie", b"sessionid=s3cr3t; Path=/"))
    answer = talk(plain(app, policy), "http", "/open")
    assert answer[0]["status"] == 500
    assert "set-cookie" not in dict(answer[0]["headers"])
    assert events[-1].name == "unhandled-exception"
    assert "s3cr3t" not in str(events[-1].detail)


def test_hsts_only_over_tls(policy: Build, browse: Build) -> None:
    app = plain(hello, policy)
    assert browse(app)("GET", "/open").headers["strict-transport-security"] == "max-age=31536000; includeSubDomains"
    assert "strict-transport-security" not in browse(app, "http://localhost")("GET", "/open").headers


def test_every_answer_carries_the_headers_and_a_new_nonce(policy: Build, browse: Build) -> None:
    browser = browse(app_of(policy, boom, own_500, missing))
    nonces = []
    for path in ("/boom", "/own_500", "/missing", "/nope", "/boom"):
        answer = browser("GET", path)
        assert set(answer.headers) >= SECURE, path
        nonces.append(answer.headers["content-security-policy"])
    assert len(set(nonces)) == len(nonces)


def test_a_route_may_have_a_policy_of_its_own(policy: Build, browse: Build) -> None:
    @sends_csp(ContentSecurityPolicy(frame_ancestors=("https://partner.example",)))
    async def widget(_: Request) -> Response:
        return PlainTextResponse("w")

    @sends_csp(ContentSecurityPolicy(frame_ancestors=("'self'",)))
    async def framed(_: Request) -> Response:
        return PlainTextResponse("f")

    browser = browse(app_of(policy, widget, framed, trial_csp=ContentSecurityPolicy(trusted_types=True)))
    partner, own = browser("GET", "/widget"), browser("GET", "/framed")
    assert "frame-ancestors https://partner.example" in partner.headers["content-security-policy"]
    assert "x-frame-options" not in partner.headers
    assert own.headers["x-frame-options"] == "SAMEORIGIN"
    assert "require-trusted-types-for 'script'" in own.headers["content-security-policy-report-only"]


def test_request_ids(policy: Build, browse: Build, events: Any) -> None:
    async def ids(_: Request) -> Response:
        return JSONResponse([current().request_id, current().client_request_id])

    browser = browse(app_of(policy, ids))
    given = browser("GET", "/ids", headers={"x-request-id": "abc-123"})
    assert given.json() == [given.headers["x-request-id"], "abc-123"]
    assert given.json()[0][14] == "4"
    for bad in ("a" * 65, "a b", "a\tb", "<script>"):
        assert browser("GET", "/ids", headers={"x-request-id": bad}).json()[1] == ""


# --- Limits -----------------------------------------------------------------------------------------------------------


async def size(request: Request) -> Response:
    return JSONResponse(len(await request.body()))


@accepts_body(2 * MIB)
async def upload(request: Request) -> Response:
    return JSONResponse(len(await request.body()))


async def stubborn(request: Request) -> Response:
    try:
        await request.body()
    except Exception:  # noqa: BLE001 - an app that swallows everything is the point
        RAN.append("swallowed")
    return PlainTextResponse("fine")


RAN: list[str] = []


@pytest.mark.parametrize(
    ("path", "bytes_sent", "status"),
    [
        ("/size", MIB, 200),
        ("/size", MIB + 1, 413),
        ("/upload", 2 * MIB, 200),
        ("/upload", 2 * MIB + 1, 413),
        ("/upload", 10 * MIB + 1, 413),
        ("/stubborn", MIB + 1, 413),
    ],
)
@pytest.mark.parametrize("chunked", [True, False])
def test_body_limits(*, policy: Build, browse: Build, path: str, bytes_sent: int, status: int, chunked: bool) -> None:
    async def parts() -> Any:
        for start in range(0, bytes_sent, 65_536):
            yield b"x" * min(65_536, bytes_sent - start)

    answer = browse(app_of(policy, size, upload, stubborn))(
        "POST", path, content=parts() if chunked else b"x" * bytes_sent
    )
    assert answer.status_code == status


@pytest.mark.parametrize(
    "headers",
    [
        [(b"content-length", b"1"), (b"transfer-encoding", b"chunked")],
        [(b"content-length", b"1"), (b"content-length", b"2")],
        [(b"content-length", b"-1")],
        [(b"content-length", b"+1")],
        [(b"content-length", b"9" * 30)],
        [(b"host", b"localhost")],
        [(b"origin", b"https://localhost"), (b"origin", b"https://evil.example")],
        [(b"sec-fetch-site", b"same-origin"), (b"sec-fetch-site", b"cross-site")],
    ],
)
def test_doubtful_framing_is_refused(policy: Build, talk: Build, headers: Any) -> None:
    sent = talk(plain(hello, policy), "http", "/open", headers=[(b"host", b"localhost"), *headers])
    assert sent[0]["status"] == 400


@pytest.mark.parametrize("method", ["TRACE", "TRACK", "CONNECT", "get", "PROPFIND", ""])
def test_unused_methods_are_refused(policy: Build, talk: Build, method: str) -> None:
    sent = talk(plain(hello, policy), "http", "/open", method=method)
    assert sent[0]["status"] == 405
    assert dict(sent[0]["headers"])[b"allow"]


def test_an_overflowing_body_ends_for_good(policy: Build, talk: Build) -> None:
    got: list[str] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        got.extend([(await receive())["type"] for _ in range(3)])
        await PlainTextResponse("fine")(scope, receive, send)

    part = {"type": "http.request", "body": b"x" * (MIB // 2 + 1), "more_body": True}
    assert talk(plain(app, policy), "http", "/open", part, part, part, method="POST")[0]["status"] == 413
    assert got == ["http.request", "http.disconnect", "http.disconnect"]


def test_an_app_that_raises_on_an_overflow_is_answered_for(policy: Build, talk: Build, events: Any) -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        while (await receive())["type"] != "http.disconnect":
            pass
        raise ConnectionError

    part = {"type": "http.request", "body": b"x" * (MIB + 1), "more_body": True}
    assert talk(plain(app, policy), "http", "/open", part, method="POST")[0]["status"] == 413
    assert [(event.name, event.detail["code"]) for event in events] == [("request-refused", "body-too-large")]


def test_limits_must_not_contradict() -> None:
    with pytest.raises(ConfigError, match="largest_body"):
        LimitPolicy(body=5, largest_body=4)
    with pytest.raises(ConfigError, match="number of bytes"):
        accepts_body(0)


def test_a_refused_head_request_has_no_body(policy: Build, talk: Build) -> None:
    assert talk(plain(hello, policy), "http", "/closed", method="HEAD")[1]["body"] == b""


def test_permission_names_must_be_there() -> None:
    with pytest.raises(ConfigError, match="needs the name"):
        permission()
