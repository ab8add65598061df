"""Sign in and link through a provider of another site, in Chromium, which holds back cookies of SameSite=Strict."""

import html
import time
from collections.abc import Iterator
from typing import Any

import pytest
from fastapi import FastAPI
from playwright.sync_api import Browser, Page
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse
from starlette.routing import Route

from tests.issuer import CLIENT, FakeIssuer
from tests.loopback import serve
from vallum.base.secret import Secret
from vallum.crypto.passwords.argon2id import UNSAFE_CHEAPEST
from vallum.guard import Environment, Guard, GuardPolicy, Identity
from vallum.guard.authentication.jobs import ImmediateJobs
from vallum.guard.authentication.passwords import PasswordHasher
from vallum.guard.identity.testing import IdentityKit
from vallum.guard.oauth.client_secret import SecretBasic
from vallum.guard.oauth.provider import Provider


class World:
    """The app at 127.0.0.1, and a provider at localhost whose user has to press a link."""

    def __init__(self) -> None:
        self.issuer = FakeIssuer(time.time)
        self.origin = ""
        self.kit: Any = None

    def build_provider(self, port: int) -> Starlette:
        self.issuer.issuer = f"http://localhost:{port}"

        async def authorize(request: Request) -> HTMLResponse:
            back = f"{request.query_params['redirect_uri']}?{self.issuer.authorize(str(request.url))}"
            return HTMLResponse(f'<a href="{html.escape(back)}">Allow</a>')

        return Starlette(routes=[Route("/authorize", authorize)])

    def build_app(self, port: int) -> FastAPI:
        self.origin = f"http://127.0.0.1:{port}"
        provider = Provider(
            name="fake",
            issuer=self.issuer.issuer,
            client_id=CLIENT,
            authentication=SecretBasic(Secret("a-secret-of-the-tests")),
            unsafe_loopback_http=True,
        )
        app = FastAPI(openapi_url=None)
        policy = GuardPolicy(environment=Environment.TEST, origins=(self.origin,))
        identity = Identity(
            passwords=PasswordHasher(UNSAFE_CHEAPEST),
            jobs=ImmediateJobs(),
            providers=(provider,),
            sender=self.issuer,
            home="/account/sign-ins",
        )
        self.kit = IdentityKit(Guard(app, policy=policy, identity=identity))
        return app


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    made = World()
    with serve(made.build_provider), serve(made.build_app):
        yield made


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    with browser.new_context() as context:
        context.set_default_timeout(8000)
        yield context.new_page()


def test_a_link_is_made_although_the_session_stays_on_this_site(page: Page, world: World) -> None:
    ada = world.kit.add_account("ada@example.org", password="seven blue pencils")
    page.goto(f"{world.origin}/account/login")
    page.get_by_label("Name or e-mail").fill(ada.email)
    page.get_by_label("Password").fill("seven blue pencils")
    page.get_by_role("button", name="Log in", exact=True).click()
    page.get_by_role("button", name="Link fake").click()
    page.get_by_role("link", name="Continue").click()
    page.get_by_role("link", name="Allow").click()
    page.get_by_role("button", name="Remove").wait_for()
    assert [one.subject for one in world.kit.parts.links.list_account(ada.id)] == ["ada"]
    page.context.clear_cookies()
    page.goto(f"{world.origin}/account/login")
    page.get_by_role("link", name="Log in with fake").click()
    page.get_by_role("link", name="Allow").click()
    page.wait_for_url(f"{world.origin}/account/sign-ins")
    assert page.get_by_role("button", name="Remove").count() == 1
    before = page.context.cookies()
    page.goto(f"{world.origin}/account/login/again")  # who is signed in may prove it again in the same way
    page.get_by_role("link", name="Log in with fake").click()
    page.get_by_role("link", name="Allow").click()
    page.wait_for_url(f"{world.origin}/account/sign-ins")
    assert page.context.cookies() != before
