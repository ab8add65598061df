"""The broken Notes app, imported afresh with its own database, and people who use it."""

import importlib
import itertools
import sys
from collections.abc import Callable, Iterator
from types import ModuleType

import pytest
from starlette.testclient import TestClient

LEAKY = "examples.notes.leaky"
PASSWORDS = {"ann": "ann-of-the-test", "ben": "ben-of-the-test", "root": "root-of-the-test"}
Person = Callable[[], TestClient]


def forget_leaky() -> None:
    for name in [name for name in sys.modules if name == LEAKY or name.startswith(f"{LEAKY}.")]:
        del sys.modules[name]


@pytest.fixture(scope="module")
def leaky(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ModuleType]:
    """The package, set up in a folder of its own with known passwords."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NOTES_DB", str(tmp_path_factory.mktemp("leaky") / "notes.sqlite3"))
        patch.setenv("NOTES_ANN_PASSWORD", PASSWORDS["ann"])
        patch.setenv("NOTES_BEN_PASSWORD", PASSWORDS["ben"])
        patch.setenv("NOTES_ADMIN_PASSWORD", PASSWORDS["root"])
        patch.delenv("NOTES_WEBHOOK_URL", raising=False)
        forget_leaky()
        yield importlib.import_module(LEAKY)
        forget_leaky()


@pytest.fixture
def visitor(leaky: ModuleType) -> TestClient:
    """Somebody who is not signed in."""
    return TestClient(leaky.app, raise_server_exceptions=False, follow_redirects=False)


def sign_in(leaky: ModuleType, username: str) -> TestClient:
    client = TestClient(leaky.app, raise_server_exceptions=False, follow_redirects=False)
    answer = client.post("/login", data={"username": username, "password": PASSWORDS[username]})
    assert answer.status_code == 303
    return client


@pytest.fixture
def ann(leaky: ModuleType) -> TestClient:
    return sign_in(leaky, "ann")


@pytest.fixture
def ben(leaky: ModuleType) -> TestClient:
    return sign_in(leaky, "ben")


@pytest.fixture
def root(leaky: ModuleType) -> TestClient:
    return sign_in(leaky, "root")


NUMBERS = itertools.count(1)


@pytest.fixture
def newcomer(leaky: ModuleType) -> Person:
    """Makes a new account and gives its browser; `client.username` and `client.password` say whose it is."""

    def register() -> TestClient:
        client = TestClient(leaky.app, raise_server_exceptions=False, follow_redirects=False)
        name = f"person{next(NUMBERS)}"
        form = {"username": name, "email": f"{name}@people.example", "password": "a fine password"}
        assert client.post("/register", data=form).status_code == 303
        client.username, client.password = name, "a fine password"
        return client

    return register
