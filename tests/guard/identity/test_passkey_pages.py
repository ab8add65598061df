"""The pages in Chromium with a virtual authenticator: add a passkey, log in by it alone, and confirm with it."""

import time
from collections.abc import Iterator
from typing import Any

import pytest
from fastapi import FastAPI
from playwright.sync_api import Browser, Page

from tests.loopback import serve
from vallum.crypto.passwords.argon2id import UNSAFE_CHEAPEST
from vallum.guard import Environment, Guard, GuardPolicy, Identity, signed_in
from vallum.guard.authentication.jobs import ImmediateJobs
from vallum.guard.authentication.passwords import PasswordHasher
from vallum.guard.identity.fastapi import RecentFactor
from vallum.guard.identity.testing import IdentityKit

PASSWORD = "seven blue pencils"
AUTHENTICATOR = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


class Site:
    """The app on a port of this machine."""

    def __init__(self, port: int) -> None:
        self.origin = f"http://localhost:{port}"
        self.app = FastAPI(openapi_url=None)
        policy = GuardPolicy(environment=Environment.TEST, origins=(self.origin,))
        identity = Identity(
            passwords=PasswordHasher(UNSAFE_CHEAPEST), jobs=ImmediateJobs(), site="Notes", home="/vault"
        )
        self.kit = IdentityKit(Guard(self.app, policy=policy, identity=identity))

        @self.app.get("/vault")
        @signed_in
        async def vault(user: RecentFactor) -> str:
            return user.email


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    sites: list[Site] = []

    def build(port: int) -> FastAPI:
        sites.append(Site(port))
        return sites[0].app

    with serve(build):
        yield sites[0]


@pytest.fixture
def page(browser: Browser, site: Site) -> Iterator[Page]:
    with browser.new_context() as context:
        context.set_default_timeout(8000)
        opened = context.new_page()
        devtools = context.new_cdp_session(opened)
        devtools.send("WebAuthn.enable", {"enableUI": False})
        devtools.send("WebAuthn.addVirtualAuthenticator", {"options": AUTHENTICATOR})
        yield opened


def enter(page: Page, site: Site) -> Any:
    """Log in by the forms, by password."""
    ada = site.kit.add_account(f"ada-{time.monotonic_ns()}@example.org", password=PASSWORD)
    page.goto(f"{site.origin}/account/login?next=/account/factors")
    page.get_by_label("Name or e-mail").fill(ada.email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in", exact=True).click()
    page.wait_for_url(f"{site.origin}/account/factors")
    return ada


def test_a_passkey_is_added_and_logs_in_alone(page: Page, site: Site) -> None:
    ada = enter(page, site)
    page.get_by_role("button", name="Add a passkey").click()
    page.get_by_text("Passkey").first.wait_for()
    page.get_by_role("button", name="Remove").wait_for()
    assert [one.kind for one in site.kit.parts.factors.desk.list(ada.id)] == ["passkey"]
    page.goto(f"{site.origin}/vault")
    assert ada.email in page.content()
    page.context.clear_cookies()
    page.goto(f"{site.origin}/account/login?next=/vault")
    page.wait_for_url(f"{site.origin}/vault")  # autofill: the authenticator consents at once
    assert ada.email in page.content()
    page.goto(f"{site.origin}/account/factors/confirm?next=/vault")
    page.get_by_role("button", name="Use a passkey").click()
    page.wait_for_url(f"{site.origin}/vault")


def test_a_passkey_is_the_second_factor_after_a_password(page: Page, site: Site) -> None:
    ada = enter(page, site)
    page.get_by_role("button", name="Add a passkey").click()
    page.get_by_role("button", name="Remove").wait_for()
    page.context.clear_cookies()
    fields = {"login": ada.email, "password": PASSWORD}
    answer = page.request.post(f"{site.origin}/account/login", data=fields, headers={"origin": site.origin})
    assert answer.json() == {"second_factor": "required", "kinds": ["passkey"]}
    assert page.request.get(f"{site.origin}/vault").status == 401
    page.goto(f"{site.origin}/account/login/factor?next=/vault")
    page.get_by_role("button", name="Use a passkey").click()
    page.wait_for_url(f"{site.origin}/vault")
    assert ada.email in page.content()
