"""The examples of docs/identity.md, as printed there, and its table of endpoints."""

import re
from pathlib import Path
from typing import Any

import pytest

GUIDE = (Path(__file__).parents[3] / "docs" / "identity.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"```python\n(.*?)```", GUIDE, re.DOTALL)


def run(text: str) -> dict[str, Any]:
    module: dict[str, Any] = {"__name__": "example"}
    exec(compile(text, "identity.md", "exec"), module)
    return module


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
def test_the_other_examples_run(text: str) -> None:
    assert run(text)


def test_the_table_names_every_endpoint() -> None:
    app = run(EXAMPLES[0])["app"]
    rows = re.findall(r"^\| ((?:GET )?`?.*?/.*?) \|", GUIDE, re.MULTILINE)
    named = {path for row in rows for path in re.findall(r"(/[a-z./-]+)", row)}
    served = {route.path.removeprefix("/account") for route in app.routes if "/account" in route.path}
    assert served == {path for path in named if path != "/.well-known/jwks.json"}
