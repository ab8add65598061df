"""The apps of docs/guard.md for the other frameworks, as printed there."""

import importlib.util
import io
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import django
import pytest
from django.conf import settings
from django.test import Client, override_settings

Blocks = Callable[[str], Iterator[Any]]
GUIDE = Path(__file__).parents[2] / "docs" / "guard.md"


@pytest.fixture
def blocks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Iterator[Any]]:
    """Import each block of Python below a heading, from a file of its own."""

    def load(heading: str) -> Iterator[Any]:
        section = GUIDE.read_text(encoding="utf-8").partition(f"\n### {heading}\n")[2].partition("\n##")[0]
        for number, text in enumerate(re.findall(r"```python\n(.*?)```", section, re.DOTALL)):
            name = f"guide_{heading.lower().replace(' ', '_')}_{number}"
            file = tmp_path / f"{name}.py"
            file.write_text(text, encoding="utf-8")
            spec = importlib.util.spec_from_file_location(name, file)
            assert spec
            assert spec.loader
            module = importlib.util.module_from_spec(spec)
            monkeypatch.setitem(sys.modules, name, module)
            spec.loader.exec_module(module)
            yield module

    return load


@pytest.fixture(autouse=True)
def laptop(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("VALLUM_ENV", "VALLUM_ORIGINS", "VALLUM_SECRET", "VALLUM_SESSIONS", "VALLUM_PROXIES"):
        monkeypatch.delenv(name, raising=False)


def test_litestar(blocks: Blocks, browse: Callable[..., Any]) -> None:
    (module,) = blocks("Litestar")
    assert module.guard.undeclared() == []
    user = browse(module.app)
    assert user("GET", "/notes").status_code == 401
    assert user("POST", "/login").status_code == 201
    assert user("GET", "/notes").text == "ada"


def test_flask(blocks: Blocks) -> None:
    (module,) = blocks("Flask")
    assert module.guard.undeclared() == []
    given = {"base_url": "http://localhost", "headers": {"origin": "http://localhost"}, "buffered": True}
    user = module.app.test_client()
    assert user.get("/notes", **given).status_code == 401
    token = user.get("/login", **given).text.rpartition('value="')[2].partition('"')[0]
    assert user.post("/login", data={"name": "ada"}, **given).status_code == 403
    assert user.post("/login", data={"name": "ada", "csrf_token": token}, **given).text == "Welcome"
    assert user.get("/notes", **given).text == "ada"


@pytest.fixture
def pages(blocks: Blocks) -> Iterator[None]:
    if not settings.configured:
        settings.configure(SECRET_KEY="not used by the guard" * 3)
        django.setup()
    found = blocks("Django")
    project = next(found)
    given = override_settings(MIDDLEWARE=project.MIDDLEWARE, TEMPLATES=project.TEMPLATES, ALLOWED_HOSTS=["*"])
    with given, override_settings(ROOT_URLCONF=next(found)):  # in this order: the template is built from the settings
        yield


def test_django(pages: None) -> None:
    user = Client(headers={"host": "localhost", "origin": "http://localhost"})
    assert user.get("/notes").status_code == 401
    page = user.get("/login").content.decode()
    token = page.partition('value="')[2].partition('"')[0]
    assert user.post("/login", {"name": "ada"}).status_code == 403
    assert user.post("/login", {"name": "ada", "csrfmiddlewaretoken": token}).content == b"Welcome"
    assert user.get("/notes").content == b"ada"


def test_any_other_app(blocks: Blocks) -> None:
    (module,) = blocks("Any other app")
    heads: list[str] = []
    for path in ("/", "/notes/1", "/nope"):
        environ = {
            "REQUEST_METHOD": "GET",
            "PATH_INFO": path,
            "HTTP_HOST": "localhost",
            "wsgi.input": io.BytesIO(),
            "REMOTE_ADDR": "127.0.0.1",
        }
        module.application(environ, lambda status, *_: heads.append(status))
    assert heads == ["200 OK", "401 Unauthorized", "401 Unauthorized"]
