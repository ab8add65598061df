"""Sign in with a real OpenID provider (npm `oidc-provider`, https://github.com/panva/node-oidc-provider).

It runs here as it is, from tests/provider/provider.mjs. `make .venv/provider/.done` installs it.
"""

import datetime as dt
import json
import re
import shutil
import socket
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode, urljoin, urlsplit

import httpx2
import pytest
import uvicorn
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from playwright.sync_api import Browser, Page
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from vallum.base.secret import Secret
from vallum.guard import Guard, GuardPolicy, current_actor, signed_in
from vallum.guard.crypto.random import encryption_key
from vallum.guard.crypto.sealing import SealedBox, generate_field_key
from vallum.guard.logging.events import Event
from vallum.guard.oauth.client import OAuthClient
from vallum.guard.oauth.client_secret import PrivateKeyJwt, SecretBasic, SecretPost
from vallum.guard.oauth.grants import Grants
from vallum.guard.oauth.identity_links import IdentityLinks
from vallum.guard.oauth.logout import leave_provider
from vallum.guard.oauth.provider import Provider
from vallum.guard.oauth.refusals import SignInRefusedError
from vallum.guard.oauth.starlette import sign_in_routes
from vallum.guard.oauth.transport import HttpxSender
from vallum.guard.policy import Environment
from vallum.stores.memory.grants import MemoryGrants
from vallum.stores.memory.links import MemoryLinks
from vallum.stores.memory.proofs import MemoryProofs
from vallum.stores.sqlite import SqliteSessions

HERE = Path(__file__).parents[2] / "provider"
MODULE = Path(__file__).parents[3] / ".venv" / "provider" / "node_modules" / "oidc-provider" / "lib" / "index.js"
NODE = shutil.which("node")
HOST = "app.shop.example"
SECRET = "a-client-secret-of-the-tests"
SIGNING = ec.generate_private_key(ec.SECP256R1())
pytestmark = pytest.mark.skipif(
    NODE is None or not MODULE.is_file(), reason="node or oidc-provider is missing: make .venv/provider/.done"
)


@dataclass
class World:
    """The provider, the client of the app, and what the app noted."""

    issuer: str
    client: OAuthClient
    port: int
    grants: Grants
    events: list[Event] = field(default_factory=list)

    def url(self, path: str) -> str:
        return f"https://{HOST}:{self.port}{path}"


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("oauth")
    write_certificate(folder)
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        port = listener.getsockname()[1]
        with run_provider(port) as issuer, HttpxSender(unsafe_loopback_http=True) as sender:
            world = build_world(issuer, port, sender)
            with serve(build_app(world, folder), listener, folder):
                yield world


@contextmanager
def run_provider(port: int) -> Iterator[str]:
    ways = {"basic": "client_secret_basic", "post": "client_secret_post", "key": "private_key_jwt"}
    clients = [
        {
            "client_id": name,
            "token_endpoint_auth_method": way,
            "redirect_uris": [f"https://{HOST}:{port}/login/{name}/callback"],
            "post_logout_redirect_uris": [f"https://{HOST}:{port}/"],
            "grant_types": ["authorization_code", "refresh_token"],
            **({"jwks": {"keys": [public_key()]}} if name == "key" else {"client_secret": SECRET}),
        }
        for name, way in ways.items()
    ]
    settings = json.dumps({"module": str(MODULE), "clients": clients})
    command = [str(NODE), str(HERE / "provider.mjs"), settings]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        assert process.stdout is not None
        try:
            yield process.stdout.readline().strip()
        finally:
            process.terminate()


def public_key() -> dict[str, str]:
    from joserfc.jwk import ECKey  # noqa: PLC0415 - the only use

    return {**ECKey.import_key(SIGNING.public_key()).as_dict(), "kid": "1", "use": "sig", "alg": "ES256"}


def build_world(issuer: str, port: int, sender: HttpxSender) -> World:
    provider = Provider(
        name="basic",
        issuer=issuer,
        client_id="basic",
        authentication=SecretBasic(Secret(SECRET)),
        scopes=("openid", "profile", "email"),
        unsafe_loopback_http=True,
    )
    client = OAuthClient([provider], origin=f"https://{HOST}:{port}", store=MemoryProofs(), sender=sender)
    box = SealedBox.from_secrets([generate_field_key()])
    return World(issuer, client, port, Grants(client=client, store=MemoryGrants(), box=box))


def build_app(world: World, folder: Path) -> Starlette:
    links = IdentityLinks(store=MemoryLinks())

    @signed_in
    async def home(request: Request) -> Response:
        return PlainTextResponse(f"hello {current_actor().id}")

    def welcome(arrival: Any) -> str:
        return links.admit(arrival, lambda identity: f"account-of-{identity.subject}")

    app = Starlette(routes=[Route("/", home), *sign_in_routes(world.client, welcome)])
    policy = GuardPolicy(
        environment=Environment.PRODUCTION,
        origins=(f"https://{HOST}:{world.port}",),
        secrets=(Secret(encryption_key().reveal().hex()),),
        store=SqliteSessions(str(folder / "sessions.sqlite")),
        sink=world.events.append,
    )
    Guard(app, policy=policy)
    return app


def write_certificate(folder: Path) -> None:
    key, now = ec.generate_private_key(ec.SECP256R1()), dt.datetime.now(dt.UTC)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, HOST)])
    certificate = (
        x509.CertificateBuilder(issuer_name=name, subject_name=name, public_key=key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(hours=1))
        .not_valid_after(now + dt.timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(HOST)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    (folder / "certificate.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    (folder / "key.pem").write_bytes(write_key(key))


def write_key(key: ec.EllipticCurvePrivateKey) -> bytes:
    form, plain = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    return key.private_bytes(serialization.Encoding.PEM, form, plain)


@contextmanager
def serve(app: Any, listener: socket.socket, folder: Path) -> Iterator[None]:
    tls = {"ssl_certfile": str(folder / "certificate.pem"), "ssl_keyfile": str(folder / "key.pem")}
    server = uvicorn.Server(
        uvicorn.Config(
            app,
            log_level="critical",
            proxy_headers=False,
            ws="none",
            lifespan="off",
            timeout_graceful_shutdown=1,
            **tls,
        )
    )
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    yield
    server.should_exit = True
    thread.join()


def log_in_there(page: Page, name: str) -> None:
    """The provider's own pages: a name with any password, then the consent."""
    page.locator("[name=login]").fill(name)
    page.locator("[name=password]").fill("any")
    page.locator("button[type=submit]").click()
    page.locator("button[type=submit]").click()


@pytest.mark.browser
def test_a_browser_signs_in(world: World, browser: Browser):
    with browser.new_context() as context:
        page = context.new_page()
        page.set_default_timeout(8000)
        page.goto(world.url("/login/basic"))
        log_in_there(page, "ada")
        page.wait_for_url(world.url("/"))
        assert page.locator("body").inner_text() == "hello account-of-ada"
        cookies = {cookie["name"]: cookie for cookie in context.cookies(world.url("/"))}
        assert cookies["__Host-session"]["sameSite"] == "Strict"
        assert cookies["__Host-oauth"]["httpOnly"]
        assert cookies["__Host-oauth"]["secure"]
        assert cookies["__Host-oauth"]["sameSite"] == "Lax"


@pytest.mark.browser
def test_a_callback_in_another_browser_signs_nobody_in(world: World, browser: Browser):
    departure = world.client.begin("basic")  # the attacker's own sign-in, which she lets the victim finish
    query = authorize(departure.url, "mallory")
    callback = world.url(f"/login/basic/callback?{query}")
    with browser.new_context() as victim:
        page = victim.new_page()
        for begun in (False, True):
            if begun:
                page.goto(world.url("/login/basic"))
            answer = page.goto(callback)
            assert answer is not None
            assert answer.status == 400
            assert "sign-in did not succeed" in page.content()
        answer = page.goto(world.url("/"))
        assert answer is not None
        assert answer.status == 401
    causes = [event.detail["cause"].partition(":")[0] for event in world.events if event.name == "login-failed"]
    assert causes[-2:] == ["cookie-missing", "state-browser"]
    assert world.client.finish("basic", query, browser=departure.browser).identity.subject == "mallory"


def authorize(url: str, name: str = "ada") -> str:
    """What a browser does at the provider, without one: the query string of the callback."""
    with httpx2.Client(trust_env=False) as http:
        answer = http.get(url)
        for _ in range(12):
            if answer.is_redirect:
                place = urljoin(str(answer.url), answer.headers["location"])
                if urlsplit(place).hostname == HOST:
                    return urlsplit(place).query
                answer = http.get(place)
                continue
            action = re.search(r'action="([^"]+)"', answer.text)
            prompt = re.search(r'name="prompt" value="([^"]+)"', answer.text)
            assert action is not None, answer.text
            assert prompt is not None, answer.text
            form = {"prompt": prompt[1], "login": name, "password": "any"}
            answer = http.post(urljoin(str(answer.url), action[1]), data=form)
    raise AssertionError("the provider leads nowhere")


def test_every_proof_of_the_client_is_accepted(world: World):
    ways = {
        "basic": SecretBasic(Secret(SECRET)),
        "post": SecretPost(Secret(SECRET)),
        "key": PrivateKeyJwt(Secret(write_key(SIGNING).decode()), "1"),
    }
    known = world.client.connection("basic").provider
    for name, way in ways.items():
        provider = replace(known, name=name, client_id=name, authentication=way)
        client = OAuthClient([provider], origin=world.client.origin, store=MemoryProofs(), sender=world.client.sender)
        departure = client.begin(name)
        arrival = client.finish(name, authorize(departure.url), browser=departure.browser)
        assert (arrival.identity.issuer, arrival.identity.subject) == (world.issuer, "ada")


@pytest.mark.parametrize("step", ["state", "code", "iss", "verifier", "nonce", "redirect", "secret"])
def test_tampering_at_each_step_is_refused(world: World, step: str):
    client, known = world.client, world.client.connection("basic").provider
    if step == "secret":
        wrong = replace(known, authentication=SecretBasic(Secret("x" * 30)))
        client = OAuthClient([wrong], origin=client.origin, store=MemoryProofs(), sender=client.sender)
    departure = client.begin("basic")
    url = departure.url
    if step in {"verifier", "nonce"}:
        name = "code_challenge" if step == "verifier" else "nonce"
        url = f"{world.issuer}/auth?" + urlencode(dict(parse_qsl(urlsplit(url).query)) | {name: "x" * 43})
    if step == "redirect":
        url = url.replace("callback", "callback%2Fevil")
        assert httpx2.get(url, trust_env=False).status_code == 400  # the provider shows an error and does not redirect
        return
    query = dict(parse_qsl(authorize(url)))
    if step in {"state", "code", "iss"}:
        query[step] = query[step][:-1] + ("A" if query[step][-1] != "A" else "B")
    with pytest.raises(SignInRefusedError) as caught:
        client.finish("basic", urlencode(query), browser=departure.browser)
    expected = {
        "state": "state-unknown",
        "iss": "issuer-mixed-up",
        "nonce": "id-token: nonce",
        "secret": "token-endpoint: invalid_client",
    }
    assert caught.value.cause.startswith(expected.get(step, "token-endpoint: invalid_grant"))


def test_a_code_works_once(world: World):
    departure = world.client.begin("basic")
    query = authorize(departure.url)
    world.client.finish("basic", query, browser=departure.browser)
    again = world.client.begin("basic", browser=departure.browser)
    state = dict(parse_qsl(urlsplit(again.url).query))["state"]
    replayed = urlencode(dict(parse_qsl(query)) | {"state": state})
    with pytest.raises(SignInRefusedError, match="did not succeed") as caught:
        world.client.finish("basic", replayed, browser=again.browser)
    assert caught.value.cause == "token-endpoint: invalid_grant"


def test_refresh_tokens_rotate_and_are_revoked(world: World):
    departure = world.client.begin("basic")
    arrival = world.client.finish("basic", authorize(departure.url), browser=departure.browser)
    grants = replace(world.grants, clock=lambda: 0.0)
    assert grants.keep("ada", arrival)
    later = replace(world.grants, clock=lambda: 1e7)
    first = later.access_token("ada", "basic")
    later = replace(world.grants, clock=lambda: 2e7)
    second = later.access_token("ada", "basic")  # needs the refresh token of the first answer: the old one is used up
    assert len({arrival.tokens.access_token.reveal(), first.reveal(), second.reveal()}) == 3
    assert later.disconnect("ada", "basic")


def test_the_provider_logs_out_as_well(world: World):
    address = leave_provider(world.client, "basic", back="/")
    assert address is not None
    assert httpx2.get(address, trust_env=False).status_code == 200
    wrong = address.replace("https%3A%2F%2Fapp", "https%3A%2F%2Fevil")
    assert httpx2.get(wrong, trust_env=False).status_code == 400
