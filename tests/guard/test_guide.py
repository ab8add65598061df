"""The app of docs/guard.md, as printed there."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from vallum.guard.configuration.problem import StartupError

GUIDE = Path(__file__).parents[2] / "docs" / "guard.md"


@pytest.fixture
def app() -> Any:
    text = GUIDE.read_text(encoding="utf-8")
    block = re.search(r"```python\n(.*?)```", text, re.DOTALL)
    assert block
    module: dict[str, Any] = {}
    exec(compile(block[1], str(GUIDE), "exec"), module)
    return module


def sign_in(browser: Any, name: str, password: str) -> str:
    token = re.search(r'value="([^"]+)"', browser("GET", "/login").text)
    assert token
    answer = browser("POST", "/login", data={"name": name, "password": password, "csrf_token": token[1]})
    assert answer.status_code == 200, answer.text
    return str(answer.json())


def test_the_guide_runs(app: Any, browse: Callable[..., Any]) -> None:
    ada, bob = browse(app["app"]), browse(app["app"])
    assert app["guard"].undeclared() == []
    assert ada("GET", "/notes/1").status_code == 401
    assert ada("POST", "/notes", data={"text": "Buy milk"}).status_code == 401
    token = sign_in(ada, "ada", "blue pencil")
    assert ada("POST", "/notes", data={"text": "Buy milk"}).status_code == 403
    assert ada("POST", "/notes", data={"text": "Buy milk", "csrf_token": token}).json() == 1
    assert ada("GET", "/notes/1").json() == "Buy milk"
    sign_in(bob, "bob", "red pencil")
    missing, others = bob("GET", "/notes/9"), bob("GET", "/notes/1")
    assert (missing.status_code, others.status_code) == (404, 404)
    assert ada("POST", "/logout", headers={"x-csrf-token": token}).status_code == 200
    assert ada("GET", "/notes/1").status_code == 401


def test_failed_logins_look_alike(app: Any, browse: Callable[..., Any]) -> None:
    browser = browse(app["app"])
    answers = [browser("POST", "/login", data={"name": name, "password": "wrong"}) for name in ("ada", "nobody")]
    assert [answer.status_code for answer in answers] == [401, 401]
    assert answers[0].content == answers[1].content
    assert list(answers[0].headers) == list(answers[1].headers)
    assert "Invalid credentials" in answers[0].text


def test_the_settings_of_the_guide_start_and_refuse() -> None:
    text = GUIDE.read_text(encoding="utf-8").partition("### The app's own settings")[2]
    block = re.search(r"```python\n(.*?)```", text, re.DOTALL)
    assert block
    module: dict[str, Any] = {}
    exec(compile(block[1], str(GUIDE), "exec"), module)
    laptop = {"VALLUM_ENV": "development", "MAIL_PASSWORD": "q7Rk2mVx9Zt4Lw8N"}
    settings = module["build_settings"](laptop)
    assert settings.guard.roles == {"writer": {"notes:write"}}
    assert (settings.page_size, settings.debug) == (20, False)
    with pytest.raises(StartupError) as refused:
        module["build_settings"]({**laptop, "VALLUM_ENV": "production"})
    assert {"origins-empty", "secret-absent", "store-not-shared"} <= {one.code for one in refused.value.problems}
