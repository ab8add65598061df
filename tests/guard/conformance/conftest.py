"""The apps of the contract, and one browser for all of them: WSGI apps are run behind a small ASGI bridge."""

import importlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote_to_bytes

import pytest

from tests.bridge import as_asgi
from tests.guard.conformance.contract import PATHS, RAN, Kit
from vallum.base.secret import Secret
from vallum.guard import SIGNED_IN
from vallum.guard.policy import Environment
from vallum.stores.sqlite import SqliteSessions

KINDS = [
    "starlette",
    "fastapi",
    "litestar",
    "flask",
    "django-wsgi",
    "django-asgi",
    "django-wsgi-wrapped",
    "django-asgi-wrapped",
]


@pytest.fixture(autouse=True)
def nothing_ran() -> None:
    RAN.clear()


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def open_kit(kind: str, policy: Callable[..., Any], request: pytest.FixtureRequest) -> Callable[..., Kit]:
    """Build the app of `kind` with a policy of the given settings."""
    name, *rest = kind.split("-")
    module = importlib.import_module(f"tests.guard.conformance.apps.{name}_app")

    def build(*, debug: bool = False, **given: Any) -> Kit:
        settings = {"roles": {"writer": {"notes:write"}}, "paths": PATHS, **given}
        if name != "django":
            return module.build(policy(**settings), debug)
        kits: Iterator[Kit] = module.build(policy(**settings), debug, asgi="asgi" in rest, wrapped="wrapped" in rest)
        request.addfinalizer(lambda: next(kits, None))  # leaves the settings as they were
        return next(kits)

    return build


@pytest.fixture
def browser(open_kit: Callable[..., Kit], browse: Callable[..., Any]) -> Callable[..., Any]:
    """A browser for the app with a policy of the given settings."""

    def build(**settings: Any) -> Any:
        kit = open_kit(**settings)
        return browse(as_asgi(kit.app) if kit.is_wsgi else kit.app)

    return build


@pytest.fixture
def production(tmp_path: Path) -> Iterator[dict[str, Any]]:
    """The settings of a policy with which every app of the contract starts in production."""
    store = SqliteSessions(tmp_path / "sessions.sqlite")
    undeclared = dict.fromkeys(("/bare", "/group/bare", "/async/bare", "/late", "/class"), SIGNED_IN)
    yield {
        "environment": Environment.PRODUCTION,
        "origins": ("https://notes.example", "https://admin.example:8443"),
        "hosts": ("admin.example", "alias.example"),
        "secrets": (Secret("kV3bQ9xW7mZ2rT8yL4nD6sF1hJ5gC0aE"),),
        "store": store,
        "paths": {**PATHS, **undeclared},
    }
    store.close()


@pytest.fixture
def visit(open_kit: Callable[..., Kit], browse: Callable[..., Any], production: dict[str, Any]) -> Callable[..., Any]:
    """A browser for the app in production, at the address `base`; with `target` it always asks for that."""

    def build(base: str = "https://notes.example", *, target: bytes = b"", **settings: Any) -> Any:
        kit = open_kit(**production | settings)
        app = as_asgi(kit.app) if kit.is_wsgi else kit.app
        return browse(aim(app, target) if target else app, base)

    return build


def aim(app: Any, target: bytes) -> Any:
    """Ask for the undecoded `target`, which HTTP clients would make tidy."""
    path, _, query = target.partition(b"?")

    async def run(scope: Any, receive: Any, send: Any) -> None:
        own = {"path": unquote_to_bytes(path).decode(), "raw_path": path, "query_string": query}
        await app({**scope, **own}, receive, send)

    return run
