"""The examples of docs/identity.md, as printed there, and its table of endpoints."""

import re
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from fastapi import FastAPI

from vallum.base.secret import Secret
from vallum.guard import Guard, GuardPolicy, Identity
from vallum.guard.identity.endpoints import list_endpoints
from vallum.guard.oauth.client_secret import SecretBasic
from vallum.guard.oauth.provider import Provider

GUIDE = (Path(__file__).parents[3] / "docs" / "identity.md").read_text(encoding="utf-8")
NONE = SecretBasic(Secret("y" * 16))
EXAMPLES = re.findall(r"```python\n(.*?)```", GUIDE, re.DOTALL)


def run(text: str) -> dict[str, Any]:
    module = ModuleType("example")
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(sys.modules, "example", module)  # where Litestar looks annotations up
        exec(compile(text, "identity.md", "exec"), vars(module))
    return vars(module)


def test_the_app_of_the_guide_runs(browse: Any) -> None:
    module = run(EXAMPLES[0])
    guard, browser = module["guard"], browse(module["app"])
    assert browser("GET", "/").json() == "Hello"
    assert browser("GET", "/me").status_code == 401
    begun = browser("POST", "/account/register", json={"email": "ada@example.org", "password": "seven blue pencils"})
    assert begun.status_code == 200
    guard.identity.settings.jobs.close()
    (mail,) = guard.identity.mailer.sent
    token = re.search(r"token=(\S+)", mail.text)
    assert token
    confirmed = browser("POST", "/account/register/confirm", json={"token": token[1], "password": "seven blue pencils"})
    assert confirmed.status_code == 200, confirmed.text
    fields = {"login": "ada@example.org", "password": "seven blue pencils"}
    csrf = browser("POST", "/account/login", json=fields).json()["csrf_token"]
    assert browser("GET", "/").json() == "Hello ada@example.org"
    assert browser("DELETE", "/me", headers={"x-csrf-token": csrf}).status_code == 200
    assert not [route for route in guard.undeclared() if "account" in route or "jwks" in route]


@pytest.mark.parametrize("text", EXAMPLES[1:])
def test_the_other_examples_run(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FACTOR_SECRET", "Zk3vR8sN1qLw6yTb9xHc2mJf5pGd7uEa0oWiVtYnQ4s")
    assert run(text)


def test_the_table_names_every_endpoint() -> None:
    provider = Provider(
        name="own", issuer="https://id.example", client_id="x", authentication=SecretBasic(Secret("y" * 16))
    )
    guard = Guard(FastAPI(), policy=GuardPolicy(), identity=Identity(providers=(provider,), admin_permission="admin"))
    rows = re.findall(r"^\| ((?:GET )?`?.*?/.*?) \|", GUIDE, re.MULTILINE)
    named = {path for row in rows for path in re.findall(r"(/[A-Za-z./-]+)", row)}
    assert guard.identity is not None
    served = {one.path.replace("/with/own", "/with/NAME") for one in list_endpoints(guard.identity)}
    assert served == named
