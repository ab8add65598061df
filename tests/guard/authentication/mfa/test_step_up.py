"""Sensitive routes of a guarded app: nothing happens without a fresh proof, and no request can claim one."""

from collections.abc import Callable
from typing import Any

import pytest
from fastapi import Depends, FastAPI

from vallum.base.errors import ConfigError
from vallum.guard import Guard, current, public, sign_in, signed_in
from vallum.guard.authentication.mfa.step_up import (
    FactorRequiredError,
    RecentFactor,
    RecentLogin,
    note_factor,
    note_login,
)
from vallum.stores.sessions import SessionRecord


@pytest.fixture
def done() -> list[str]:
    return []


@pytest.fixture
def browser(policy: Callable[..., Any], browse: Callable[..., Any], done: list[str]) -> Any:
    app = FastAPI(openapi_url=None)

    @app.post("/login")
    @public
    async def login(role: str = "user") -> str:
        sign_in("7", roles=(role,))
        return current().csrf_token

    @app.post("/factor")
    @signed_in
    async def factor() -> str:
        note_factor()
        return current().csrf_token

    @app.post("/password")
    @signed_in
    async def password() -> str:
        current().session.put("basket", 3)
        note_login()
        return current().csrf_token

    @app.post("/pay")
    @signed_in
    @RecentFactor()
    async def pay() -> None:
        done.append("pay")

    @app.post("/email")
    @signed_in
    @RecentLogin()
    def email() -> None:
        done.append("email")

    @app.post("/admin", dependencies=[Depends(RecentFactor(seconds=3600, roles=("admin",)).check)])
    @signed_in
    async def admin() -> None:
        done.append("admin")

    Guard(app, policy=policy())
    return browse(app)


def post(browser: Any, path: str, token: str, **more: Any) -> int:
    return browser("POST", path, headers={"x-csrf-token": token}, **more).status_code


def test_a_session_with_a_password_only_changes_nothing(browser: Any, done: list[str]) -> None:
    token = browser("POST", "/login").json()
    answer = browser("POST", "/pay", headers={"x-csrf-token": token})
    assert (answer.status_code, answer.json()["code"]) == (403, "recent-factor-required")
    assert answer.headers["cache-control"] == "no-store"
    for claim in ({"json": {"factor_at": 9e12}}, {"params": {"factor_at": "9e12"}}):
        assert post(browser, "/pay", token, **claim) == 403
    assert done == []


def test_a_proof_counts_five_minutes_and_gives_the_session_a_new_id(browser: Any, done: list[str], clock: Any) -> None:
    token = browser("POST", "/login").json()
    before = browser.cookies["__Host-session"]
    token = browser("POST", "/factor", headers={"x-csrf-token": token}).json()
    after = browser.cookies["__Host-session"]
    assert before != after
    clock.now += 300
    assert post(browser, "/pay", token) == 200
    clock.now += 1
    assert post(browser, "/pay", token) == 403
    assert done == ["pay"]
    browser.cookies["__Host-session"] = before
    assert post(browser, "/factor", token) == 401


def test_a_login_is_recent_for_five_minutes_and_a_password_or_factor_renews_it(
    browser: Any, done: list[str], clock: Any
) -> None:
    token = browser("POST", "/login").json()
    assert post(browser, "/email", token) == 200
    for path in ("/password", "/factor"):
        clock.now += 301
        assert post(browser, "/email", token) == 403
        token = browser("POST", path, headers={"x-csrf-token": token}).json()
        assert post(browser, "/email", token) == 200
    assert done == ["email"] * 3


def test_a_password_is_no_second_factor(browser: Any, done: list[str]) -> None:
    token = browser("POST", "/login").json()
    token = browser("POST", "/password", headers={"x-csrf-token": token}).json()
    assert post(browser, "/pay", token) == 403
    assert done == []


def test_a_role_can_be_asked_for_more(browser: Any, done: list[str]) -> None:
    token = browser("POST", "/login").json()
    assert post(browser, "/admin", token) == 200
    token = browser("POST", "/login", params={"role": "admin"}, headers={"x-csrf-token": token}).json()
    assert post(browser, "/admin", token) == 403
    token = browser("POST", "/factor", headers={"x-csrf-token": token}).json()
    assert post(browser, "/admin", token) == 200
    assert done == ["admin", "admin"]


@pytest.mark.parametrize("told", [None, True, "9e12", 2e9, [1], 0])
def test_only_a_past_time_is_a_proof(told: Any, clock: Any) -> None:
    record = SessionRecord(
        digest=b"1", actor_id="7", created=clock.now, seen=1, idle_seconds=9, deadline=9e9, data={"factor_at": told}
    )
    with pytest.raises(FactorRequiredError):
        RecentFactor().judge(record, clock.now)
    with pytest.raises(FactorRequiredError):
        RecentFactor().judge(None, clock.now)


@pytest.mark.parametrize("settings", [{"seconds": 0}, {"seconds": 86_401}, {"roles": "admin"}])
def test_ages_that_never_or_always_hold_are_refused(settings: dict[str, Any]) -> None:
    with pytest.raises(ConfigError):
        RecentFactor(**settings)
