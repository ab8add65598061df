"""What Chromium makes of a guarded app when pages of another site and of a sibling subdomain attack it."""

import datetime as dt
import socket
import ssl
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

import pytest
import uvicorn
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from fastapi import FastAPI, Form
from fastapi.responses import HTMLResponse, Response
from playwright.sync_api import Browser, BrowserContext, Page

from vallum.base.secret import Secret
from vallum.guard import Guard, GuardPolicy, current, public, sends_csp, sign_in, sign_out, signed_in
from vallum.guard.output.csp import ContentSecurityPolicy
from vallum.guard.policy import Environment
from vallum.stores.sqlite import SqliteSessions

pytestmark = pytest.mark.browser

APP, SIBLING, STRANGER = "app.shop.example", "blog.shop.example", "attacker.example"
ATTACKERS = (SIBLING, STRANGER)
PIXEL = '<svg xmlns="http://www.w3.org/2000/svg" width="1" height="1"/>'
BOTH = """<body><script nonce="{nonce}">window.trusted = true</script><script>window.injected = true</script>
<img src="data:image/png;base64,x" onerror="window.injected = true"><a href="javascript:window.injected = true">x</a>
<script nonce="{nonce}" src="/right.js"></script><script nonce="{nonce}" src="/upload.txt"></script>"""
SINK = """<body><script nonce="{nonce}">
try {{ document.body.innerHTML = '<b>x</b>'; document.title = 'written' }}
catch (error) {{ document.title = error.name }}
</script>"""
FORM = """url => {
  const form = document.createElement('form');
  Object.assign(form, {method: 'post', action: url, enctype: '%s'});
  const text = Object.assign(document.createElement('input'), {name: 'text', value: 'stolen'});
  form.append(text); document.body.append(form); form.submit();
}"""
FETCH = """url => fetch(url, {method: 'POST', mode: '%s', credentials: 'include', headers: {'content-type': '%s'},
  body: 'text=stolen'}).then(answer => answer.type, error => error.name)"""
FRAME = """url => new Promise(done => {
  const frame = Object.assign(document.createElement('iframe'), {src: url, onload: done});
  document.body.append(frame);
})"""
IMAGE = """url => new Promise(done => {
  Object.assign(new Image(), {onload: () => done('shown'), onerror: () => done('refused'), src: url});
})"""
POSTS = {
    "form": FORM % "application/x-www-form-urlencoded",
    "multipart": FORM % "multipart/form-data",
    "text": FORM % "text/plain",
    "fetch": FETCH % ("no-cors", "application/x-www-form-urlencoded"),
    "text-fetch": FETCH % ("no-cors", "text/plain"),
    "cors": FETCH % ("cors", "application/x-www-form-urlencoded"),
}


@dataclass
class Shop:
    """The running app: where it is, what was changed in it, and each request as (method, path, status, cookie?)."""

    port: int
    changed: list[str] = field(default_factory=list)
    seen: list[tuple[str, str, int, bool]] = field(default_factory=list)

    def url(self, path: str) -> str:
        return f"https://{APP}:{self.port}{path}"


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Shop, int]]:
    folder = tmp_path_factory.mktemp("shop")
    write_certificate(folder)
    with listen() as own, listen() as other:
        shop, port = Shop(own.getsockname()[1]), other.getsockname()[1]
        with serve(record(build_app(shop, folder), shop), own, folder), serve(attacker_page, other, folder):
            yield shop, port


def write_certificate(folder: Path) -> None:
    key, now = ec.generate_private_key(ec.SECP256R1()), dt.datetime.now(dt.UTC)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, APP)])
    names = x509.SubjectAlternativeName([x509.DNSName(host) for host in (APP, *ATTACKERS)])
    certificate = (
        x509.CertificateBuilder(issuer_name=name, subject_name=name, public_key=key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(hours=1))
        .not_valid_after(now + dt.timedelta(hours=1))
        .add_extension(names, critical=False)
        .sign(key, hashes.SHA256())
    )
    (folder / "certificate.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    plain = serialization.NoEncryption()
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)
    (folder / "key.pem").write_bytes(pem)


@contextmanager
def listen() -> Iterator[socket.socket]:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield listener


@contextmanager
def serve(app: Any, listener: socket.socket, folder: Path) -> Iterator[None]:
    config = uvicorn.Config(
        app,
        log_level="critical",
        server_header=False,
        proxy_headers=False,
        ws="none",
        lifespan="off",
        timeout_graceful_shutdown=1,
        ssl_certfile=str(folder / "certificate.pem"),
        ssl_keyfile=str(folder / "key.pem"),
        ssl_version=ssl.PROTOCOL_TLS_SERVER,
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    yield
    server.should_exit = True
    thread.join()


def record(app: Any, shop: Shop) -> Callable[..., Awaitable[None]]:
    async def recorder(scope: Any, receive: Any, send: Any) -> None:
        async def note(message: Any) -> None:
            if message["type"] == "http.response.start":
                cookie = any(name == b"cookie" and b"__Host-session" in value for name, value in scope["headers"])
                shop.seen.append((scope["method"], scope["path"], message["status"], cookie))
            await send(message)

        await app(scope, receive, note)

    return recorder


async def attacker_page(scope: Any, receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/html")]})
    await send({"type": "http.response.body", "body": b"<!doctype html><body>free prizes"})


def build_app(shop: Shop, folder: Path) -> FastAPI:
    app = FastAPI(openapi_url=None)
    policy = GuardPolicy(
        environment=Environment.PRODUCTION,
        origins=(f"https://{APP}:{shop.port}",),
        secrets=(Secret("kX2v-9qLw_7RzT4mBs81YfHc0PdJ6NgUa"),),
        store=SqliteSessions(str(folder / "sessions.sqlite")),
        sink=lambda event: None,
    )
    add_actions(app, shop)
    add_pages(app)
    Guard(app, policy=policy)
    return app


def add_actions(app: FastAPI, shop: Shop) -> None:
    @app.get("/form")
    @public
    async def form() -> HTMLResponse:
        token = f'<input type="hidden" name="csrf_token" value="{current().csrf_token}">'
        return HTMLResponse(
            f'<form method="post" action="/login">{token}<input name="text"><button>in</button></form>'
            f'<form method="post" action="/change">{token}<input name="text"><button>change</button></form>'
        )

    @app.post("/login")
    @public
    async def login(text: Annotated[str, Form()]) -> None:
        sign_in(text)

    @app.post("/change")
    @signed_in
    async def change(text: Annotated[str, Form()]) -> None:
        shop.changed.append(text)

    @app.get("/account")
    @signed_in
    async def account() -> str:
        return "private"

    @app.post("/logout")
    @signed_in
    async def logout() -> None:
        sign_out()


def add_pages(app: FastAPI) -> None:
    @app.get("/page")
    @public
    async def page() -> HTMLResponse:
        return HTMLResponse(BOTH.format(nonce=current().csp_nonce))

    @app.get("/typed")
    @public
    @sends_csp(ContentSecurityPolicy(trusted_types=True))
    async def typed() -> HTMLResponse:
        return HTMLResponse(SINK.format(nonce=current().csp_nonce))

    @app.get("/untyped")
    @public
    async def untyped() -> HTMLResponse:
        return HTMLResponse(SINK.format(nonce=current().csp_nonce))

    for path, text, kind in (
        ("/right.js", "window.typed = true", "text/javascript"),
        ("/upload.txt", "window.sniffed = true", "text/plain"),
        ("/pixel.svg", PIXEL, "image/svg+xml"),
    ):
        app.get(path)(public(answer_with(text, kind)))


def answer_with(text: str, kind: str) -> Callable[[], Awaitable[Response]]:
    async def answer() -> Response:
        return Response(text, media_type=kind)

    return answer


@pytest.fixture
def context(browser: Browser, shop: tuple[Shop, int]) -> Iterator[BrowserContext]:
    shop[0].changed.clear()
    shop[0].seen.clear()
    with browser.new_context() as context:
        context.set_default_timeout(8000)
        yield context


@pytest.fixture
def visitor(context: BrowserContext, shop: tuple[Shop, int]) -> Page:
    """A page of the app before anybody signs in."""
    page = context.new_page()
    page.goto(shop[0].url("/form"))
    return page


@pytest.fixture
def member(visitor: Page, shop: tuple[Shop, int]) -> Page:
    """A page of the app after the sign-in by its own form."""
    submit(visitor, "/login", "ada")
    visitor.goto(shop[0].url("/form"))
    shop[0].seen.clear()
    return visitor


def submit(page: Page, action: str, text: str) -> None:
    form = page.locator(f"form[action='{action}']")
    form.locator("[name=text]").fill(text)
    with page.expect_response(lambda answer: answer.url.endswith(action)):
        form.locator("button").click()


def visit(context: BrowserContext, host: str, shop: tuple[Shop, int]) -> Page:
    page = context.new_page()
    page.goto(f"https://{host}:{shop[1]}/")
    return page


def attack(page: Page, script: str, url: str) -> None:
    """Run the script until its answer is there: a form leads to it, a fetch waits for it."""
    if ".submit()" not in script:
        page.evaluate(script, url)
        return
    with page.expect_navigation():
        page.evaluate(script, url)


@pytest.mark.parametrize("way", POSTS)
@pytest.mark.parametrize("host", ATTACKERS)
def test_a_forged_post_changes_nothing(member: Page, shop: tuple[Shop, int], host: str, way: str):
    page = visit(member.context, host, shop)
    attack(page, POSTS[way], shop[0].url("/change"))
    # A sibling is the same site, so that SameSite does not keep the cookie back: the guard alone refuses.
    assert ("POST", "/change", 403, host == SIBLING) in shop[0].seen
    assert shop[0].changed == []


@pytest.mark.parametrize("host", ATTACKERS)
def test_json_is_stopped_at_the_preflight(member: Page, shop: tuple[Shop, int], host: str):
    page = visit(member.context, host, shop)
    assert page.evaluate(FETCH % ("cors", "application/json"), shop[0].url("/change")) == "TypeError"
    assert {seen[0] for seen in shop[0].seen} <= {"OPTIONS"}
    assert shop[0].changed == []


@pytest.mark.parametrize("host", ATTACKERS)
def test_images_and_links_change_nothing(member: Page, shop: tuple[Shop, int], host: str):
    page, url = visit(member.context, host, shop), shop[0].url("/change?text=stolen")
    assert page.evaluate(IMAGE, url) == "refused"
    with page.expect_navigation():
        page.evaluate("url => { location.href = url }", url)
    answered = {seen[2] for seen in shop[0].seen if seen[1] == "/change"}
    assert answered == ({405} if host == SIBLING else {401})  # another site's request comes without the cookie
    assert shop[0].changed == []


@pytest.mark.parametrize("host", ATTACKERS)
def test_other_sites_read_nothing(member: Page, shop: tuple[Shop, int], host: str):
    page = visit(member.context, host, shop)
    script = "url => fetch(url, {credentials: 'include'}).then(answer => answer.text(), error => error.name)"
    assert page.evaluate(script, shop[0].url("/account")) == "TypeError"
    assert member.evaluate(script, "/account") == '"private"'


@pytest.mark.parametrize("host", ATTACKERS)
def test_nobody_is_signed_in_by_another_site(context: BrowserContext, shop: tuple[Shop, int], host: str):
    page = visit(context, host, shop)
    attack(page, POSTS["form"], shop[0].url("/login"))
    assert ("POST", "/login", 403, False) in shop[0].seen
    assert context.cookies() == []


def test_the_own_form_and_script_pass(member: Page, shop: tuple[Shop, int]):
    script = """token => fetch('/change', {method: 'POST', headers: token ? {'x-csrf-token': token} : {},
      body: new URLSearchParams({text: 'by script'})}).then(answer => answer.status)"""
    token = member.locator("[name=csrf_token]").first.get_attribute("value")
    assert member.evaluate(script, token) == 200
    assert member.evaluate(script, "") == 403
    submit(member, "/change", "by form")
    assert shop[0].changed == ["by script", "by form"]


def test_the_browser_sees_every_flag(member: Page):
    (cookie,) = [cookie for cookie in member.context.cookies() if cookie["name"] == "__Host-session"]
    flags = {key: cookie[key] for key in ("domain", "path", "secure", "httpOnly", "sameSite", "expires")}
    expected = {"domain": APP, "path": "/", "secure": True, "httpOnly": True, "sameSite": "Strict", "expires": -1}
    assert flags == expected
    assert member.evaluate("document.cookie") == ""


def test_only_scripts_with_the_nonce_and_the_right_type_run(visitor: Page, shop: tuple[Shop, int]):
    visitor.goto(shop[0].url("/page"))
    visitor.locator("a").click()
    names = ("trusted", "typed", "injected", "sniffed")
    ran = {name: visitor.evaluate(f"window.{name} === true") for name in names}
    assert ran == {"trusted": True, "typed": True, "injected": False, "sniffed": False}


@pytest.mark.parametrize("host", ATTACKERS)
def test_no_other_origin_frames_the_app(context: BrowserContext, shop: tuple[Shop, int], host: str):
    page = visit(context, host, shop)
    with page.expect_event("framenavigated", lambda frame: frame.url != "") as shown:
        page.evaluate(FRAME, shop[0].url("/page"))
    assert shown.value.url.startswith("chrome-error:")


@pytest.mark.parametrize(("path", "title"), [("/typed", "TypeError"), ("/untyped", "written")])
def test_trusted_types_refuse_strings_where_asked(visitor: Page, shop: tuple[Shop, int], path: str, title: str):
    visitor.goto(shop[0].url(path))
    assert visitor.title() == title


@pytest.mark.parametrize("host", ATTACKERS)
def test_no_other_origin_embeds_or_holds_the_app(visitor: Page, shop: tuple[Shop, int], host: str):
    page = visit(visitor.context, host, shop)
    assert visitor.evaluate(IMAGE, shop[0].url("/pixel.svg")) == "shown"
    assert page.evaluate(IMAGE, shop[0].url("/pixel.svg")) == "refused"
    with page.expect_popup() as opened:
        page.evaluate("url => { window.held = window.open(url) }", shop[0].url("/form"))
    opened.value.wait_for_load_state()
    assert opened.value.evaluate("window.opener") is None
    assert page.evaluate("window.held.closed") is True


def test_signing_out_clears_what_the_browser_kept(member: Page, shop: tuple[Shop, int]):
    member.evaluate("localStorage.setItem('draft', 'private')")
    token = member.locator("[name=csrf_token]").first.get_attribute("value")
    script = "token => fetch('/logout', {method: 'POST', headers: {'x-csrf-token': token}}).then(got => got.status)"
    assert member.evaluate(script, token) == 200
    assert member.context.cookies() == []
    member.goto(shop[0].url("/form"))
    assert member.evaluate("localStorage.getItem('draft')") is None
