"""The WSGI wrapper around plain apps, and the corners of PEP 3333."""

import contextvars
import io
import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from vallum.guard import PUBLIC, SIGNED_IN, Guard, current, sign_in
from vallum.guard.http.limits import LimitPolicy

Build = Callable[..., Any]
PATHS = {"/open/*": PUBLIC, "/mine": SIGNED_IN}


class Server:
    """Runs one request after the other, and keeps to the letter of PEP 3333."""

    def __init__(self, app: Any) -> None:
        self.app = app
        self.status = ""
        self.headers: list[tuple[str, str]] = []
        self.body = b""

    def __call__(self, method: str = "GET", path: str = "/open/x", body: bytes = b"", **given: Any) -> "Server":
        self.status, self.headers, self.body = "", [], b""
        environ = {
            "REQUEST_METHOD": method,
            "SCRIPT_NAME": "",
            "PATH_INFO": path,
            "HTTP_HOST": "localhost",
            "wsgi.url_scheme": "https",
            "wsgi.input": io.BytesIO(body),
            "REMOTE_ADDR": "203.0.113.9",
            "CONTENT_LENGTH": str(len(body) or ""),
            **given,
        }
        parts = self.app({key: value for key, value in environ.items() if value is not None}, self.start)
        try:
            for part in parts:
                assert self.status
                self.body += part
        finally:
            if hasattr(parts, "close"):
                parts.close()
        return self

    def start(self, status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
        assert exc_info or not self.status
        assert all(type(name) is type(value) is str for name, value in headers)
        if exc_info and self.body:
            raise exc_info[1]
        self.status, self.headers = status, headers
        return self.write

    def write(self, part: bytes) -> None:
        self.body += part

    def header(self, name: str) -> str:
        (value,) = [value for key, value in self.headers if key == name]
        return value


@pytest.fixture
def serve(policy: Build) -> Callable[..., Server]:
    def build(app: Any, **settings: Any) -> Server:
        return Server(Guard(app, policy=policy(**{"paths": PATHS, **settings})).wsgi_app)

    return build


HTML = [("Content-Type", "text/html")]


def failed() -> Any:
    try:
        return int("hidden")
    except ValueError:
        return sys.exc_info()


def hello(environ: Any, start_response: Any) -> list[bytes]:
    start_response("200 OK", HTML)
    return [current().csp_nonce.encode()]


def test_a_plain_app_is_judged_by_the_table_of_paths(serve: Build) -> None:
    server = serve(hello)
    answer = server()
    assert answer.status == "200 OK"
    assert f"'nonce-{answer.body.decode()}'" in answer.header("content-security-policy")
    assert answer.header("content-type") == "text/html; charset=utf-8"
    assert server(path="/mine").status == "401 Unauthorized"
    assert server(path="/other").status == "401 Unauthorized"
    assert server(path="/open/../mine").status == "401 Unauthorized"
    assert server("HEAD", "/other").body == b""


def test_a_path_in_another_alphabet(serve: Build) -> None:
    def app(environ: Any, start_response: Any) -> list[bytes]:
        start_response("200 OK", HTML)
        return [current().path.encode()]

    assert serve(app)(path="/open/é".encode().decode("latin-1")).body.decode() == "/open/é"


def test_a_generator_says_its_head_with_its_first_part(serve: Build) -> None:
    def app(environ: Any, start_response: Any) -> Iterator[bytes]:
        start_response("200 OK", HTML)
        yield b"one"
        yield current().csp_nonce.encode()

    answer = serve(app)()
    assert answer.body.startswith(b"one")
    assert f"'nonce-{answer.body[3:].decode()}'" in answer.header("content-security-policy")


def test_the_old_write_is_served(serve: Build) -> None:
    def app(environ: Any, start_response: Any) -> list[bytes]:
        write = start_response("200 OK", HTML)
        write(b"one ")
        write(b"two")
        return [b" three"]

    answer = serve(app)()
    assert answer.body == b"one two three"
    assert answer.header("x-frame-options") == "DENY"


@pytest.mark.parametrize(("status", "headers"), [("500 Own", HTML), ("200 OK", [])])
def test_the_old_write_passes_nothing_that_is_replaced(serve: Build, status: str, headers: Any) -> None:
    def app(environ: Any, start_response: Any) -> list[bytes]:
        start_response(status, headers)(b"hidden")
        return []

    answer = serve(app)()
    assert answer.status == "500 Internal Server Error"
    assert b"hidden" not in answer.body


def test_an_exception_after_the_old_write_cuts_the_connection(serve: Build, events: Any) -> None:
    def app(environ: Any, start_response: Any) -> list[bytes]:
        start_response("200 OK", HTML)(b"half")
        raise ValueError("hidden")

    with pytest.raises(ValueError, match="hidden"):
        serve(app)()
    assert [event.name for event in events] == ["unhandled-exception"]


@pytest.mark.parametrize("late", [False, True])
def test_an_exception_before_the_first_byte_becomes_a_page(*, serve: Build, events: Any, late: bool) -> None:
    def app(environ: Any, start_response: Any) -> Iterator[bytes]:
        start_response("200 OK", HTML)
        if late:
            yield b""
        raise ValueError("hidden")

    answer = serve(app)()
    assert answer.status == "500 Internal Server Error"
    assert b"internal-error" in answer.body
    assert "content-security-policy" in dict(answer.headers)
    assert [event.name for event in events] == ["unhandled-exception"]


def test_an_app_may_replace_its_own_head(serve: Build) -> None:
    def app(environ: Any, start_response: Any) -> list[bytes]:
        start_response("200 OK", HTML)
        start_response("404 Not Found", HTML, failed())
        return [b"own page"]

    answer = serve(app)()
    assert (answer.status, answer.body) == ("404 Not Found", b"own page")


def test_a_head_that_is_replaced_too_late_raises(serve: Build) -> None:
    def app(environ: Any, start_response: Any) -> Iterator[bytes]:
        start_response("200 OK", HTML)
        yield b"half"
        start_response("500 Oh", HTML, failed())

    with pytest.raises(ValueError, match="hidden"):
        serve(app)()


@pytest.mark.parametrize("body", [[b"x"], iter([b"", b"x"])])
def test_a_body_without_a_content_type_is_refused(serve: Build, events: Any, body: Any) -> None:
    def app(environ: Any, start_response: Any) -> Any:
        start_response("200 OK", [])
        return body

    answer = serve(app)()
    assert answer.status.startswith("500")
    assert b"x-content" not in answer.body
    assert events[-1].name == "content-type-missing"


@pytest.mark.parametrize(
    ("status", "body"), [("200 OK", []), ("204 No Content", [b"next answer"]), ("304 Not", [b"n"])]
)
def test_no_body_needs_no_content_type(serve: Build, status: str, body: Any) -> None:
    closed: list[str] = []

    class Body(list[bytes]):
        def close(self) -> None:
            closed.append(status)

    def app(environ: Any, start_response: Any) -> Any:
        start_response(status, [])
        return Body(body)

    answer = serve(app)()
    assert (answer.status, answer.body) == (status, b"")
    assert closed == [status]


def test_an_app_that_says_nothing_is_an_error(serve: Build, events: Any) -> None:
    assert serve(lambda environ, start_response: [])().status.startswith("500")
    assert [event.name for event in events] == ["server-error"]


@pytest.mark.parametrize("status", ["nonsense", "", "xxx"])
def test_a_status_that_is_none_is_an_error(serve: Build, status: str) -> None:
    def app(environ: Any, start_response: Any) -> list[bytes]:
        start_response(status, HTML)
        return [b"x"]

    assert serve(app)().status.startswith("500")


@pytest.mark.parametrize("value", ["a\r\nset-cookie: x=1", "a\nb", "a\0b", "\u2028"])
def test_a_header_that_would_split_the_answer_is_an_error(serve: Build, value: str) -> None:
    def app(environ: Any, start_response: Any) -> list[bytes]:
        start_response("200 OK", [*HTML, ("X-Own", value)])
        return [b"x"]

    assert serve(app)().status.startswith("500")


def test_what_fails_in_close_goes_to_the_log(serve: Build, events: Any) -> None:
    class Body:
        def __iter__(self) -> Iterator[bytes]:
            yield b"whole"

        def close(self) -> None:
            raise ValueError("hidden")

    def app(environ: Any, start_response: Any) -> Any:
        start_response("200 OK", HTML)
        return Body()

    assert serve(app)().body == b"whole"
    assert [event.name for event in events] == ["background-task-failed"]


@pytest.mark.parametrize("own", ["503 Busy", "500 Oh"])
def test_server_errors_are_replaced_and_their_bodies_closed(serve: Build, own: str) -> None:
    closed: list[bool] = []

    class Body(list[bytes]):
        def close(self) -> None:
            closed.append(True)

    def app(environ: Any, start_response: Any) -> Any:
        start_response(own, HTML)
        return Body([b"hidden"])

    answer = serve(app)()
    assert answer.status[:3] == own[:3]
    assert b"hidden" not in answer.body
    assert closed == [True]


def test_nothing_is_left_behind(serve: Build) -> None:
    server = serve(hello)
    for path in ("/open/x", "/mine", "/nope"):
        server(path=path)
        with pytest.raises(Exception, match="no guarded request"):
            current()


def test_a_body_that_another_thread_closes(serve: Build) -> None:
    def app(environ: Any, start_response: Any) -> Iterator[bytes]:
        start_response("200 OK", HTML)
        yield b"x"

    server = serve(app)
    parts = contextvars.copy_context().run(
        server.app,
        {"REQUEST_METHOD": "GET", "PATH_INFO": "/open/x", "HTTP_HOST": "localhost", "wsgi.input": io.BytesIO()},
        server.start,
    )
    assert list(parts) == [b"x"]
    parts.close()


def test_the_outermost_guard_judges(policy: Build) -> None:
    inner = Guard(hello, policy=policy()).wsgi_app
    outer = Server(Guard(inner, policy=policy(paths=PATHS)).wsgi_app)
    assert outer().status == "200 OK"
    assert len([1 for name, _ in outer.headers if name == "x-request-id"]) == 1


@pytest.mark.parametrize(
    "given",
    [
        {"HTTP_HOST": "localhost,localhost"},
        {"HTTP_HOST": None},
        {"CONTENT_LENGTH": "1,1"},
        {"CONTENT_LENGTH": "-1"},
        {"CONTENT_LENGTH": "1", "HTTP_TRANSFER_ENCODING": "chunked"},
        {"HTTP_ORIGIN": "https://localhost,https://localhost"},
        {"HTTP_X_CSRF_TOKEN": "a,b"},
    ],
)
def test_doubtful_heads_are_refused(serve: Build, given: Any) -> None:
    assert serve(hello)("POST", **given).status == "400 Bad Request"


# --- Bodies -----------------------------------------------------------------------------------------------------------


def reader(read: Callable[[Any], object]) -> Any:
    def app(environ: Any, start_response: Any) -> list[bytes]:
        got = read(environ["wsgi.input"])
        start_response("200 OK", HTML)
        return [repr(got).encode()]

    return app


TEXT = b"one\ntwo\nthree"


@pytest.mark.parametrize(
    "read",
    [
        lambda file: file.read(),
        lambda file: file.read(5),
        lambda file: [file.read(2), file.read(-1)],
        lambda file: file.readline(),
        lambda file: file.readline(2),
        lambda file: file.readlines(),
        list,
        lambda file: [next(file), file.read()],
    ],
)
def test_a_counted_body_is_a_whole_file(serve: Build, read: Callable[[Any], object]) -> None:
    answer = serve(reader(read))("POST", body=TEXT, CONTENT_LENGTH=None)
    assert answer.body.decode() == repr(read(io.BytesIO(TEXT)))


def test_a_body_without_a_length_is_counted(serve: Build) -> None:
    server = serve(reader(lambda file: len(file.read())), limits=LimitPolicy(body=10, largest_body=20))
    assert server("POST", body=b"x" * 10, CONTENT_LENGTH="").body == b"10"
    assert server("POST", body=b"x" * 11, CONTENT_LENGTH="").status.startswith("413")
    assert server("POST", body=b"x" * 11).status.startswith("413")


def test_an_overflowing_body_ends_for_good(serve: Build) -> None:
    def stubborn(file: Any) -> int:
        failed = 0
        for _ in range(3):
            try:
                file.read()
            except Exception:  # noqa: BLE001 - an app that swallows everything is the point
                failed += 1
        return failed

    server = serve(reader(stubborn), limits=LimitPolicy(body=10, largest_body=20))
    assert server("POST", body=b"x" * 100, CONTENT_LENGTH=None).status.startswith("413")


def form_of(server: Server, body: bytes, **given: Any) -> Server:
    kind = {"CONTENT_TYPE": "application/x-www-form-urlencoded", "HTTP_ORIGIN": "https://localhost", **given}
    return server("POST", body=body, **kind)


def test_a_form_without_a_length_is_read_only_where_it_ends(serve: Build) -> None:
    visitor = {"HTTP_COOKIE": "__Host-csrf=" + "A" * 43}

    class Endless(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            raise AssertionError("would never return")

    server = serve(reader(lambda file: file.read()))
    blocked = form_of(server, b"", CONTENT_LENGTH=None, **visitor, **{"wsgi.input": Endless()})
    assert blocked.status.startswith("403")
    ended = form_of(server, b"a=1", CONTENT_LENGTH=None, **visitor, **{"wsgi.input_terminated": True})
    assert ended.status.startswith("403")


def test_a_form_is_never_read_beyond_its_length(serve: Build) -> None:
    def app(environ: Any, start_response: Any) -> list[bytes]:
        start_response("200 OK", HTML)
        if environ["PATH_INFO"] == "/open/enter":
            sign_in("ada")
            return [current().csrf_token.encode()]
        return [environ["wsgi.input"].read()]

    server = serve(app)
    entered = server("POST", "/open/enter", HTTP_ORIGIN="https://localhost")
    cookie, token = entered.header("set-cookie").partition(";")[0], entered.body
    body = b"text=milk&csrf_token=" + token
    given = {"CONTENT_LENGTH": str(len(body)), "HTTP_COOKIE": cookie}
    assert form_of(server, body + b"GET /next", **given).body == body
    assert form_of(server, body[:-20] + b"GET /next-or-more-of-it", **given).status.startswith("403")


def test_the_wrapper_needs_no_event_loop() -> None:
    code = """
import sys
from vallum.guard import Guard, GuardPolicy
Guard(lambda environ, start: [], policy=GuardPolicy(sink=print)).wsgi_app
print(sorted({"asyncio", "starlette", "flask", "django", "litestar"} & set(sys.modules)))
"""
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert (out.stdout.splitlines()[-1:], out.stderr) == (["[]"], "")
