"""An app with accounts, its test kit, and a clock that is moved by hand."""

from collections.abc import Callable
from typing import Any

import pytest
from fastapi import FastAPI

from vallum.base.secret import Secret
from vallum.guard import Environment, Guard, GuardPolicy, Identity, public, requires, signed_in
from vallum.guard.authentication.jobs import ImmediateJobs
from vallum.guard.authentication.passwords import PasswordHasher
from vallum.guard.identity.fastapi import CurrentUser, MaybeUser, RecentLogin
from vallum.guard.identity.testing import FrozenClock, IdentityKit

PASSWORDS = PasswordHasher()
SECRET = Secret("Zk3vR8sN1qLw6yTb9xHc2mJf5pGd7uEa0oWiVtYn")


@pytest.fixture
def ticking() -> FrozenClock:
    return FrozenClock()


@pytest.fixture
def build(ticking: FrozenClock) -> Callable[..., tuple[FastAPI, IdentityKit]]:
    def make(**settings: Any) -> tuple[FastAPI, IdentityKit]:
        app = FastAPI()
        policy = GuardPolicy(
            environment=Environment.TEST, clock=ticking, secrets=(SECRET,), roles={"editor": ["notes:write"]}
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

        @app.get("/write")
        @requires("notes:write")
        async def write() -> bool:
            return True

        return app, IdentityKit(guard)

    return make
