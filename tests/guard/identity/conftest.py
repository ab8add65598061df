"""An app with accounts, its test kit, and a clock that is moved by hand."""

from collections.abc import Callable
from typing import Any

import pytest
from fastapi import FastAPI

from vallum.base.secret import Secret
from vallum.crypto.passwords.argon2id import UNSAFE_CHEAPEST
from vallum.guard import Environment, Guard, GuardPolicy, Identity, needs_factor, public, requires, signed_in
from vallum.guard.authentication.jobs import ImmediateJobs
from vallum.guard.authentication.passwords import PasswordHasher
from vallum.guard.identity.fastapi import CurrentUser, MaybeUser, RecentFactor, RecentLogin
from vallum.guard.identity.testing import FrozenClock, IdentityKit

PASSWORDS = PasswordHasher(UNSAFE_CHEAPEST)
SECRET = Secret("Zk3vR8sN1qLw6yTb9xHc2mJf5pGd7uEa0oWiVtYn")


@pytest.fixture
def ticking() -> FrozenClock:
    return FrozenClock()


def send_form(browser: Any, path: str, **fields: str) -> Any:
    """What a person does: fetch a page, press its button."""
    token = browser("GET", "/account/session").json()["csrf_token"]
    return browser("POST", f"/account{path}", data={"csrf_token": token, **fields}, headers={"accept": "text/html"})


def send_json(browser: Any, path: str, **fields: str) -> Any:
    """What a program does."""
    token = browser("GET", "/account/session").json()["csrf_token"]
    return browser("POST", f"/account{path}", json=fields, headers={"x-csrf-token": token})


@pytest.fixture
def send() -> Callable[..., Any]:
    return send_json


@pytest.fixture
def submit() -> Callable[..., Any]:
    return send_form


@pytest.fixture
def build(ticking: FrozenClock) -> Callable[..., tuple[FastAPI, IdentityKit]]:
    def make(*, origins: tuple[str, ...] = (), **settings: Any) -> tuple[FastAPI, IdentityKit]:
        app = FastAPI()
        policy = GuardPolicy(
            environment=Environment.TEST,
            clock=ticking,
            secrets=(SECRET,),
            roles={"editor": ["notes:write"], "admin": ["accounts:admin"]},
            origins=origins,
        )
        identity = Identity(**{"jobs": ImmediateJobs(), "passwords": PASSWORDS, "site": "Notes", **settings})
        guard = Guard(app, policy=policy, identity=identity)

        @app.get("/me")
        @signed_in
        async def me(user: CurrentUser) -> dict[str, Any]:
            return {"id": user.id, "roles": user.roles}

        @app.get("/maybe")
        @public
        async def maybe(user: MaybeUser) -> str:
            return user.email if user else "nobody"

        @app.get("/strict")
        @public
        async def strict(user: CurrentUser) -> str:
            return user.email

        @app.post("/erase")
        @signed_in
        async def erase(user: RecentLogin) -> str:
            return user.id

        @app.get("/vault")
        @signed_in
        @needs_factor
        async def vault() -> str:
            return "gold"

        @app.get("/vault-too")
        @signed_in
        async def vault_too(user: RecentFactor) -> str:
            return user.id

        @app.get("/write")
        @requires("notes:write")
        async def write() -> bool:
            return True

        return app, IdentityKit(guard)

    return make
